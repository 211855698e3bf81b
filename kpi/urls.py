"""Pages of a year. Nouns, year first, code last; filters and the period looked at are in the query string."""

from django.urls import include, path, register_converter

from kpi.web.views import (
    brief,
    bulk,
    bulletins,
    chasing,
    cockpit,
    configuring,
    cosigning,
    deciding,
    decomposing,
    delegating,
    desk,
    desk_lists,
    directives,
    editions,
    evidence,
    exporting,
    filing,
    following,
    foreseeing,
    handing_over,
    importing,
    inbox,
    indicator,
    listing,
    living_report,
    overview,
    period_acts,
    planning,
    policies,
    preferences,
    publishing,
    roles,
    schemes,
    scores,
    splitting,
    target_changes,
    trail,
    units,
    windows,
    years,
)


class CodeConverter:
    """An indicator's code; anything else is no address of ours."""

    regex = r"[A-Z]\d{2,3}"
    to_python = to_url = staticmethod(str)


class MonthConverter(CodeConverter):
    """A reporting period such as 2025-06."""

    regex = r"\d{4}-\d{2}"


class CommitmentConverter(CodeConverter):
    """The code of a commitment in the report."""

    regex = r"C\d{3,4}"


class YearConverter:
    """A year of four digits."""

    regex = r"\d{4}"
    to_python = staticmethod(int)
    to_url = staticmethod(str)


class ShortConverter:
    """A number of a row, small enough for the database."""

    regex = r"[1-9]\d{0,8}"
    to_python = staticmethod(int)
    to_url = staticmethod(str)


register_converter(ShortConverter, "short")
register_converter(CodeConverter, "code")
register_converter(CommitmentConverter, "commitment")
register_converter(MonthConverter, "month")
register_converter(YearConverter, "year")

urlpatterns = [
    path("", overview.home, name="home"),
    path("inbox/", inbox.show_inbox, name="inbox"),
    path("inbox/<int:pk>/", inbox.act, name="notice-act"),
    path("inbox/<int:pk>/open/", inbox.open_notice, name="notice-open"),
    path("inbox/all/", inbox.act_on_many, name="notices-act"),
    path("inbox/preferences/", preferences.choose, name="inbox-preferences"),
    path("inbox/undo/", inbox.undo, name="notices-undo"),
    path("audit/", trail.show_trail, name="trail"),
    path("audit/<short:seq>/", trail.show_entry, name="trail-entry"),
    path("audit/export/", trail.export_trail, name="trail-export"),
    path("audit/check/", trail.check_chain, name="trail-check"),
    path("manage/roles/", roles.list_holders, name="roles"),
    path("manage/roles/<str:username>/", roles.show_holder, name="role-history"),
    path("decompose/", decomposing.list_drafts, name="decompositions"),
    path("decompose/<int:pk>/", decomposing.show_draft, name="decomposition"),
    path("decompose/<int:pk>/sure/", decomposing.accept_sure, name="decomposition-sure"),
    path("decompose/<int:pk>/details/", publishing.fill_details, name="decomposition-details"),
    path("decompose/<int:pk>/details/<int:span>/", publishing.fill_one, name="decomposition-task"),
    path("decompose/<int:pk>/publish/", publishing.publish, name="decomposition-publish"),
    path("decompose/<int:pk>/discard/", decomposing.discard, name="decomposition-discard"),
    path("<year:year>/", years.year_home, name="year-home"),
    path("<year:year>/cockpit/", cockpit.show_cockpit, name="cockpit"),
    path("<year:year>/cockpit/screen/", cockpit.show_screen, name="cockpit-screen"),
    path("<year:year>/departments/", units.list_departments, name="departments"),
    path("<year:year>/departments/<slug:code>/", units.show_department, name="department"),
    path("<year:year>/sectors/", units.list_sectors, name="sectors"),
    path("<year:year>/sectors/<commitment:code>/", units.show_sector, name="sector"),
    path("<year:year>/kpis/", listing.list_indicators, name="kpis"),
    path("<year:year>/kpis/years/", years.compare_years, name="kpi-years"),
    path("<year:year>/kpis/<code:code>/", indicator.show_indicator, name="indicator"),
    path("<year:year>/kpis/<code:code>/follow/", following.follow, name="follow"),
    path("<year:year>/kpis/<code:code>/target-changes/new/", target_changes.new_change, name="target-change-new"),
    path("<year:year>/target-changes/", target_changes.show_changes, name="target-changes"),
    path("<year:year>/target-changes/<int:pk>/", target_changes.show_change, name="target-change"),
    path("<year:year>/target-changes/<int:pk>/repair/", target_changes.repair_change, name="target-change-repair"),
    path("<year:year>/target-changes/files/<uuid:pk>/", target_changes.show_file, name="target-change-file"),
    path("<year:year>/desk/target-changes/window/", target_changes.show_window, name="target-change-window"),
    path("<year:year>/coverage/<code:code>/", indicator.show_coverage, name="coverage"),
    path("<year:year>/living-report/", living_report.show_report, name="living-report"),
    path("<year:year>/living-report/panel/<code:code>/", living_report.show_panel, name="living-panel"),
    path("<year:year>/brief/", brief.latest_brief, name="latest-brief"),
    path("<year:year>/brief/<month:period>/", brief.show_brief, name="brief"),
    path("<year:year>/todo/", filing.show_todo, name="todo"),
    path("<year:year>/reports/grid/", bulk.current_grid, name="current-grid"),
    path("<year:year>/reports/<month:period>/grid/", bulk.fill_grid, name="report-grid"),
    path("<year:year>/reports/<month:period>/template.xlsx", importing.download_template, name="report-template"),
    path("<year:year>/reports/<month:period>/import/", importing.upload_workbook, name="report-import"),
    path("<year:year>/reports/<month:period>/import/<uuid:pk>/", importing.confirm_import, name="import-preview"),
    path("<year:year>/reports/<month:period>/<code:code>/", filing.file_report, name="report"),
    path("<year:year>/reports/<month:period>/<code:code>/preview/", filing.preview_report, name="report-preview"),
    path("<year:year>/reports/<month:period>/<code:code>/evidence/", evidence.change_files, name="report-evidence"),
    path("<year:year>/reports/<month:period>/<code:code>/discard/", evidence.discard, name="report-discard"),
    path("<year:year>/evidence/<uuid:pk>/", evidence.show_file, name="evidence"),
    path("<year:year>/signoff/", deciding.show_sign_off, name="signoff"),
    path("<year:year>/signoff/batch/", deciding.sign_off_batch, name="signoff-batch"),
    path("<year:year>/signoff/delegations/", delegating.delegate, name="delegate"),
    path("<year:year>/signoff/delegations/<int:pk>/revoke/", delegating.revoke, name="delegation-revoke"),
    path("<year:year>/cosign/<int:pk>/", cosigning.cosign, name="cosign"),
    path("<year:year>/signoff/<int:pk>/", deciding.sign_off, name="signoff-one"),
    path("<year:year>/directives/", directives.show_directives, name="directives"),
    path("<year:year>/directives/new/", directives.new_directive, name="directive-new"),
    path("<year:year>/directives/<int:pk>/", directives.show_directive, name="directive"),
    path("<year:year>/desk/", desk.show_desk, name="desk"),
    path("<year:year>/desk/reports/", desk_lists.list_reports, name="desk-reports"),
    path("<year:year>/desk/attention/", desk_lists.show_attention, name="desk-attention"),
    path("<year:year>/desk/chase/", chasing.chase, name="chase"),
    path("<year:year>/desk/reminders/", foreseeing.show_reminders, name="reminders"),
    path("<year:year>/desk/reminders/policy/", policies.show_policies, name="policies"),
    path("<year:year>/desk/reminders/policy/new/", policies.new_policy, name="policy-new"),
    path("<year:year>/desk/reminders/policy/<int:pk>/", policies.edit_policy, name="policy-edit"),
    path("<year:year>/desk/kpis/", configuring.show_configuration, name="configuration"),
    path("<year:year>/desk/kpis/new/", configuring.new_indicator, name="indicator-new"),
    path("<year:year>/desk/kpis/aside/", configuring.set_aside, name="set-aside"),
    path("<year:year>/desk/kpis/<code:code>/edit/", configuring.edit_indicator, name="indicator-edit"),
    path("<year:year>/desk/kpis/<code:code>/plan/", planning.edit_plan, name="indicator-plan"),
    path("<year:year>/desk/kpis/<code:code>/plan/preview/", planning.preview_plan, name="plan-preview"),
    path("<year:year>/desk/kpis/<code:code>/split/", splitting.edit_split, name="indicator-split"),
    path("<year:year>/desk/kpis/<code:code>/owner/", handing_over.hand_over, name="indicator-owner"),
    path("<year:year>/desk/kpis/<code:code>/switch/", handing_over.switch, name="indicator-switch"),
    path("<year:year>/desk/years/", years.show_years, name="years"),
    path("<year:year>/desk/succession/", years.show_succession, name="succession"),
    path("<year:year>/desk/report/", editions.correct, name="correct-report"),
    path("<year:year>/desk/review/<int:pk>/", deciding.review, name="review"),
    *(
        path(
            f"<year:year>/desk/periods/<month:period>/{act}/",
            period_acts.act_on_period,
            {"act": act},
            name=f"period-{act}",
        )
        for act in ("open", "extend", "close", "lock")
    ),
    path(
        "<year:year>/desk/periods/<month:period>/undo/<int:pk>/",
        period_acts.act_on_period,
        {"act": "undo"},
        name="period-undo",
    ),
    path("<year:year>/desk/periods/<month:period>/unlock/", windows.ask_unlock, name="unlock-ask"),
    path("<year:year>/desk/periods/<month:period>/unlock/<int:pk>/", windows.answer_unlock, name="unlock-answer"),
    path("<year:year>/desk/periods/<month:period>/extensions/", windows.extend, name="extend"),
    path(
        "<year:year>/desk/periods/<month:period>/extensions/<int:pk>/",
        windows.answer_extension,
        name="extension-answer",
    ),
    path("<year:year>/bulletins/", bulletins.list_bulletins, name="bulletins"),
    path("<year:year>/bulletins/<month:period>/", bulletins.show_bulletin, name="bulletin"),
    path("<year:year>/bulletins/<month:period>/edit/", bulletins.edit_bulletin, name="bulletin-edit"),
    path("<year:year>/bulletins/<month:period>/print/", bulletins.print_bulletin, name="bulletin-print"),
    path("<year:year>/bulletins/<month:period>/bulletin.docx", bulletins.download_bulletin, name="bulletin-docx"),
    path("<year:year>/scores/", scores.list_scores, name="scores"),
    path("<year:year>/scores/schemes/", schemes.list_schemes, name="score-schemes"),
    path("<year:year>/scores/schemes/new/", schemes.new_scheme, name="score-scheme-new"),
    path("<year:year>/scores/schemes/<int:pk>/", schemes.edit_scheme, name="score-scheme-edit"),
    path("<year:year>/scores/<month:period>/", scores.show_run, name="score-run"),
    path("<year:year>/scores/<month:period>/units/<slug:code>/", scores.show_unit, name="score-unit"),
    path("<year:year>/scores/<month:period>/posts/<slug:code>/", scores.show_post, name="score-post"),
    path("<year:year>/exports/", exporting.show_exports, name="exports"),
    path("<year:year>/exports/jobs/", exporting.list_jobs, name="export-jobs"),
    path("<year:year>/exports/<uuid:pk>/", exporting.one_export, name="export"),
    path("<year:year>/exports/ledger.xlsx", exporting.download_ledger, name="ledger"),
    path("api/v1/", include("kpi.api.urls")),
]
