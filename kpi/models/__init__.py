"""Fields, constraints and triggers. No workflow and no rule lives here: see services/ and domain/."""

from kpi.models.bulletins import Bulletin, BulletinEdit, BulletinFile, BulletinStep
from kpi.models.cosignatures import CoSignature
from kpi.models.directives import Directive, DirectiveCopy, DirectiveEntry
from kpi.models.evidence import Evidence
from kpi.models.imports import ReportUpload
from kpi.models.indicators import FormerPlan, Indicator, Milestone, PlanPoint, RuleSet, Target
from kpi.models.jobs import ExportJob
from kpi.models.periods import DueRule, Period, WorkdayOverride
from kpi.models.reminding import Chase, Follow, ReminderPolicy, ReminderStep
from kpi.models.reports import Commitment, Report, ReportEdition
from kpi.models.reviews import RagOverride, Review
from kpi.models.snapshots import AssessmentSnapshot
from kpi.models.submissions import Submission
from kpi.models.target_changes import TargetChange, TargetChangeEntry, TargetChangeFile, TargetChangeWindow
from kpi.models.windows import Extension, Unlock

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
    "FormerPlan",
    "Indicator",
    "Milestone",
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
    "TargetChange",
    "TargetChangeEntry",
    "TargetChangeFile",
    "TargetChangeWindow",
    "Unlock",
    "WorkdayOverride",
]
