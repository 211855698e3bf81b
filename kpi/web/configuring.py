"""The form of an indicator as the page sees it: fields in groups, what was typed, what is wrong, what is fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from kpi import labels
from kpi.domain import phrases
from kpi.domain.amending import Rule, Stage, rule_for
from kpi.models import Report
from kpi.services import anchoring, indicators
from kpi.services.content import FieldError
from kpi.services.indicator_content import FLAGS, Directory

Choices = Sequence[tuple[str, str | Promise]]


@dataclass(frozen=True)
class Spec:
    """One field: how it is called and filled in. ``table`` is one of ``kpi.labels``; ``widget`` text, figure, choice,
    day, area, flag or units."""

    name: str
    label: str | Promise
    widget: str = "text"
    table: str = ""
    hint: str | Promise = ""
    is_optional: bool = False


NEW_ONLY = (
    Spec("code", _("编号"), hint=_("一个大写字母加两三位数字，用过的不再用")),
    Spec("section", _("板块"), is_optional=True, hint=_("留空则随前一句承诺")),
)
GROUPS: Sequence[tuple[str | Promise, Sequence[Spec]]] = (
    (
        _("任务"),
        (
            Spec("name", _("任务名称")),
            Spec("kind", _("类型"), "choice", "KIND"),
            Spec("unit", _("单位")),
            Spec("decimals", _("小数位"), "figure"),
            Spec("comparator", _("比较符"), "choice", "COMPARATOR"),
            Spec("target", _("目标值"), "figure", hint=_("里程碑按节点个数，不用填")),
            Spec("polarity", _("方向"), "choice", "POLARITY"),
            Spec("accumulation", _("累计方式"), "choice", "ACCUMULATION"),
            Spec(
                "coverage_scope", _("覆盖范围"), "choice", "COVERAGE_SCOPE", is_optional=True, hint=_("只有覆盖类要选")
            ),
        ),
    ),
    (
        _("责任"),
        (
            Spec("lead", _("牵头单位"), "choice"),
            Spec("post", _("分管领导（职务）"), "choice"),
            Spec("strength", _("力度"), "choice", "STRENGTH"),
            Spec("is_lead_settled", _("牵头单位已确定（不勾为“建议”）"), "flag"),
            Spec("needs_cosign", _("须会签：配合单位各自确认后才能审定"), "flag"),
            Spec("supporting", _("配合单位"), "units", is_optional=True),
        ),
    ),
    (
        _("时限与报送"),
        (
            Spec("final_due_on", _("完成时限"), "day"),
            Spec("frequency", _("报送节奏"), "choice", "FREQUENCY"),
            Spec("evidence_required", _("每期须附佐证"), "flag"),
        ),
    ),
    (
        _("基期与口径"),
        (
            Spec("baseline_value", _("基期值（上年基数）"), "figure", is_optional=True),
            Spec("baseline_unit", _("基期单位"), is_optional=True),
            Spec("predecessor", _("去年对应任务"), "choice", is_optional=True),
            Spec("baseline_note", _("基期说明"), "area", is_optional=True),
            Spec("definition", _("口径"), "area", is_optional=True),
            Spec("peer_set", _("同类城市"), "area", is_optional=True, hint=_("位次类写明与哪些城市比")),
            Spec("notes", _("说明"), "area", is_optional=True),
        ),
    ),
)
LISTS = ("supporting",)
NAMES = tuple(spec.name for _title, specs in GROUPS for spec in specs) + tuple(spec.name for spec in NEW_ONLY)
# What choosing another phrase fills in anew, unless somebody has written over it.
FROM_PHRASE = (
    *("kind", "unit", "decimals", "comparator", "polarity", "accumulation", "coverage_scope", "target"),
    *("final_due_on", "frequency", "strength", "name", "code", "section"),
)


@dataclass(frozen=True)
class Bound:
    """A field with what stands in it."""

    spec: Spec
    value: Any
    choices: Choices
    errors: Sequence[FieldError]
    rule: Rule = Rule.FREE

    @property
    def is_fixed(self) -> bool:
        """Whether nothing can be typed; the refusal then says why."""
        return self.rule in (Rule.FIXED, Rule.CASE, Rule.ACT)

    # What the refusal of a fixed field names: nothing.
    no_params: Mapping[str, object] = field(default_factory=dict)

    @property
    def why(self) -> str:
        return "" if self.rule is Rule.FREE else indicators.REFUSED[self.rule]


@dataclass(frozen=True)
class IndicatorForm:
    """Groups of fields. Without ``stage`` the indicator is new, and everything may be filled in."""

    raw: Mapping[str, Any]
    directory: Directory
    stage: Stage | None = None
    summary: Sequence[FieldError] = field(default_factory=tuple)
    new_only: Sequence[Spec] = NEW_ONLY

    @property
    def groups(self) -> Iterator[tuple[str | Promise, list[Bound]]]:
        for place, (title, specs) in enumerate(GROUPS):
            new = self.new_only if place == 0 and self.stage is None else ()
            yield title, [self._bound(spec) for spec in (*specs[:1], *new, *specs[1:])]

    def errors_of(self, name: str) -> list[FieldError]:
        return [error for error in self.summary if error.field == name]

    @property
    def labelled(self) -> list[tuple[str | Promise, FieldError]]:
        """Every error with the name of its field."""
        names = {spec.name: spec.label for _title, specs in (*GROUPS, ("", NEW_ONLY)) for spec in specs}
        return [(names.get(error.field, _("引文")), error) for error in self.summary]

    @property
    def quote_errors(self) -> list[FieldError]:
        return self.errors_of("quote")

    def _bound(self, spec: Spec) -> Bound:
        rule = rule_for(spec.name, self.stage) if self.stage else Rule.FREE
        return Bound(spec, self.raw.get(spec.name, ""), self._choices(spec), self.errors_of(spec.name), rule)

    def _choices(self, spec: Spec) -> Choices:
        if spec.table:
            return [(str(code), label.text) for code, label in getattr(labels, spec.table).items()]
        if spec.name in ("lead", "supporting"):
            return [(unit.code, unit.short_name) for unit in self._units(spec.name)]
        if spec.name == "post":
            return [(code, post.title) for code, post in self.directory.posts.items()]
        if spec.name == "predecessor":
            return [(code, f"{code} {found.name}") for code, found in self.directory.earlier.items()]
        return ()

    def _units(self, name: str) -> Iterator[Department]:
        """Townships are a hundred and lead nothing: only the city's units and the districts are offered."""
        chosen = self.raw.get(name) or ()
        for unit in self.directory.departments.values():
            if unit.kind not in ("township", "subdistrict") or unit.code in chosen:
                yield unit


def differing(form: IndicatorForm, stored: Mapping[str, Any]) -> list[tuple[str | Promise, str]]:
    """What is stored in the fields that say something else in the form, in words: label and value."""
    found = []
    for _title, fields in form.groups:
        for bound in fields:
            value = stored.get(bound.spec.name, "")
            if value != bound.value and not (bound.spec.widget == "flag" and bool(value) == bool(bound.value)):
                found.append((bound.spec.label, _in_words(bound, value)))
    return found


def _in_words(bound: Bound, value: Any) -> str:
    words = dict(bound.choices)
    if bound.spec.widget == "flag":
        return str(_("是")) if value else str(_("否"))
    values = value if isinstance(value, list) else [value]
    return "、".join(str(words.get(each, each)) for each in values if each) or "--"


def typed(data: QueryDict) -> dict[str, Any]:
    """The fields that were posted. Ticks and lists that are not there were taken away; other fields were fixed."""
    raw: dict[str, Any] = {name: data[name] for name in (*NAMES, "quote", "start") if name in data}
    return raw | {name: data.get(name, "") for name in FLAGS} | {name: data.getlist(name) for name in LISTS}


def prefilled(report: Report, quote: str, start: int) -> dict[str, Any]:
    """What a phrase says by itself, as it would be typed; the rest is the usual choice."""
    reading = phrases.read(quote, report.year)
    # One verb governs several phrases of a sentence: look a little before this one.
    before = report.text[max(0, start - 40) : start].rpartition("。")[2]
    section = anchoring.section_before(report, start)
    due_on = reading.due_on.isoformat() if reading.due_on else f"{report.year}-12-31"
    return {
        "name": quote[:60],
        "code": indicators.next_code(report, indicators.letter_of(report, section)),
        "section": section,
        "kind": str(reading.kind),
        "unit": reading.unit,
        "decimals": str(reading.decimals),
        "comparator": str(reading.comparator),
        "polarity": str(reading.polarity),
        "accumulation": str(reading.accumulation),
        "coverage_scope": reading.coverage_scope,
        "target": "" if reading.target is None else str(reading.target),
        "strength": str(phrases.strength_of(quote, before)),
        "final_due_on": due_on,
        "frequency": "quarterly" if reading.kind == "stage" else "monthly",
    }


def refilled(raw: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The form after another phrase was chosen: what was typed over stays, what came from the old phrase goes."""
    fresh = {name: now[name] for name in FROM_PHRASE if raw.get(name, "") in ("", before.get(name))}
    return {**raw, **fresh}
