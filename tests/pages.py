"""Pages whose cost is watched, by who looks at them: a new page is a new line here."""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """``person`` is one of the demo people; ``queries`` the most it may ask the database, at 40 and 400 indicators."""

    person: str
    path: str
    queries: int = 12


# What leaders look at; the benchmark measures these.
LEADER_PAGES = (
    Page("mayor", "/2025/cockpit/"),
    Page("mayor", "/2025/cockpit/?scope=all"),
    Page("mayor", "/2025/living-report/"),
    Page("mayor", "/2025/kpis/A06/"),
    Page("mayor", "/2025/kpis/A06/?period=2025-03"),
    Page("mayor", "/2025/kpis/"),
    Page("mayor", "/2025/coverage/I39/"),
    Page("mayor", "/2025/cockpit/?period=2025-03"),
    Page("mayor", "/2025/cockpit/screen/"),
    Page("mayor", "/2025/cockpit/screen/?view=heat"),
    Page("mayor", "/2025/departments/"),
    Page("mayor", "/2025/departments/agriculture/"),
    Page("mayor", "/2025/sectors/"),
    Page("mayor", "/2025/brief/2025-06/"),
    Page("mayor", "/2025/living-report/panel/A06/"),
    Page("mayor", "/2025/directives/"),
    Page("mayor", "/2025/directives/new/?kpi=A06"),
    Page("mayor", "/2025/directives/1/"),
    Page("mayor", "/2025/bulletins/"),
    Page("mayor", "/2025/bulletins/2025-05/"),
    Page("vm_exec", "/2025/target-changes/"),
    Page("vm_exec", "/2025/target-changes/3/"),
    Page("mayor", "/2025/kpis/I31/"),
    Page("mayor", "/2025/kpis/T07/"),
    Page("nyj_staff", "/2025/todo/"),
)
WORKING_PAGES = (
    Page("mayor", "/2025/kpis/I12/"),
    Page("nyj_staff", "/2025/kpis/A06/target-changes/new/"),
    Page("dcs_1", "/2025/target-changes/?tab=applied"),
    Page("dcs_1", "/2025/desk/target-changes/window/"),
    Page("mayor", "/2025/kpis/I39/"),
    Page("mayor", "/2025/kpis/T01/"),
    Page("mayor", "/2025/kpis/T05/"),
    Page("mayor", "/2025/kpis/T24/"),
    Page("nyj_staff", "/2025/reports/2025-06/grid/"),
    Page("nyj_head", "/2025/signoff/"),
    Page("wlj_staff", "/2025/signoff/"),
    Page("nyj_staff", "/inbox/"),
    Page("nyj_staff", "/inbox/preferences/"),
    Page("dcs_1", "/notices/robots/"),
    # The desk alone shows six lists more: extensions, a reopening, the burden, the calendar's gaps, the last chases and
    # whether sending is alive.
    Page("dcs_1", "/2025/desk/", 17),
    Page("dcs_1", "/2025/desk/reminders/policy/"),
    Page("dcs_1", "/2025/desk/reminders/policy/new/"),
    # The planner's own reads, and the ways of what it plans.
    Page("dcs_1", "/2025/desk/reminders/", 21),
    Page("dcs_1", "/notices/log/"),
    Page("dcs_1", "/notices/log/?state=dead&who=农业&day=2025-07-02&code=%23K12"),
    Page("dcs_1", "/notices/log/?closed=superseded"),
    # Beside the board: who is told, the ways it takes and the hours, each in a query or two of its own.
    Page("dcs_1", "/2025/desk/chase/?period=2025-06&unit=agriculture&unit=tourism", 20),
    # A file, not a page: read in batches of 200 indicators, seven queries each, and put on record.
    Page("dcs_1", "/2025/exports/ledger.xlsx", 30),
    Page("dcs_1", "/2025/exports/"),
    # The first lines are read as the workbook's own are: the board's six queries, their explanations and contacts.
    Page("dcs_1", "/2025/exports/?kind=ledger&period=2025-06&unit=", 16),
    Page("nyj_staff", "/2025/exports/?kind=units&period=2025-06&unit=agriculture", 16),
    Page("dcs_1", "/2025/exports/jobs/"),
    Page("dcs_1", "/2025/bulletins/"),
    Page("dcs_1", "/2025/bulletins/2025-05/"),
    Page("dcs_1", "/2025/bulletins/2025-05/print/"),
    Page("dcs_1", "/2025/bulletins/2025-05/bulletin.docx"),
    Page("dcs_1", "/2025/bulletins/2025-04/"),
    Page("dcs_1", "/2025/bulletins/2025-04/edit/"),
    Page("dcs_1", "/2025/bulletins/2025-04/bulletin.docx"),
)
