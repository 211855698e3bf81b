"""The form of a scoring scheme as the page sees it: what was typed, reason by reason, with what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.scoring import BY_HAND, DEDUCTIONS, ScoreReason
from kpi.services.content import FieldError
from kpi.services.scheme_content import DEFAULTS, FACTORS, PLAIN, SWITCHES, TOTALS, of_reason

NAMES: Mapping[str, Promise] = {
    "lead_weight": _("牵头权重系数"),
    "supporting_weight": _("配合权重系数"),
    "weight_must": _("确保类权重"),
    "weight_aim": _("力争类权重"),
    "weight_support": _("推动类权重"),
    "most_deduction": _("扣分总封顶"),
    "most_bonus": _("加分总封顶"),
}
HINTS: Mapping[str, Promise] = {
    "supporting_weight": _("0 为配合单位不计分"),
    "most_deduction": _("可空，不另设"),
    "most_bonus": _("可空，不另设"),
}


@dataclass(frozen=True)
class Box:
    """One field with a number in it."""

    name: str
    label: Promise | str
    hint: Promise | str
    value: str
    errors: Sequence[FieldError]


@dataclass(frozen=True)
class ReasonRow:
    """One reason's line: points, cap, and for an excess what a key item gets."""

    reason: ScoreReason
    label: Promise | str
    boxes: Sequence[Box]

    @property
    def is_deduction(self) -> bool:
        return self.reason in DEDUCTIONS

    @property
    def is_by_hand(self) -> bool:
        return self.reason in BY_HAND

    @property
    def errors(self) -> list[FieldError]:
        return [error for box in self.boxes for error in box.errors]


@dataclass(frozen=True)
class SchemeForm:
    """What stands in the fields, and the errors by field."""

    raw: Mapping[str, Any]
    errors: Mapping[str, Sequence[FieldError]]
    summary: Sequence[FieldError] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any], errors: Sequence[FieldError] = ()) -> SchemeForm:
        by_field: dict[str, list[FieldError]] = {}
        for error in errors:
            by_field.setdefault(error.field, []).append(error)
        return cls(raw, by_field, tuple(errors))

    def _box(self, name: str, label: Promise | str, hint: Promise | str = "") -> Box:
        return Box(name, label, hint, str(self.raw.get(name) or ""), self.errors.get(name, ()))

    def _boxes(self, names: Sequence[str]) -> list[Box]:
        return [self._box(name, NAMES[name], HINTS.get(name, "")) for name in names]

    @property
    def weights(self) -> list[Box]:
        return self._boxes((*FACTORS, *DEFAULTS))

    @property
    def totals(self) -> list[Box]:
        return self._boxes(TOTALS)

    @property
    def reasons(self) -> list[ReasonRow]:
        return [ReasonRow(reason, label.text, self._of(reason)) for reason, label in labels.SCORE_REASON.items()]

    def _of(self, reason: ScoreReason) -> list[Box]:
        boxes = [
            self._box(of_reason("points", reason), _("每次分值")),
            self._box(of_reason("cap", reason), _("封顶")),
        ]
        if reason is ScoreReason.EXCESS:
            boxes[0] = self._box(of_reason("points", reason), _("一般任务，该项分值的 %"))
            boxes.insert(1, self._box(of_reason("key", reason), _("重点任务，%")))
        return boxes


def typed(data: QueryDict) -> dict[str, Any]:
    """The posted fields."""
    names = [*PLAIN, *(of_reason(what, reason) for what in ("points", "cap", "key") for reason in ScoreReason)]
    return {name: data.get(name, "") for name in names} | {name: name in data for name in SWITCHES}
