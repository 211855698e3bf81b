"""The life of a monthly bulletin (督查通报): which step a state allows, and who may publish.

The table is tests/domain/cases/bulletins.csv. What is published never changes: a new edition takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kpi.domain.errors import IllegalTransition, NotPermitted


class BulletinState(StrEnum):
    DRAFT = "draft"
    FOR_APPROVAL = "for_approval"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class BulletinVerb(StrEnum):
    """``SUPERSEDE`` is taken by the next edition when it is published, never by a person."""

    DRAFT = "draft"
    SAVE = "save"
    SEND = "send"
    WITHDRAW = "withdraw"
    RETURN = "return"
    PUBLISH = "publish"
    SUPERSEDE = "supersede"


S, V = BulletinState, BulletinVerb

TRANSITIONS: Mapping[tuple[BulletinState, BulletinVerb], BulletinState] = {
    (S.DRAFT, V.SAVE): S.DRAFT,
    (S.DRAFT, V.SEND): S.FOR_APPROVAL,
    (S.FOR_APPROVAL, V.WITHDRAW): S.DRAFT,
    (S.FOR_APPROVAL, V.RETURN): S.DRAFT,
    (S.FOR_APPROVAL, V.PUBLISH): S.PUBLISHED,
    (S.PUBLISHED, V.SUPERSEDE): S.SUPERSEDED,
}
# Drafting one month at a time: while one of these is under way there is no second.
UNDER_WAY = frozenset({S.DRAFT, S.FOR_APPROVAL})
READABLE = frozenset({S.PUBLISHED, S.SUPERSEDED})


def next_state(state: BulletinState, verb: BulletinVerb) -> BulletinState:
    """The state after a step. Raises ``IllegalTransition`` ``bulletin_moved`` where the table has none."""
    try:
        return TRANSITIONS[state, verb]
    except KeyError:
        raise IllegalTransition("bulletin_moved", state=str(state), verb=str(verb)) from None


def check_second_person(*, is_drafter: bool, is_sender: bool) -> None:
    """Whoever made the draft or sent it on neither publishes nor returns it. Raises ``bulletin_takes_two``."""
    if is_drafter or is_sender:
        raise NotPermitted("bulletin_takes_two")


# What a city's office asks for most often (六、工作要求); chosen by code, each can be rewritten in the draft.
DEMANDS: Mapping[str, str] = {
    "duty": "压实工作责任。各牵头单位主要负责人要亲自过问，逐项明确责任人和完成时限，配合单位主动协同。",
    "catch_up": "加快追赶进度。对欠序时进度的任务，要查明原因，拿出追赶措施和时间表，红灯任务每周调度一次。",
    "evidence": "确保数据真实。按统计口径如实填报，佐证材料齐全，不得虚报、瞒报。",
    "reporting": "按时规范报送。每月填报经本单位主要负责人审签后按时报送，确有困难的，在截止之前申请延期。",
    "directives": "办好批示事项。按期反馈办理结果，不能按期办结的，在期限之前说明原因。",
    "year_end": "对照全年目标。提前研判年底完成情况，难以完成的及早报告，不搞年底突击。",
}
PROPOSED_DEMANDS = ("duty", "catch_up", "reporting")
# The head of the first bulletin; every later one takes over the head of the one before.
HEAD: Mapping[str, str] = {
    "mark": "张家界市人民政府督查室文件",
    "series": "张政督",
    "addressed_to": "各区县人民政府，市直有关单位",
    "signer": "张家界市人民政府督查室",
    "copied_to": "",
}


def title_of(year: int, month: int) -> str:
    """The title a draft is proposed with."""
    return f"关于{year}年《政府工作报告》目标任务{month}月进展情况的通报"
