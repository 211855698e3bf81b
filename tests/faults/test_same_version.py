"""Two who write from the same version, by form, API or a row of a workbook: one is taken, the other told (R8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations_with_replacement, cycle, islice
from uuid import uuid4

import pytest
from django.test import Client

from accounts import spreadsheets
from accounts.models import Department, User
from accounts.permissions import actor_for
from kpi.models import Period, Submission
from kpi.selectors.content import Content, content_of
from kpi.services import imports
from kpi.workbooks.filing import stamp_of
from kpi.workbooks.template import template
from tests.api.conftest import System, make_token
from tests.conftest import NOW
from tests.content import FARMLAND
from tests.faults import figures
from tests.races import in_parallel

pytestmark = pytest.mark.timeout(900)

REPORT = "/2025/reports/2025-06/A06/"
# The status, and whether whoever lost is told what the other wrote.
Told = tuple[int, bool]
Write = Callable[[], Told]


@dataclass
class Desk:
    """One person of the unit with the three ways to write."""

    username: str
    blank: list[list[str]]

    def __post_init__(self) -> None:
        self.client, self.system = Client(), System(make_token(self.username).text)
        self.user = User.objects.get(username=self.username)
        self.client.force_login(self.user)
        self.actor = actor_for(self.user, NOW.date())

    def form(self, value: str, stored: Submission) -> Write:
        fields = FARMLAND | {"value": value, "action": "save", "version": stored.version, "editor": str(uuid4())}

        def write() -> Told:
            answer = self.client.post(REPORT, fields)
            text = answer.content.decode()
            return answer.status_code, "data-merge" in text and value in text

        return write

    def api(self, value: str, stored: Submission) -> Write:
        def write() -> Told:
            tag = f'"v{stored.version}"'
            answer = self.system.put("/2025/submissions/2025-06/A06/", FARMLAND | {"value": value}, If_Match=tag)
            told = answer.json()
            is_told = {each["field"] for each in told.get("differences", ())} >= {"value"}
            return answer.status_code, is_told and told.get("current_etag") == f'"v{stored.version + 1}"'

        return write

    def row(self, value: str, stored: Submission) -> Write:
        upload = self._upload(value, stored)

        def write() -> Told:
            answer = self.client.post(f"/2025/reports/2025-06/import/{upload.pk}/", {"sha256": upload.sha256})
            # The preview again: the row is a conflict, named with what is stored by now.
            return answer.status_code, "A06" in answer.content.decode()

        return write

    def _upload(self, value: str, stored: Submission):
        rows, keys = deepcopy(self.blank), self.blank[0]
        row = next(each for each in rows if "A06" in each)
        content = content_of(stored) if stored.pk else Content()
        for name, cell in (("value", value), ("stamp", stamp_of(stored.version, content))):
            row[keys.index(name)] = cell
        row[keys.index("narrative")] = FARMLAND["narrative"]
        unit, month = Department.objects.get(code="agriculture"), Period.objects.get(code="2025-06")
        return imports.keep_upload(
            department=unit, period=month, name="示例.xlsx", data=value.encode(), rows=rows, actor=self.actor, now=NOW
        )


@pytest.fixture
def desks(committed_db) -> Iterator[tuple[Desk, Desk]]:
    unit, month = Department.objects.get(code="agriculture"), Period.objects.get(code="2025-06")
    actor = actor_for(User.objects.get(username="nyj_staff"), NOW.date())
    blank = [list(row) for row in spreadsheets.read(template(department=unit, period=month, actor=actor, now=NOW))]
    yield Desk("nyj_staff", blank), Desk("nyj_head", blank)


def present() -> Submission:
    found = Submission.objects.filter(indicator__code="A06", period__code="2025-06").first()
    return found or Submission(version=0)


def race(desks: tuple[Desk, Desk], count: int) -> dict[str, int]:
    """So many pairs from the same version, each two of the three ways; how they ended."""
    ways = ("form", "api", "row")
    kinds = islice(cycle(combinations_with_replacement(ways, 2)), count)
    found = {"one_winner": 0, "both": 0, "none": 0, "untold": 0, "jumps": 0}
    for number, pair in enumerate(kinds):
        stored = present()
        # Figures of two decimals that no two writers of a run have in common.
        values = [f"{place + 2 * (number // 100)}.{number % 100:02}" for place in (1, 2)]
        jobs = [getattr(desk, way)(value, stored) for desk, way, value in zip(desks, pair, values, strict=True)]
        answers = in_parallel(*jobs)
        won = [status for status, _told in answers if status in (200, 302)]
        found[{1: "one_winner", 2: "both", 0: "none"}[len(won)]] += 1
        lost = [(status, told) for status, told in answers if status not in (200, 302)]
        found["untold"] += sum(status not in (409, 412) or not told for status, told in lost)
        found["jumps"] += present().version != stored.version + 1
    return found


def test_one_of_two_is_taken_whatever_the_way(desks):
    assert race(desks, 12) == {"one_winner": 12, "both": 0, "none": 0, "untold": 0, "jumps": 0}


@pytest.mark.bar
def test_two_hundred_pairs(desks):
    found = race(desks, 200)
    figures.note("R8", pairs=200, **found)
    assert found == {"one_winner": 200, "both": 0, "none": 0, "untold": 0, "jumps": 0}


@pytest.mark.bar
def test_without_the_version_both_are_taken(desks, monkeypatch):
    """The negative control: a save that does not look at the version overwrites."""
    from kpi.services import writing

    monkeypatch.setattr(writing, "lock", lambda submission, version, editor=None: writing.lock_row(submission))
    found = race(desks, 60)
    figures.note("R8", control="save without the version", pairs=60, both_taken=found["both"])
    assert found["both"]
