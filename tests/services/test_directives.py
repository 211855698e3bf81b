"""Directives: each step with its audit entry and its notices, every refusal, what the database keeps, and races."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry, Department, Post, User
from accounts.permissions import Actor, actor_for
from kpi.domain.directives import DirectiveKind, DirectiveState, DirectiveVerb, Party
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.models import Directive, DirectiveEntry, Indicator
from kpi.selectors import directives as selector
from kpi.services import directives
from kpi.services.content import ContentInvalid
from kpi.services.directives import Wish
from notifications.models import Notice
from tests.conftest import NOW
from tests.domain.tables import rows
from tests.races import in_parallel

TEXT = "请查明原因，提出追赶措施和时间表"
DUE = date(2025, 7, 11)
V, S = DirectiveVerb, DirectiveState


def person(name: str) -> Actor:
    return actor_for(User.objects.get(username=name), NOW.date())


def unit(code: str) -> Department:
    return Department.objects.get(code=code)


def farmland() -> Indicator:
    return Indicator.objects.select_related("report", "lead_department").get(code="A06")


def send(who: str = "vm_agri", *, key: UUID | None = None, copies=(), **wish) -> Directive:
    department = unit(wish.pop("department", "agriculture"))
    asked = {"kind": DirectiveKind.INSTRUCT, "text": TEXT} | wish
    return directives.issue(
        indicator=farmland(),
        wish=Wish(department=department, copies=[unit(code) for code in copies], **asked),
        form_key=key or uuid4(),
        actor=person(who),
        now=NOW,
    )


STEPS = {
    V.CORRECT: lambda **step: directives.correct(text="请一周内报结果", due_on=None, **step),
    V.WITHDRAW: directives.withdraw,
    V.RECEIVE: directives.receive,
    V.TAKE_IN_HAND: directives.take_in_hand,
    V.REPLY: lambda **step: directives.reply(text="已与区县对账，七月中旬补齐", **step),
    V.BEGIN_REVIEW: directives.begin_review,
    V.SEND_BACK: lambda **step: directives.send_back(reason="措施没有时间表", due_on=None, **step),
    V.CLOSE: directives.close,
    V.CLARIFY: lambda **step: directives.clarify(text="重点是永定区", **step),
    V.ASK_EXTENSION: lambda **step: directives.ask_extension(
        until=DUE + timedelta(days=7), reason="验收需要三天", **step
    ),
    V.GRANT_EXTENSION: lambda **step: directives.answer_extension(until=DUE + timedelta(days=7), **step),
    V.REFUSE_EXTENSION: lambda **step: directives.answer_extension(until=None, answer="请按原期限办", **step),
}


def step(found: Directive, verb: DirectiveVerb, who: str, *, now=NOW, version: int | None = None) -> Directive:
    at = found.version if version is None else version
    return STEPS[verb](directive=found, version=at, actor=person(who), now=now)


# One way into each state.
WAYS = {
    S.ISSUED: (),
    S.RECEIVED: ((V.RECEIVE, "nyj_staff"),),
    S.IN_HAND: ((V.RECEIVE, "nyj_staff"), (V.TAKE_IN_HAND, "nyj_head")),
    S.REPLIED: ((V.RECEIVE, "nyj_staff"), (V.REPLY, "nyj_staff")),
    S.IN_REVIEW: ((V.RECEIVE, "nyj_staff"), (V.REPLY, "nyj_staff"), (V.BEGIN_REVIEW, "dcs_1")),
    S.CLOSED: ((V.RECEIVE, "nyj_staff"), (V.REPLY, "nyj_staff"), (V.CLOSE, "dcs_2")),
    S.WITHDRAWN: ((V.WITHDRAW, "vm_agri"),),
}


def walk(state: DirectiveState, found: Directive | None = None) -> Directive:
    found = found or send(copies=["finance"])
    for verb, who in WAYS[state]:
        found = step(found, verb, who)
    return found


def told(kind: str) -> set[str]:
    return set(Notice.objects.filter(kind=kind, state="open").values_list("recipient__username", flat=True))


def test_an_instruction_reaches_unit_and_copies_with_a_day(db):
    found = send(copies=["finance", "agriculture"])
    assert (found.state, found.due_on, found.version, found.is_on_behalf) == ("issued", DUE, 1, False)
    assert found.post.code == "vice_mayor_agriculture"
    assert told("directive.issued") == {"nyj_staff", "nyj_head"}
    assert told("directive.copied") == {"czj_staff", "czj_head"}, "the unit itself is not copied"
    notice = Notice.objects.filter(kind="directive.issued").first()
    assert notice.url == f"/2025/directives/{found.pk}/" and notice.body == TEXT and "7月11日前反馈" in notice.title
    entry = AuditEntry.objects.get(action="directive.issued")
    assert (entry.after["text"], entry.department_code, entry.actor.username) == (TEXT, "agriculture", "vm_agri")


def test_the_office_writes_for_a_leader_and_it_shows(db):
    with pytest.raises(ContentInvalid):
        send("dcs_1")
    post = Post.objects.get(code="mayor")
    found = send("dcs_1", post=post)
    assert (found.post, found.is_on_behalf, found.issued_by.username) == (post, True, "dcs_1")
    assert told("directive.sent_for") == {"mayor"}
    assert step(found, V.CORRECT, "dcs_2").version == 2, "what the office wrote the office may put right"


def test_from_issue_to_close_with_one_return(db):
    found = walk(S.IN_HAND)
    assert told("directive.issued") == set(), "received: it need not be asked for any more"
    assert told("directive.received") == told("directive.taken_in_hand") == {"vm_agri"}
    found = step(found, V.REPLY, "nyj_staff")
    assert told("directive.replied") == {"vm_agri", "dcs_1", "dcs_2"}
    found = step(found, V.SEND_BACK, "dcs_1")
    assert (found.state, told("directive.replied"), told("directive.sent_back")) == (
        "in_hand", set(), {"nyj_staff", "nyj_head"},
    )  # fmt: skip
    found = step(step(found, V.REPLY, "nyj_head"), V.CLOSE, "vm_agri")
    assert found.state == "closed" and told("directive.closed") == {"nyj_staff", "nyj_head"}
    verbs = list(found.entries.values_list("verb", flat=True))
    assert verbs == ["issue", "receive", "take_in_hand", "reply", "send_back", "reply", "close"]
    actions = set(AuditEntry.objects.filter(object_id=found.pk, object_type="kpi.directive").values_list("action"))
    assert len(actions) == 6


def test_more_time_asked_for_in_time_moves_the_day(db):
    found = step(walk(S.RECEIVED), V.ASK_EXTENSION, "nyj_staff")
    assert told("directive.extension_asked") == {"vm_agri", "dcs_1", "dcs_2"}
    with pytest.raises(DomainError, match="directive_extension_waits"):
        step(found, V.ASK_EXTENSION, "nyj_head")
    late = NOW + timedelta(days=12)
    found = step(found, V.GRANT_EXTENSION, "dcs_1", now=late)
    assert found.due_on == DUE + timedelta(days=7), "asked in time, whenever it is granted"
    assert told("directive.extension_granted") == {"nyj_staff", "nyj_head"}
    assert told("directive.extension_asked") == set()


def test_more_time_asked_for_too_late_does_not_undo_overdue(db):
    late = NOW + timedelta(days=10)
    found = step(walk(S.RECEIVED), V.ASK_EXTENSION, "nyj_staff", now=late)
    assert selector.for_indicator(found.indicator, person("mayor"), late)[0].asked.is_late
    found = step(found, V.GRANT_EXTENSION, "vm_agri", now=late)
    assert found.due_on == DUE
    assert found.entries.last().day == DUE + timedelta(days=7), "what was agreed stays on record"


def test_a_refusal_of_more_time_says_why(db):
    found = step(walk(S.RECEIVED), V.ASK_EXTENSION, "nyj_staff")
    with pytest.raises(ContentInvalid):
        directives.answer_extension(
            directive=found, version=found.version, until=None, answer="不行", actor=person("dcs_1"), now=NOW
        )
    assert step(found, V.REFUSE_EXTENSION, "dcs_1").due_on == DUE
    assert told("directive.extension_refused") == {"nyj_staff", "nyj_head"}


def test_a_reply_makes_a_request_for_more_time_void(db):
    found = step(step(walk(S.RECEIVED), V.ASK_EXTENSION, "nyj_staff"), V.REPLY, "nyj_staff")
    found = step(found, V.SEND_BACK, "dcs_1")
    with pytest.raises(DomainError, match="directive_nothing_asked"):
        step(found, V.GRANT_EXTENSION, "dcs_1")
    assert selector.for_indicator(found.indicator, person("mayor"), NOW)[0].asked is None


BAD = [
    ("text_is_missing", {"text": " "}, "directive_words_required"),
    ("text_is_too_long", {"text": "长" * 2001}, "text_too_long"),
    ("text_has_a_nul", {"text": "请\x00办"}, "text_has_control_characters"),
    ("day_is_over", {"due_on": date(2025, 7, 1)}, "due_in_past"),
    ("year_is_a_slip", {"due_on": date(2052, 7, 1)}, "due_too_far"),
    ("nobody_answers_there", {"department": "tobacco"}, "unit_has_nobody"),
]


@pytest.mark.parametrize(("wish", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_form_that_lacks_something_sends_nothing(db, wish, code):
    with pytest.raises(ContentInvalid) as refused:
        send(**wish)
    assert [error.code for error in refused.value.errors] == [code]
    assert not Directive.objects.filter(indicator=farmland(), issued_at=NOW).exists()


@pytest.mark.parametrize("who", ["nyj_staff", "nyj_head", "gxj_head", "sysadmin", "auditadmin"])
def test_only_leaders_and_the_office_issue(db, who):
    with pytest.raises(NotPermitted):
        send(who)


def test_a_leader_does_not_sign_as_another(db):
    with pytest.raises(NotPermitted):
        send("vm_agri", post=Post.objects.get(code="mayor"))


def test_a_step_from_an_old_page_is_told_the_version_in_force(db):
    found = walk(S.RECEIVED)
    with pytest.raises(StaleVersion) as refused:
        step(found, V.REPLY, "nyj_staff", version=1)
    assert refused.value.params == {"given": 1, "current": 2}


def test_nothing_remains_of_a_step_that_is_rolled_back(db):
    found, audited, notices = send(), AuditEntry.objects.count(), Notice.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        step(found, V.RECEIVE, "nyj_staff")
        raise RuntimeError
    found.refresh_from_db()
    assert (found.state, found.entries.count()) == ("issued", 1)
    assert (AuditEntry.objects.count(), Notice.objects.count()) == (audited, notices)
    assert told("directive.issued") == {"nyj_staff", "nyj_head"}


# What the database keeps whatever writes
def test_words_can_be_put_right_until_they_are_received(db):
    found = step(send(), V.CORRECT, "vm_agri")
    assert (found.text, found.entries.first().text) == ("请一周内报结果", TEXT), "the thread keeps both"
    received = step(found, V.RECEIVE, "nyj_staff")
    with pytest.raises(IntegrityError, match="directive_words_stand"), transaction.atomic():
        Directive.objects.filter(pk=received.pk).update(text="改了")
    added = step(received, V.CLARIFY, "vm_agri")
    assert (added.text, added.entries.last().text) == ("请一周内报结果", "重点是永定区")


@pytest.mark.parametrize(
    ("state", "change"),
    [
        (S.ISSUED, {"department_id": 1}),
        (S.ISSUED, {"is_on_behalf": True}),
        (S.ISSUED, {"text": "改了", "state": "received"}),
        (S.CLOSED, {"state": "in_hand"}),
        (S.WITHDRAWN, {"state": "issued"}),
    ],
)
def test_what_was_said_to_whom_stands_in_the_database(db, state, change):
    found = walk(state)
    with pytest.raises(IntegrityError, match=r"directive_(words_stand|is_over)"), transaction.atomic():
        Directive.objects.filter(pk=found.pk).update(**change)


def test_threads_are_never_rewritten(db):
    found = walk(S.RECEIVED)
    changes = (
        lambda: found.entries.update(text="改"),
        lambda: found.entries.all().delete(),
        lambda: found.copies.all().delete(),
        lambda: Directive.objects.filter(pk=found.pk)._raw_delete("default"),
    )
    for change in changes:
        with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="directive_words_stand"), transaction.atomic():
        found.copies.create(department=unit("industry"))
    with pytest.raises(IntegrityError, match="directive_entry_has_words"), transaction.atomic():
        DirectiveEntry.objects.create(
            directive=found, version=99, verb="reply", from_state="received", to_state="replied", due_on=DUE,
            actor=person("nyj_staff").user, at=NOW,
        )  # fmt: skip


# Everybody tries everything
PARTIES = {
    "vm_agri": {Party.ISSUER},
    "mayor": set(),
    "dcs_1": {Party.OFFICE},
    "nyj_staff": {Party.UNIT},
    "nyj_head": {Party.UNIT},
    "czj_staff": {Party.COPIED},
    "gxj_staff": set(),
    "sysadmin": set(),
    "auditadmin": set(),
}
# Read from the tables people are shown, not from the code that is examined.
HOLDERS = {
    row["verb"]: {party for party in Party if row[party] == "yes"}
    for row in (case.values[0] for case in rows("directives_rights"))
}
TABLE = {(row["state"], row["verb"]): row["新状态"] for row in (case.values[0] for case in rows("directives"))}


@pytest.mark.parametrize("state", list(S))
def test_everybody_tries_every_step_in_every_state(db, state):
    found = walk(state)
    for who, roles in PARTIES.items():
        for verb in STEPS:
            assert tried(found, verb, who) == foreseen(state, verb, roles), (who, verb)


def tried(found: Directive, verb: DirectiveVerb, who: str) -> object:
    """The new state, or the kind of refusal; undone either way."""
    try:
        with transaction.atomic():
            outcome = step(found, verb, who).state
            transaction.set_rollback(True)
    except DomainError as problem:
        return type(problem)
    return str(outcome)


def foreseen(state: DirectiveState, verb: DirectiveVerb, roles: set[Party]) -> object:
    if not HOLDERS[verb] & roles:
        return NotPermitted
    after = TABLE[state, verb]
    if after and verb in (V.GRANT_EXTENSION, V.REFUSE_EXTENSION):
        return DomainError  # nobody has asked
    return after or IllegalTransition


def test_the_exploration_notices_a_right_too_many(db, monkeypatch):
    """Negative control: were a copied unit allowed to answer, the same exploration says so."""
    monkeypatch.setitem(directives.rules.RIGHTS, V.REPLY, frozenset({Party.UNIT, Party.COPIED}))
    found = walk(S.RECEIVED)
    assert tried(found, V.REPLY, "czj_staff") != foreseen(S.RECEIVED, V.REPLY, PARTIES["czj_staff"])


# Races, on two connections
def test_a_double_tap_sends_once(committed_db):
    key = uuid4()
    first, second = in_parallel(lambda: send(key=key), lambda: send(key=key))
    assert isinstance(first, Directive) and first == second
    assert Directive.objects.filter(form_key=key).count() == 1
    assert DirectiveEntry.objects.filter(directive=first).count() == 1
    assert Notice.objects.filter(kind="directive.issued", url=f"/2025/directives/{first.pk}/").count() == 2
    with pytest.raises(DomainError, match="directive_sent_already"):
        send(key=key, text="另一件事，请办")


def test_without_the_key_a_double_tap_sends_twice(committed_db):
    """Negative control: what makes one of two is the unique key."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_directive DROP CONSTRAINT directive_once_per_form")
    key = uuid4()
    in_parallel(lambda: send(key=key), lambda: send(key=key))
    assert Directive.objects.filter(form_key=key).count() == 2


def test_two_who_answer_at_once_one_is_told(committed_db):
    found = walk(S.RECEIVED)
    outcomes = in_parallel(lambda: step(found, V.REPLY, "nyj_staff"), lambda: step(found, V.REPLY, "nyj_head"))
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["Directive", "StaleVersion"], outcomes
    assert found.entries.filter(verb="reply").count() == 1


# As it stood
def test_a_past_moment_knows_nothing_of_what_came_later(db, django_assert_num_queries):
    found = step(send(), V.CORRECT, "vm_agri", now=NOW + timedelta(hours=1))
    found = step(found, V.RECEIVE, "nyj_staff", now=NOW + timedelta(days=1))
    leader, stranger = person("mayor"), person("gxj_staff")
    with django_assert_num_queries(1):
        then = selector.for_indicator(found.indicator, leader, NOW)
    assert (then[0].state, then[0].text, then[0].version) == (S.ISSUED, TEXT, 1)
    after = NOW + timedelta(days=11)
    with django_assert_num_queries(1):
        late = selector.overdue_by_indicator(year=2025, now=after, actor=leader)[found.indicator_id]
    assert [(each.id, each.days_overdue) for each in late if each.id == found.pk] == [(found.pk, 2)]
    assert found.indicator_id not in selector.open_by_indicator(year=2025, now=NOW - timedelta(days=1), actor=leader)
    assert found.indicator_id not in selector.open_by_indicator(year=2025, now=after, actor=stranger)
    board = Indicator.objects.with_directives(leader, after).get(pk=found.indicator_id)
    assert selector.of_row(board, after) == selector.for_indicator(found.indicator, leader, after)


@pytest.mark.parametrize(
    ("who", "sees"),
    [("mayor", 1), ("dcs_2", 1), ("nyj_head", 1), ("czj_staff", 1), ("gxj_staff", 0), ("sysadmin", 0)],
)
def test_units_read_what_concerns_them_and_nothing_else(db, who, sees):
    found = send(copies=["finance"])
    assert Directive.objects.visible_to(person(who)).filter(pk=found.pk).count() == sees
    thread = selector.thread(actor=person(who), year=2025, pk=found.pk, now=NOW)
    assert (thread is not None) is bool(sees)
    if who == "czj_staff":
        assert thread.verbs == frozenset()
