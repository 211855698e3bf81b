"""A figure filed by another system: the whole way, what each role may do, and every refusal as a problem."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry
from kpi.models import IdempotencyKey, Review, Submission
from tests.api.conftest import System

REPORT = "/2025/submissions/2025-06/{}/"
WORDS = "本月示例工程按计划推进，累计完成示例数量。"


def content(value: str = "4.10", **more: object) -> dict[str, object]:
    return {
        "value": value,
        "narrative": WORDS,
        "outlook": "confident",
        "deviation_reasons": ["other"],
        "measures": "示例措施：加快推进。",
        "catch_up_period": "2025-09",
        **more,
    }


@pytest.fixture
def blank(db) -> str:
    """The address of a report of the agriculture department that nobody has begun, of a plain figure."""
    from kpi.models import Indicator

    begun = Submission.objects.filter(period__code="2025-06").values("indicator")
    found = Indicator.objects.of_year(2025).filter(lead_department__code="agriculture", kind="cumulative")
    return REPORT.format(found.exclude(pk__in=begun).order_by("code").values_list("code", flat=True)[0])


def test_a_figure_goes_all_the_way(system, blank):
    staff, head, office = system("nyj_staff"), system("nyj_head"), system("dcs_1")
    begun = staff.get(blank)
    assert begun.json()["state"] == "not_started" and begun["ETag"] == '"v0"'
    saved = staff.put(blank, content("999999.9"), If_Match=begun["ETag"])
    assert saved.status_code == 200 and saved.json()["state"] == "draft", saved.content.decode()
    asked = staff.post(f"{blank}submit/", If_Match=saved["ETag"])
    assert asked.status_code == 422 and asked.json()["code"].startswith("doubt_"), "the stored draft is submitted"
    filed = staff.post(f"{blank}submit/", content(), If_Match=saved["ETag"])
    assert filed.status_code == 200 and filed.json()["value"] == "4.1", filed.content.decode()
    signed = head.post(f"{blank}sign-off/", {"comment": "同意"}, If_Match=filed["ETag"])
    assert signed.status_code == 200, signed.content.decode()
    approved = office.post(f"{blank}approve/", If_Match=signed["ETag"])
    assert approved.json()["state"] == "approved"
    shown = office.get(blank.replace("submissions/2025-06", "indicators")).json()
    assert (Decimal(shown["value"]), shown["period"]) == (Decimal("4.10"), "2025-06")
    steps = office.get(f"{blank}reviews/").json()["items"]
    assert [step["verb"] for step in steps] == ["approve", "sign_off", "submit"]
    labels = (
        AuditEntry.objects.filter(action="submission.approved").order_by("-seq").values_list("actor_label", flat=True)
    )
    assert labels[0].endswith(f"[{office.text.split('_')[1]}]"), "the trail names the token"


# Who tries which step on a report that agriculture has submitted: own staff, own head, another unit's, office, leader.
PEOPLE = ("nyj_staff", "nyj_head", "wlj_staff", "dcs_1", "mayor")


@pytest.mark.parametrize(
    ("step", "codes"),
    [
        ("submit", (409, 409, 404, 404, 404)),
        ("withdraw", (200, 200, 404, 404, 404)),
        ("sign-off", (403, 200, 404, 404, 404)),
        ("return", (403, 200, 404, 404, 404)),
        ("approve", (403, 403, 404, 404, 404)),
        ("correct", (409, 409, 404, 404, 404)),
        ("lamp", (403, 403, 404, 404, 404)),
    ],
)
def test_each_role_takes_its_own_steps(system, blank, step, codes):
    """Beyond one's scopes 403 as beyond one's role; a foreign report that is not public does not exist."""
    bodies = {"return": {"reason": "示例原因说明"}, "correct": {"reason": "示例原因说明"}, "submit": content()}
    bodies["lamp"] = {"lamp": "amber", "reason": "示例理由：需要再看一看。"}
    found = []
    tag = submitted(system("nyj_staff"), blank)["ETag"]
    for person in PEOPLE:
        with undone():
            asked = system(person).post(f"{blank}{step}/", bodies.get(step, {}), If_Match=tag)
            found.append(asked.status_code)
    assert tuple(found) == with_scopes(step, codes)


def with_scopes(step: str, codes: tuple[int, ...]) -> tuple[int, ...]:
    """A token that its owner's role gives no scope for the step is told so before anything is looked up."""
    scope = {
        "submit": "file",
        "withdraw": "file",
        "correct": "file",
        "sign-off": "sign",
        "approve": "review",
        "lamp": "review",
    }
    useful = {"file": PEOPLE[:3], "sign": PEOPLE[:3], "review": ("dcs_1",)}.get(scope.get(step, ""), PEOPLE)
    return tuple(code if person in useful else 403 for person, code in zip(PEOPLE, codes, strict=True))


class undone:
    """What happens inside is taken back."""

    def __enter__(self) -> None:
        from django.db import transaction

        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, *_: object) -> None:
        from django.db import transaction

        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)


def submitted(staff: System, address: str):
    answer = staff.post(f"{address}submit/", {**content(), "sure_of": "4.10"}, If_Match='"v0"')
    assert answer.status_code == 200, answer.content.decode()
    return answer


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({}, content(), 428, "if_match_required"),
        ({"If_Match": "*"}, content(), 400, "if_match_malformed"),
        ({"If_Match": '"v7"'}, content(), 412, "stale_version"),
        ({"If_Match": '"v0"'}, "{", 400, "malformed"),
        ({"If_Match": '"v0"'}, '{"narrative": "a\\u0000b"}', 400, "text_has_control_characters"),
        ({"If_Match": '"v0"'}, '{"narrative": "\\ud800"}', 400, "malformed"),
        ({"If_Match": '"v0"'}, '{"value": NaN}', 400, "malformed"),
        ({"If_Match": '"v0"'}, '{"value": 1E3}', 422, "content_invalid"),
        ({"If_Match": '"v0"'}, {"value": "1,5"}, 422, "content_invalid"),
        ({"If_Match": '"v0"'}, {"value": "1", "state": "approved"}, 422, "content_invalid"),
        ({"If_Match": '"v0"'}, [1], 422, "content_invalid"),
        ({"If_Match": '"v0"', "Idempotency_Key": " "}, content(), 400, "idempotency_key_malformed"),
    ],
)
def test_what_cannot_be_written_is_refused(system, blank, headers, body, status, code):
    answer = system("nyj_staff").put(blank, body, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content.decode()
    assert answer["Content-Type"] == "application/problem+json"
    assert status != 422 or all(
        error["field"] and error["code"] and error["detail"] for error in answer.json()["errors"]
    )


def test_no_field_of_the_row_is_written_but_the_documents(system, blank):
    """Mass assignment: every column that is not content is refused by name."""
    foreign = {field.name for field in Submission._meta.get_fields()} - set(content())
    foreign -= {"numerator", "denominator", "covered_units", "completed_nodes", "no_progress", "is_unpublished"}
    foreign -= {"is_correction", "source_note"}
    answer = system("nyj_staff").put(blank, dict.fromkeys(foreign, "1"), If_Match='"v0"')
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == foreign
    assert {error["code"] for error in answer.json()["errors"]} == {"field_unknown"}


def test_digits_stay_as_they_were_written(system, blank):
    answer = system("nyj_staff").put(blank, '{"value": 0.1}', If_Match='"v0"')
    assert answer.status_code == 200 and answer.json()["value"] == "0.1"


def test_the_same_key_gives_the_same_answer(system, blank):
    staff = system("nyj_staff")
    first = staff.put(blank, content(), If_Match='"v0"', Idempotency_Key="k-1")
    again = staff.put(blank, content(), If_Match='"v0"', Idempotency_Key="k-1")
    assert (again.status_code, again.content, again["ETag"]) == (200, first.content, first["ETag"])
    assert again["Idempotency-Replayed"] == "true"
    other = staff.put(blank, content("5.00"), If_Match='"v0"', Idempotency_Key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Submission.objects.get(period__code="2025-06", indicator__code=blank[-4:-1]).version == 1


def test_a_refusal_leaves_no_key(system, blank):
    """Nothing happened, so that the same key may be tried again when what stood in the way is gone."""
    staff = system("nyj_staff")
    assert staff.put(blank, content(), If_Match='"v7"', Idempotency_Key="k-1").status_code == 412
    assert not IdempotencyKey.objects.exists()
    assert staff.put(blank, content(), If_Match='"v0"', Idempotency_Key="k-1").status_code == 200


def test_evidence_is_attached_fetched_and_taken_off(system, blank):
    staff = system("nyj_staff")

    def attach(**headers: str):
        file = SimpleUploadedFile("示例.txt", "示例佐证材料".encode(), "text/plain")
        sent = {"authorization": f"Bearer {staff.text}", **headers}
        return staff.client.post(f"/api/v1{blank}evidence/", {"file": file}, headers=sent)

    first, again = attach(**{"idempotency-key": "e-1"}), attach(**{"idempotency-key": "e-1"})
    assert first.status_code == 201 and first.content == again.content, first.content.decode()
    assert attach().json()["code"] == "evidence_duplicate"
    one = f"{blank}evidence/{first.json()['id']}/"
    assert b"".join(staff.get(one).streaming_content) == "示例佐证材料".encode()
    assert AuditEntry.objects.filter(action="evidence.read").exists()
    assert system("wlj_staff").get(one).status_code == 404
    assert staff.call("DELETE", one).status_code == 204
    assert staff.get(f"{blank}evidence/").json()["items"] == []


def test_a_draft_is_thrown_away(system, blank):
    staff = system("nyj_staff")
    tag = staff.put(blank, content(), If_Match='"v0"')["ETag"]
    assert staff.call("DELETE", blank, If_Match=tag).status_code == 204
    assert staff.get(blank).json()["state"] == "not_started"


def test_steps_are_the_ones_of_the_services(system, blank):
    """What is said of a step is what the record of it holds."""
    staff = system("nyj_staff")
    tag = submitted(staff, blank)["ETag"]
    answer = system("nyj_head").post(f"{blank}return/", {"reason": "示例：口径不一致"}, If_Match=tag)
    assert answer.json()["state"] == "returned"
    assert Review.objects.latest("pk").comment == "示例：口径不一致"
