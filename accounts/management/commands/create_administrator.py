"""``manage.py create_administrator security_admin --username …``: the first account of each kind of administrator."""

from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import clock
from accounts.models import ADMINISTRATORS, Membership, Role, User
from accounts.services import Holding, create_user


class Command(BaseCommand):
    help = "Create the first system, security or audit administrator; later ones are made on the administration pages."

    def add_arguments(self, parser):
        parser.add_argument("role", choices=[role.value for role in ADMINISTRATORS])
        parser.add_argument("--username", required=True)
        parser.add_argument("--display-name", required=True)

    def handle(self, *args, role, username, display_name, **options):
        today = clock.today()
        if Membership.objects.active_on(today).filter(role=role, user__is_active=True).exists():
            raise CommandError(
                f"There is a {role} already; it is for them and the security administrator to add others."
            )
        if User.objects.filter(username=username).exists():
            raise CommandError(f"The user name {username} is taken: one person holds one kind of administration only.")
        password = getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        create_user(
            username=username,
            display_name=display_name,
            password=password,
            holdings=[Holding(Role(role), today)],
            actor=None,
            now=clock.now(),
            is_staff=True,
        )
        self.stdout.write(f"{username} is {role} from {today} on")
