"""What is to be written, and the words at its head: title, whose figures, as of which day, in what state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max, Min
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Department
from kpi import labels, wording
from kpi.domain.exporting import ExportKind
from kpi.domain.periods import Period as Month
from kpi.models import AssessmentSnapshot, ExportJob, Period
from kpi.selectors import periods as period_selector
from kpi.selectors.streaming import Scope


@dataclass(frozen=True)
class Order:
    """A workbook asked for, with all that its head needs; ``now`` is local. Without ``departments`` it is all."""

    kind: ExportKind
    period: Period
    periods: Sequence[Period]
    departments: Sequence[Department]
    made_by: str
    now: datetime

    @classmethod
    def of(cls, job: ExportJob, now: datetime) -> Order:
        """The order of a job, stored or not (2 queries)."""
        return cls(
            kind=ExportKind(job.kind),
            period=job.period,
            periods=period_selector.of_year(job.period.report.year),
            departments=list(Department.objects.filter(code__in=job.departments)) if job.departments else [],
            made_by=str(job.asked_by),
            now=localtime(now),
        )

    @property
    def scope(self) -> Scope:
        codes = [department.code for department in self.departments]
        return Scope(self.period.report.year, self.period.code, self.now, codes)

    @property
    def month(self) -> Month:
        return Month.parse(self.period.code)

    @property
    def title(self) -> str:
        """“2025年政府工作报告目标任务台账（2025年6月）”."""
        names = {
            ExportKind.LEDGER: _("%(year)s年政府工作报告目标任务台账（%(period)s）"),
            ExportKind.HEAT_MAP: _("%(year)s年政府工作报告目标任务亮灯热力图（%(period)s）"),
            ExportKind.UNITS: _("%(year)s年政府工作报告目标任务部门分表（%(period)s）"),
            ExportKind.DETAIL: _("%(year)s年政府工作报告目标任务逐月明细（截至%(period)s）"),
            ExportKind.SCORES: _("%(year)s年政府工作报告目标任务考核得分（截至%(period)s）"),
            ExportKind.CHANGES: _("%(year)s年政府工作报告目标任务目标调整一览（截至%(period)s）"),
        }
        return names[self.kind] % {"year": self.period.report.year, "period": wording.month(self.period.code)}

    @property
    def file_name(self) -> str:
        """What the file is called on the reader's computer, with the one department it is about."""
        whose = f"{self.departments[0].short_name}" if len(self.departments) == 1 else ""
        return f"{self.period.code}{labels.EXPORT_KIND[self.kind].text}{whose}.xlsx"

    @property
    def units(self) -> str:
        """填报单位: those whose reports stand in it, or who are judged by it."""
        named = "、".join(department.name for department in self.departments)
        if self.kind is ExportKind.SCORES:
            return _("被考核单位：%(units)s") % {"units": named or _("各单位和分管领导")}
        unit = named or _("各牵头单位（市政府督查室汇总）")
        return _("填报单位：%(unit)s") % {"unit": unit}

    @property
    def as_of(self) -> str:
        """截至日期: the last day of the period, and how firm the figures are."""
        day = self.month.last_day
        state = _("已锁定") if self.period.locked_at else _("未锁定，数据仍会变化")
        said = _("截至日期：%(day)s（%(state)s）　制表：%(who)s %(now)s") % {
            "day": day.isoformat(),
            "state": state,
            "who": self.made_by,
            "now": f"{self.now:%Y-%m-%d %H:%M}",
        }
        return f"{said}　{_('示例数据，数值为虚构')}" if settings.TRIAL else said

    @property
    def footer(self) -> str:
        """Who, when, as of when; the rule's version and the fingerprint stand on the sheet of rules."""
        # “&” begins a code here.
        who = self.made_by.replace("&", "&&")[:60]
        return f"&L{who} {self.now:%Y-%m-%d %H:%M}  {self.period.code}&R&P / &N"

    @property
    def snapshot(self) -> str:
        """Which frozen edition of the month this is (1 query), for a locked one."""
        if self.period.locked_at is None:
            return _("本期未锁定，尚无快照")
        found = AssessmentSnapshot.objects.filter(period=self.period).order_by()
        last = found.aggregate(edition=Max("edition"))["edition"]
        if last is None:
            return _("本期锁定时没有指标")
        row = found.filter(edition=last).aggregate(at=Max("taken_at"), first=Min("pk"), last=Max("pk"))
        return _("%(period)s 第 %(edition)s 版（编号 %(first)s–%(last)s），%(at)s 冻结") % {
            "period": self.period.code,
            "edition": last,
            "first": row["first"],
            "last": row["last"],
            "at": f"{localtime(row['at']):%Y-%m-%d %H:%M}",
        }
