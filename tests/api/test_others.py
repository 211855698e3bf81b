"""Directives, notices and exports by other systems: the same steps as at the pages."""

from __future__ import annotations

import pytest

from kpi.models import Directive, ExportJob
from notifications.models import Notice

WISH = {"indicator": "A06", "kind": "instruct", "text": "示例：请加快推进", "due_on": "2025-07-20"}


def test_a_directive_goes_from_issue_to_close(system):
    leader, unit = system("mayor"), system("nyj_staff")
    issued = leader.post("/2025/directives/", WISH)
    assert issued.status_code == 201 and issued["ETag"] == '"v1"', issued.content.decode()
    one, tag = f"/2025/directives/{issued.json()['id']}/", issued["ETag"]
    assert system("gxj_staff").get(one).status_code == 404
    for asked, step, text in ((unit, "receive", ""), (unit, "reply", "示例：已办理完成"), (leader, "close", "")):
        stale = asked.post(f"{one}steps/", {"step": step, "text": text}, If_Match='"v9"')
        assert (stale.status_code, stale.json()["code"], stale.json()["current_etag"]) == (412, "directive_stale", tag)
        moved = asked.post(f"{one}steps/", {"step": step, "text": text}, If_Match=tag)
        assert moved.status_code == 200 and moved["ETag"] != tag, moved.content.decode()
        tag = moved["ETag"]
    assert [entry["verb"] for entry in moved.json()["entries"]] == ["issue", "receive", "reply", "close"]
    assert unit.post(f"{one}steps/", {"step": "reply", "text": "示例：再答一次"}, If_Match=tag).status_code == 409


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"department": "nowhere"}, 422, "department"),
        ({"copies": ["nowhere"]}, 422, "copies"),
        ({"text": ""}, 422, "text"),
        ({"due_on": "2025-02-30"}, 422, "due_on"),
        ({"due_on": "2020-01-01"}, 422, "day"),
        ({"indicator": "A99"}, 404, ""),
    ],
)
def test_what_a_directive_lacks_is_said_by_field(system, more, status, field):
    before = Directive.objects.count()
    answer = system("mayor").post("/2025/directives/", WISH | more)
    assert answer.status_code == status and Directive.objects.count() == before
    assert not field or field in {error["field"] for error in answer.json()["errors"]}


def test_notices_are_ones_own(system):
    assert system("mayor").post("/2025/directives/", WISH).status_code == 201
    asked = system("nyj_staff")
    first = asked.get("/notices/?tab=action").json()["items"][0]
    one = f"/notices/{first['id']}/"
    assert asked.post(one, {"act": "archive"}).json()["archived_at"]
    assert asked.post(one, {"act": "restore"}).json()["archived_at"] is None
    assert system("wlj_staff").post(one, {"act": "read"}).status_code == 404
    assert Notice.objects.get(pk=first["id"]).read_at


def test_an_export_is_asked_for_looked_at_and_cancelled(system):
    asked = system("nyj_staff")
    queued = asked.post("/2025/exports/", {"kind": "ledger", "period": "2025-06", "departments": ["agriculture"]})
    assert queued.status_code == 202 and queued.json()["state"] == "queued", queued.content.decode()
    one = f"/2025/exports/{queued.json()['id']}/"
    assert asked.get(f"{one}file/", Idempotency_Key="k").json()["code"] == "export_moved", "it is not made yet"
    assert system("nyj_head").get(one).status_code == 404, "it is another's"
    assert asked.post(one, {"act": "cancel"}).json()["state"] == "cancelled"
    foreign = asked.post("/2025/exports/", {"kind": "ledger", "period": "2025-06", "departments": ["tourism"]})
    assert foreign.status_code == 403 and ExportJob.objects.filter(departments=["tourism"]).count() == 0


def test_scores_and_bulletins_are_scoped(system):
    unit, leader = system("nyj_staff"), system("mayor")
    mine = unit.get("/2025/scores/2025-05/").json()["items"]
    assert {sheet["department"] for sheet in mine} == {"agriculture"}
    assert len(leader.get("/2025/scores/2025-05/").json()["items"]) > 10
    assert unit.get("/2025/scores/2025-06/").status_code == 404
    assert {each["state"] for each in unit.get("/2025/bulletins/").json()["items"]} <= {"published", "superseded"}
