"""Fields, constraints and triggers. No workflow and no rule lives here: see services/ and domain/."""

from kpi.models.bulletins import Bulletin, BulletinEdit, BulletinFile, BulletinStep
from kpi.models.cosignatures import CoSignature
from kpi.models.decomposition import Decomposition, ProposedSpan
from kpi.models.directives import Directive, DirectiveCopy, DirectiveEntry
from kpi.models.evidence import Evidence
from kpi.models.fair_share import RequestCount
from kpi.models.idempotency import IdempotencyKey
from kpi.models.imports import ReportUpload
from kpi.models.indicators import FormerPlan, Handover, Indicator, Milestone, PlanPoint, RuleSet, Target, UnitTarget
from kpi.models.jobs import ExportJob
from kpi.models.past_results import PastResult
from kpi.models.periods import DueRule, Period, WorkdayOverride
from kpi.models.reminding import Chase, Follow, ReminderPolicy, ReminderStep
from kpi.models.reports import Commitment, Report, ReportEdition
from kpi.models.reviews import RagOverride, Review
from kpi.models.score_lines import ScoreCorrection, ScoreLine
from kpi.models.scores import ScoreRun, ScoreSheet, ScoreStep
from kpi.models.scoring import ScoringLine, ScoringScheme, ScoringWeight
from kpi.models.snapshots import AssessmentSnapshot
from kpi.models.submissions import Submission
from kpi.models.target_changes import TargetChange, TargetChangeEntry, TargetChangeFile, TargetChangeWindow
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
    "Decomposition",
    "Directive",
    "DirectiveCopy",
    "DirectiveEntry",
    "DueRule",
    "Evidence",
    "ExportJob",
    "Extension",
    "Follow",
    "FormerPlan",
    "Handover",
    "IdempotencyKey",
    "Indicator",
    "Milestone",
    "PastResult",
    "Period",
    "PlanPoint",
    "ProposedSpan",
    "RagOverride",
    "ReminderPolicy",
    "ReminderStep",
    "Report",
    "ReportEdition",
    "ReportUpload",
    "RequestCount",
    "Review",
    "RuleSet",
    "ScoreCorrection",
    "ScoreLine",
    "ScoreRun",
    "ScoreSheet",
    "ScoreStep",
    "ScoringLine",
    "ScoringScheme",
    "ScoringWeight",
    "Submission",
    "Target",
    "TargetChange",
    "TargetChangeEntry",
    "TargetChangeFile",
    "TargetChangeWindow",
    "UnitTarget",
    "Unlock",
    "WindowChange",
    "WorkdayOverride",
]
