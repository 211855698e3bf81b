"""What the office, heads and units do at pages, done by other systems: each act once, by whom it is for, and the next
one's version. The acts' own rules are tested with their services."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kpi.models import Indicator, TargetChange
from kpi.services.samples import sample_pdf
from notifications.models import Notice
from tests.api.conftest import System
from tests.target_changes import WORDS

WHY = "示例：数据核实有误，需要更正"
MAY, JUNE = "/2025/periods/2025-05/", "/2025/periods/2025-06/"


def done(answer, status: int = 200):
    assert answer.status_code == status, answer.content.decode()
    return answer


def test_two_persons_reopen_a_month_and_it_is_locked_again(system):
    one, two, unit = system("dcs_1"), system("dcs_2"), system("nyj_staff")
    assert unit.post(f"{MAY}unlocks/", {"reason": WHY}).status_code == 403
    asked = done(one.post(f"{MAY}unlocks/", {"reason": WHY}), 201).json()
    mine = one.post(f"{MAY}unlocks/{asked['id']}/", {"act": "confirm", "confirm": "2025-05"})
    assert (mine.status_code, mine.json()["code"]) == (403, "unlock_takes_two"), "another token of the same person"
    done(two.post(f"{MAY}unlocks/{asked['id']}/", {"act": "confirm", "confirm": "2025-05"}))
    assert one.get(MAY).json()["locked_at"] is None
    assert one.post(f"{MAY}lock/", {"confirm": "2025-04"}).json()["code"] == "confirmation_differs"
    assert done(one.post(f"{MAY}lock/", {"confirm": "2025-05"})).json()["locked_at"]
    assert one.get(f"{MAY}unlocks/").json()["items"][0]["relocked_at"]


def test_a_window_is_moved_and_moved_back(system):
    office = system("dcs_1")
    said = {"act": "extend", "until": "2025-07-20T18:00:00+08:00", "reason": WHY, "confirm": "2025-06"}
    wrong = office.post(f"{JUNE}window-changes/", {**said, "confirm": "", "until": None})
    assert {each["field"] for each in wrong.json()["errors"]} == {"until", "confirm"}
    changed = done(office.post(f"{JUNE}window-changes/", said), 201).json()
    assert office.get(JUNE).json()["due_at"] == changed["due_at"] != changed["was_due_at"]
    undo = f"{JUNE}window-changes/{changed['id']}/undo/"
    assert done(office.post(undo, {"reason": WHY, "confirm": "2025-06"})).json()["undone_at"]
    assert office.post(undo, {"reason": WHY, "confirm": "2025-06"}).status_code == 409
    assert system("nyj_staff").get(f"{JUNE}window-changes/").status_code == 403


def test_a_unit_asks_for_time_and_the_office_answers(system):
    unit, office = system("nyj_staff"), system("dcs_1")
    wish = {"department": "agriculture", "reason": WHY}
    assert unit.post(f"{JUNE}extensions/", {**wish, "department": "tourism"}).status_code == 403
    asked = done(unit.post(f"{JUNE}extensions/", wish), 201).json()
    assert unit.post(f"{JUNE}extensions/", wish).json()["code"] == "extension_asked_already"
    assert system("wlj_staff").get(f"{JUNE}extensions/").json()["items"] == []
    one = f"{JUNE}extensions/{asked['id']}/"
    assert unit.post(one, {"until": None, "answer": WHY}).status_code == 403
    assert done(office.post(one, {"until": "2025-07-20T18:00:00+08:00"})).json()["until"]
    given = {"department": "tourism", "reason": WHY, "until": "2025-07-20T18:00:00+08:00"}
    done(office.post(f"{JUNE}extensions/give/", given), 201)
    assert len(office.get(f"{JUNE}extensions/").json()["items"]) == 2


def test_units_are_chased_as_the_preview_says(system):
    office = system("dcs_1")
    seen = office.get(f"{JUNE}chases/?department=agriculture&department=tourism").json()["items"]
    going = [each["department"] for each in seen if each["refusal"] is None]
    assert going and all(each["told"] and each["title"] for each in seen if each["refusal"] is None)
    before = Notice.objects.count()
    told = done(office.post(f"{JUNE}chases/", {"departments": going, "note": "示例附言"})).json()["items"]
    assert Notice.objects.count() - before == sum(each["told"] for each in told) > 0
    again = office.post(f"{JUNE}chases/", {"departments": going}).json()["items"]
    assert {each["refusal"] for each in again} == {"chased_already"}, "once a day"
    narrow = system("dcs_1", units=("tourism",))
    assert narrow.post(f"{JUNE}chases/", {"departments": ["agriculture"]}).status_code == 403


def test_a_bulletin_goes_from_draft_to_issue(system):
    one, two = system("dcs_1"), system("dcs_2")
    made = done(one.post("/2025/bulletins/", {"period": "2025-05"}), 201)
    text, here = made.json(), "/2025/bulletins/2025-05/"
    paragraph = next(each for part in text["chapters"] for each in part["paragraphs"] if each["text"])
    names = ("mark", "series", "title", "addressed_to", "signer", "copied_to", "demands")
    wish = {name: text[name] for name in names} | {name: text[name] for name in text if name.startswith("has_")}
    typed = {
        "key": paragraph["key"],
        "text": "示例：改写后的一段。",
        "was": paragraph["text"],
        "reason": "示例理由说明",
    }
    wish |= {"tells_all_heads": True, "paragraphs": [typed]}
    stale = one.put(here, wish, If_Match='"v9"')
    assert (stale.status_code, stale.json()["current_etag"]) == (412, made["ETag"])
    saved = done(one.put(here, wish, If_Match=made["ETag"]))
    sent = done(one.post(f"{here}steps/", {"step": "send"}, If_Match=saved["ETag"]))
    assert one.post(f"{here}steps/", {"step": "publish", "number": 9}, If_Match=sent["ETag"]).status_code == 403
    issued = done(two.post(f"{here}steps/", {"step": "publish", "number": 9}, If_Match=sent["ETag"])).json()
    assert (issued["state"], issued["number"]) == ("published", 9)
    file = b"".join(system("mayor").get(f"{here}file/").streaming_content)
    assert file[:2] == b"PK" and system("nyj_staff").post("/2025/bulletins/", {"period": "2025-05"}).status_code == 403


def test_scores_are_answered_corrected_and_made_final_by_another(system):
    one, unit = system("dcs_1"), system("nyj_head")
    here = "/2025/scores/2025-05/"
    (sheet,) = [each for each in unit.get(here).json()["items"] if each["department"] == "agriculture"]
    mine = f"{here}sheets/{sheet['id']}/"
    assert system("wlj_head").get(mine).status_code == 404
    objected = done(unit.post(f"{mine}answers/", {"answer": "object", "text": WHY}))
    assert objected.json()["answer"] == "objected"
    done(one.post(f"{mine}replies/", {"text": WHY}))
    line = next(each for each in objected.json()["lines"] if each["share"] and not each["corrections"])
    fix = {"line": line["id"], "left_out": True, "reason": "not_attributable", "words": WHY}
    reasons = one.post(f"{mine}corrections/", {**fix, "reason": "nonsense"}).json()
    assert reasons["errors"][0]["field"] == "reason"
    right = one.post(f"{mine}corrections/", fix)
    assert WHY in str(done(right, 201).json()["lines"])
    assert unit.post(f"{mine}corrections/", fix).status_code == 403
    final = one.post(f"{here}steps/", {"step": "finalise"}, If_Match=right["ETag"])
    assert final.status_code in (403, 409) and final.json()["code"].startswith("score_")


def test_a_head_lends_the_signature_and_takes_it_back(system):
    head, staff = system("nyj_head"), system("nyj_staff")
    wish = {"department": "agriculture", "delegate": "nyj_staff", "starts_on": "2025-07-05", "last_on": "2025-07-09"}
    assert staff.post("/delegations/", {**wish, "reason": WHY}).status_code == 403
    lent = done(head.post("/delegations/", {**wish, "reason": "示例：外出学习"}), 201).json()
    assert lent["id"] in [each["id"] for each in head.get("/delegations/").json()["items"]]
    assert system("wlj_head").call("DELETE", f"/delegations/{lent['id']}/").status_code == 404
    assert done(head.call("DELETE", f"/delegations/{lent['id']}/")).json()["revoked_at"]


def test_a_target_is_changed_through_all_hands(system):
    unit, head, leader, office = (system(who) for who in ("nyj_staff", "nyj_head", "vm_agri", "dcs_1"))
    form = str(uuid4())
    wish = {"indicator": "A06", "form": form, "reason": "disaster", "text": WORDS, "target": "6.20"}
    wish["plan"] = {"2025-12": "6.20"}
    bare = unit.post("/2025/target-changes/", wish)
    assert bare.json()["errors"][0]["code"] == "change_file_required"
    file = SimpleUploadedFile("核定表.pdf", sample_pdf(["示例"]), "application/pdf")
    sent = {"form": form, "indicator": "A06", "file": file}
    kept = unit.client.post(
        "/api/v1/2025/target-changes/files/", sent, headers={"authorization": f"Bearer {unit.text}"}
    )
    done(kept, 201)
    case = done(unit.post("/2025/target-changes/", wish), 201)
    here = f"/2025/target-changes/{case.json()['id']}/"
    assert b"".join(office.get(f"/2025/target-changes/files/{kept.json()['id']}/").streaming_content)[:4] == b"%PDF"
    assert system("wlj_staff").get(here).status_code == 404
    signed = done(head.post(f"{here}steps/", {"step": "sign"}, If_Match=case["ETag"]))
    assert office.post(f"{here}steps/", {"step": "agree"}, If_Match=signed["ETag"]).status_code == 403
    back = done(leader.post(f"{here}steps/", {"step": "send_back", "text": WHY}, If_Match=signed["ETag"]))
    mended = {name: wish[name] for name in wish if name not in ("form", "indicator")}
    mended = done(unit.put(here, mended, If_Match=back["ETag"]))
    signed = done(head.post(f"{here}steps/", {"step": "sign"}, If_Match=mended["ETag"]))
    agreed = done(leader.post(f"{here}steps/", {"step": "agree"}, If_Match=signed["ETag"]))
    applied = done(office.post(f"{here}steps/", {"step": "apply"}, If_Match=agreed["ETag"])).json()
    assert applied["state"] == "applied" and office.get("/2025/indicators/A06/settings/").json()["target"] == "6.2"
    assert TargetChange.objects.get(pk=applied["id"]).version == 7


def test_the_configuration_is_read_changed_and_guarded_by_its_stamp(system):
    office = system("dcs_1")
    here = "/2025/indicators/A06/"
    was = done(office.get(f"{here}settings/"))
    changed = done(office.call("PATCH", f"{here}settings/", {"notes": "示例备注"}, If_Match=was["ETag"]))
    assert changed.json()["notes"] == "示例备注" and changed["ETag"] != was["ETag"]
    stale = office.call("PATCH", f"{here}settings/", {"notes": "另一个"}, If_Match=was["ETag"])
    assert (stale.status_code, stale.json()["current_etag"]) == (412, changed["ETag"])
    fixed = office.call("PATCH", f"{here}settings/", {"kind": "ratio"}, If_Match=changed["ETag"])
    assert fixed.status_code == 422 and "kind" in {each["field"] for each in fixed.json()["errors"]}
    plan = done(office.get(f"{here}plan/"))
    points = plan.json()["points"] | {"2025-11": "5.9"}
    assert done(office.put(f"{here}plan/", {"points": points}, If_Match=plan["ETag"])).json()["points"]["2025-11"]
    split = done(office.get(f"{here}split/"))
    code = sorted(split.json()["shares"])[0] if split.json()["shares"] else "jingyuan"
    assert office.put(f"{here}split/", {"shares": {code: "x"}}, If_Match=split["ETag"]).status_code in (200, 422)
    moved = done(office.post(f"{here}handovers/", {"to": "tourism", "effective_on": "2025-08-01", "reason": WHY}), 201)
    assert office.call("DELETE", f"{here}handovers/{moved.json()['id']}/").status_code == 204
    done(office.post(f"{here}switch/", {"is_active": False, "confirm": "A06", "reason": WHY}))
    assert not Indicator.objects.get(report__year=2025, code="A06").is_active
    assert system("mayor").get(f"{here}settings/").status_code == 403


def test_dated_rules_are_added_changed_and_withdrawn(system):
    office = system("dcs_1")
    for list_at, extra in (("/reminder-policies/", ()), ("/2025/score-schemes/", ("begun_from",))):
        stored = office.get(list_at).json()["items"][-1]
        wish = stored["content"] | {"effective_from": "2025-09-01"}
        wider = wish | {name: stored["id"] for name in extra}
        added = done(office.post(list_at, wider), 201)
        one = f"{list_at}{added.json()['id']}/"
        assert added.json()["content"] == wish, "what is read can be written"
        assert office.put(one, wish, If_Match='"v7"').status_code == 412
        changed = done(office.put(one, wish | {"effective_from": "2025-10-01"}, If_Match=added["ETag"]))
        assert office.call("DELETE", one, If_Match=changed["ETag"]).status_code == 204
        assert office.get(one).status_code == 404
    window = {"effective_from": "2025-08-01", "opens_on": "08-01", "closes_on": "08-31", "basis": "示例依据"}
    done(office.post("/asking-windows/", window), 201)
    assert office.get("/asking-windows/").json()["items"][0] == window


def test_years_follow_each_other(system):
    office = system("dcs_1")
    assert len(done(office.post("/years/", {"year": 2026})).json()["added"]) == 12
    heirs = office.get("/2026/succession/?limit=200").json()["items"]
    done(office.post("/2026/succession/", {"act": "continue", "codes": ["A06"]}))
    done(office.post("/2026/succession/", {"act": "end", "codes": ["T07"], "reason": WHY}))
    now = {each["code"]: each["standing"] for each in office.get("/2026/succession/?limit=200").json()["items"]}
    assert (now["A06"], now["T07"], len(now)) == ("continues", "ends", len(heirs))
    report = office.get("/reports/2025/")
    text = report.json()["text"].replace("2025", "2025", 1) + "\n示例补一句。"
    done(office.post("/reports/2025/corrections/", {"text": text, "reason": WHY}, If_Match=report["ETag"]))
    again = office.post("/reports/2025/corrections/", {"text": text, "reason": WHY}, If_Match=report["ETag"])
    assert again.status_code == 412 and again.json()["current_etag"] == office.get("/reports/2025/")["ETag"]
    aside = {"quote": text[-7:-1], "reason": WHY}
    assert done(office.post("/2025/set-aside/", aside)).json()["is_context"]


def test_the_inbox_is_worked_through(system):
    asked, wish = system("nyj_staff"), {"indicator": "A06", "kind": "instruct", "text": "示例：请加快推进"}
    done(system("mayor").post("/2025/directives/", wish), 201)
    first = asked.get("/notices/?tab=action").json()["items"][0]
    one = f"/notices/{first['id']}/"
    assert done(asked.post(one, {"act": "snooze", "until": "next_day"})).json()["snoozed_until"]
    assert asked.post(one, {"act": "snooze", "until": ""}).status_code == 422
    assert done(asked.post(one, {"act": "wake"})).json()["snoozed_until"] is None
    put_away = done(asked.post("/notices/", {"act": "archive", "tab": "action"})).json()
    assert put_away["count"] and asked.get("/notices/?tab=action").json()["items"] == []
    assert done(asked.post("/notices/undo/", {"at": put_away["at"]})).json()["count"] == put_away["count"]


def test_what_reaches_me_and_what_i_follow(system):
    asked = system("nyj_staff")
    done(asked.put("/2025/indicators/A06/follow/"))
    assert asked.get("/me/preferences/").json()["followed"] == ["2025/A06"]
    stored = done(asked.put("/me/preferences/", {"wanted": [], "opens_at": "08:30", "closes_at": "17:30"})).json()
    assert (stored["opens_at"], stored["closes_at"]) == ("08:30", "17:30")
    assert asked.put("/me/preferences/", {"wanted": ["no_group:email"]}).status_code == 422
    assert done(asked.call("DELETE", "/2025/indicators/A06/follow/")).json()["is_followed"] is False


@pytest.mark.parametrize(
    ("scopes", "path", "body"),
    [
        (["read", "review"], f"{MAY}lock/", {"confirm": "2025-05"}),
        (["read", "periods"], "/2025/bulletins/", {"period": "2025-05"}),
        (["read", "publish"], "/years/", {"year": 2026}),
    ],
)
def test_an_act_of_the_whole_city_has_a_scope_of_its_own(system, scopes, path, body):
    answer = System(system("dcs_1", scopes=scopes).text).post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "token_scope")
