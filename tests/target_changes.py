"""Changes of target on their way: asked for by the real people of the trial, with a document, up to any state."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.core.files.base import ContentFile

from accounts.models import User
from accounts.permissions import Actor, actor_for
from kpi.domain.target_changes import ChangeState, ChangeVerb
from kpi.models import Indicator, TargetChange
from kpi.selectors.target_changes import first_month
from kpi.services import target_change_content, target_change_files, target_changes
from kpi.services.replanning import present_terms
from kpi.services.samples import sample_pdf
from tests.conftest import NOW

S, V = ChangeState, ChangeVerb
WORDS = "六月以来持续干旱，受灾面积经省厅核定，按核定数调整全年目标。"
# The indicator of most tests: farmland, led by the agriculture bureau, in the charge of the vice mayor for it.
CODE = "A06"
LOWER = {"target": "6.20", "plan_2025-12": "6.20"}


def person(name: str, now: datetime = NOW) -> Actor:
    return actor_for(User.objects.get(username=name), now.date())


def indicator_of(code: str) -> Indicator:
    return Indicator.objects.select_related("report", "lead_department", "accountable_post").get(code=code)


def fields(code: str = CODE, now: datetime = NOW, **changed: str) -> dict[str, str]:
    """The form as it opens, with the words and what is changed."""
    indicator = indicator_of(code)
    held, first = present_terms(indicator).held, first_month(indicator, now.date())
    raw = target_change_content.shown(indicator, held, first)
    return raw | {"reason": "disaster", "text": WORDS} | changed


def stash(key: UUID, who: str = "nyj_staff", code: str = CODE, *, name: str = "核定表.pdf", now: datetime = NOW):
    content = ContentFile(sample_pdf([name]), name=name)
    return target_change_files.stash(
        indicator=indicator_of(code), form_key=key, name=name, content=content, actor=person(who, now), now=now
    )


def ask(
    code: str = CODE,
    who: str = "nyj_staff",
    *,
    key: UUID | None = None,
    has_file: bool = True,
    now: datetime = NOW,
    **changed: str,
) -> TargetChange:
    key = key or uuid4()
    if has_file:
        stash(key, who, code, now=now)
    raw = fields(code, now, **(changed or LOWER))
    return target_changes.ask(indicator=indicator_of(code), raw=raw, form_key=key, actor=person(who, now), now=now)


MENDED = {"reason": "disaster", "text": f"{WORDS}已补核定依据。", **LOWER}
REASON = "材料里没有核定依据，请补"
STEPS = {
    V.SIGN: target_changes.sign,
    V.AGREE: target_changes.agree,
    V.APPLY: target_changes.apply,
    V.SEND_BACK: lambda **step: target_changes.send_back(**{"text": REASON} | step),
    V.REPAIR: lambda **step: target_changes.repair(raw=MENDED, **step),
    V.REFUSE: lambda **step: target_changes.refuse(**{"text": "不具备调整条件"} | step),
    V.WITHDRAW: target_changes.withdraw,
}


def step(
    change: TargetChange, verb: ChangeVerb, who: str, *, now: datetime = NOW, version: int | None = None, **more
) -> TargetChange:
    at = change.version if version is None else version
    return STEPS[verb](change=change, version=at, actor=person(who, now), now=now, **more)


# One way into each state.
SIGNED = ((V.SIGN, "nyj_head"),)
AGREED = (*SIGNED, (V.AGREE, "vm_agri"))
WAYS = {
    S.ASKED: (),
    S.SIGNED: SIGNED,
    S.AGREED: AGREED,
    S.RETURNED: ((V.SEND_BACK, "nyj_head"),),
    S.APPLIED: (*AGREED, (V.APPLY, "dcs_1")),
    S.REFUSED: (*SIGNED, (V.REFUSE, "vm_agri")),
    S.WITHDRAWN: ((V.WITHDRAW, "nyj_staff"),),
}


def walk(state: ChangeState, change: TargetChange | None = None, *, now: datetime = NOW) -> TargetChange:
    found = change or ask(now=now)
    for verb, who in WAYS[state]:
        found = step(found, verb, who, now=now)
    return found
