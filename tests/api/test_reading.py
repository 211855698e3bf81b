"""What other systems read: every list and item, by role, page by page, as of any month."""

from __future__ import annotations

import pytest

from accounts.models import User
from kpi.models import Directive

PATHS = (
    "/me/",
    "/departments/",
    "/reports/",
    "/reports/2025/",
    "/2025/commitments/",
    "/2025/periods/",
    "/2025/periods/2025-06/",
    "/2025/indicators/",
    "/2025/indicators/A06/",
    "/2025/indicators/A06/?period=2025-03",
    "/2025/submissions/",
    "/2025/directives/",
    "/notices/",
    "/2025/exports/",
    "/2025/bulletins/",
    "/2025/scores/",
    "/me/preferences/",
    "/delegations/",
    "/2025/periods/2025-06/extensions/",
    "/schema/",
)
# What only the office reads.
OFFICE_PATHS = (
    "/2025/periods/2025-06/window-changes/",
    "/2025/periods/2025-06/unlocks/",
    "/2025/target-changes/",
    "/2025/scores/2025-05/",
    "/2025/score-schemes/",
    "/2025/indicators/A06/settings/",
    "/2025/indicators/A06/plan/",
    "/2025/indicators/A06/split/",
    "/2025/indicators/A06/handovers/",
    "/2025/succession/",
    "/reminder-policies/",
    "/asking-windows/",
)


@pytest.mark.parametrize("person", ["nyj_staff", "nyj_head", "dcs_1", "mayor", "sysadmin"])
def test_everybody_reads_what_there_is(system, person):
    asked = system(person)
    found = {path: asked.get(path).status_code for path in PATHS}
    assert found == dict.fromkeys(PATHS, 200)


@pytest.mark.parametrize("person", ["nyj_head", "mayor", "auditadmin"])
def test_what_the_office_reads_is_not_for_others(system, person):
    asked = system(person)
    found = {path: asked.get(path).status_code for path in OFFICE_PATHS}
    open_to_many = {"/2025/target-changes/", "/2025/scores/2025-05/"}
    assert {path for path, status in found.items() if status != 403} <= open_to_many
    assert set(found.values()) <= {200, 403, 404}


def test_the_document_is_in_the_readers_language(system):
    """It is made once for each; a language nobody has gets the usual one."""
    asked = system("mayor")
    titles = [asked.get(f"/schema/{query}").json()["info"]["title"] for query in ("", "?lang=en", "?lang=xx", "")]
    assert titles[0] == titles[2] == titles[3] != titles[1]


def test_nobody_reads_without_a_token(client):
    answer = client.get("/api/v1/2025/indicators/")
    assert answer.status_code == 401 and answer["WWW-Authenticate"] == 'Bearer realm="kpi"'
    assert answer["Content-Type"] == "application/problem+json" and answer.json()["code"] == "not_authenticated"


def test_the_browser_reads_with_its_session(as_user):
    assert as_user("mayor").get("/api/v1/2025/indicators/").status_code == 200


def test_a_lamp_comes_with_its_reason_as_of_any_month(system):
    asked = system("mayor")
    now = asked.get("/2025/indicators/A06/").json()
    march = asked.get("/2025/indicators/A06/?period=2025-03").json()
    assert [month["period"] for month in march["months"]] == ["2025-01", "2025-02", "2025-03"]
    assert now["months"][:3] == march["months"] and march["reason_text"]
    assert asked.get("/2025/indicators/A06/?as_of=2025-04-15").json() == march, "then March was being reported"
    for bad, code in (("period=2025-13", 404), ("as_of=2025-04-31", 400), ("cursor=!", 400), ("limit=0", 400)):
        assert asked.get(f"/2025/indicators/?{bad}").status_code == code, bad


def test_pages_hold_everything_once(system):
    asked, seen, path = system("dcs_1"), [], "/2025/indicators/?limit=30"
    while path:
        answer = asked.get(path).json()
        assert len(answer["items"]) <= 30
        seen += [row["code"] for row in answer["items"]]
        path = (answer["next"] or "").removeprefix("/api/v1")
    everything = asked.get("/2025/indicators/?limit=9999").json()
    assert seen == [row["code"] for row in everything["items"]] and len(set(seen)) == len(seen) > 30


def test_reports_of_others_are_scoped_and_unnamed(system):
    """A department's people see others' approved reports, without who wrote them."""
    found = system("nyj_staff").get("/2025/submissions/?limit=200").json()["items"]
    foreign = [row for row in found if not row["steps"] and row["author"] is None]
    assert foreign and {row["state"] for row in foreign} == {"approved"}
    assert all(row["author"] for row in system("dcs_1").get("/2025/submissions/").json()["items"])


def test_a_foreign_directive_does_not_exist(system):
    number = Directive.objects.get(indicator__code="T07").pk
    codes = [system(who).get(f"/2025/directives/{number}/").status_code for who in ("gzw_staff", "gxj_staff", "mayor")]
    assert codes == [200, 404, 200]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/2025/nothing/", 404),
        ("/2031/indicators/", 404),
        ("/2025/indicators/?period=%00", 400),
        ("/2025/directives/999999999/", 404),
        ("/2025/directives/9999999999999999999999/", 404),
        ("/2025/indicators/A99/", 404),
    ],
)
def test_every_refusal_is_a_problem(system, path, status):
    answer = system("dcs_1").get(path)
    assert answer.status_code == status and answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status and answer.json()["code"]


def test_lists_stay_within_their_budget(system, django_assert_max_num_queries):
    """Four queries say whose token it is and count the request; the rest is the list's own."""
    assert User.objects.exists()
    for path in (*PATHS[:-1], *OFFICE_PATHS):
        asked = system("dcs_1")
        with django_assert_max_num_queries(15):
            assert asked.get(path).status_code == 200, path
