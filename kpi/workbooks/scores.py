"""The scores' workbook: units in official order, the explanation of every point, and what all of it rests on.

The figures are those of the run's pages: both are read by ``selectors.scores``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from accounts.spreadsheets.formats import PLAIN
from kpi import labels, wording
from kpi.domain.errors import DomainError
from kpi.domain.scoring import ScoreReason
from kpi.models import ScoreRun, ScoreSheet, ScoringLine
from kpi.selectors import scores as selector
from kpi.services.exporting import Tell
from kpi.workbooks.cells import Sheet
from kpi.workbooks.closing import write_facts
from kpi.workbooks.frame import Frame
from kpi.workbooks.layout import Line, layout_of
from kpi.workbooks.order import Order
from kpi.workbooks.score_layout import CASE_SHEET, TASK_SHEET, ScoreCaseLine, ScoreTaskLine, ScoreUnitLine


@dataclass(frozen=True)
class Book:
    """The run that stands for the period, with the sheets asked for."""

    run: ScoreRun
    sheets: Sequence[ScoreSheet]
    is_over: bool
    is_whole: bool

    @classmethod
    def of(cls, order: Order) -> Book:
        """All units and leaders, or the departments of the order (8 queries). Raises ``export_no_scores``."""
        run = selector.in_force(order.period)
        if run is None:
            raise DomainError("export_no_scores", period=order.period.code)
        which = Q(department__in=order.departments) if order.departments else Q()
        sheets = selector.sheets_of(run, which)
        selector.attach_lines(sheets, run.scheme)
        return cls(run, sheets, selector.is_over(run, order.now), is_whole=not order.departments)

    def units(self) -> Iterator[ScoreUnitLine]:
        """One line each, with its place where the scheme ranks and everybody is in the book."""
        found = selector.ranked(self.sheets) if self.run.scheme.is_ranked and self.is_whole else {}
        for number, sheet in enumerate(self.sheets, start=1):
            yield ScoreUnitLine(number, sheet, found.get(sheet.pk), self.is_over)

    def tasks(self) -> Iterator[ScoreTaskLine]:
        for sheet in self.sheets:
            yield from (ScoreTaskLine(sheet, row) for row in selector.tasks_of(sheet))

    def cases(self) -> Iterator[ScoreCaseLine]:
        for sheet in self.sheets:
            for found in selector.cases_of(sheet):
                yield from (ScoreCaseLine(sheet, found, row) for row in found.rows)

    def digest(self) -> str:
        """The fingerprint of all lines and results; its form is written down in docs/rules/exports.md."""
        rows = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in self._records()]
        lines = "".join(f"{sha256(row.encode()).hexdigest()}\n" for row in rows)
        return sha256(lines.encode()).hexdigest()

    def _records(self) -> Iterator[list[str | None]]:
        for sheet in self.sheets:
            yield [sheet.unit.code, "total", None if sheet.total is None else f"{sheet.total:.2f}"]
            for task in selector.tasks_of(sheet):
                share = None if task.share is None else str(task.share)
                yield [sheet.unit.code, task.line.indicator.code, f"{task.line.weight:.4f}", share]
            for found in selector.cases_of(sheet):
                for row in found.rows:
                    code = row.line.indicator.code if row.line.indicator else ""
                    yield [sheet.unit.code, str(found.reason), code, row.line.month, f"{row.points:.2f}"]


def write(order: Order, path: Path, tell: Tell) -> tuple[int, str]:
    """Write the workbook to ``path``; how many lines it has, and their fingerprint."""
    book = Book.of(order)
    units, tasks, cases = list(book.units()), list(book.tasks()), list(book.cases())
    total = len(units) + len(tasks) + len(cases)
    with Workbook(str(path), {**PLAIN, "constant_memory": True}) as workbook:
        sheets = (
            (str(labels.EXPORT_KIND[order.kind].text), layout_of(order.kind), units),
            (_("逐项得分"), TASK_SHEET, tasks),
            (_("扣分加分"), CASE_SHEET, cases),
        )
        done = 0
        for name, layout, lines in sheets:
            frame = Frame(workbook, name, layout, order)
            for line in lines:
                frame.line(line, is_folded=False)
                done += 1
                tell(done, total)
            if not lines:
                frame.note(_("没有"))
            frame.close()
        write_facts(Sheet(workbook, workbook.add_worksheet(_("口径与规则"))), order, facts(order, book))
    return total, book.digest()


def first_lines(order: Order, most: int) -> list[Line]:
    """The lines the first sheet begins with, for a preview."""
    return list(Book.of(order).units())[:most]


def facts(order: Order, book: Book) -> list[tuple[str, str]]:
    """What the sheet of rules says, line by line (1 query)."""
    run, scheme = book.run, book.run.scheme
    said = {
        _("报告期"): wording.span(order.period.code),
        _("范围"): order.units,
        _("状态"): _state(run),
        _("方案"): _("%(name)s v%(version)s，%(day)s 起用。%(source)s")
        % {
            "name": scheme.name,
            "version": scheme.version,
            "day": scheme.effective_from,
            "source": scheme.source,
        },
        _("算法"): str(labels.SCORE_BASIS[scheme.basis].text),
        _("快照"): _("%(period)s 第 %(edition)s 版，只用锁定时的快照")
        % {
            "period": order.period.code,
            "edition": run.snapshot_edition,
        },
        _("基础分"): _("100 × Σ（权重 × 完成份额）÷ 计入权重；还不能衡量的任务权重不计入，既不算零分也不算满分"),
        _("舍入"): _("份额按分数精确计算，得分最后四舍五入一次，保留两位小数；表中各数是舍入后的显示值"),
        **{str(labels.SCORE_REASON[line.reason].text): _rule(line) for line in scheme.lines.all()},
        _("总封顶"): _("扣分 %(deduction)s，加分 %(bonus)s")
        % {
            "deduction": _plain(scheme.most_deduction),
            "bonus": _plain(scheme.most_bonus),
        },
        _("加分"): _("只用于同分排序，不计入得分") if scheme.bonus_breaks_ties_only else _("计入得分"),
        _("排名"): _("方案启用排名，名次写在备注栏，表按机构序列") if scheme.is_ranked else _("不排名，按机构序列"),
        _("不计分"): _("领导批示、登录次数、照片台账、会议和文件不计分"),
        _("更正"): _("督查室更正的行，原值和更正值都写在“更正”栏"),
        _("数据校验值"): book.digest(),
        _("校验值算法"): _("SHA-256，写法见 docs/rules/exports.md；同一版得分、同一范围，校验值相同"),
        _("生成时间"): f"{order.now:%Y-%m-%d %H:%M}",
        _("制表"): order.made_by,
    }
    return list(said.items())


def _rule(line: ScoringLine) -> str:
    words = _("每次 %(points)s，封顶 %(cap)s")
    if line.reason == ScoreReason.EXCESS:
        words = _("该项分值的 %(points)s%%（重点 %(key)s%%），封顶 %(cap)s")
    return words % {"points": _plain(line.points), "key": _plain(line.key_points), "cap": _plain(line.cap)}


def _plain(value: Decimal | None) -> str:
    return _("不另设") if value is None else f"{value.normalize():f}"


def _state(run: ScoreRun) -> str:
    if run.finalised_at:
        words = _("第 %(edition)s 版，%(who)s编制，%(second)s于 %(at)s 定稿")
        at = localtime(run.finalised_at)
    else:
        words, at = _("第 %(edition)s 版，%(who)s编制，征求意见至 %(at)s，尚未定稿"), localtime(run.answers_until)
    sample = _("示例数据，数值为虚构")
    said = words % {
        "edition": run.edition,
        "who": run.prepared_by,
        "second": run.approved_by,
        "at": f"{at:%Y-%m-%d %H:%M}",
    }
    return f"{said}（{sample}）" if run.is_sample else said
