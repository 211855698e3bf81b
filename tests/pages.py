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
    Page("mayor", "/2025/scores/"),
    Page("mayor", "/2025/scores/2025-05/"),
    Page("vm_commerce", "/2025/scores/2025-05/posts/vice_mayor_commerce/"),
    Page("vm_exec", "/2025/target-changes/"),
    Page("vm_exec", "/2025/target-changes/3/"),
    # With changes of target, which are read for those alone that have any.
    Page("mayor", "/2025/kpis/I31/", 13),
    Page("mayor", "/2025/kpis/T07/", 13),
    Page("nyj_staff", "/2025/todo/"),
)
WORKING_PAGES = (
    Page("mayor", "/2025/kpis/I12/"),
    # Whether it may be asked for at all: the window, locked months, former plans, an open case, what is done already.
    Page("nyj_staff", "/2025/kpis/A06/target-changes/new/", 13),
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
    Page("dcs_1", "/account/tokens/"),
    Page("dcs_1", "/api/v1/docs/"),
    Page("mayor", "/api/v1/2025/indicators/"),
    Page("dcs_1", "/api/v1/2025/submissions/"),
    Page("dcs_1", "/notices/robots/"),
    # The desk alone shows eight things more: what reports rest on, changed definitions, lost anchors, the window's open
    # requests, changes of target, the calendar's gaps, the last chases, whether sending is alive.
    Page("dcs_1", "/2025/desk/", 18),
    Page("dcs_1", "/2025/desk/reports/"),
    Page("dcs_1", "/2025/desk/reports/?period=2025-05&span=year&state=late"),
    Page("dcs_1", "/2025/desk/attention/", 13),
    Page("dcs_1", "/2025/desk/periods/2025-06/extensions/"),
    Page("dcs_1", "/2025/desk/periods/2025-05/unlock/"),
    # Beside the board and the period: states, extensions, the last chases, and who is told; for more time the calendar.
    Page("dcs_1", "/2025/desk/periods/2025-06/lock/", 15),
    Page("dcs_1", "/2025/desk/periods/2025-06/close/", 16),
    Page("dcs_1", "/2025/desk/periods/2025-06/extend/", 17),
    Page("dcs_1", "/2025/desk/reminders/policy/"),
    Page("dcs_1", "/2025/desk/reminders/policy/new/"),
    # The planner's own reads, and the ways of what it plans.
    Page("dcs_1", "/2025/desk/reminders/", 22),
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
    Page("auditadmin", "/audit/"),
    Page("auditadmin", "/audit/?text=A06&person=nyj_staff&action=kind:report&outcome=done&since=2025-01-01"),
    Page("auditadmin", "/audit/1/"),
    Page("secadmin", "/manage/roles/"),
    Page("secadmin", "/manage/roles/nyj_staff/"),
    Page("dcs_1", "/decompose/"),
    Page("dcs_1", "/2025/desk/kpis/"),
    Page("dcs_1", "/2025/desk/kpis/new/?sentence=9000"),
    Page("dcs_1", "/2025/desk/kpis/A06/edit/"),
    Page("dcs_1", "/2025/desk/kpis/A06/plan/"),
    Page("dcs_1", "/2025/desk/kpis/T05/plan/"),
    Page("dcs_1", "/2025/desk/kpis/A06/split/"),
    Page("dcs_1", "/2025/desk/kpis/A06/owner/"),
    Page("dcs_1", "/2025/desk/kpis/A06/switch/"),
    # What a year needs is looked at where it is kept: rules, calendar, months, tasks, sentences, last year's tasks.
    Page("dcs_1", "/2025/desk/years/", 16),
    Page("dcs_1", "/2025/desk/succession/"),
    Page("dcs_1", "/2025/kpis/years/"),
    Page("dcs_1", "/2025/bulletins/"),
    Page("dcs_1", "/2025/bulletins/2025-05/"),
    Page("dcs_1", "/2025/bulletins/2025-05/print/"),
    Page("dcs_1", "/2025/bulletins/2025-05/bulletin.docx"),
    Page("dcs_1", "/2025/bulletins/2025-04/"),
    Page("dcs_1", "/2025/bulletins/2025-04/edit/"),
    # A file, not a page, and put on record.
    Page("dcs_1", "/2025/bulletins/2025-04/bulletin.docx", 15),
    Page("dcs_1", "/2025/scores/"),
    Page("dcs_1", "/2025/scores/2025-05/"),
    Page("dcs_1", "/2025/scores/2025-05/units/commerce/"),
    Page("swj_head", "/2025/scores/"),
    Page("swj_head", "/2025/scores/2025-05/units/commerce/"),
    Page("dcs_1", "/2025/scores/schemes/"),
    Page("dcs_1", "/2025/scores/schemes/new/"),
    Page("dcs_1", "/2025/exports/?kind=scores&period=2025-05&unit=", 16),
)
