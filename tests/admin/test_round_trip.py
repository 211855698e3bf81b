"""Every table of administration: exported and imported again nothing changes, and one changed cell is one change."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from accounts import tables
from accounts.models import AuditEntry, Department, Membership, User
from kpi.models import Indicator, Milestone, PastResult, PlanPoint, Target
from tests.admin.books import CSV, TABLES, XLSX, Table, confirm, exported, kinds, rows_of, upload, written
from tests.conftest import NOW

BY_NAME = {table.name: table for table in TABLES}
# One cell of each table that may be changed: which row (by its cells), which column, to what, and how to see it.
CHANGES = {
    "departments": ({"code": "data"}, "short_name", "市数据局（改）"),
    "users": ({"username": "nyj_staff"}, "phone", "13800000001"),
    "memberships": ({"user": "nyj_staff"}, "ends_on", "2026-01-01"),
    "indicators": ({"code": "A06"}, "definition", "按验收面积"),
    "plans": ({"code": "A06"}, "12", "7.05"),
    "targets": ({"code": "A06", "effective_on": "2025-10-01"}, "value", "7.05"),
    "milestones": ({"code": "T01", "ordinal": "6"}, "due_on", "2025-12-25"),
    "past results": ({"code": "A06", "year": "2024", "month": ""}, "value", "6.5"),
}
SEEN = {
    "departments": lambda: Department.objects.get(code="data").short_name == "市数据局（改）",
    "users": lambda: User.objects.get(username="nyj_staff").phone == "+8613800000001",
    "memberships": lambda: str(Membership.objects.get(user__username="nyj_staff").ends_on) == "2026-01-01",
    "indicators": lambda: Indicator.objects.get(code="A06").definition == "按验收面积",
    "plans": lambda: PlanPoint.objects.get(indicator__code="A06", period="2025-12").value == Decimal("7.05"),
    "targets": lambda: Target.objects.get(indicator__code="A06", effective_on="2025-10-01").value == Decimal("7.05"),
    "milestones": lambda: str(Milestone.objects.get(indicator__code="T01", ordinal=6).due_on) == "2025-12-25",
    "past results": lambda: PastResult.objects.get(indicator__code="A06", month=None).value == Decimal("6.5"),
}


@pytest.fixture
def filled(db) -> None:
    """Something in every table, with what is easily lost: several lines, quotes, long figures, blank ends."""
    farmland = Indicator.objects.get(code="A06")
    Target.objects.create(
        indicator=farmland, value=Decimal("7.0001"), effective_on="2025-10-01", reason="常务会议纪要\n第 3 号"
    )
    PastResult.objects.bulk_create(
        PastResult(indicator=farmland, year=2024, month=month, value=value, source=source, note=note)
        for month, value, source, note in (
            (None, Decimal("6.4"), "统计公报", ""),
            (6, Decimal("2.1234"), '"公报"，第 2 页', "  前后空格  "),
            (12, Decimal(-1), "=公报", "'单引号"),
        )
    )


@pytest.mark.parametrize("form", [XLSX, CSV], ids=["xlsx", "csv"])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_export_then_import_changes_nothing_and_one_cell_is_one_change(filled, as_user, table: Table, form: int):
    client = as_user(table.person)
    data = exported(client, table, form)
    rows = rows_of(data, form)
    count = len(rows) - 1
    assert count == (103 if table.name == "plans" else table.model.objects.count()) and count > 2
    preview = upload(client, table, data, form)
    assert kinds(preview) == {"skip": count}, "what nobody touched"
    last = AuditEntry.objects.order_by("-seq").first()
    assert last.action.endswith(".exported") and last.after["rows"] == count

    # The control: with one cell changed the same preview says so, and the confirmation writes that cell alone.
    where, column, value = CHANGES[table.name]
    assert not SEEN[table.name]()
    head = [str(cell) for cell in rows[0]]
    lines = [row for row in rows[1:] if all(str(row[head.index(name)] or "") == said for name, said in where.items())]
    assert len(lines) == 1
    lines[0][head.index(column)] = value
    preview = upload(client, table, written([rows[0], *rows[1:4], *lines], form), form)
    assert kinds(preview)["update"] == 1 and set(kinds(preview)) <= {"skip", "update"}
    assert not SEEN[table.name](), "nothing is written before the confirmation"
    assert confirm(client, table, preview).status_code == 302
    assert SEEN[table.name]()
    entry = AuditEntry.objects.order_by("-seq").first()
    assert entry.action.endswith(".imported") and entry.actor.username == table.person and entry.before != entry.after


def first_rows(client, name: str, form: int = XLSX) -> tuple[Table, list[list[object]]]:
    """A few rows of a table, with its headings: those the tests change are among them."""
    table = BY_NAME[name]
    head, *rows = rows_of(exported(client, table, form), form)
    wanted = {"A06", "A07", "T01", "data", "finance", "nyj_staff", "gxj_staff"}
    return table, [head, *(row for row in rows if wanted & set(map(str, row[:3])))]


def changed(rows: list[list[object]], where: dict[str, str], **cells: object) -> list[list[object]]:
    head = [str(cell) for cell in rows[0]]
    for row in rows[1:]:
        if all(str(row[head.index(name)]) == said for name, said in where.items()):
            for name, value in cells.items():
                row[head.index(name)] = value
    return rows


def errors_of(preview) -> str:
    result = preview.context["result"]
    assert "confirm_form" not in preview.context, "a table with a bad row cannot be confirmed"
    said = [f"{line}: {each.error}" for line, errors in result.row_errors() for each in errors]
    return "\n".join([*said, *(f"{row.number}: {row.error_dict}" for row in result.invalid_rows)])


BAD = {
    "a figure with its unit": ("plans", {"code": "A06"}, {"12": "7.05万亩"}, "不带单位"),
    "a negative plan": ("plans", {"code": "A06"}, {"12": -1}, "不能是负数"),
    "a locked month": ("plans", {"code": "A06"}, {"03": 9}, "2025-03 期已锁定"),
    "a shifted name": ("plans", {"code": "A06"}, {"name": "别的任务"}, "A06 是“"),
    "a target that locked months rest on": ("targets", {"code": "A06"}, {"value": 9}, "已锁定"),
    "a node moved out of a locked month": (
        "milestones", {"code": "T01", "ordinal": "1"}, {"due_on": "2025-08-01"}, "已锁定",
    ),
    "an unknown unit": ("indicators", {"code": "A06"}, {"lead_department": "nowhere"}, "找不到单位 nowhere"),
    "an unknown person": ("memberships", {"user": "nyj_staff"}, {"user": "nobody"}, "找不到用户 nobody"),
    "an administrator with a business role": (
        "memberships", {"user": "nyj_staff"}, {"role": "auditor"}, "不能由同一人兼任",
    ),
    "a telephone nobody answers": ("users", {"username": "nyj_staff"}, {"phone": "12345"}, "11 位手机号"),
    "no year": ("plans", {"code": "A06"}, {"year": "今年"}, "年度应写成"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_named_with_its_reason_and_keeps_the_whole_file_out(as_user, case):
    name, where, cells, words = BAD[case]
    client = as_user(BY_NAME[name].person)
    table, rows = first_rows(client, name)
    before = AuditEntry.objects.filter(action__endswith=".imported").count()
    preview = upload(client, table, written(changed(rows, where, **cells), XLSX), XLSX)
    assert words in errors_of(preview), errors_of(preview)
    assert AuditEntry.objects.filter(action__endswith=".imported").count() == before


def test_every_bad_row_is_named_at_once_by_its_line(as_user):
    client = as_user("dcs_1")
    table, rows = first_rows(client, "plans")
    rows = changed(rows, {"code": "A06"}, **{"12": "七"})
    preview = upload(client, table, written(changed(rows, {"code": "A07"}, name="别的任务"), XLSX), XLSX)
    lines = [number for number, row in enumerate(rows, start=1) if row[1] in ("A06", "A07")]
    page = re.sub(r"<[^>]+>", "", preview.content.decode())
    assert all(f"第 {line} 行" in page for line in lines) and "12：看不懂“七”" in page and "别的任务" in page


def test_a_milestones_new_day_moves_the_planned_curve_of_open_months_only(as_user):
    client = as_user("dcs_1")
    table, rows = first_rows(client, "milestones")
    before = dict(PlanPoint.objects.filter(indicator__code="T01").values_list("period", "value"))
    rows = changed(rows, {"code": "T01", "ordinal": "4"}, due_on="2025-08-30")
    assert confirm(client, table, upload(client, table, written(rows, XLSX), XLSX)).status_code == 302
    after = dict(PlanPoint.objects.filter(indicator__code="T01").values_list("period", "value"))
    assert {code for code in after if after[code] != before.get(code)} == {"2025-08"} and after.keys() == before.keys()


def test_new_accounts_have_no_password_and_new_results_must_be_of_a_year_before(as_user):
    client = as_user("sysadmin")
    table, rows = first_rows(client, "users")
    head = [str(cell) for cell in rows[0]]
    new = {"username": "new_staff", "display_name": "新填报人（示例）", "is_active": 1, "is_staff": 0}
    rows.append([new.get(name, "") for name in head])
    preview = upload(client, table, written(rows, XLSX), XLSX)
    assert kinds(preview)["new"] == 1 and confirm(client, table, preview).status_code == 302
    assert not User.objects.get(username="new_staff").has_usable_password()
    office, results = as_user("dcs_1"), BY_NAME["past results"]
    cells = {"report_year": 2025, "code": "A06", "year": 2025, "value": 1, "source": "统计公报"}
    late = [results.columns, [cells.get(name, "") for name in results.columns]]
    assert "应早于报告年度" in errors_of(upload(office, results, written(late, XLSX), XLSX))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_whoever_may_not_edit_may_not_import(as_user, table: Table):
    for person in {"nyj_staff", "mayor", "auditadmin", "dcs_1", "sysadmin", "secadmin"} - {table.person}:
        allowed = (table.name, person) == ("departments", "dcs_1")
        answer = as_user(person).get(f"/manage/admin/{table.page}/import/")
        assert (answer.status_code == 200) is allowed, (person, answer.status_code)


# What is confirmed is what was previewed


@pytest.fixture
def waiting(as_user):
    """A previewed change of one unit's name."""
    client, table = as_user("sysadmin"), BY_NAME["departments"]
    _table, rows = first_rows(client, "departments")
    preview = upload(client, table, written(changed(rows, {"code": "data"}, short_name="改"), XLSX), XLSX)
    return client, table, preview


def is_refused(answer, words: str) -> bool:
    assert answer.status_code == 409 and words in answer.content.decode(), answer.content.decode()[-800:]
    return Department.objects.get(code="data").short_name == "市数据局"


def test_what_changed_since_the_preview_stops_the_confirmation(waiting):
    client, table, preview = waiting
    Department.objects.filter(code="finance").update(short_name="财政（改）")
    assert is_refused(confirm(client, table, preview), "预览之后数据有变化")
    assert Department.objects.get(code="finance").short_name == "财政（改）"


def test_a_row_that_no_longer_fits_stops_all_the_others(as_user):
    """Between preview and confirmation a unit that rows name goes away: without a look at the end half would stay."""
    client, table = as_user("secadmin"), BY_NAME["memberships"]
    _table, rows = first_rows(client, "memberships")
    rows = changed(rows, {"user": "nyj_staff"}, ends_on="2026-01-01")
    preview = upload(client, table, written(changed(rows, {"user": "gxj_staff"}, ends_on="2026-02-01"), XLSX), XLSX)
    User.objects.filter(username="gxj_staff").update(username="gone")
    assert confirm(client, table, preview).status_code == 409
    assert Membership.objects.get(user__username="nyj_staff").ends_on is None


def test_another_person_an_altered_form_and_a_second_time_are_refused(waiting, as_user):
    client, table, preview = waiting
    office = as_user("dcs_1")  # may import departments too
    assert is_refused(confirm(office, table, preview), "不是预览的那份文件")
    assert is_refused(confirm(client, table, preview, format="1"), "不是预览的那份文件")
    assert is_refused(confirm(client, table, preview, import_file_name="0" * 32), "不是预览的那份文件")
    assert is_refused(confirm(client, table, preview, seal="x"), "不是预览的那份文件")
    assert confirm(client, table, preview).status_code == 302
    assert confirm(client, table, preview).status_code == 409


def test_a_preview_lasts_half_an_hour(waiting, monkeypatch):
    client, table, preview = waiting
    monkeypatch.setattr(tables, "VALID_SECONDS", 0)
    assert is_refused(confirm(client, table, preview), "超过 30 分钟")


def test_a_file_swapped_on_the_shelf_is_not_what_was_previewed(waiting, as_user):
    from django.core.files.base import ContentFile
    from django.core.files.storage import storages

    client, table, preview = waiting
    name = preview.context["confirm_form"].initial["import_file_name"]
    _table, rows = first_rows(client, "departments")
    storages["exports"].delete(name)
    other = written(changed(rows, {"code": "data"}, short_name="另一个"), XLSX)
    storages["exports"].save(name, ContentFile(other))
    assert is_refused(confirm(client, table, preview), "没有写入任何一行")


def test_without_the_seal_a_change_in_between_would_be_written_over(waiting, monkeypatch):
    """The control: confirmed without looking again, the file takes back what somebody else has just changed."""
    client, table, preview = waiting
    Department.objects.filter(code="finance").update(short_name="财政（改）")
    monkeypatch.setattr(tables.TableAdmin, "process_dataset", tables.ImportExportMixin.process_dataset)
    assert confirm(client, table, preview).status_code == 302
    assert Department.objects.get(code="finance").short_name != "财政（改）"


# Files


CSV_REFUSED = {
    "a workbook": (b"PK\x03\x04\0\0", "看不懂这个文件"),
    "too large": (b"code\n" + b"x" * 5_300_000, "超过 5 MB"),
    "too many rows": (b"code\n" + b"x\n" * 5002, "超过 5000 行"),
    "too many columns": (b",".join(b"c%d" % each for each in range(61)) + b"\n", "超过 5000 行或 60 列"),
    "a heading twice": (b"code,code\na,b\n", "第一行应是列名"),
    "a cell beyond the headings": (b"code\na,b\n", "第一行应是列名"),
    "no encoding": (b"code\n\xff\xff\xff\n", "看不懂这个文件"),
    "a quote left open": (b'code\n"a"b\n', "看不懂这个文件"),
}


@pytest.mark.parametrize("case", CSV_REFUSED)
def test_a_csv_file_is_read_within_bounds(as_user, case):
    data, words = CSV_REFUSED[case]
    answer = upload(as_user("sysadmin"), BY_NAME["departments"], data, CSV)
    assert words in answer.content.decode() and "confirm_form" not in answer.context


def test_a_csv_file_as_chinese_excel_saves_it_is_read(as_user):
    client, table = as_user("sysadmin"), BY_NAME["departments"]
    _table, rows = first_rows(client, "departments", CSV)
    text = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    assert kinds(upload(client, table, text.encode("gb18030"), CSV)) == {"skip": len(rows) - 1}


def test_figures_are_numbers_in_a_workbook(filled, as_user):
    _table, rows = first_rows(as_user("dcs_1"), "targets")
    values = {row[rows[0].index("value")] for row in rows[1:]}
    assert all(isinstance(value, int | float) for value in values) and 7.0001 in values
    assert NOW.year in {row[rows[0].index("year")] for row in rows[1:]}
