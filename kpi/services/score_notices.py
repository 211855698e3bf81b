"""Who hears of a score: the unit it judges and the leader in charge when it is out, answered, corrected and final; the
office when a unit objects. Nobody hears of another unit's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Role, User
from kpi import wording
from kpi.models import ScoreRun, ScoreSheet
from kpi.selectors.people import answering_for, holding, holding_post, signing_for
from kpi.services.notices import NOTICE_LANGUAGE
from notifications import outbox
from notifications.outbox import Draft

ASKING = ("score.opened",)
OBJECTING = ("score.objected",)


def url_of(run: ScoreRun, sheet: ScoreSheet) -> str:
    kind = "posts" if sheet.post_id is not None else "units"
    return f"/{run.period.report.year}/scores/{run.period.code}/{kind}/{sheet.unit.code}/?edition={run.edition}"


def opened(run: ScoreRun, *, now: datetime) -> None:
    """Whoever speaks for a unit is asked, its staff are told."""
    day, drafts = localtime(now).date(), []
    with override(NOTICE_LANGUAGE):
        until = wording.moment(localtime(run.answers_until))
        title = _("考核得分征求意见：%(span)s") % {"span": wording.span(run.period.code)}
        body = _("请核对得分和逐项说明，%(until)s 前反馈意见；逾期视为无意见。") % {"until": until}
    for sheet in _sheets(run):
        asked = _speaking(sheet, day)
        told = [person for person in _people(sheet, day) if person not in asked]
        drafts += _drafts(run, sheet, "score.opened", asked, title, body, expires_at=run.answers_until)
        drafts += _drafts(run, sheet, "score.told", told, title, body)
    outbox.enqueue_many(drafts, now=now)


def answered(run: ScoreRun, sheet: ScoreSheet, *, text: str, is_objection: bool, now: datetime) -> None:
    """The unit need not be asked any more; the office hears of an objection."""
    settled(run, sheet, now=now)
    if is_objection:
        with override(NOTICE_LANGUAGE):
            title = _("%(unit)s对考核得分有异议") % {"unit": name_of(sheet)}
        office = holding(Role.SUPERVISOR, day=localtime(now).date())
        outbox.enqueue_many(list(_drafts(run, sheet, "score.objected", office, title, text)), now=now)


def replied(run: ScoreRun, sheet: ScoreSheet, *, text: str, now: datetime) -> None:
    settled(run, sheet, now=now)
    with override(NOTICE_LANGUAGE):
        title = _("督查室已回复考核得分的异议：%(span)s") % {"span": wording.span(run.period.code)}
    _tell(run, sheet, "score.replied", title, text, now)


def corrected(run: ScoreRun, sheet: ScoreSheet, *, words: str, now: datetime) -> None:
    """The unit is judged by another line than it was shown."""
    with override(NOTICE_LANGUAGE):
        title = _("考核得分有更正：%(span)s，现为 %(total)s") % {
            "span": wording.span(run.period.code),
            "total": wording.figure(sheet.total, 2),
        }
    _tell(run, sheet, "score.corrected", title, words, now)


def final(run: ScoreRun, *, now: datetime) -> None:
    """Each unit hears its own."""
    day, drafts = localtime(now).date(), []
    for sheet in _sheets(run):
        settled(run, sheet, now=now)
        with override(NOTICE_LANGUAGE):
            title = _("考核得分已定稿：%(span)s") % {"span": wording.span(run.period.code)}
            body = _("%(unit)s：%(total)s") % {"unit": name_of(sheet), "total": wording.figure(sheet.total, 2)}
        drafts += _drafts(run, sheet, "score.final", _people(sheet, day), title, body)
    outbox.enqueue_many(drafts, now=now)


def settled(run: ScoreRun, sheet: ScoreSheet, *, now: datetime) -> None:
    """What was asked about the sheet so far waits for nobody."""
    outbox.cancel_at(url=url_of(run, sheet), kinds=(*ASKING, *OBJECTING), now=now)


def withdrawn(run: ScoreRun, *, now: datetime) -> None:
    """Another edition takes its place while it was out."""
    for sheet in _sheets(run):
        settled(run, sheet, now=now)


def name_of(sheet: ScoreSheet) -> str:
    """The unit in short: “市农业农村局”, “分管文旅副市长”."""
    return sheet.post.title if sheet.post is not None else sheet.department.short_name


def _sheets(run: ScoreRun) -> Iterable[ScoreSheet]:
    return run.sheets.select_related("department", "post")


def _people(sheet: ScoreSheet, day: date) -> list[User]:
    if sheet.post_id is not None:
        return holding_post(sheet.post_id, day=day)
    return answering_for(sheet.department_id, day=day)


def _speaking(sheet: ScoreSheet, day: date) -> list[User]:
    if sheet.post_id is not None:
        return holding_post(sheet.post_id, day=day)
    return signing_for(sheet.department_id, day=day)


def _tell(run: ScoreRun, sheet: ScoreSheet, kind: str, title: str, body: str, now: datetime) -> None:
    people = _people(sheet, localtime(now).date())
    outbox.enqueue_many(list(_drafts(run, sheet, kind, people, title, body)), now=now)


def _drafts(
    run: ScoreRun, sheet: ScoreSheet, kind: str, people: Iterable[User], title: str, body: str, **more: object
) -> Iterator[Draft]:
    """A notice to each, once for what the run had come to (its version)."""
    for person in people:
        yield Draft(
            kind=kind,
            recipient=person,
            key=f"{kind}:{sheet.pk}:v{run.version}:u{person.pk}",
            title=title,
            body=body,
            url=url_of(run, sheet),
            period=run.period.code,
            department=sheet.department,
            **more,
        )
