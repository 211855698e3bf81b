"""Following an indicator: whoever follows hears when its published lamp is another than the month before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import audit
from accounts.models import Membership, User
from kpi import labels, wording
from kpi.domain.values import Rag
from kpi.models import Follow, Indicator, Period
from kpi.selectors.scoreboard import Row
from kpi.services.notices import NOTICE_LANGUAGE
from kpi.services.snapshots import Edition
from notifications import outbox
from notifications.outbox import Draft

KIND = "follow.changed"


@transaction.atomic
def follow(*, indicator: Indicator, user: User, now: datetime) -> bool:
    """Whether it is new: whoever follows already stays as they are."""
    _stored, is_new = Follow.objects.get_or_create(user=user, indicator=indicator, defaults={"since": now})
    if is_new:
        audit.record(action="follow.begun", obj=indicator, actor=user, now=now)
    return is_new


@transaction.atomic
def unfollow(*, indicator: Indicator, user: User, now: datetime) -> bool:
    """Whether they followed it until now."""
    count, _by_model = Follow.objects.filter(user=user, indicator=indicator).delete()
    if count:
        audit.record(action="follow.ended", obj=indicator, actor=user, now=now)
    return bool(count)


def tell(*, period: Period, edition: Edition, now: datetime) -> int:
    """In the transaction that publishes a period: one notice for each follower of a changed lamp; returns how many.

    What a period shows anew after a reopening is compared with what it showed before, everything else with the month
    before. Whoever may no longer sign in or serves nowhere any more is not told.
    """
    changed = {row.indicator.pk: (row, before) for row, before in edition.changed}
    drafts = [_draft(each, *changed[each.indicator_id], period, edition) for each in _followers(changed, now)]
    return len(outbox.enqueue_many(drafts, now=now))


def _followers(indicators: Iterable[int], now: datetime) -> Iterable[Follow]:
    serving = Membership.objects.active_on(localtime(now).date()).values("user")
    found = Follow.objects.filter(indicator__in=list(indicators), user__is_active=True, user__in=serving)
    return found.select_related("user")


def _draft(found: Follow, row: Row, before: Rag, period: Period, edition: Edition) -> Draft:
    indicator = row.indicator
    again = f":e{edition.number}" if edition.is_again else ""
    with override(NOTICE_LANGUAGE):
        words = {
            "name": f"{indicator.code} {indicator.name}",
            "before": labels.RAG[before].text,
            "now": labels.RAG[row.rag].text,
            "month": wording.month(period.code),
        }
        title = (
            _("%(month)s更正后重新公布，%(before)s → %(now)s：%(name)s")
            if edition.is_again
            else _("%(month)s亮灯 %(before)s → %(now)s：%(name)s")
        )
        body = wording.gap(row.assessment, indicator)
        return Draft(
            kind=KIND,
            recipient=found.user,
            key=f"follow:{indicator.code}:{period.code}:u{found.user_id}{again}",
            title=title % words,
            body=body,
            url=f"/{period.report.year}/kpis/{indicator.code}/?period={period.code}",
            context={"before": str(before), "lamp": str(row.rag)},
            subject_code=indicator.code,
            period=period.code,
            department=indicator.lead_department,
        )
