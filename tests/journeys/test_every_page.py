"""Every page in a real browser, as each role meets it: accessible (axe, light and dark), as wide as the window, quiet,
from here alone.

A page is a line of ``VISITS`` (visits.py); ``test_no_page_is_forgotten`` names the ones that have none. What a page is
held to: judging.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from django.conf import settings
from django.db import connection
from django.urls import get_resolver, resolve
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Browser

from accounts.models import Department, User
from kpi.domain.target_changes import ChangeVerb
from kpi.models import Period, ReminderPolicy, ScoringScheme, Submission, TargetChange, WindowChange
from notifications.keys import encrypt
from notifications.models import Robot
from tests.bulletins import draft_of, published
from tests.conftest import NOW, clone
from tests.decompositions import half_done
from tests.journeys.conftest import Product, enter, is_trouble, serving
from tests.journeys.judging import Judge, too_wide
from tests.journeys.visits import NO_PAGES, REACHED, VISITS, Visit
from tests.many import empty_year
from tests.notifications.logged import something_to_log
from tests.people import session_of
from tests.target_changes import ask, step

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

AT_ONCE = 12  # visits of one test
# A telephone, a tablet, the notebook most offices have, a desk.
ENGLISH_WIDTHS = (320, 768, 1366, 1440)


def test_no_page_is_forgotten():
    """Each named address is visited, or is no page."""
    numbers = ("T42", "I37", "T36", "robot", "rules", "scheme", "applied", "waiting", "back", "draft", "range", "task")
    keys = {**dict.fromkeys(numbers, 1), "undone": "2025-08/undo/1"}
    paths = {visit.path.format(**keys).partition("?")[0] for visit in VISITS} - {"/2025/kpis/X99/"}
    visited = {resolve(path).url_name for path in paths}
    visited |= {name for name, step in REACHED.items() if any(visit.then is step for visit in VISITS)}
    named = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert named - visited - NO_PAGES == set(), "no line in VISITS"
    assert NO_PAGES & visited == set() and named >= NO_PAGES


def a_window_change() -> WindowChange:
    """August was to open early, in a way that may still be taken back; the month itself is left as it is."""
    august = Period.objects.get(code="2025-08")
    moments = {name: getattr(august, name) for name in ("opens_at", "due_at", "grace_ends_at")}
    return WindowChange.objects.create(
        period=august,
        act="open",
        reason="国庆前集中报送（示例）",
        actor=User.objects.get(username="dcs_1"),
        at=NOW,
        **{f"was_{name}": moment for name, moment in moments.items()},
        **moments,
    )


def a_robot() -> Robot:
    """One that was switched off, which shows most."""
    return Robot.objects.create(
        channel="wecom",
        department=Department.objects.get(code="agriculture"),
        name="农业农村工作群",
        address=encrypt("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=not-a-key-of-anybody"),
        is_enabled=False,
        disabled_reason="地址无效，或机器人已被移出群",
        disabled_at=NOW,
    )


def cases() -> dict[str, int]:
    """Changes of target: the trial's own, and one that was sent back."""
    of_trial = dict(TargetChange.objects.values_list("indicator__code", "pk"))
    back = step(ask("T05", "gzw_staff", final_due_on="2025-11-30"), ChangeVerb.SEND_BACK, "gzw_head")
    return {"applied": of_trial["I31"], "waiting": of_trial["T07"], "back": back.pk}


class Trial(NamedTuple):
    """The product; the keys of June's reports by code; a session of everybody who visits."""

    product: Product
    keys: dict[str, int]
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def trial(django_db_setup, database_name, tmp_path_factory, django_db_blocker) -> Iterator[Trial]:
    """The product on a database of this module, which is only looked at."""
    name = f"{database_name}_pages"
    clone(name)
    with django_db_blocker.unblock(), on_database(name):
        empty_year()
        something_to_log()
        rules = ReminderPolicy.objects.create(
            effective_from="2025-08-01", opens_at="09:00", closes_at="17:00", slots=["09:30"]
        )
        published("2025-05")
        draft_of("2025-04")
        keys = dict(Submission.objects.filter(period__code="2025-06").values_list("indicator__code", "pk"))
        TOTPDevice.objects.create(user=User.objects.get(username="auditadmin"), name="app")
        scheme = ScoringScheme.objects.create(
            code="guiyang", name="下半年方案", version="2025-08-01", effective_from="2025-08-01", is_default=True
        )
        keys |= {"rules": rules.pk, "robot": a_robot().pk, "scheme": scheme.pk, **cases()}
        draft = half_done()
        keys |= {"draft": draft.pk, "task": draft.spans.filter(state="accepted").first().pk}
        keys["range"] = draft.spans.get(reading__comparator="range").pk
        keys["undone"] = f"2025-08/undo/{a_window_change().pk}"
        sessions = {person: session_of(person) for person in {visit.person for visit in VISITS} if person}
    with serving(name, tmp_path_factory.mktemp("pages")) as product:
        yield Trial(product, keys, sessions)


@contextmanager
def on_database(name: str) -> Iterator[None]:
    """What is asked meanwhile is asked of another database."""
    connection.close()
    usual, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def walks() -> Iterator[object]:
    """Each person's visits, some at a time: both workers share the longest, and none of them takes minutes."""
    for person in sorted({visit.person for visit in VISITS}):
        own = [visit for visit in VISITS if visit.person == person]
        for start in range(0, len(own), AT_ONCE):
            name = f"{person or 'stranger'}-{start // AT_ONCE + 1}"
            yield pytest.param(person, own[start : start + AT_ONCE], id=name)


@pytest.mark.parametrize(("person", "visits"), list(walks()))
def test_every_page_is_accessible_fits_and_keeps_quiet(trial, chromium: Browser, person: str, visits: list[Visit]):
    product, keys, sessions = trial
    # Without motion a colour is what it is at once.
    context = chromium.new_context(base_url=product.address, locale="zh-CN", reduced_motion="reduce")
    page, judge, troubles = context.new_page(), Judge(), []
    page.on("console", lambda line: troubles.append(f"console: {line.text}") if is_loud(line) else None)
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("request", lambda request: troubles.append(f"asks {request.url}") if is_foreign(request, product) else None)
    if person:
        enter(context, product, sessions[person])
    for visit in visits:
        page.set_viewport_size({"width": 1440, "height": 900})
        context.add_cookies([{"name": "theme", "value": visit.theme, "url": product.address}])
        page.goto(visit.path.format(**keys))
        if visit.then:
            visit.then(page)
        where = f"{visit.path} {visit.then.__name__ if visit.then else ''} {visit.theme}"
        troubles += [f"{where} {said}" for said in judge.found_at(page)]
    context.close()
    assert troubles == [], "\n".join(troubles)


@pytest.mark.parametrize("person", sorted({visit.person for visit in VISITS if visit.person}))
def test_every_page_fits_in_english(trial, chromium: Browser, person: str):
    """Its words are longer. One address of each kind is opened, and one by each person, whose menu is their own."""
    product, keys, sessions = trial
    context = chromium.new_context(base_url=product.address, reduced_motion="reduce")
    enter(context, product, sessions[person])
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": product.address}])
    page, found = context.new_page(), []
    for path in of_each_kind(keys)[person]:
        page.goto(path)
        found += [f"{path}: {said}" for width in ENGLISH_WIDTHS for said in too_wide(page, width)]
    context.close()
    assert found == [], "\n".join(found)


def of_each_kind(keys: dict[str, int]) -> dict[str, list[str]]:
    """Paths by person: the first of each named address, and each person's first."""
    paths: dict[str, list[str]] = {}
    kinds = set()
    for visit in VISITS:
        path = visit.path.format(**keys)
        kind = resolve(path.partition("?")[0]).url_name
        if visit.person and (kind not in kinds or visit.person not in paths):
            paths.setdefault(visit.person, []).append(path)
            kinds.add(kind)
    return paths


def is_loud(line) -> bool:
    return is_trouble(line) and "status of 500" not in line.text


def is_foreign(request, product: Product) -> bool:
    return not request.url.startswith((product.address, "data:"))
