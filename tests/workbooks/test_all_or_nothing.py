"""An import writes all of its rows or none: five thousand rows, two people, two departments, a killed server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.cookiejar import CookieJar

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts import audit, spreadsheets
from accounts.models import AuditEntry, Department, User
from accounts.permissions import Actor, actor_for
from config.run import unused_port
from kpi.domain.errors import DomainError, StaleVersion
from kpi.models import Period, ReportUpload, Submission
from kpi.selectors.content import Content
from kpi.services import imports, submissions
from kpi.workbooks import filing, importing
from kpi.workbooks.importing import ImportRefused, Status
from kpi.workbooks.template import HEAD_ROWS, template
from tests.conftest import NOW
from tests.journeys.conftest import ROOT, product, wait_for, web  # noqa: F401 — fixtures among them
from tests.many import copies
from tests.races import somebody_waits
from tests.servers import granian
from tests.workbooks.books import filled

TEXT = "按计划推进，六月底达到序时进度，第 %s 项。"
PATIENCE = 30
CODES = [f"A{number}" for number in range(100, 140)]


def person(username: str) -> Actor:
    return actor_for(User.objects.get(username=username), NOW.date())


def month() -> Period:
    return Period.objects.select_related("report").get(code="2025-06")


def kept(clerk: Actor, codes: list[str], value: str = "2.9", code_of_bad: str = "") -> ReportUpload:
    """An upload with the codes' rows filled in; the template's cells are filled as its reader would give them."""
    unit = Department.objects.get(pk=min(clerk.department_ids))
    data = template(department=unit, period=month(), actor=clerk, now=NOW)
    rows = spreadsheets.read(data)
    place = {key: position for position, key in enumerate(rows[0])}
    for row in rows[HEAD_ROWS:]:
        if row[0] in codes:
            row[place["value"]] = "2.9x" if row[0] == code_of_bad else value
            row[place["narrative"]] = TEXT % row[0]
    return imports.keep_upload(
        department=unit, period=month(), name="六月.xlsx", data=data, rows=rows, actor=clerk, now=NOW
    )


def confirm(upload: ReportUpload, clerk: Actor) -> int:
    return importing.confirm(upload=upload, sha256=upload.sha256, actor=clerk, now=NOW)


def written(codes: list[str]) -> int:
    return Submission.objects.filter(indicator__code__in=codes, period__code="2025-06").count()


@pytest.mark.django_db
def test_five_thousand_rows_with_one_bad_one_write_nothing():
    """The codes of a city end at 3,300: the rule on their shape is lifted for this test and comes back with it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_indicator DROP CONSTRAINT indicator_code_shape")
    clerk = person("nyj_staff")
    unit = Department.objects.get(pk=min(clerk.department_ids))
    codes = [f"{letter}{number:03d}" for letter in "BCDEF" for number in range(1000)][:4997]
    copies(codes, unit, months="2025-06")
    unit.led_indicators.exclude(code__in=codes).update(is_active=False)
    bad = codes[4999 - HEAD_ROWS - 1]
    filled_in = {"period": "2025-06", "stamp": filing.stamp_of(0, Content())}
    lines = [{"code": code, "value": "2.9x" if code == bad else "2.9", **filled_in} for code in codes]
    rows = [list(filing.KEYS), [], [], *([line.get(key, "") for key in filing.KEYS] for line in lines)]
    upload = imports.keep_upload(
        department=unit, period=month(), name="六月.xlsx", data=b"", rows=rows, actor=clerk, now=NOW
    )
    assert len(upload.rows) == 5000
    before, entries = list(Submission.objects.order_by("pk").values()), AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as asked:
        start = time.monotonic()
        seen = importing.preview(upload=upload, actor=clerk, now=NOW)
        print(f"preview of 5,000 rows: {time.monotonic() - start:.1f} s")
    # However many rows there are: what one asks is asked once.
    assert len(asked) <= 12
    assert [(row.number, error.code) for row in seen.rows for error in row.errors] == [(4999, "number_has_unit")]
    assert (seen.counts[Status.NEW], seen.counts[Status.ERROR]) == (4996, 1)
    with CaptureQueriesContext(connection) as asked, pytest.raises(ImportRefused):
        start = time.monotonic()
        confirm(upload, clerk)
    print(f"refusing it: {time.monotonic() - start:.1f} s")
    assert not any(" INTO " in query["sql"] or query["sql"].startswith("UPDATE") for query in asked)
    assert list(Submission.objects.order_by("pk").values()) == before and AuditEntry.objects.count() == entries


@pytest.mark.django_db
def test_a_page_of_a_large_preview_is_small_and_shows_what_is_bad_first(as_user):
    clerk = person("nyj_staff")
    codes = [f"A{number}" for number in range(100, 350)]
    copies(codes, Department.objects.get(pk=min(clerk.department_ids)))
    upload = kept(clerk, codes, code_of_bad="A340")
    address = f"/2025/reports/2025-06/import/{upload.pk}/"
    client = as_user("nyj_staff")
    answer = client.get(address)
    page = answer.content.decode()
    assert len(answer.content) < 100_000
    assert page.index("A340") < page.index("A100") and page.count("<tr>") == 101
    assert "第 1 页，共 3 页" in page
    assert client.get(f"{address}?show=error").content.decode().count("<tr>") == 2
    assert client.get(f"{address}?show=new&page=3").content.decode().count("<tr>") == 50
    assert "没有这样的行" in client.get(f"{address}?show=conflict").content.decode()
    assert client.get(f"{address}?show=blue").status_code == 404


@pytest.mark.django_db
def test_a_preview_that_is_over_or_gone_says_so(as_user):
    clerk, client = person("nyj_staff"), as_user("nyj_staff")
    first, second = (kept(clerk, ["A06"]) for _ in range(2))
    gone = client.get(f"/2025/reports/2025-06/import/{first.pk}/")
    assert (gone.status_code, "这份预览已经不在了" in gone.content.decode()) == (404, True)
    address = f"/2025/reports/2025-06/import/{second.pk}/"
    done = client.post(address, {"sha256": second.sha256})
    assert done.url == "/2025/reports/2025-06/grid/"
    over = client.get(address).content.decode()
    assert "导入。" in over and "核对并提交" in over and "确认导入" not in over
    third = kept(clerk, ["A06"], value="2.95")
    ReportUpload.objects.filter(pk=third.pk).update(uploaded_at="2025-07-01T00:00Z", expires_at="2025-07-01T00:30Z")
    late = client.get(f"/2025/reports/2025-06/import/{third.pk}/").content.decode()
    assert "预览已过期" in late and "确认导入" not in late


@pytest.fixture
def races(committed_db) -> Iterator[Callable[..., Future]]:
    """Runs something in a thread with a connection of its own."""
    with ThreadPoolExecutor() as pool:

        def start(work: Callable[..., object], *arguments: object) -> Future:
            def alone() -> object:
                try:
                    return work(*arguments)
                finally:
                    connections.close_all()

            return pool.submit(alone)

        yield start


def outcome(found: Future) -> object:
    try:
        return found.result(timeout=PATIENCE)
    except (DomainError, StaleVersion) as refused:
        return refused.code


def test_confirmed_twice_at_once_it_is_written_once(races):
    clerk = person("nyj_staff")
    codes = CODES
    copies(codes)
    upload = kept(clerk, codes)
    both = [races(confirm, upload, clerk) for _ in range(2)]
    assert sorted(map(outcome, both), key=str) == [40, "import_done"]
    assert AuditEntry.objects.filter(action="submission.saved", after__indicator__in=codes).count() == 40
    assert audit.verify().is_intact


def test_of_two_people_with_the_same_rows_one_writes_all_and_the_other_nothing(races):
    clerk, head = person("nyj_staff"), person("nyj_head")
    codes = CODES
    copies(codes)
    mine, theirs = kept(clerk, codes, value="2.8"), kept(head, codes, value="2.9")
    found = [outcome(each) for each in (races(confirm, mine, clerk), races(confirm, theirs, head))]
    assert sorted(found, key=str) == [40, "import_changed"]
    values = set(Submission.objects.filter(indicator__code__in=codes).values_list("value", "author__username"))
    assert len(values) == 1 and written(codes) == 40


@pytest.fixture
def paused(monkeypatch) -> tuple[threading.Event, threading.Event]:
    """The first import to write stops after its first row until it may go on."""
    reached, go_on, real = threading.Event(), threading.Event(), submissions.save_draft
    first = threading.Lock()

    def save_draft(**values: object) -> Submission:
        found = real(**values)
        if first.acquire(blocking=False):
            reached.set()
            assert go_on.wait(PATIENCE)
        return found

    monkeypatch.setattr(submissions, "save_draft", save_draft)
    return reached, go_on


@pytest.fixture
def two_departments(races) -> tuple[ReportUpload, ReportUpload]:
    copies(CODES[:20])
    copies(CODES[20:], Department.objects.get(code="industry"))
    return kept(person("nyj_staff"), CODES[:20]), kept(person("gxj_staff"), CODES[20:], value="1.5")


def test_two_departments_import_at_once_and_neither_waits_for_the_others_rows(races, two_departments, paused):
    (farming, industry), (reached, go_on) = two_departments, paused
    slow = races(confirm, farming, person("nyj_staff"))
    assert reached.wait(PATIENCE)
    # The other one is written from end to end while the first stands in the middle of its rows.
    assert outcome(races(confirm, industry, person("gxj_staff"))) == 20
    assert written(CODES) == 20 and not slow.done()
    go_on.set()
    assert outcome(slow) == 20
    found = Submission.objects.filter(indicator__code__in=CODES, period__code="2025-06")
    by_value = {(str(each.value), each.indicator.lead_department.code, each.author.username) for each in found}
    assert by_value == {("2.9000", "agriculture", "nyj_staff"), ("1.5000", "industry", "gxj_staff")}
    assert len(found) == 40 and audit.verify().is_intact


def test_chaining_each_entry_as_it_comes_would_make_the_other_wait(races, two_departments, paused, monkeypatch):
    """The control: without ``audit.together`` the first import holds the head of the chain from its first row on."""
    monkeypatch.setattr(audit, "together", contextlib.nullcontext)
    (farming, industry), (reached, go_on) = two_departments, paused
    slow = races(confirm, farming, person("nyj_staff"))
    assert reached.wait(PATIENCE)
    other = races(confirm, industry, person("gxj_staff"))
    wait_until(lambda: somebody_waits("advisory"))
    assert not other.done()
    go_on.set()
    assert (outcome(slow), outcome(other)) == (20, 20)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def test_entries_of_a_failed_import_are_not_written(races):
    with contextlib.suppress(ZeroDivisionError), audit.together():
        user = User.objects.get(username="nyj_staff")
        with importing.transaction.atomic():
            audit.record(action="test", obj=user, actor=user, now=NOW)
        raise ZeroDivisionError
    assert not AuditEntry.objects.filter(action="test").exists()


class Browser:
    """Enough of one to sign in and to press the button, with nothing tried again behind the test's back."""

    def __init__(self, address: str):
        self.address, self.cookies = address, CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def post(self, path: str, **fields: str) -> int:
        token = next(each.value for each in self.cookies if each.name == "csrftoken")
        data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
        return self.opener.open(self.address + path, data, timeout=60).status

    def sign_in(self, username: str) -> None:
        self.opener.open(f"{self.address}/login/", timeout=30)
        self.post("/login/", username=username, password="trial-2025-zjj")


MOMENTS = (1, 40, 110)


@pytest.fixture
def server(product, tmp_path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:  # noqa: F811
    """A web server of its own, so that it can be killed with its workers; where it answers, and its process."""
    port = unused_port()
    address, log = f"http://127.0.0.1:{port}", tmp_path / "killed.log"
    command = [sys.executable, "-m", *granian(port)]
    environment = product.environment | {"SITE_URL": address}
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    wait_for(f"{address}/readyz", log)
    yield address, process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_server_killed_while_it_writes_has_written_nothing(server, moment):
    """``kill -9`` of every web process once ``moment`` rows of 120 are under way; then the same button again."""
    clerk = person("nyj_staff")
    codes = [f"A{number}" for number in range(100, 220)]
    copies(codes)
    upload = kept(clerk, codes)
    running, process = server
    browser = Browser(running)
    browser.sign_in("nyj_staff")
    address = f"/2025/reports/2025-06/import/{upload.pk}/"
    with ThreadPoolExecutor() as pool:
        pressed = pool.submit(browser.post, address, sha256=upload.sha256)
        wait_until(lambda: rows_under_way() >= moment)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL
        with pytest.raises((urllib.error.URLError, ConnectionError, OSError)):
            pressed.result(timeout=PATIENCE)
    wait_until(lambda: open_transactions() == 0)
    assert written(codes) == 0 and not ReportUpload.objects.get(pk=upload.pk).applied_at
    assert confirm(upload, clerk) == 120 == written(codes)
    assert audit.verify().is_intact


def rows_under_way() -> int:
    """Rows of the submissions' table that exist for a transaction that has not ended: told by the sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM kpi_submission_id_seq")
        return cursor.fetchone()[0] - (Submission.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)


def open_transactions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
            " AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


ROW_BY_ROW = """
import django, sys
django.setup()
from tests.workbooks.test_all_or_nothing import NOW, month, person
from kpi.models import ReportUpload
from kpi.services import submissions
from kpi.selectors.content import Content
from kpi.workbooks import filing, importing
clerk = person("nyj_staff")
_, lines = importing._run(ReportUpload.objects.select_related("period__report").get(), clerk, NOW)
for line in lines:
    submissions.save_draft(
        indicator=line.indicator, period=month(), content=line.content, version=0, actor=clerk, now=NOW
    )
"""


def test_committing_row_by_row_leaves_half_an_import(committed_db, database_name):
    """The control: the same rows through the same service without the one transaction, killed on the way."""
    codes = [f"A{number}" for number in range(100, 220)]
    copies(codes)
    kept(person("nyj_staff"), codes)
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database_name}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    process = subprocess.Popen([sys.executable, "-c", ROW_BY_ROW], cwd=ROOT, env=environment)
    wait_until(lambda: written(codes) >= 10)
    process.kill()
    process.wait()
    wait_until(lambda: open_transactions() == 0)
    assert 0 < written(codes) < len(codes)


def test_a_file_swapped_between_preview_and_confirm_is_refused(db, as_user):
    """The page holds the hash of what it showed; the other file's rows are not taken for it."""
    client, clerk = as_user("nyj_staff"), person("nyj_staff")
    shown = kept(clerk, ["A06"], value="2.9")
    other = filled(template(department=shown.department, period=month(), actor=clerk, now=NOW), {"A06": {"value": 9}})
    address = f"/2025/reports/2025-06/import/{shown.pk}/"
    from hashlib import sha256

    ReportUpload.objects.filter(pk=shown.pk).update(sha256=sha256(other).hexdigest(), rows=spreadsheets.read(other))
    answer = client.post(address, {"sha256": shown.sha256})
    assert answer.status_code == 409 and "要确认的不是预览的那份文件" in answer.content.decode()
    assert not Submission.objects.filter(indicator__code="A06", period__code="2025-06").exists()
