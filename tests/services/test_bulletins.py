"""The monthly bulletin from draft to published: who may, from which state, what is frozen, who hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry, Membership, Role
from kpi.documents.docx import render
from kpi.domain.bulletins import BulletinState, BulletinVerb
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion
from kpi.models import Bulletin, BulletinEdit, BulletinFile, BulletinStep, Period
from kpi.selectors import bulletins as selector
from kpi.services import bulletin_editing, bulletins, windows
from kpi.services.bulletin_editing import Typed, Wish
from kpi.services.content import ContentInvalid
from kpi.services.periods import close
from notifications.models import Notice
from tests.conftest import NOW

S, V = BulletinState, BulletinVerb
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def may(db) -> Period:
    """The last locked month."""
    return Period.objects.select_related("report").get(code="2025-05")


@pytest.fixture
def office(actor):
    """Who drafts, and who publishes."""
    return actor("dcs_1"), actor("dcs_2")


@pytest.fixture
def made(may, office) -> Bulletin:
    return bulletins.draft(period=may, actor=office[0], now=NOW)


def read(bulletin: Bulletin, actor) -> Bulletin:
    """The same bulletin as its page reads it."""
    return next(each for each in selector.of_period(year=2025, code=bulletin.period.code, actor=actor))


def wish_of(bulletin: Bulletin, *paragraphs: Typed, **more) -> Wish:
    head = {name: getattr(bulletin, name) for name in bulletins.HEAD_FIELDS}
    flags = {name: getattr(bulletin, name) for name in bulletins.FLAGS}
    return Wish(**{"head": head, "flags": flags, "demands": bulletin.demands, "paragraphs": paragraphs, **more})


def save(bulletin: Bulletin, wish: Wish, actor) -> Bulletin:
    fresh = Bulletin.objects.get(pk=bulletin.pk)
    return bulletin_editing.write_draft(bulletin=fresh, version=fresh.version, wish=wish, actor=actor, now=NOW)


def rewrite(bulletin: Bulletin, key: str, text: str, actor, reason: str = "领导要求写明") -> Bulletin:
    was = selector.live(read(bulletin, actor), actor, NOW)[0].paragraph(key).text
    return save(bulletin, wish_of(bulletin, Typed(key, text, was, reason)), actor)


def send(bulletin: Bulletin, actor) -> Bulletin:
    fresh = Bulletin.objects.get(pk=bulletin.pk)
    return bulletins.send(bulletin=fresh, version=fresh.version, actor=actor, now=NOW)


def publish(bulletin: Bulletin, actor, number: int | None = 6) -> Bulletin:
    fresh = Bulletin.objects.get(pk=bulletin.pk)
    return bulletins.publish(
        bulletin=fresh, version=fresh.version, number=number, render=render, actor=actor, now=LATER
    )


def relock(period: Period, office) -> None:
    """Reopened by two persons and locked again: the snapshots have a second edition."""
    asked = windows.ask_unlock(period=period, reason="数据有误，须更正", actor=office[0], now=NOW)
    windows.confirm_unlock(unlock=asked, typed_code=period.code, actor=office[1], now=NOW)
    close(period=period, user=office[0].user, now=NOW)


def test_a_draft_is_generated_and_says_which_sums_it_was_checked_by(made, office):
    content, board = selector.live(read(made, office[0]), office[0], NOW)
    assert made.state == S.DRAFT and made.content is None
    assert content.adds_up and content.checks[0].whole == len(board.rows)
    assert f"目标任务共{len(board.rows)}项。截至5月底" in content.paragraph("overall").text
    assert [heading for heading, _part in content.headed][-1].endswith("、工作要求")
    assert made.title == "关于2025年《政府工作报告》目标任务5月进展情况的通报"


def test_leaders_words_are_never_in_it(made, office):
    content, board = selector.live(read(made, office[0]), office[0], NOW)
    said = [each["words"] for row in board.rows for each in row.indicator.said_by_leaders or ()]
    text = "".join(each.text for part in content.parts for each in part.paragraphs)
    assert said and not [words for words in said if words in text]


@pytest.mark.parametrize("person", ["mayor", "nyj_head", "nyj_staff", "sysadmin"])
def test_only_the_office_drafts_and_writes(made, actor, person):
    stranger, fresh = actor(person), Bulletin.objects.get(pk=made.pk)
    base = {"bulletin": fresh, "version": fresh.version, "actor": stranger, "now": NOW}
    for attempt in (
        lambda: bulletins.draft(period=made.period, actor=stranger, now=NOW),
        lambda: bulletin_editing.write_draft(**base, wish=wish_of(fresh)),
        lambda: bulletins.send(**base),
        lambda: bulletins.withdraw(**base),
        lambda: bulletins.return_to_draft(**base, reason="请核对数字"),
        lambda: bulletins.publish(**base, number=1, render=render),
    ):
        with pytest.raises(NotPermitted, match="supervisor_only"):
            attempt()


def test_there_is_one_draft_a_month_and_none_of_a_month_to_come(made, may, office):
    with pytest.raises(IllegalTransition, match="bulletin_under_way"):
        bulletins.draft(period=may, actor=office[1], now=NOW)
    with pytest.raises(PeriodClosed, match="period_not_open"):
        bulletins.draft(period=Period.objects.get(code="2025-09"), actor=office[0], now=NOW)


def test_an_open_month_may_be_drafted_but_not_sent(june, office):
    draft = bulletins.draft(period=june, actor=office[0], now=NOW)
    assert selector.live(read(draft, office[0]), office[0], NOW)[0].adds_up
    with pytest.raises(IllegalTransition, match="bulletin_period_open"):
        send(draft, office[0])


def test_an_edit_needs_a_reason_and_keeps_the_numbers_it_was_written_by(made, office):
    with pytest.raises(ContentInvalid) as refused:
        rewrite(made, "overall", "改写后的总体情况。", office[0], reason="短")
    assert [(each.field, each.code) for each in refused.value.errors] == [
        ("reason-overall", "bulletin_reason_required")
    ]
    rewrite(made, "overall", "改写后的\x00总体情况\u202e。", office[1])
    content = selector.live(read(made, office[0]), office[0], NOW)[0]
    written = content.paragraph("overall")
    assert written.text == "改写后的总体情况。" and written.edit.by == office[1].user.display_name
    assert written.edit.figures == written.paragraph.figures and not written.changes
    entry = AuditEntry.objects.get(action="bulletin.edited")
    assert entry.after["paragraphs"] == {"overall": "改写后的总体情况。"} and "领导要求写明" in entry.reason


def test_what_nobody_touched_is_no_edit(made, office):
    text = selector.live(read(made, office[0]), office[0], NOW)[0].paragraph("overall").text
    save(made, wish_of(made, Typed("overall", f"{text}\r\n", text, "")), office[0])
    assert not BulletinEdit.objects.exists()


def test_an_edited_paragraph_can_be_put_back_or_left_out(made, office):
    rewrite(made, "overall", "另一种写法。", office[0])
    save(made, wish_of(made, reset="overall"), office[0])
    assert selector.live(read(made, office[0]), office[0], NOW)[0].paragraph("overall").edit is None
    rewrite(made, "change", "", office[0])
    content = selector.live(read(made, office[0]), office[0], NOW)[0]
    assert content.paragraph("change").is_left_out
    assert BulletinEdit.objects.filter(bulletin=made).count() == 3, "every step stays on record"


def change_numbers(made: Bulletin, key: str) -> None:
    """As if the figures had been others when the paragraph was written."""
    last = BulletinEdit.objects.filter(key=key).latest("id")
    figures = {**last.figures, "red:": "99"}
    BulletinEdit.objects.create(
        bulletin=made, key=key, text=last.text, reason=last.reason, figures=figures, actor=last.actor, at=last.at
    )


def test_an_edit_whose_numbers_changed_stops_the_sending_until_somebody_looked(made, office):
    rewrite(made, "overall", "红灯99项。", office[0])
    change_numbers(made, "overall")
    assert selector.live(read(made, office[0]), office[0], NOW)[0].outdated[0].key == "overall"
    with pytest.raises(DomainError, match="bulletin_edit_outdated"):
        send(made, office[0])
    save(made, wish_of(made, keep="overall"), office[0])
    assert send(made, office[0]).state == S.FOR_APPROVAL


def test_the_head_is_asked_for_and_loses_what_cannot_be_printed(made, office):
    head = {**wish_of(made).head, "title": "", "signer": "很长" * 20}
    with pytest.raises(ContentInvalid) as refused:
        save(made, wish_of(made, head=head), office[0])
    assert {each.field for each in refused.value.errors} == {"title", "signer"}
    saved = save(made, wish_of(made, head={**head, "title": "通报\n\x07一", "signer": "督查室"}), office[0])
    assert saved.title == "通报 一"


def test_a_second_writer_is_told(made, office):
    save(made, wish_of(made), office[0])
    with pytest.raises(StaleVersion, match="bulletin_stale"):
        bulletin_editing.write_draft(bulletin=made, version=1, wish=wish_of(made), actor=office[1], now=NOW)


def test_sending_freezes_the_text_with_its_snapshots_and_tells_the_second_person(made, office):
    sent = send(made, office[0])
    assert sent.snapshot_edition == 1 and sent.content["snapshots"]["2025-05"] == 1
    assert selector.frozen(sent).checks[0].is_right
    told = Notice.objects.get(kind="bulletin.sent")
    assert told.recipient == office[1].user and told.url == "/2025/bulletins/2025-05/?edition=1"
    with pytest.raises(IllegalTransition, match="bulletin_moved"):
        save(made, wish_of(made), office[0])


def test_sums_that_differ_are_not_sent(made, office, monkeypatch):
    counts = selector._counts
    monkeypatch.setattr(selector, "_counts", lambda board: replace(counts(board), done=99))
    with pytest.raises(DomainError, match="bulletin_sums_differ"):
        send(made, office[0])


def test_whoever_drafted_or_sent_it_does_not_publish_or_return_it(made, office):
    send(made, office[1])
    for person in office:
        with pytest.raises(NotPermitted, match="bulletin_takes_two"):
            publish(made, person)
    fresh = Bulletin.objects.get(pk=made.pk)
    with pytest.raises(NotPermitted, match="bulletin_takes_two"):
        bulletins.return_to_draft(bulletin=fresh, version=fresh.version, reason="请核对数字", actor=office[0], now=NOW)


def test_a_returned_draft_is_live_again_and_its_author_hears_why(made, office):
    sent = send(made, office[0])
    back = {"bulletin": sent, "version": sent.version, "actor": office[1], "now": LATER}
    with pytest.raises(ContentInvalid):
        bulletins.return_to_draft(**back, reason="不行")
    returned = bulletins.return_to_draft(**back, reason="第三部分请写明责任单位")
    assert returned.state == S.DRAFT and returned.content is None and returned.sent_by is None
    assert Notice.objects.get(kind="bulletin.returned").body == "第三部分请写明责任单位"
    assert Notice.objects.get(kind="bulletin.sent").state == "cancelled"
    assert send(made, office[0]).state == S.FOR_APPROVAL


def test_it_is_taken_back_by_whoever_sent_it_and_nobody_else(made, office):
    sent = send(made, office[0])
    with pytest.raises(NotPermitted, match="bulletin_not_sender"):
        bulletins.withdraw(bulletin=sent, version=sent.version, actor=office[1], now=NOW)
    assert bulletins.withdraw(bulletin=sent, version=sent.version, actor=office[0], now=NOW).state == S.DRAFT


def test_publishing_numbers_it_keeps_its_file_and_tells_everybody_concerned_once(made, office):
    send(made, office[0])
    done = publish(made, office[1])
    kept = BulletinFile.objects.get(bulletin=done)
    assert (done.state, done.number, done.approved_by) == (S.PUBLISHED, 6, office[1].user)
    assert kept.name == "张政督〔2025〕6号 关于2025年《政府工作报告》目标任务5月进展情况的通报.docx"
    assert kept.sha256 == sha256(bytes(kept.content)).hexdigest() and bytes(kept.content[:2]) == b"PK"
    told = list(Notice.objects.filter(kind="bulletin.published"))
    assert {notice.key for notice in told} == {f"bulletin:2025:6:u{notice.recipient_id}" for notice in told}
    named = done.content["concerned"]
    people = Membership.objects.filter(department__code__in=named["departments"], role__in=[Role.STAFF, Role.HEAD])
    leaders = Membership.objects.filter(post__code__in=named["posts"])
    assert {notice.recipient_id for notice in told} == {each.user_id for each in [*people, *leaders]}
    assert named["departments"] and named["posts"]
    steps = list(BulletinStep.objects.filter(bulletin=done).values_list("verb", flat=True))
    assert steps == [V.DRAFT, V.SEND, V.PUBLISH]
    assert AuditEntry.objects.filter(action="bulletin.published", actor=office[1].user).exists()


def test_every_head_hears_of_it_where_the_office_chose_so(made, office):
    flags = {**wish_of(made).flags, "tells_all_heads": True}
    save(made, wish_of(made, flags=flags), office[0])
    send(made, office[0])
    publish(made, office[1])
    heads = {each.user_id for each in Membership.objects.filter(role=Role.HEAD)}
    told = set(Notice.objects.filter(kind="bulletin.published").values_list("recipient_id", flat=True))
    assert heads and heads <= told


@pytest.mark.parametrize("number", [None, 0, 10_000])
def test_a_number_is_asked_for(made, office, number):
    send(made, office[0])
    with pytest.raises(ContentInvalid) as refused:
        publish(made, office[1], number)
    assert refused.value.errors[0].code == "bulletin_number_required"
    assert Bulletin.objects.get(pk=made.pk).state == S.FOR_APPROVAL and not Notice.objects.filter(
        kind="bulletin.published"
    )


def test_a_number_is_used_once_a_year(made, office):
    send(made, office[0])
    publish(made, office[1])
    april = bulletins.draft(
        period=Period.objects.select_related("report").get(code="2025-04"), actor=office[0], now=NOW
    )
    send(april, office[0])
    with pytest.raises(ContentInvalid) as refused:
        publish(april, office[1], 6)
    assert (refused.value.errors[0].code, refused.value.errors[0].params["free"]) == ("bulletin_number_taken", 7)
    assert publish(april, office[1], 3).number == 3


def test_a_month_that_was_reopened_since_is_not_published(made, may, office):
    send(made, office[0])
    relock(may, office)
    with pytest.raises(IllegalTransition, match="bulletin_period_moved"):
        publish(made, office[1])


def test_a_new_edition_takes_the_place_of_the_old_which_stays(made, may, office, actor):
    send(made, office[0])
    first = publish(made, office[1])
    with pytest.raises(IllegalTransition, match="bulletin_nothing_new"):
        bulletins.draft(period=may, actor=office[0], now=NOW)
    relock(may, office)
    assert selector.is_overtaken(read(first, office[0]))
    second = bulletins.draft(period=Period.objects.select_related("report").get(pk=may.pk), actor=office[0], now=NOW)
    assert second.edition == 2
    assert [each.edition for each in selector.of_period(year=2025, code="2025-05", actor=actor("mayor"))] == [1]
    send(second, office[0])
    done = publish(second, office[1], 7)
    old = Bulletin.objects.get(pk=first.pk)
    assert (old.state, old.superseded_by, done.snapshot_edition) == (S.SUPERSEDED, done, 2)
    assert (old.content, old.number) == (first.content, 6), "what was published reads as it did"


def refuses(match: str, *, statement) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        statement()


def test_the_database_keeps_what_was_published(made, office):
    rows = Bulletin.objects.filter(pk=made.pk)
    refuses("bulletin_takes_two|bulletin_frozen_when_sent", statement=lambda: rows.update(state=S.PUBLISHED))
    send(made, office[0])
    refuses("bulletin_is_frozen", statement=lambda: rows.update(title="别的"))
    edit = {
        "bulletin": made,
        "key": "overall",
        "text": "晚了",
        "reason": "定稿之后",
        "actor": office[0].user,
        "at": NOW,
    }
    refuses("bulletin_is_frozen", statement=lambda: BulletinEdit.objects.create(**edit))
    refuses(
        "bulletin_takes_two",
        statement=lambda: rows.update(state=S.PUBLISHED, number=1, approved_by=office[0].user, published_at=NOW),
    )
    publish(made, office[1])
    refuses("bulletin_is_published", statement=lambda: rows.update(title="别的"))
    refuses("bulletin_is_published", statement=lambda: rows.update(state=S.DRAFT, content=None))
    for statement in (
        "DELETE FROM kpi_bulletin",
        "UPDATE kpi_bulletinfile SET name = 'x'",
        "UPDATE kpi_bulletinstep SET text = 'x'",
        "DELETE FROM kpi_bulletinfile",
    ):
        with pytest.raises(Exception, match="pgtrigger"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_month_that_is_open_cannot_be_published_even_past_the_service(june, office):
    draft = bulletins.draft(period=june, actor=office[0], now=NOW)
    frozen = {"state": S.FOR_APPROVAL, "content": {}, "snapshot_edition": 1, "sent_by": office[0].user}
    refuses("bulletin_period_open", statement=lambda: Bulletin.objects.filter(pk=draft.pk).update(**frozen))
