"""What goes out with every kind of answer: one request for each, with the cookies and headers of production."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from accounts.models import User
from kpi.web.views import desk
from tests.api.conftest import make_token
from tests.architecture.test_deployment import production
from tests.pages import LEADER_PAGES, WORKING_PAGES, Page

PREFIXES = ("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "CONTENT_SECURITY_POLICY", "X_FRAME_OPTIONS", "MIDDLEWARE")


@pytest.fixture
def as_in_production(settings, monkeypatch) -> None:
    for name, value in production(monkeypatch).items():
        if name.startswith(PREFIXES):
            setattr(settings, name, value)


def flaws(answer: HttpResponse, *, is_private: bool = True) -> list[str]:
    """What is missing from an answer, by header."""
    policy = {
        words[0]: words[1:]
        for words in (part.split() for part in answer.get("Content-Security-Policy", "").split(";"))
        if words
    }
    # A file that is shown carries a policy of its own that lets nothing run at all.
    scripts = policy.get("script-src", policy.get("default-src", ["*"]))
    wanted = {
        "Content-Security-Policy": scripts in (["'self'"], ["'none'"]),
        "frame-ancestors": policy.get("frame-ancestors") == ["'none'"] or "sandbox" in policy,
        "unsafe": "unsafe" not in str(policy),
        "X-Content-Type-Options": answer.get("X-Content-Type-Options") == "nosniff",
        "X-Frame-Options": answer.get("X-Frame-Options") == "DENY",
        "Referrer-Policy": answer.get("Referrer-Policy") == "same-origin",
        "Strict-Transport-Security": "max-age=31536000" in answer.get("Strict-Transport-Security", ""),
        "Cross-Origin-Opener-Policy": answer.get("Cross-Origin-Opener-Policy") == "same-origin",
        "Cache-Control": not is_private or "no-store" in answer.get("Cache-Control", ""),
        "Server": not answer.has_header("Server") and not answer.has_header("X-Powered-By"),
    }
    return [name for name, is_there in wanted.items() if not is_there] + list(cookie_flaws(answer))


def cookie_flaws(answer: HttpResponse) -> Iterator[str]:
    for name, cookie in answer.cookies.items():
        if cookie["max-age"] == 0:
            continue  # taken away
        is_key = name.startswith("__Host-")
        if not is_key and name not in ("text_size", "theme", "django_language", "messages"):
            yield f"{name}: no __Host-"
        if is_key and not (cookie["secure"] and cookie["path"] == "/" and not cookie["domain"]):
            yield f"{name}: not what __Host- promises"
        if cookie["samesite"] != "Lax":
            yield f"{name}: SameSite"
        if "session" in name and not cookie["httponly"]:
            yield f"{name}: HttpOnly"


def kinds_of_pages() -> list[Page]:
    """One page for each module of views."""
    found = {}
    for page in LEADER_PAGES + WORKING_PAGES:
        found.setdefault(resolve(page.path.partition("?")[0]).func.__module__, page)
    return list(found.values())


def signed_in(username: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username=username))
    return client


def test_every_kind_of_page_and_file(db, as_in_production):
    pages = kinds_of_pages()
    assert len(pages) > 15, "the list of pages no longer names every kind"
    clients = {person: signed_in(person) for person in {page.person for page in pages} | {"sysadmin", "auditadmin"}}
    others = [
        Page("sysadmin", "/manage/admin/"),
        Page("sysadmin", "/manage/admin/accounts/user/"),
        Page("auditadmin", "/manage/admin/accounts/membership/"),
        Page("dcs_1", "/api/v1/schema/"),
        Page("dcs_1", "/2025/exports/ledger.xlsx"),
        Page("dcs_1", "/account/password/"),
        Page("dcs_1", "/account/second-factor/"),
        Page("nyj_staff", "/2025/reports/2025-06/template.xlsx"),
    ]
    found = {}
    for page in (*pages, *others):
        answer = clients[page.person].get(page.path, secure=True)
        assert answer.status_code == 200, page
        found[page.path] = flaws(answer)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_error_pages(db, as_in_production, monkeypatch):
    client, stranger = signed_in("dcs_1"), Client(raise_request_exception=False)

    def fault(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(desk, "render", fault)
    asked = {
        400: client.get("/inbox/?q=%00", secure=True),
        403: signed_in("mayor").get("/2025/desk/", secure=True),
        404: client.get("/nothing/here/", secure=True),
        405: client.get("/prefs/theme/", secure=True),
        409: client.post("/manage/admin/accounts/department/process_import/", {}, secure=True),
        422: stranger.post("/login/", {"username": "mayor", "password": "wrong-one"}, secure=True),
        500: client.get("/2025/desk/", secure=True),
        401: stranger.get("/api/v1/me/", secure=True),
    }
    assert {wanted: answer.status_code for wanted, answer in asked.items()} == {wanted: wanted for wanted in asked}
    assert {status: flaws(answer) for status, answer in asked.items() if flaws(answer)} == {}
    assert "RuntimeError" not in asked[500].content.decode() and "Traceback" not in asked[500].content.decode()


def test_the_door_its_cookies_and_the_way_out(db, as_in_production):
    client = Client()
    page = client.get("/login/", secure=True)
    assert flaws(page) == [] and set(page.cookies) == {"__Host-csrftoken"}
    sent = {"username": "nyj_staff", "password": "trial-2025-zjj"}
    came_in = client.post("/login/", sent, secure=True)
    assert came_in.status_code == 302 and "__Host-sessionid" in came_in.cookies and flaws(came_in) == []
    gone = client.post("/logout/", secure=True)
    assert "cache" in gone["Clear-Site-Data"] and flaws(gone) == []
    assert client.get("/account/", secure=True).status_code == 302
    assert Client().get("/login/").status_code == 301, "plain HTTP is sent to TLS"


def test_files_that_are_everybodys(db, as_in_production):
    answer = Client().get("/static/css/app.css", secure=True)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content)
    assert set(flaws(answer, is_private=False)) <= {"Content-Security-Policy", "frame-ancestors", "X-Frame-Options"}


@pytest.mark.parametrize("path", ["/api/v1/schema/", "/api/v1/docs/", "/api/v1/me/", "/api/v1/2025/indicators/"])
def test_the_apis_document_is_not_open_to_strangers_and_nothing_is_browsable(db, path):
    assert Client().get(path).status_code in (302, 401)
    shown = make_token("dcs_1").text
    told = Client().get(path, headers={"Accept": "text/html", "Authorization": f"Bearer {shown}"})
    assert "<form" not in told.content.decode() or told.status_code == 302


@pytest.mark.parametrize(
    ("middleware", "missed"),
    [
        ("csp.middleware.CSPMiddleware", {"Content-Security-Policy", "frame-ancestors"}),
        ("accounts.middleware.NoStoreMiddleware", {"Cache-Control"}),
        ("django.middleware.clickjacking.XFrameOptionsMiddleware", {"X-Frame-Options"}),
        (
            "django.middleware.security.SecurityMiddleware",
            {"X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security", "Cross-Origin-Opener-Policy"},
        ),
    ],
)
def test_a_header_that_is_taken_away_is_missed(db, as_in_production, settings, middleware, missed):
    """Negative control."""
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != middleware]
    assert set(flaws(signed_in("nyj_staff").get("/account/", secure=True))) == missed


def test_a_cookie_without_its_promises_is_missed(db, as_in_production, settings):
    """Negative control."""
    settings.SESSION_COOKIE_SECURE = settings.SESSION_COOKIE_HTTPONLY = False
    answer = Client().post("/login/", {"username": "nyj_staff", "password": "trial-2025-zjj"}, secure=True)
    name = "__Host-sessionid"
    assert flaws(answer) == [f"{name}: not what __Host- promises", f"{name}: HttpOnly"]
