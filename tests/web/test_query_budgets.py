"""How many queries a page costs: as many with 400 indicators as with 40."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from kpi.models import Indicator, Report
from tests.bulletins import draft_of, published
from tests.many import widen
from tests.pages import LEADER_PAGES, WORKING_PAGES, Page
from tests.people import TODAY, lend
from tests.web.test_review_pages import DAY, adjust

SIZES = (40, 400)
KEPT = ("agriculture", "tourism", "state_assets", "industry", "science", "commerce")
# Opened by the pages, so that they must be among the forty.
SHOWN = ("A06", "I12", "I31", "I39", "T01", "T05", "T07", "T24")


@pytest.fixture(scope="module", params=SIZES)
def size(request, django_db_setup, django_db_blocker) -> Iterator[int]:
    """A year of 40 or of 400 indicators, set up once for all pages and rolled back after them.

    It holds everything that could cost a query of its own: a lent signature, adjusted lamps, co-signing in every state.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        lend(first=TODAY - DAY)
        adjust(signed_in)
        Indicator.objects.filter(lead_department__code__in=["agriculture", "tourism"]).update(needs_cosign=True)
        report = Report.objects.get(year=2025)
        if request.param > report.indicators.count():
            widen(report, request.param)
        else:
            keep_only(request.param)
        published("2025-05")
        draft_of("2025-04")
        yield request.param
        transaction.set_rollback(True)


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def keep_only(count: int) -> None:
    shown = Indicator.objects.filter(code__in=SHOWN)
    others = Indicator.objects.filter(lead_department__code__in=KEPT).exclude(code__in=SHOWN)
    wanted = [*shown, *others.order_by("-needs_cosign", "code")[: count - len(SHOWN)]]
    Indicator.objects.exclude(pk__in=[found.pk for found in wanted]).update(is_active=False)


@pytest.mark.parametrize("page", LEADER_PAGES + WORKING_PAGES, ids=lambda page: f"{page.person} {page.path}")
def test_a_page_stays_within_its_queries_however_many_indicators(
    size: int, as_user: Callable[[str], Client], page: Page
):
    assert Indicator.objects.of_year(2025).count() == size
    client = as_user(page.person)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page.path).status_code == 200
    assert len(captured) <= page.queries
