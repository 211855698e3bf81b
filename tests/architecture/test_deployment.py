"""How production starts: Django's check and our own without a word, and every weak or missing secret by its name."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from accounts import checks
from accounts.models import User
from config.env import ConfigError
from notifications import keys

ROOT = Path(__file__).resolve().parents[2]
KEY = "q7" * 10 + "Zx-4hT_m" * 5
STARTS = {
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "kpi.example.invalid",
    "EVIDENCE_DIR": "/var/lib/kpi/evidence",
    "EXPORTS_DIR": "/var/lib/kpi/exports",
    "AUDIT_CHECKPOINT_FILE": "/var/lib/kpi/audit/checkpoints",
}
AWAY = "postgresql://kpi_app:tR5-wq.83jLm@db.city.internal:5432/kpi"


def production(monkeypatch: pytest.MonkeyPatch, **environment: str | None) -> dict[str, Any]:
    """The settings of production as they are read from these variables."""
    for name, value in (STARTS | environment).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    # Read anew, as a process that starts does.
    monkeypatch.delitem(sys.modules, "config.settings.base", raising=False)
    return runpy.run_module("config.settings.prod")


def test_production_passes_djangos_check_and_ours_without_a_warning():
    environment = {**os.environ, **STARTS, "DJANGO_SETTINGS_MODULE": "config.settings.prod"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


WEAK = {
    "no key": {"SECRET_KEY": None},
    "a short key": {"SECRET_KEY": "Zx-4hT_m" * 3},
    "a long key of one letter": {"SECRET_KEY": "k" * 60},
    "Django's own kind of key": {"SECRET_KEY": "django-insecure-" + KEY},
    "the trial's key": {"SECRET_KEY": "trial-only-key-that-protects-nothing-beyond-this-machine"},
    "no database": {"DATABASE_URL": None},
    "another database": {"DATABASE_URL": "sqlite:////tmp/kpi.db"},
    "the example's password": {"DATABASE_URL": "postgresql://kpi_app:password@127.0.0.1:5432/kpi"},
    "a database in the clear": {"DATABASE_URL": AWAY},
    "TLS that asks for no name": {"DATABASE_URL": AWAY + "?sslmode=require"},
    "no broker": {"REDIS_URL": None},
    "a broker in the clear": {"REDIS_URL": "redis://redis.city.internal:6379/0"},
    "a broker's default password": {"REDIS_URL": "redis://:changeme@127.0.0.1:6379/0"},
    "a mail password left as it was": {"EMAIL_HOST_PASSWORD": "change-me-please"},
    "a token for scrapers that is a word": {"METRICS_TOKEN": "metrics"},
    "a platform in the clear": {
        "OIDC_ISSUER": "http://id.city.internal",
        "OIDC_CLIENT_ID": "kpi",
        "OIDC_CLIENT_SECRET": "u8Wk-2.pQzL7",
    },
    "a platform without a secret": {"OIDC_ISSUER": "https://id.city.internal", "OIDC_CLIENT_ID": "kpi"},
    "evidence inside the program": {"EVIDENCE_DIR": str(ROOT / "static" / "evidence")},
    "a folder that is none": {"EXPORTS_DIR": "exports"},
}


@pytest.mark.parametrize("case", WEAK)
def test_production_does_not_start_with(case, monkeypatch):
    """The message names the variable, and never the secret itself."""
    name = list(WEAK[case])[-1] if case != "a platform in the clear" else "OIDC_ISSUER"
    with pytest.raises(ConfigError) as refused:
        production(monkeypatch, **WEAK[case])
    said = str(refused.value)
    assert name in said or (case == "a platform without a secret" and "OIDC_CLIENT_SECRET" in said)
    assert "tR5-wq" not in said and "changeme" not in said


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"DATABASE_URL": AWAY + "?sslmode=verify-full&sslrootcert=/etc/kpi/ca.pem"},
        {"DATABASE_URL": AWAY, "PLAIN_TRANSPORT_HOSTS": "db.city.internal"},
        {"REDIS_URL": "rediss://:tR5-wq.83jLm@redis.city.internal:6379/0?ssl_cert_reqs=required"},
        {"REDIS_URL": "redis://valkey:6379/0", "PLAIN_TRANSPORT_HOSTS": "postgres,valkey"},
    ],
)
def test_servers_elsewhere_are_spoken_to_by_tls_or_named(elsewhere, monkeypatch):
    options = production(monkeypatch, **elsewhere)["DATABASES"]["default"]["OPTIONS"]
    assert options["connect_timeout"] == 5
    if "verify-full" in str(elsewhere):
        assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/etc/kpi/ca.pem")


SECRETS = {
    "SECRET_KEY": KEY[::-1],
    "SECRET_KEY_FALLBACKS": KEY,
    "DATABASE_URL": "postgresql://kpi_app:tR5-wq.83jLm@127.0.0.1:5432/kpi",
    "REDIS_URL": "redis://:tR5-wq.83jLm@127.0.0.1:6379/0",
    "EMAIL_HOST_PASSWORD": "m4iL-gate.77",
    "OIDC_CLIENT_SECRET": "u8Wk-2.pQzL7",
    "SMS_GATEWAY_TOKEN": "sM5-tok.99xyz",
    "METRICS_TOKEN": "sCr4pe-tok.55",
}


def test_every_secret_may_be_a_file(tmp_path, monkeypatch):
    files: dict[str, str | None] = {}
    for name, secret in SECRETS.items():
        (tmp_path / name).write_text(f"{secret}\n", encoding="utf-8")
        files |= {name: None, f"{name}_FILE": str(tmp_path / name)}
    told = production(monkeypatch, **files, OIDC_ISSUER="https://id.city.internal", OIDC_CLIENT_ID="kpi")
    assert told["DATABASES"]["default"]["PASSWORD"] == "tR5-wq.83jLm"
    assert told["SECRET_KEY_FALLBACKS"] == [KEY]
    others = SECRETS.keys() - {"DATABASE_URL", "SECRET_KEY_FALLBACKS"}
    assert {name: told[name] for name in others} == {name: SECRETS[name] for name in others}


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"], ids=["missing", "empty", "no text"])
def test_a_file_that_holds_no_secret_stops_the_start_by_name(content, tmp_path, monkeypatch):
    if content is not None:
        (tmp_path / "secret_key").write_bytes(content)
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        production(monkeypatch, SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "secret_key"))


def test_every_secret_of_compose_is_a_file():
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in SECRETS.keys() - {"REDIS_URL"}:
        assert f"{name}_FILE: /run/secrets/" in compose and f"{name}: " not in compose, name


def test_a_key_is_rotated_without_signing_anybody_out(as_user, settings):
    """The drill of docs/operations.md: new key in front, old one behind; once that is gone, what it kept is void."""
    here, there, old = as_user("nyj_staff"), as_user("nyj_head"), settings.SECRET_KEY
    address = keys.encrypt("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEY, [old]
    assert here.get("/account/").status_code == 200 and keys.decrypt(address).endswith("key=k")
    settings.SECRET_KEY_FALLBACKS = []
    assert here.get("/account/").status_code == 200, "carried over to the new key while both were known"
    assert there.get("/account/").status_code == 302
    with pytest.raises(keys.UnreadableSecret):
        keys.decrypt(address)


def test_an_active_superuser_is_told(db):
    assert checks.check_no_superuser(databases=["default"]) == []
    User.objects.filter(username="nyj_staff").update(is_superuser=True)
    found = run_checks(databases=["default"], include_deployment_checks=True)
    assert "accounts.E004" in [each.id for each in found]
    assert checks.check_no_superuser() == [], "where no database is asked for none is needed"


def test_the_trials_settings_are_told(settings):
    settings.TRIAL = True
    assert [each.id for each in checks.check_no_trial()] == ["accounts.E001", "accounts.E002"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}
    assert [each.id for each in checks.check_no_inline_scripts()] == ["accounts.E003"]
