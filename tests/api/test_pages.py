"""The page where a person makes and revokes tokens, and the page that tells of the API."""

from __future__ import annotations

import html
import re

from accounts.models import ApiToken
from tests.api.conftest import System, make_token

WISH = {"name": "示例平台", "kind": "service", "scopes": ["file"], "days": "90"}


def test_a_token_is_made_shown_once_used_and_revoked(as_user):
    browser = as_user("nyj_staff")
    made = browser.post("/account/tokens/", WISH)
    text = re.search(r"kpi_[a-z0-9]{8}_[\w-]{43}", html.unescape(made.content.decode()))[0]
    assert "no-store" in made["Cache-Control"] and System(text).get("/me/").json()["scopes"] == ["read", "file"]
    listed = browser.get("/account/tokens/").content.decode()
    assert text not in listed and text[4:12] in listed and "127.0.0.1" in listed
    token = ApiToken.objects.get()
    assert as_user("wlj_staff").post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert browser.post(f"/account/tokens/{token.pk}/revoke/").status_code == 302
    assert System(text).get("/me/").json()["code"] == "token_revoked"


def test_what_is_missing_is_said_and_what_was_typed_stays(as_user):
    answer = as_user("nyj_staff").post("/account/tokens/", WISH | {"name": "", "days": "90"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "请写明给哪个系统" in page and 'value="file"' in page
    assert not ApiToken.objects.exists()


def test_a_role_beyond_ones_own_is_not_offered(as_user):
    assert as_user("nyj_staff").post("/account/tokens/", WISH | {"scopes": ["review"]}).status_code == 422


def test_the_administrator_sees_service_tokens_of_others(as_user):
    make_token("nyj_staff", name="示例统计平台")
    make_token("nyj_staff", name="示例个人脚本", kind="personal")
    page = as_user("sysadmin").get("/account/tokens/").content.decode()
    assert "示例统计平台" in page and "示例个人脚本" not in page
    assert "示例统计平台" not in as_user("wlj_staff").get("/account/tokens/").content.decode()


def test_who_owes_a_second_factor_makes_no_token(as_user, settings):
    browser = as_user("nyj_staff")
    settings.SECOND_FACTOR_ROLES = ["staff"]
    answer = browser.post("/account/tokens/", WISH)
    assert answer.status_code == 302 and answer["Location"].startswith("/login/code/")
    assert not ApiToken.objects.exists()


def test_the_api_has_a_page_to_read(as_user):
    page = as_user("nyj_staff").get("/api/v1/docs/").content.decode()
    assert "/{year}/indicators/" in page and "If-Match" in page
