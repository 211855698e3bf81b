"""Co-signing: who is asked, what blocks approval, when it is asked anew, who may read, and races."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEntry, Department, User
from accounts.permissions import Actor, actor_for
from kpi.domain.cosigning import Stance
from kpi.domain.errors import DomainError, NotPermitted, PeriodClosed, StaleVersion
from kpi.domain.values import Rag, SubmissionState
from kpi.models import CoSignature, Indicator, Period, Submission
from kpi.models.reviews import OnRecordQuerySet
from kpi.selectors import cosigning as asked
from kpi.services import cosigning, periods, submissions
from kpi.services.batches import OneByOne, sign_off_batch, why_one_by_one
from kpi.services.content import ContentInvalid
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.races import in_parallel

GREEN = {"value": "3.10", "narrative": FARMLAND["narrative"], "outlook": "confident"}
UNITS = ("finance", "natural_resources")


def person(username: str) -> Actor:
    return actor_for(User.objects.get(username=username), NOW.date())


def unit(code: str) -> Department:
    return Department.objects.get(code=code)


def asking() -> None:
    """A06 asks two supporting units, both with people of their own."""
    farmland = Indicator.objects.get(code="A06")
    farmland.supporting_departments.set(Department.objects.filter(code__in=UNITS))
    Indicator.objects.filter(pk=farmland.pk).update(needs_cosign=True)


@pytest.fixture
def cosigned_indicator(db) -> None:
    asking()


def file(version: int = 0, raw: dict[str, object] = GREEN) -> Submission:
    june = Period.objects.select_related("report").get(code="2025-06")
    return submissions.submit(
        indicator=indicator("A06"),
        period=june,
        content=read("A06", raw),
        version=version,
        actor=person("nyj_staff"),
        now=NOW,
    )


def say(found: Submission, code: str, stance: Stance = Stance.CONFIRMED, *, who: str, comment: str = "", filing=None):
    return cosigning.cosign(
        submission=found,
        department=unit(code),
        filing=asked.filing_of(found) if filing is None else filing,
        stance=stance,
        comment=comment,
        actor=person(who),
        now=NOW,
    )


def sign(found: Submission) -> Submission:
    return submissions.sign_off(submission=found, version=found.version, actor=person("nyj_head"), now=NOW)


def approve(found: Submission) -> Submission:
    return submissions.approve(submission=found, version=found.version, actor=person("dcs_1"), now=NOW)


def test_approval_waits_for_every_unit_and_names_who_is_missing(cosigned_indicator):
    found = file()
    say(found, "finance", who="czj_staff")
    signed = sign(found)
    with pytest.raises(DomainError) as refused:
        approve(signed)
    assert (refused.value.code, refused.value.params) == ("cosign_missing", {"units": "市自然资源局"})
    say(signed, "natural_resources", who="zrj_head")  # after the signature is as good as before it
    assert approve(signed).state == SubmissionState.APPROVED


def test_without_the_gate_it_would_be_approved(cosigned_indicator, monkeypatch):
    """Negative control of the test above."""
    signed = sign(file())
    monkeypatch.setattr(submissions, "_require_cosigned", lambda submission: None)
    assert approve(signed).state == SubmissionState.APPROVED


def test_an_objection_blocks_until_the_same_unit_confirms(cosigned_indicator):
    found = sign(file())
    say(found, "finance", who="czj_staff")
    say(found, "natural_resources", Stance.OBJECTED, who="zrj_staff", comment="面积口径与国土变更调查不一致")
    told = Notice.objects.filter(kind="cosign.objected")
    people = {notice.recipient.username for notice in told}
    assert people == {"nyj_staff", "nyj_head", "dcs_1", "dcs_2"}
    assert told[0].body == "市自然资源局：面积口径与国土变更调查不一致"
    with pytest.raises(DomainError) as refused:
        approve(found)
    assert (refused.value.code, refused.value.params) == ("cosign_objected", {"units": "市自然资源局"})
    say(found, "natural_resources", who="zrj_head")
    assert not Notice.objects.filter(kind="cosign.objected", state="open").exists()
    assert approve(found).state == SubmissionState.APPROVED
    assert CoSignature.objects.filter(submission=found).count() == 3, "every statement stays on record"


def test_a_return_and_a_new_figure_ask_anew(cosigned_indicator):
    found = file()
    say(found, "finance", who="czj_staff")
    back = submissions.return_for_revision(
        submission=found, version=found.version, actor=person("nyj_head"), now=NOW, reason="请核对验收面积"
    )
    assert not Notice.objects.filter(kind="cosign.asked", state="open").exists()
    again = file(back.version)
    assert [found.code for found in asked.of_submission(again).missing] == ["finance", "natural_resources"]
    say(again, "finance", who="czj_staff")
    withdrawn = submissions.withdraw(submission=again, version=again.version, actor=person("nyj_staff"), now=NOW)
    assert not Notice.objects.filter(kind="cosign.asked", state="open").exists()
    third = file(withdrawn.version, GREEN | {"value": "3.20"})
    assert len(asked.of_submission(third).missing) == 2
    assert Notice.objects.filter(kind="cosign.asked", state="open").count() == 4


def test_units_are_told_once_and_not_any_more_when_they_have_spoken(cosigned_indicator):
    found = file()
    told = Notice.objects.filter(kind="cosign.asked", state="open")
    assert {notice.recipient.username for notice in told} == {"czj_staff", "czj_head", "zrj_staff", "zrj_head"}
    assert {notice.url for notice in told} == {f"/2025/cosign/{found.pk}/"}
    say(found, "finance", who="czj_head")
    assert {notice.recipient.username for notice in told.all()} == {"zrj_staff", "zrj_head"}
    entry = AuditEntry.objects.get(action="cosignature.confirmed")
    assert (entry.after["unit"], entry.department_code) == ("finance", "finance")


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("nyj_staff", "finance"),  # the lead does not speak for the others
        ("nyj_staff", "agriculture"),  # nor is it asked itself
        ("gxj_staff", "industry"),  # a unit that is not asked
        ("czj_staff", "natural_resources"),  # another unit's part
        ("dcs_1", "finance"),
        ("mayor", "finance"),
        ("auditadmin", "finance"),
    ],
)
def test_nobody_speaks_for_another_unit(cosigned_indicator, who, code):
    found = file()
    with pytest.raises(NotPermitted):
        say(found, code, who=who)
    assert not CoSignature.objects.filter(submission=found).exists()


def test_each_refusal(cosigned_indicator):
    found = file()
    with pytest.raises(ContentInvalid):
        say(found, "finance", Stance.OBJECTED, who="czj_staff", comment=" 不对 ")
    with pytest.raises(ContentInvalid):
        say(found, "finance", Stance.OBJECTED, who="czj_staff", comment="长" * 501)
    with pytest.raises(StaleVersion):
        say(found, "finance", who="czj_staff", filing=99)
    say(found, "finance", who="czj_staff")
    with pytest.raises(DomainError, match="cosign_done"):
        say(found, "finance", who="czj_head")
    with pytest.raises(IntegrityError, match="objection_says_why"), transaction.atomic():
        CoSignature.objects.create(
            submission=found,
            department=unit("finance"),
            version=found.version,
            cycle=1,
            stance=Stance.OBJECTED,
            actor=person("czj_staff").user,
            at=NOW,
        )


def test_a_statement_is_never_rewritten(cosigned_indicator):
    row = say(file(), "finance", who="czj_staff")
    for change in (lambda rows: rows.update(comment="改"), lambda rows: rows.delete()):
        with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
            change(CoSignature.objects.filter(pk=row.pk))


def test_an_indicator_that_asks_nobody_is_approved_as_ever(db):
    assert approve(sign(file())).state == SubmissionState.APPROVED
    assert not Notice.objects.filter(kind="cosign.asked").exists()


def test_a_unit_that_was_closed_is_not_waited_for(cosigned_indicator):
    Department.objects.filter(code="natural_resources").update(is_active=False)
    found = sign(file())
    say(found, "finance", who="czj_staff")
    assert approve(found).state == SubmissionState.APPROVED


def test_a_supporting_unit_reads_what_it_is_asked_and_nothing_else(cosigned_indicator):
    june = Period.objects.get(code="2025-06")
    staff = person("czj_staff")
    visible = Submission.objects.visible_to(staff).filter(indicator__code="A06", period=june)
    draft = submissions.save_draft(
        indicator=indicator("A06"),
        period=june,
        content=read("A06", GREEN),
        version=0,
        actor=person("nyj_staff"),
        now=NOW,
    )
    assert not visible.exists(), "a draft is nobody else's"
    found = file(draft.version)
    assert visible.get() == found
    assert not Submission.objects.visible_to(person("gxj_staff")).filter(pk=found.pk).exists()
    others = Submission.objects.visible_to(staff).exclude(indicator__lead_department__code="finance")
    unapproved = others.exclude(state="approved").exclude(pk=found.pk)
    assert list(unapproved.values_list("indicator__needs_cosign", flat=True)) == []
    submissions.return_for_revision(
        submission=found, version=found.version, actor=person("nyj_head"), now=NOW, reason="请核对验收面积"
    )
    assert not visible.exists(), "what was returned is a draft again"


def test_the_to_do_of_a_unit_lists_what_it_has_not_confirmed(cosigned_indicator, django_assert_num_queries):
    found = file()
    staff = person("czj_staff")
    with django_assert_num_queries(1):
        (ask,) = asked.awaiting(actor=staff, year=2025, now=NOW)
    assert (ask.submission, ask.unit_name, ask.has_objected) == (found, "市财政局", False)
    say(found, "finance", Stance.OBJECTED, who="czj_staff", comment="资金口径需再核对")
    assert asked.awaiting(actor=person("czj_staff"), year=2025, now=NOW)[0].has_objected
    say(found, "finance", who="czj_staff")
    assert asked.awaiting(actor=person("czj_staff"), year=2025, now=NOW) == []
    assert asked.awaiting(actor=person("nyj_staff"), year=2025, now=NOW) == []


def test_what_waits_for_other_units_is_not_signed_in_a_batch(cosigned_indicator):
    found = file()
    head = person("nyj_head")
    assert why_one_by_one(found, Rag.GREEN, head, asked.of_submission(found)) is OneByOne.COSIGN
    with pytest.raises(DomainError, match="not_for_batch"):
        sign_off_batch(chosen={found.pk: found.version}, actor=head, now=NOW)
    say(found, "finance", who="czj_staff")
    say(found, "natural_resources", who="zrj_staff")
    assert sign_off_batch(chosen={found.pk: found.version}, actor=head, now=NOW) == 1


# Races
def test_the_last_cosignature_and_a_return_at_once(committed_db):
    """Either it came before and is void, or it came after and was refused: the returned report has none."""
    asking()
    found = file()
    say(found, "finance", who="czj_staff")
    filing, staff, head = asked.filing_of(found), person("zrj_staff"), person("nyj_head")
    returned, said = in_parallel(
        lambda: submissions.return_for_revision(
            submission=found, version=found.version, actor=head, now=NOW, reason="请核对验收面积"
        ),
        lambda: cosigning.cosign(
            submission=found,
            department=unit("natural_resources"),
            filing=filing,
            stance=Stance.CONFIRMED,
            comment="",
            actor=staff,
            now=NOW,
        ),
    )
    assert isinstance(returned, Submission), returned
    assert isinstance(said, CoSignature | StaleVersion), said
    again = file(returned.version)
    assert len(asked.of_submission(again).missing) == 2


def test_if_old_statements_counted_the_new_figure_would_pass(committed_db, monkeypatch):
    """Negative control: what keeps them apart is the filing they were made about."""
    asking()
    found = file()
    for code, who in (("finance", "czj_staff"), ("natural_resources", "zrj_staff")):
        say(found, code, who=who)
    back = submissions.return_for_revision(
        submission=found, version=found.version, actor=person("nyj_head"), now=NOW, reason="请核对验收面积"
    )
    again = file(back.version)
    assert not asked.of_submission(again).is_complete
    monkeypatch.setattr(OnRecordQuerySet, "about_present_filing", lambda rows: rows.all())
    assert asked.of_submission(again).is_complete


def test_the_last_cosignature_and_the_approval_at_once(committed_db):
    """Approved only if the statement was there; nothing in between."""
    asking()
    found = sign(file())
    say(found, "finance", who="czj_staff")
    filing, staff, office = asked.filing_of(found), person("zrj_staff"), person("dcs_1")
    said, outcome = in_parallel(
        lambda: cosigning.cosign(
            submission=found,
            department=unit("natural_resources"),
            filing=filing,
            stance=Stance.OBJECTED,
            comment="面积口径不一致",
            actor=staff,
            now=NOW,
        ),
        lambda: submissions.approve(submission=found, version=found.version, actor=office, now=NOW),
    )
    assert isinstance(said, CoSignature), said
    assert isinstance(outcome, DomainError) and outcome.code in ("cosign_missing", "cosign_objected"), outcome


def test_a_locked_month_takes_no_statement(cosigned_indicator):
    found = file()
    june = Period.objects.select_related("report").get(code="2025-06")
    after = june.grace_ends_at + timedelta(hours=1)
    periods.lock_period(period=june, typed_code="2025-06", actor=person("dcs_1"), now=after)
    with pytest.raises(PeriodClosed):
        say(found, "finance", who="czj_staff")  # its period was read before the lock: the trigger refuses
