"""The columns of the changes of target: a line a case, with the lamp by the first plan beside the one that holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi import labels, wording
from kpi.domain.target_changes import ChangeState, ChangeVerb
from kpi.domain.values import Rag
from kpi.models import Indicator
from kpi.selectors.scoreboard import Row
from kpi.selectors.target_changes import Case
from kpi.workbooks.columns import Column, Value
from kpi.workbooks.shared_columns import (
    code_column,
    lead_column,
    local,
    name_column,
    number_column,
    original_lamp_column,
    post_column,
    section_column,
    unit_column,
    word,
)


@dataclass(frozen=True)
class ChangeLine:
    """Everything one line about one change of target is written from."""

    number: int
    row: Row
    case: Case

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def lamp(self) -> Rag:
        return self.row.rag


def _change(name: str) -> Callable[[ChangeLine], Value]:
    return lambda line: getattr(line.case.change, name)


def _step_at(verb: ChangeVerb) -> Callable[[ChangeLine], Value]:
    """When the step was taken last, since the case was asked for last."""
    return lambda line: local(line.case.taken.get(verb))


def _yardstick(line: ChangeLine) -> str:
    if line.case.state is not ChangeState.APPLIED:
        return wording.MISSING
    return _("原目标") if line.case.change.is_overdue else _("新目标")


CHANGES: tuple[Column, ...] = (
    number_column(4.5),
    code_column(5.5),
    section_column(9),
    name_column(20),
    lead_column(12),
    post_column(12),
    Column(gettext_lazy("状态"), 11, "text", lambda line: str(labels.CHANGE_STATE[line.case.state].text)),
    Column(gettext_lazy("原目标"), 8.5, "number", lambda line: line.case.before.target),
    Column(gettext_lazy("新目标"), 8.5, "number", lambda line: line.case.after.target),
    unit_column(6),
    Column(
        gettext_lazy("原完成时限"),
        10.5,
        "text",
        lambda line: line.case.before.final_due_on.isoformat(),
        is_centred=True,
    ),
    Column(
        gettext_lazy("新完成时限"), 10.5, "text", lambda line: line.case.after.final_due_on.isoformat(), is_centred=True
    ),
    Column(gettext_lazy("调整内容"), 30, "text", lambda line: "；".join(line.case.lines)),
    Column(gettext_lazy("原因"), 10, "text", lambda line: str(labels.CHANGE_REASON[line.case.change.reason].text)),
    Column(gettext_lazy("情况说明"), 34, "text", _change("text")),
    Column(gettext_lazy("申请日"), 10.5, "text", lambda line: line.case.change.asked_on.isoformat(), is_centred=True),
    Column(gettext_lazy("申请时机"), 12, "text", lambda line: str(labels.CHANGE_TIMING[line.case.change.timing].text)),
    Column(gettext_lazy("审签时间"), 16, "moment", _step_at(ChangeVerb.SIGN)),
    Column(gettext_lazy("领导审定时间"), 16, "moment", _step_at(ChangeVerb.AGREE)),
    Column(gettext_lazy("办理时间"), 16, "moment", _step_at(ChangeVerb.APPLY)),
    Column(
        gettext_lazy("自何期适用"),
        9,
        "text",
        lambda line: line.case.change.former.replaced_from if line.case.change.former else wording.MISSING,
        is_centred=True,
    ),
    Column(gettext_lazy("亮灯"), 8, "lamp", lambda line: word(line.row.rag)),
    original_lamp_column(8),
    Column(gettext_lazy("考核依据"), 8, "text", _yardstick, is_centred=True),
)
