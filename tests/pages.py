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
    Page("nyj_staff", "/2025/todo/"),
)
WORKING_PAGES = (
    Page("mayor", "/2025/kpis/I12/"),
    Page("mayor", "/2025/kpis/I39/"),
    Page("mayor", "/2025/kpis/T01/"),
    Page("mayor", "/2025/kpis/T05/"),
    Page("mayor", "/2025/kpis/T24/"),
    Page("nyj_staff", "/2025/reports/2025-06/grid/"),
    Page("nyj_head", "/2025/signoff/"),
    Page("wlj_staff", "/2025/signoff/"),
    # The desk alone shows four lists more: extensions, a reopening, the burden and the calendar's gaps.
    Page("dcs_1", "/2025/desk/", 15),
    Page("dcs_1", "/2025/exports/ledger.xlsx"),
)
