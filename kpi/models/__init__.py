"""Fields, constraints and triggers. No workflow and no rule lives here: see services/ and domain/."""

from kpi.models.bulletins import Bulletin, BulletinEdit, BulletinFile, BulletinStep
from kpi.models.cosignatures import CoSignature
from kpi.models.directives import Directive, DirectiveCopy, DirectiveEntry
from kpi.models.evidence import Evidence
from kpi.models.imports import ReportUpload
from kpi.models.indicators import Indicator, Milestone, PlanPoint, RuleSet, Target
from kpi.models.jobs import ExportJob
from kpi.models.past_results import PastResult
from kpi.models.periods import DueRule, Period, WorkdayOverride
from kpi.models.reminding import Chase, Follow, ReminderPolicy, ReminderStep
from kpi.models.reports import Commitment, Report, ReportEdition
from kpi.models.reviews import RagOverride, Review
from kpi.models.snapshots import AssessmentSnapshot
from kpi.models.submissions import Submission
from kpi.models.windows import Extension, Unlock, WindowChange

__all__ = [
    "AssessmentSnapshot",
    "Bulletin",
    "BulletinEdit",
    "BulletinFile",
    "BulletinStep",
    "Chase",
    "CoSignature",
    "Commitment",
    "Directive",
    "DirectiveCopy",
    "DirectiveEntry",
    "DueRule",
    "Evidence",
    "ExportJob",
    "Extension",
    "Follow",
    "Indicator",
    "Milestone",
    "PastResult",
    "Period",
    "PlanPoint",
    "RagOverride",
    "ReminderPolicy",
    "ReminderStep",
    "Report",
    "ReportEdition",
    "ReportUpload",
    "Review",
    "RuleSet",
    "Submission",
    "Target",
    "Unlock",
    "WindowChange",
    "WorkdayOverride",
]
