"""Sign-in by an identity platform, against a real one on this machine: who comes in, who does not, and what is refused.

The platform is a program of its own (oidc-provider-mock) with real keys and tokens; where it has to misbehave, its
answer is changed on the way.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client

from accounts import single_sign_on
from accounts.models import AuditEntry, User
from accounts.second_factor import OWES
from config.run import unused_port
from tests.faults.machine import until

NAME, START, BACK = "nyj_staff", "/login/platform/", "/login/platform/back/"


@pytest.fixture(scope="module")
def platform() -> Iterator[str]:
    """The issuer, a process of its own; people sign in there by naming themselves."""
    port = unused_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            issuer = f"http://localhost:{port}"
            until(lambda: answers(issuer), "the platform did not start")
            yield issuer
        finally:
            process.terminate()


def answers(issuer: str) -> bool:
    try:
        return httpx.get(issuer + single_sign_on.DISCOVERY).is_success
    except httpx.ConnectError:
        return False


@pytest.fixture
def issuer(platform: str, settings, db) -> str:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = platform, "kpi", "between-the-two"
    return platform


def known_there(issuer: str, sub: str, **claims: str) -> str:
    httpx.put(f"{issuer}/users/{sub}", json=claims).raise_for_status()
    return sub


def away(client: Client, after: str = "/2025/todo/") -> str:
    """Begin; the address the browser is sent to."""
    answer = client.get(START, {"next": after})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def agree(address: str, sub: str) -> dict[str, str]:
    """Sign in at the platform; what it sends the browser back with."""
    answer = httpx.post(address, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    assert back.path == BACK
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def refused(answer, code: str) -> None:
    from accounts.web.sign_on import SENTENCES, STATUS

    assert answer.status_code == STATUS.get(code, 403)
    assert str(SENTENCES[code]) in answer.content.decode()
    assert 'name="password"' in answer.content.decode(), "the other way in is still there"


def test_who_is_known_here_comes_in_and_goes_on_to_the_page_they_wanted(issuer):
    client = Client()
    address = away(client)
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["scope"] == ["openid profile"]
    answer = client.get(BACK, agree(address, known_there(issuer, "p-1", preferred_username=NAME)))
    assert (answer.status_code, answer["Location"]) == (302, "/2025/todo/")
    assert client.get("/2025/todo/").status_code == 200
    entry = AuditEntry.objects.latest("seq")
    assert (entry.action, entry.object_label) == ("session.signed_in_by_platform", str(User.objects.get(username=NAME)))


def test_the_sign_in_page_offers_it_only_where_there_is_one(issuer, settings):
    assert START in Client().get("/login/?next=/2025/todo/").content.decode()
    settings.OIDC_ISSUER = ""
    assert START not in Client().get("/login/").content.decode()
    assert {Client().get(path).status_code for path in (START, BACK)} == {404}


def test_the_second_factor_is_owed_whatever_the_platform_asked(issuer, settings):
    settings.SECOND_FACTOR_ROLES = ["supervisor"]
    client = Client()
    client.get(BACK, agree(away(client, "/2025/desk/"), known_there(issuer, "p-2", preferred_username="dcs_1")))
    assert client.session[OWES] is True
    assert client.get("/2025/desk/")["Location"].startswith("/login/code/")


@pytest.mark.parametrize("name", ["nobody_here", "", None])
def test_nobody_is_created(issuer, name):
    client, before = Client(), User.objects.count()
    claims = {} if name is None else {"preferred_username": name}
    refused(client.get(BACK, agree(away(client), known_there(issuer, f"p-3{name}", **claims))), "unknown")
    assert User.objects.count() == before and "_auth_user_id" not in client.session


def test_an_account_that_is_switched_off_stays_out_and_the_try_is_on_record(issuer):
    User.objects.filter(username=NAME).update(is_active=False)
    client = Client()
    refused(client.get(BACK, agree(away(client), known_there(issuer, "p-4", preferred_username=NAME))), "unknown")
    assert AuditEntry.objects.latest("seq").action == "session.sign_in_failed"


def test_only_the_browser_that_began_can_come_back_and_only_once(issuer):
    sub, mine, other = known_there(issuer, "p-5", preferred_username=NAME), Client(), Client()
    answer = agree(away(mine), sub)
    refused(other.get(BACK, answer), "expired")
    away(other)
    refused(other.get(BACK, answer), "expired")
    assert mine.get(BACK, answer).status_code == 302
    again = Client()
    again.cookies = mine.cookies
    refused(again.get(BACK, answer), "expired")


def test_who_says_no_there_is_told_so(issuer):
    client = Client()
    state = parse_qs(urlsplit(away(client)).query)["state"][0]
    refused(client.get(BACK, {"state": state, "error": "access_denied"}), "denied")


def test_a_code_is_redeemed_with_the_attempts_own_verifier(issuer, monkeypatch):
    """Whoever overhears a code on its way has not what the browser's session holds."""
    client, sent = Client(), []
    challenge = parse_qs(urlsplit(address := away(client)).query)["code_challenge"][0]
    redeem = single_sign_on._redeemed
    monkeypatch.setattr(single_sign_on, "_redeemed", lambda *args: sent.append(args[3]) or redeem(*args))
    client.get(BACK, agree(address, known_there(issuer, "p-6", preferred_username=NAME)))
    assert base64.urlsafe_b64encode(sha256(sent[0].encode()).digest()).decode().rstrip("=") == challenge


# What the platform's answers are changed into on the way, and what that must come to.
FORGED = {
    "for another client": ({"aud": "others"}, "untrusted"),
    "for several, issued to another": ({"aud": ["kpi", "others"], "azp": "others"}, "untrusted"),
    "of another issuer": ({"iss": "http://localhost:1"}, "untrusted"),
    "of another attempt": ({"nonce": "other"}, "untrusted"),
    "long expired": ({"exp": 1_700_000_000}, "untrusted"),
    "as it should be": ({}, ""),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_token_must_be_the_platforms_for_us_for_this_attempt_and_fresh(issuer, monkeypatch, case):
    """Signed anew with a key the platform is made to publish, so that only the claim is wrong; the last row is the
    control of that way of signing."""
    from joserfc import jwt
    from joserfc.jwk import KeySet, RSAKey

    key, (change, code) = RSAKey.generate_key(2048, {"kid": "ours"}), FORGED[case]
    read, redeemed = single_sign_on._read, single_sign_on._redeemed

    def published(*args: object, **asked: object) -> dict[str, object]:
        found = read(*args, **asked)
        return KeySet([key]).as_dict() if "keys" in found else found

    def signed_anew(*args: object) -> dict[str, object]:
        token = dict(redeemed(*args))
        payload = token["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return token | {"id_token": jwt.encode({"alg": "RS256", "kid": "ours"}, claims | change, key)}

    monkeypatch.setattr(single_sign_on, "_read", published)
    monkeypatch.setattr(single_sign_on, "_redeemed", signed_anew)
    client = Client()
    answer = client.get(BACK, agree(away(client), known_there(issuer, "p-7", preferred_username=NAME)))
    if code:
        refused(answer, code)
    else:
        assert answer.status_code == 302


def test_a_token_signed_by_somebody_else_is_not_believed(issuer, monkeypatch):
    from joserfc import jwt
    from joserfc.jwk import OctKey, RSAKey

    redeemed = single_sign_on._redeemed
    for header, key in (
        ({"alg": "RS256"}, RSAKey.generate_key(2048)),
        ({"alg": "HS256"}, OctKey.import_key("between-the-two-and-nobody-else-x")),
    ):

        def forged(*args: object, header=header, key=key) -> dict[str, object]:
            token = dict(redeemed(*args))
            return token | {"id_token": jwt.encode(header, {"sub": "p-8", "preferred_username": NAME}, key)}

        monkeypatch.setattr(single_sign_on, "_redeemed", forged)
        client = Client()
        refused(client.get(BACK, agree(away(client), known_there(issuer, "p-8", preferred_username=NAME))), "untrusted")


def test_a_platform_that_is_away_is_said_so_before_and_after(issuer, settings):
    client = Client()
    answer = agree(away(client), known_there(issuer, "p-9", preferred_username=NAME))
    settings.OIDC_ISSUER = "http://localhost:9"
    refused(client.get(BACK, answer), "unreachable")
    refused(client.get(START), "unreachable")


def test_a_page_elsewhere_is_not_gone_on_to(issuer):
    client = Client()
    address = away(client, "https://elsewhere.invalid/")
    assert client.get(BACK, agree(address, known_there(issuer, "p-10", preferred_username=NAME)))["Location"] == "/"
