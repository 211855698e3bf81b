"""What people prove themselves by, and what they hand in, is in no log, audit entry, export or error page (S9).

Secrets of robots, telephone numbers and the fence around outbound requests: ``tests/notifications/test_secrets.py``.
"""

from __future__ import annotations

import io
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axes.models import AccessAttempt
from django.core import serializers
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import clock, second_factor
from accounts.models import ApiToken, AuditEntry, User
from accounts.web import proving
from kpi.models import Evidence, Submission
from tests.accounts.test_second_factor import shown_by
from tests.api.conftest import make_token
from tests.evidence.files import pdf, upload
from tests.logs import Memory, everything_logged

ROOT = Path(__file__).resolve().parents[2]
PASSWORD, WRONG, NEW = "trial-2025-zjj", "typed-Wr0ng-by-hand", "Harvest.moon-88"
# A person's slip: the password in the other field.
SLIPPED = "Slipped-into-name-7"
PHONE, PLATFORM_CODE, PLATFORM_STATE = "13955512345", "platform-code-5d1f", "platform-state-77ab"
METRICS, EVIDENCE = "scrapers-token-91c2", "evidence-of-a-matter-undisclosed"
FORM = "/2025/reports/2025-06/A06/"


@pytest.fixture
def log() -> Iterator[Memory]:
    with everything_logged() as memory:
        yield memory


class Visit:
    """One person at the product; keeps every page that told of something wrong, and everything that was shown once."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        self.secrets = {PASSWORD, WRONG, NEW, SLIPPED, PLATFORM_CODE, PLATFORM_STATE, METRICS, EVIDENCE}
        self.pages: list[str] = []

    def send(self, path: str, data: dict[str, object] | None = None, **headers: str) -> str:
        ask = self.client.get if data is None else self.client.post
        answer = ask(path, data, headers=headers)
        page = answer.content.decode(errors="replace")
        if answer.status_code >= 400:
            self.pages.append(page)
        return page


def come_in(visit: Visit) -> None:
    """Wrong, slipped, right; the app set up, a code wrong, a code right, a recovery code; another password."""
    visit.send("/login/", {"username": "nyj_staff", "password": WRONG})
    visit.send("/login/", {"username": SLIPPED, "password": WRONG})
    visit.send("/login/", {"username": "nyj_staff", "password": PASSWORD})
    visit.send("/account/second-factor/")
    user = User.objects.get(username="nyj_staff")
    device = second_factor.pending_device(user)
    code = shown_by(device)
    visit.secrets |= {second_factor.secret_of(device), second_factor.secret_of(device).replace(" ", ""), device.key}
    shown = visit.send("/account/second-factor/", {"code": code})
    recovery = [each.replace(" ", "") for each in re.findall(r"<code>(.+?)</code>", shown)]
    assert len(recovery) == second_factor.CODES
    visit.secrets |= {*recovery, visit.client.session.session_key}
    visit.send("/logout/", {})
    visit.send("/login/", {"username": "nyj_staff", "password": PASSWORD})
    visit.send("/login/code/", {"code": "zz" + recovery[0]})
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    user.staticdevice_set.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    visit.send("/login/code/", {"code": recovery[0]})
    visit.send("/account/password/", {"old_password": WRONG, "new_password1": NEW, "new_password2": NEW})
    visit.send("/account/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert User.objects.get(username="nyj_staff").check_password(NEW)


def use_tokens(visit: Visit) -> None:
    issued = make_token("nyj_staff")
    visit.secrets |= {issued.text, issued.text[13:]}
    system = Client(raise_request_exception=False)
    for text in (issued.text, issued.text[:-1] + "!", issued.text):
        for path in ("/api/v1/me/", "/api/v1/2025/submissions/2025-06/A99/", f"/api/v1/me/?token={text}"):
            answer = system.get(path, headers={"Authorization": f"Bearer {text}"})
            visit.pages += [answer.content.decode()] if answer.status_code >= 400 else []
        ApiToken.objects.update(expires_at=clock.now())
    visit.send("/metrics", Authorization=f"Bearer {METRICS}x")
    visit.send(f"/login/platform/back/?code={PLATFORM_CODE}&state={PLATFORM_STATE}")


def hand_in(visit: Visit) -> None:
    """A file of every fate: kept, and refused for what it is and for what is in it."""
    draft = {"action": "save", "version": "0", "editor": "00000000-0000-4000-8000-000000000001", "narrative": "进展"}
    visit.send(FORM, draft)
    assert Submission.objects.filter(period__code="2025-06", indicator__code="A06").exists()
    fragment = {"HX-Request": "true"}
    for name, data in (("ok.pdf", pdf(EVIDENCE)), ("bad.exe", EVIDENCE.encode()), ("bad.pdf", EVIDENCE.encode())):
        visit.send(f"{FORM}evidence/", {"editor": draft["editor"], "files": upload(name, data)}, **fragment)
    assert Evidence.objects.filter(name="ok.pdf").exists()


def administer(visit: Visit) -> None:
    admin = Client(raise_request_exception=False)
    admin.force_login(User.objects.get(username="sysadmin"))
    user = User.objects.get(username="nyj_head")
    row = {"username": user.username, "display_name": user.display_name, "is_active": "on", "phone": PHONE}
    for more in ({"new_password": WRONG}, {"new_password": NEW}):
        admin.post(f"/manage/admin/accounts/user/{user.pk}/change/", row | more)
    assert User.objects.get(pk=user.pk).phone.endswith(PHONE)
    visit.secrets.add(PHONE)


def fault(*_args: object, **_kwargs: object) -> None:
    raise RuntimeError("a fault of ours")


def meet_a_fault(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the hands of the program when it fails is in its traceback's frames, not in what is written down."""
    with monkeypatch.context() as broken:
        broken.setattr("accounts.lockout.authenticate", fault)
        broken.setattr(proving.second_factor, "prove", fault)
        broken.setattr("accounts.tokens.find", fault)
        visit.send("/login/", {"username": "nyj_staff", "password": WRONG})
        visit.send("/account/password/", {"old_password": NEW, "new_password1": WRONG, "new_password2": WRONG})
        visit.send("/api/v1/me/", Authorization=f"Bearer {next(each for each in visit.secrets if each[:4] == 'kpi_')}")
    assert sum("编号" in page for page in visit.pages) >= 2, "the fault shows its page"


def exported() -> str:
    """The words in a ledger of it all."""
    client = Client()
    client.force_login(User.objects.get(username="dcs_1"))
    answer = client.get("/2025/exports/ledger.xlsx")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:
        return "\n".join(book.read(name).decode(errors="replace") for name in book.namelist())


def recorded() -> str:
    kept = [AuditEntry, AccessAttempt]
    found = (serializers.serialize("python", model.objects.all()) for model in kept)
    return json.dumps(list(found), default=str, ensure_ascii=False)


@pytest.fixture
def visit(db, settings, monkeypatch, log) -> Visit:
    settings.METRICS_TOKEN = METRICS
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "http://127.0.0.1:1", "kpi", NEW
    visit = Visit()
    come_in(visit)
    use_tokens(visit)
    hand_in(visit)
    administer(visit)
    meet_a_fault(visit, monkeypatch)
    return visit


def test_nothing_private_is_written_down(visit, log):
    places = {
        "export": exported(),
        "logs": "\n".join(log.lines),
        "audit and tries": recorded(),
        "error pages": "\n".join(visit.pages),
    }
    assert len(log.lines) > 5 and len(visit.pages) > 5 and len(visit.secrets) > 15
    found = [(place, secret) for place, told in places.items() for secret in visit.secrets if secret in told]
    # The sign-in form shows its own visitor again what they typed as their name.
    assert found == [("error pages", SLIPPED)]


def test_one_line_too_many_is_found(log):
    """Negative control: somebody wants to see what was typed."""
    logging.getLogger("accounts").debug("wrong password %s", WRONG)
    assert WRONG in "\n".join(log.lines)


def test_the_proxy_writes_down_no_query(log):
    """What the identity platform sends back with the browser stands there: neither the query nor the page before."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    kept = re.search(r"log_format\s+(\w+)\s+(.*?);", text, re.DOTALL)
    assert kept and re.search(rf"access_log\s+\S+\s+{kept[1]};", text)
    assert not re.search(r"\$(request\b|request_uri|args|query_string|http_|cookie_)", kept[2])
