"""What a reviewer compares and looks at before deciding: this month beside the last, and the checks in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import Department
from kpi import labels, wording
from kpi.domain.cosigning import CoSigning
from kpi.domain.guards import question
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Kind, Outlook, Rag, SubmissionState, Verb
from kpi.models import Indicator, Review, Submission
from kpi.selectors.cockpit import BAD
from kpi.selectors.content import content_in_force
from kpi.selectors.scoreboard import Row
from kpi.selectors.terms import Terms, original_terms, terms_at
from kpi.selectors.worklist import run_with

# Kinds whose figure only grows within a year.
GROWING = (Kind.CUMULATIVE, Kind.MILESTONE, Kind.COVERAGE)
NONE = ""


@dataclass(frozen=True)
class Line:
    """One field this month, last month and as planned; ``change`` says in a word what became of it."""

    name: str
    now: str
    last: str
    plan: str = NONE
    change: str = NONE
    is_figure: bool = False


@dataclass(frozen=True)
class Check:
    """One thing worth a glance before deciding."""

    text: str
    is_fine: bool


def comparison(row: Row, submission: Submission, last: Submission | None) -> list[Line]:
    """Every field that holds something in either month, the figure first."""
    indicator = row.indicator
    month = Month.parse(submission.period.code)
    terms = terms_at(indicator, month)
    figure = Line(
        _("完成"),
        wording.with_unit(submission.value, indicator),
        wording.with_unit(last.value if last else None, indicator),
        wording.with_unit(terms.expected_at(month), indicator),
        wording.step(submission.value, last.value if last else None, indicator),
        is_figure=True,
    )
    lines = [figure, *_parts(terms, submission, last), *_texts(submission, last)]
    return [line for line in lines if line.is_figure or line.now or line.last]


def _parts(terms: Terms, submission: Submission, last: Submission | None) -> Iterator[Line]:
    """What the figure is made of: numerator and denominator, nodes with their days, units covered."""
    indicator = terms.indicator
    for name, word in (("numerator", _("分子")), ("denominator", _("分母"))):
        now, before = getattr(submission, name), getattr(last, name, None)
        shown = [NONE if value is None else wording.figure(value, indicator.decimals) for value in (now, before)]
        yield Line(word, *shown, change=_changed(*shown))
    for node in terms.nodes() if indicator.kind == Kind.MILESTONE else ():
        key = str(node.ordinal)
        now = submission.completed_nodes.get(key, NONE)
        before = last.completed_nodes.get(key, NONE) if last else NONE
        yield Line(
            node.name,
            now or _("未完成"),
            before or _("未完成"),
            node.due_on.isoformat(),
            _("新完成") if now and not before else _changed(now, before),
        )
    if indicator.kind == Kind.COVERAGE:
        yield _coverage(submission, last)


def _coverage(submission: Submission, last: Submission | None) -> Line:
    now, before = set(submission.covered_units), set(last.covered_units if last else ())
    names = dict(Department.objects.filter(code__in=now ^ before).values_list("code", "short_name"))
    added = "、".join(names.get(code, code) for code in sorted(now - before))
    dropped = "、".join(names.get(code, code) for code in sorted(before - now))
    said = [_("新增 %(units)s") % {"units": added} if added else NONE]
    said.append(_("减少 %(units)s") % {"units": dropped} if dropped else NONE)
    count = _("%(count)s 个")
    words = "；".join(part for part in said if part) or _("未变")
    return Line(_("已覆盖"), count % {"count": len(now)}, count % {"count": len(before)}, change=words)


Words = Callable[[Submission], str]
# Content fields in the order of the form: heading and words. A new field is a line here.
TEXTS: tuple[tuple[str, Words], ...] = (
    ("no_progress", lambda found: _("是") if found.no_progress else NONE),
    ("is_unpublished", lambda found: _("是") if found.is_unpublished else NONE),
    ("is_correction", lambda found: _("是") if found.is_correction else NONE),
    ("narrative", lambda found: found.narrative),
    ("deviation_reasons", lambda found: "、".join(labels.words(labels.DEVIATION, found.deviation_reasons))),
    ("measures", lambda found: found.measures),
    ("catch_up_period", lambda found: wording.month(found.catch_up_period) if found.catch_up_period else NONE),
    ("outlook", lambda found: str(labels.OUTLOOK[Outlook(found.outlook)].text) if found.outlook else NONE),
    ("source_note", lambda found: found.source_note),
)


def _texts(submission: Submission, last: Submission | None) -> Iterator[Line]:
    for field, words in TEXTS:
        now, before = words(submission), words(last) if last else NONE
        heading = str(Submission._meta.get_field(field).verbose_name)
        yield Line(heading, now, before, change=_changed(now, before) if last else NONE)


def _changed(now: str, before: str) -> str:
    if now == before:
        return _("未变") if now else NONE
    if not before:
        return _("新增")
    return _("有变化") if now else _("不再填写")


@dataclass(frozen=True)
class Reviewed:
    """What the checks look at. ``earlier`` are the year's approved figures before, oldest first."""

    row: Row
    submission: Submission
    last: Submission | None
    lamp: Assessment | None
    earlier: Sequence[Decimal]
    progress: CoSigning[Department]
    steps: Sequence[Review]

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator


def checks(of: Reviewed) -> list[Check]:
    """All checks that apply, in the order a reviewer asks them."""
    asked = ABOUT_WORDS if of.submission.is_unpublished else CHECKS
    return [found for check in asked for found in check(of)]


def _check_fall(of: Reviewed) -> Iterator[Check]:
    if of.indicator.kind not in GROWING or of.last is None or None in (of.last.value, of.submission.value):
        return
    fine = of.submission.value >= of.last.value
    yield Check(_("不小于上期") if fine else _("小于上期，请核对"), fine)


def _check_step(of: Reviewed) -> Iterator[Check]:
    if of.indicator.kind not in (Kind.CUMULATIVE, Kind.POINT_IN_TIME):
        return
    doubt = question(
        kind=Kind(of.indicator.kind),
        value=of.submission.value,
        earlier=of.earlier,
        plan=of.lamp.expected if of.lamp else None,
        target=of.row.target,
    )
    yield Check(_("步长正常"), True) if doubt is None else Check(wording.doubt(doubt, of.indicator), False)


def _check_run(of: Reviewed) -> Iterator[Check]:
    if of.lamp is not None and of.lamp.rag in BAD:
        yield Check(wording.run(of.lamp.rag, run_with(of.row, of.row.current, of.lamp.rag)), False)


def _check_measures(of: Reviewed) -> Iterator[Check]:
    if of.lamp is not None and of.lamp.rag in BAD:
        fine = bool(of.submission.measures)
        yield Check(_("已写下一步措施") if fine else _("黄灯、红灯未写下一步措施"), fine)


def _check_outlook(of: Reviewed) -> Iterator[Check]:
    if of.lamp is None or not of.submission.outlook:
        return
    outlook = Outlook(of.submission.outlook)
    if outlook is Outlook.CONFIDENT and of.lamp.rag is Rag.RED:
        yield Check(_("判断“能完成”，但亮灯为滞后，值得细看"), False)
    elif outlook is Outlook.UNLIKELY and of.lamp.rag in (Rag.GREEN, Rag.DONE):
        yield Check(_("判断“难以完成”，但亮灯不差，值得细看"), False)
    else:
        yield Check(_("年底判断与亮灯相符"), True)


def _check_time(of: Reviewed) -> Iterator[Check]:
    filed, window = of.submission.first_submitted_at, of.row.current.window
    due = window.due_for_unit if window else of.submission.period.due_at
    is_late = filed is not None and filed > due
    yield Check(_("迟报") if is_late else _("按时报送"), not is_late)


def _check_correction(of: Reviewed) -> Iterator[Check]:
    """A report that was approved before: what counts until this one is approved."""
    if of.submission.approved_at is None or of.submission.state == SubmissionState.APPROVED:
        return
    before = content_in_force(of.submission)
    if before is not None:
        value = _("尚未公布") if before.is_unpublished else wording.with_unit(before.value, of.indicator)
        yield Check(_("数据更正：原审定 %(value)s，审定前仍然有效") % {"value": value}, False)


def _check_changed(of: Reviewed) -> Iterator[Check]:
    """What the figure would be held to, had nothing been changed."""
    if of.row.is_changed:
        planned = original_terms(of.indicator).expected_at(Month.parse(of.submission.period.code))
        yield Check(_("目标调整过，原序时计划 %(plan)s") % {"plan": wording.with_unit(planned, of.indicator)}, True)


def _check_published(of: Reviewed) -> Iterator[Check]:
    if of.submission.is_unpublished:
        yield Check(_("数据尚未公布，审定后亮灯沿用上期"), False)


def _check_cosigning(of: Reviewed) -> Iterator[Check]:
    if not of.progress.is_asked:
        return
    if of.progress.is_complete:
        yield Check(_("会签已齐"), True)
    for units, words in (
        (of.progress.objected, _("会签有异议：%(units)s")),
        (of.progress.missing, _("会签还差：%(units)s")),
    ):
        if units:
            yield Check(words % {"units": "、".join(unit.short_name for unit in units)}, False)


def _check_signer(of: Reviewed) -> Iterator[Check]:
    """Whose hand signed what was filed last."""
    mine = [step for step in of.steps if step.submission_id == of.submission.pk]
    filed = max((step.version for step in mine if step.verb == Verb.SUBMIT), default=0)
    signed = [step for step in mine if step.verb == Verb.SIGN_OFF and step.version > filed]
    if not signed or signed[0].on_behalf_of_id is None:
        return
    is_own = signed[0].is_own_submission
    yield Check(_("提交人与代签人为同一人") if is_own else _("由代签人审签"), not is_own)


CHECKS: tuple[Callable[[Reviewed], Iterator[Check]], ...] = (
    _check_correction,
    _check_published,
    _check_changed,
    _check_fall,
    _check_step,
    _check_run,
    _check_measures,
    _check_outlook,
    _check_time,
    _check_cosigning,
    _check_signer,
)
# What can be asked about a report that names no figure, because there is none yet.
ABOUT_WORDS = (_check_correction, _check_published, _check_time, _check_cosigning, _check_signer)
