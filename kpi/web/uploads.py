"""Files of a request, attached one by one: each is taken or refused for itself, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from accounts import clock
from kpi import wording
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed
from kpi.models import Indicator, Period
from kpi.services import evidence
from kpi.services.content import FieldError
from kpi.services.evidence import Attached
from kpi.services.inspection import TYPES

FIELD = "files"
ACCEPT = ",".join(f".{extension}" for extension in TYPES)
REMOVE = "remove:"


@dataclass
class Taken:
    """What became of a request's files: what to say, by message level, and what was refused."""

    said: list[tuple[int, str]] = field(default_factory=list)
    refused: list[FieldError] = field(default_factory=list)


def take(request: HttpRequest, indicator: Indicator, period: Period, editor: UUID) -> Taken:
    """Attach every file of the request. What concerns the report and not a file is raised."""
    taken = Taken()
    for file in request.FILES.getlist(FIELD):
        try:
            attached = evidence.attach(
                indicator=indicator,
                period=period,
                name=file.name,
                content=file,
                actor=request.actor,
                now=clock.now(),
                editor=editor,
            )
        except (NotPermitted, PeriodClosed, IllegalTransition):
            raise
        except DomainError as problem:
            taken.refused.append(FieldError("evidence", problem.code, problem.params))
        else:
            taken.said += said(attached)
    return taken


def said(attached: Attached) -> list[tuple[int, str]]:
    """That a file has arrived, and where the same one lies already."""
    lines = [(messages.SUCCESS, _("已上传“%(name)s”") % {"name": attached.evidence.name})]
    if attached.elsewhere:
        places = [
            f"{other.submission.indicator.code} {wording.month(other.submission.period.code)}"
            for other in attached.elsewhere
        ]
        words = _("同一份文件也附在：%(places)s。没有附错就不用处理")
        lines.append((messages.WARNING, words % {"places": "、".join(places)}))
    return lines


def remove(request: HttpRequest, indicator: Indicator, period: Period) -> str:
    """Take off the file that ``action`` names; what to say about it."""
    try:
        pk = UUID(request.POST.get("action", "").removeprefix(REMOVE))
    except ValueError:
        raise Http404 from None
    file = evidence.remove(indicator=indicator, period=period, pk=pk, actor=request.actor, now=clock.now())
    return _("已移除“%(name)s”") % {"name": file.name}
