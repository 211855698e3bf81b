"""A second proof at the door: by role or by choice, on every path, each code once; and a way back without telephone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from functools import partial
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import clock, passwords, second_factor
from accounts.middleware import DoorMiddleware
from accounts.models import ApiToken, AuditEntry, Membership, Role, User
from accounts.permissions import actor_for
from tests.races import in_parallel

NAME, PASSWORD = "dcs_1", "trial-2025-zjj"
DOOR, SET_UP = "/login/code/", "/account/second-factor/"


@pytest.fixture
def user(db) -> User:
    return User.objects.get(username=NAME)


@pytest.fixture
def codes(user) -> list[str]:
    """The recovery codes of an app that is set up."""
    outcome, codes = second_factor.confirm(
        user=user, code=shown_by(second_factor.pending_device(user)), now=clock.now()
    )
    assert outcome == "passed"
    allow_again(user)
    return codes


def shown_by(device: TOTPDevice) -> str:
    """What the telephone shows now."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time()
    return f"{totp.token():06d}"


def allow_again(user: User) -> None:
    """As if the 30 seconds of the code used last were over."""
    TOTPDevice.objects.filter(user=user).update(
        last_t=-1, throttling_failure_timestamp=None, throttling_failure_count=0
    )


def at_the_door() -> Client:
    client = Client()
    assert client.post("/login/", {"username": NAME, "password": PASSWORD}).status_code == 302
    return client


def enter(client: Client, code: str) -> int:
    return client.post(DOOR, {"code": code, "next": "/2025/desk/"}).status_code


def test_without_an_app_and_without_the_role_a_password_is_enough(user):
    assert at_the_door().get("/2025/desk/").status_code == 200


PATHS = ("/2025/desk/", "/manage/admin/", "/inbox/", "/account/", "/account/second-factor/codes/", "/trial/mailbox/")


# What a session may reach that owes the second proof.
OPEN = {*DoorMiddleware.OPEN, "second-factor"}


def every_route() -> Iterator[tuple[str, str]]:
    """Name (empty for none) and shape of every address there is."""

    def walk(patterns: Iterable[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, str]]:
        for each in patterns:
            shape = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, shape)
            else:
                yield each.name or "", shape

    return walk(get_resolver().url_patterns, "/")


def test_no_route_there_is_opens_before_the_code(user, codes, rf):
    """Found by walking the addresses, so that a new page, of the administration or the API, is asked for, too."""
    door = DoorMiddleware(lambda _request: HttpResponse())
    request = rf.get("/")
    request.user, request.session, request.request_id = user, at_the_door().session, ""
    request.actor = actor_for(user, clock.today())
    answers = {}
    for name, request.path in every_route():
        request.resolver_match = SimpleNamespace(url_name=name)
        answers[name, request.path] = door.process_view(request, None, (), {})
    assert len(answers) > 200, "the walk no longer finds the addresses"
    assert {name for (name, _shape), answer in answers.items() if answer is None} == OPEN


def test_without_the_middleware_in_front_pages_open(codes, settings):
    """Negative control."""
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "Door" not in each]
    assert at_the_door().get("/2025/desk/").status_code == 200


def test_no_token_is_made_before_the_code(user, codes):
    wish = {"name": "script", "kind": "personal", "days": "90"}
    assert at_the_door().post("/account/tokens/", wish)["Location"].startswith(DOOR)
    assert not ApiToken.objects.filter(user=user).exists()


def test_a_password_that_was_reset_does_not_replace_the_app(user, codes):
    """First the code, then another password: whoever has the letter with the new one has not the telephone."""
    admin = User.objects.get(username="sysadmin")
    passwords.put(user=user, password=PASSWORD, actor=admin, now=clock.now())
    client = at_the_door()
    assert client.get("/account/password/")["Location"].startswith(DOOR)
    sent = {"old_password": PASSWORD, "new_password1": "Harvest.moon-88", "new_password2": "Harvest.moon-88"}
    assert client.post("/account/password/", sent)["Location"].startswith(DOOR)
    enter(client, codes[0])
    assert client.get("/2025/desk/")["Location"].startswith("/account/password/")


def proved_twice_at_once(user: User, code: str) -> list[object]:
    prove = partial(second_factor.prove, user=user, code=code, now=clock.now())
    return sorted(map(str, in_parallel(prove, prove)))


def test_a_code_and_a_recovery_code_are_good_once_also_for_two_at_once(committed_db):
    user = User.objects.get(username=NAME)
    device = second_factor.pending_device(user)
    _outcome, recovery = second_factor.confirm(user=user, code=shown_by(device), now=clock.now())
    for code in (shown_by(device), recovery[0]):
        allow_again(user)
        assert proved_twice_at_once(user, code) == ["passed", "wrong"]


def test_without_holding_the_device_a_code_is_good_twice(committed_db, monkeypatch):
    """Negative control: two that read the same row find the code unused."""
    user = User.objects.get(username=NAME)
    device = second_factor.pending_device(user)
    second_factor.confirm(user=user, code=shown_by(device), now=clock.now())
    allow_again(user)
    both_have_read = Barrier(2, timeout=30)

    def read_without_holding(user: User, persistent_id: str, code: str) -> TOTPDevice | None:
        device = Device.from_persistent_id(persistent_id)
        both_have_read.wait()
        return device if device.verify_token(code) else None

    monkeypatch.setattr(second_factor, "verify_token", read_without_holding)
    assert proved_twice_at_once(user, shown_by(device)) == ["passed", "passed"]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_is_open_before_the_code(codes, path):
    client = at_the_door()
    for ask in (client.get, client.post):
        answer = ask(path)
        assert answer.status_code == 404 or answer["Location"].startswith(DOOR), (path, answer.status_code)


def test_the_api_says_what_is_missing(codes):
    answer = at_the_door().get("/api/v1/2025/indicators/")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")


def test_a_stolen_password_does_not_replace_the_app(codes):
    answer = at_the_door().get(SET_UP)
    assert answer["Location"].startswith(DOOR)


def test_the_code_opens_and_gives_the_session_another_key(user, codes):
    client = at_the_door()
    before = client.session.session_key
    assert client.get("/2025/desk/")["Location"] == f"{DOOR}?next=/2025/desk/"
    assert enter(client, shown_by(second_factor.device_of(user))) == 302
    assert client.session.session_key != before and client.get("/2025/desk/").status_code == 200
    assert AuditEntry.objects.latest("seq").action == "second_factor.passed"


def test_a_code_is_good_once(user, codes):
    code = shown_by(second_factor.device_of(user))
    assert enter(at_the_door(), code) == 302
    assert enter(at_the_door(), code) == 422


def test_wrong_codes_slow_down_and_the_right_one_waits_with_them(user, codes):
    client = at_the_door()
    first = client.post(DOOR, {"code": "000000"})
    assert first.status_code == 422 and "不正确" in first.content.decode()
    slowed = client.post(DOOR, {"code": shown_by(second_factor.device_of(user))})
    assert slowed.status_code == 422 and "过一会儿" in slowed.content.decode()
    assert AuditEntry.objects.latest("seq").action == "second_factor.slowed"


def test_a_recovery_code_opens_once_however_it_is_typed(user, codes):
    typed = f" {codes[0][:5].upper()} {codes[0][5:]} "
    assert enter(at_the_door(), typed) == 302
    assert second_factor.codes_left(user) == second_factor.CODES - 1
    assert enter(at_the_door(), typed) == 422


def test_new_codes_void_the_old_ones(user, codes):
    client = at_the_door()
    enter(client, shown_by(second_factor.device_of(user)))
    page = client.post("/account/second-factor/codes/").content.decode()
    shown = [code.replace(" ", "") for code in re.findall(r"<code>(.+?)</code>", page)]
    assert len(shown) == second_factor.CODES and not set(shown) & set(codes)
    assert enter(at_the_door(), codes[0]) == 422 and enter(at_the_door(), "nonsense") == 422


def test_a_role_that_must_sets_up_before_anything_else(user, settings):
    settings.SECOND_FACTOR_ROLES = ["supervisor"]
    client = at_the_door()
    page = client.get("/2025/desk/", follow=True)
    assert page.redirect_chain[-1][0] == f"{SET_UP}?next=%2F2025%2Fdesk%2F"
    device = TOTPDevice.objects.get(user=user)
    assert second_factor.secret_of(device) in page.content.decode() and "data:image/svg+xml" in page.content.decode()
    assert client.get(SET_UP).context["secret"] == second_factor.secret_of(device), "a reload shows the same picture"
    assert client.post(SET_UP, {"code": "123"}).status_code == 422
    allow_again(user)
    done = client.post(SET_UP, {"code": shown_by(device), "next": "/2025/desk/"})
    assert done.content.decode().count("<code>") == second_factor.CODES
    assert client.get("/2025/desk/").status_code == 200
    assert "no-store" in done["Cache-Control"]


def test_another_telephone_takes_the_place_of_the_first(user, codes):
    old, client = second_factor.device_of(user), at_the_door()
    enter(client, shown_by(old))
    new = client.get(SET_UP) and TOTPDevice.objects.get(user=user, confirmed=False)
    client.post(SET_UP, {"code": shown_by(new)})
    assert list(TOTPDevice.objects.filter(user=user, confirmed=True)) == [new]
    assert enter(at_the_door(), shown_by(old)) == 422


def test_the_system_administrator_helps_whoever_lost_the_telephone(user, codes, as_user):
    inside = at_the_door()
    enter(inside, shown_by(second_factor.device_of(user)))
    chosen = {"action": "forget_second_factor", "_selected_action": [user.pk]}
    as_user("sysadmin").post("/manage/admin/accounts/user/", chosen)
    assert inside.get("/2025/desk/")["Location"].startswith("/login/?")
    assert not TOTPDevice.objects.filter(user=user).exists() and not StaticDevice.objects.filter(user=user).exists()
    assert at_the_door().get("/2025/desk/").status_code == 200


def test_where_it_leads_stays_on_this_site(user, codes):
    client = at_the_door()
    code = shown_by(second_factor.device_of(user))
    assert client.post(DOOR, {"code": code, "next": "https://elsewhere.example/"})["Location"] == "/"


def test_a_role_granted_during_a_session_asks_at_the_next_request(client, settings, db):
    settings.SECOND_FACTOR_ROLES = ["supervisor"]
    staff = User.objects.get(username="nyj_staff")
    client.force_login(staff)
    assert client.get("/2025/todo/").status_code == 200
    Membership.objects.create(user=staff, role=Role.SUPERVISOR, starts_on=clock.today())
    assert client.get("/2025/todo/")["Location"].startswith(DOOR)


def test_whoever_has_proved_it_is_not_asked_again(codes, user, settings):
    settings.SECOND_FACTOR_ROLES = ["supervisor"]
    client = at_the_door()
    enter(client, codes[0])
    assert client.get("/2025/desk/").status_code == 200


def test_the_administration_has_no_password_page_of_its_own(as_user):
    """It would take another password without an entry, and forget the former ones."""
    assert as_user("sysadmin").get("/manage/admin/password_change/")["Location"] == "/account/password/"
