from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("机构与人员")

    def ready(self) -> None:
        from accounts import checks  # noqa: F401 — registers them
        from accounts.clock import follow_database
        from accounts.middleware import start_session

        connection_created.connect(follow_database, dispatch_uid="accounts.clock")
        user_logged_in.connect(start_session, dispatch_uid="accounts.sessions")
