"""Addresses below /api/v1/: nouns, year first; a step on a report is a noun of its own below it."""

from django.urls import path

from kpi.api.schema import Schema, show_operations
from kpi.api.views import directives, evidence, others, submissions, year

REPORT = "<year:year>/submissions/<month:period>/<code:code>/"

urlpatterns = [
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", show_operations, name="api-docs"),
    path("me/", year.Me.as_view()),
    path("departments/", year.Departments.as_view()),
    path("reports/", year.Reports.as_view()),
    path("reports/<year:year>/", year.OneReport.as_view()),
    path("notices/", others.Notices.as_view()),
    path("notices/<short:number>/", others.OneNotice.as_view()),
    path("<year:year>/commitments/", year.Commitments.as_view()),
    path("<year:year>/periods/", year.Periods.as_view()),
    path("<year:year>/periods/<month:period>/", year.OnePeriod.as_view()),
    path("<year:year>/indicators/", year.Indicators.as_view(), name="api-indicators"),
    path("<year:year>/indicators/<code:code>/", year.OneIndicator.as_view()),
    path("<year:year>/submissions/", submissions.Submissions.as_view()),
    path(REPORT, submissions.OneSubmission.as_view()),
    path(f"{REPORT}submit/", submissions.Submit.as_view()),
    path(f"{REPORT}withdraw/", submissions.WithdrawStep.as_view()),
    path(f"{REPORT}sign-off/", submissions.SignOffStep.as_view()),
    path(f"{REPORT}return/", submissions.ReturnStep.as_view()),
    path(f"{REPORT}approve/", submissions.ApproveStep.as_view()),
    path(f"{REPORT}correct/", submissions.CorrectStep.as_view()),
    path(f"{REPORT}abandon/", submissions.AbandonStep.as_view()),
    path(f"{REPORT}cosign/", submissions.Cosign.as_view()),
    path(f"{REPORT}lamp/", submissions.Lamp.as_view()),
    path(f"{REPORT}reviews/", submissions.Reviews.as_view()),
    path(f"{REPORT}evidence/", evidence.Files.as_view()),
    path(f"{REPORT}evidence/<uuid:pk>/", evidence.OneFile.as_view()),
    path("<year:year>/directives/", directives.Directives.as_view()),
    path("<year:year>/directives/<short:number>/", directives.OneDirective.as_view()),
    path("<year:year>/directives/<short:number>/steps/", directives.DirectiveStep.as_view()),
    path("<year:year>/exports/", others.Exports.as_view()),
    path("<year:year>/exports/<uuid:pk>/", others.OneExport.as_view()),
    path("<year:year>/exports/<uuid:pk>/file/", others.ExportFile.as_view()),
    path("<year:year>/bulletins/", others.Bulletins.as_view()),
    path("<year:year>/scores/", others.Scores.as_view()),
    path("<year:year>/scores/<month:period>/", others.ScoreSheets.as_view()),
]
