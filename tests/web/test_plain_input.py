"""Control characters: refused where nothing was typed, answered at the field where something was."""

from __future__ import annotations

import pytest

BACKSPACE = chr(8)


@pytest.mark.parametrize(
    "path", ["/2025/kpis/?q=a%00b", "/2025/kpis/?a%00b=1", "/2025/desk/?unit=%08", "/2025/kp%00is/"]
)
def test_an_address_with_control_characters_is_refused(as_user, path):
    assert as_user("dcs_1").get(path).status_code in (400, 404)
    assert as_user("dcs_1").get("/2025/kpis/?q=a%0Ab").status_code == 200


@pytest.mark.parametrize("body", [b'{"text": "a\\u0000b"}', b'{"text": "a\x08b"}', b'{"text": "\\u001B[2J"}'])
def test_json_with_control_characters_is_refused_before_it_is_read(as_user, body):
    answer = as_user("dcs_1").post("/api/v1/2025/indicators/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "text_has_control_characters")


def test_json_with_line_breaks_is_not(as_user):
    answer = as_user("dcs_1").post("/api/v1/2025/indicators/", b'{"text": "a\\nb"}', content_type="application/json")
    assert answer.status_code == 405


def test_a_form_that_does_not_look_ends_as_a_refusal_and_not_as_a_fault(as_user):
    answer = as_user("dcs_1").post("/notices/log/retry/", {"dispatch": "1\x00"})
    assert answer.status_code < 500
