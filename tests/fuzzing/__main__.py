"""Start a trial of its own, make a token for each role as people do, and let schemathesis loose with each.

Ends with a table, and with 1 where anything was answered with 5xx, an undocumented status, or in another shape than the
document's. ``EXAMPLES``, ``SEEDS`` and ``ROLES`` (separated by commas) make it smaller or larger; ``ONLY`` is a
pattern of the addresses to look at, ``PHASES`` are schemathesis' (examples, coverage, fuzzing, stateful).
"""

from __future__ import annotations

import html
import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.run import unused_port
from tests.fuzzing.odd import send_odd_requests

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "trial-2025-zjj"
# Role → who, which kind of token, and the unit it is narrowed to.
ROLES = {
    "staff": ("nyj_staff", "personal", ""),
    "head": ("nyj_head", "personal", ""),
    "leader": ("mayor", "personal", ""),
    "supervisor": ("dcs_1", "personal", ""),
    "system_admin": ("sysadmin", "personal", ""),
    "security_admin": ("secadmin", "personal", ""),
    "auditor": ("auditadmin", "personal", ""),
    "service": ("wlj_staff", "service", "文化旅游"),
}
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@contextmanager
def trial() -> Iterator[str]:
    """A trial with data of its own; its address."""
    with tempfile.TemporaryDirectory(prefix="kpi-fuzz-") as folder:
        os.chmod(folder, 0o755)
        without_limits = {"API_PERSON_REQUESTS_A_MINUTE": "1000000", "API_SERVICE_REQUESTS_A_MINUTE": "1000000"}
        variables = {**os.environ, **without_limits, "KPI_RUN_DIR": folder, "PORT": str(unused_port())}
        command = [sys.executable, "-m", "config.run"]
        started = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True)
        try:
            yield _address_of(started)
        finally:
            started.send_signal(signal.SIGTERM)
            started.communicate()


def _address_of(started: subprocess.Popen[str]) -> str:
    """Where it answers, as it says once it does."""
    for line in started.stdout or ():
        print(line, end="", file=sys.stderr)
        if found := re.fullmatch(r"  (http://127\.0\.0\.1:\d+)/\n", line):
            return found[1]
    raise SystemExit("the trial did not start")


class Browser:
    """Signs in and fills in forms."""

    def __init__(self, site: str):
        self.site = site
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> str:
        with self.opener.open(self.site + path, timeout=30) as answer:
            return answer.read().decode()

    def post(self, path: str, fields: list[tuple[str, str]]) -> str:
        proof = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        sent = urllib.parse.urlencode([("csrfmiddlewaretoken", proof[1]), *fields]).encode()
        request = urllib.request.Request(self.site + path, sent, {"Referer": self.site + path})
        with self.opener.open(request, timeout=30) as answer:
            return answer.read().decode()


def token_of(site: str, person: str, kind: str, unit: str) -> str:
    """A token with everything that the person is offered."""
    browser = Browser(site)
    browser.post("/login/", [("username", person), ("password", PASSWORD)])
    form = browser.get("/account/tokens/")
    scopes = re.findall(r'name="scopes" value="(\w+)"', form)
    units = re.findall(rf'<option value="(\d+)">[^<]*{unit}[^<]*</option>', form) if unit else []
    fields = [("name", "示例：接口演练"), ("kind", kind), ("days", "30")]
    fields += [("scopes", scope) for scope in scopes] + [("departments", found) for found in units]
    made = re.search(r"kpi_[a-z2-9]{8}_[A-Za-z0-9_-]{43}", html.unescape(browser.post("/account/tokens/", fields)))
    if made is None:
        raise SystemExit(f"no token for {person}")
    return made[0]


@dataclass
class Found:
    """What one run came to."""

    role: str
    seed: str
    cases: int
    failures: list[str]


def run(site: str, role: str, token: str, seed: str, folder: Path) -> Found:
    """One run of schemathesis; what failed, in its words."""
    report = folder / f"{role}-{seed}.xml"
    command = [os.environ["SCHEMATHESIS"], "run", f"{site}/api/v1/schema/?lang=en", "--checks", CHECKS]
    # One worker: with several, hypothesis and Python 3.11 trip over each other.
    command += ["--header", f"Authorization: Bearer {token}", "--seed", seed, "--mode", "all", "--workers", "1"]
    command += ["--max-examples", os.environ.get("EXAMPLES", "100"), "--continue-on-failure", "--no-color"]
    if phases := os.environ.get("PHASES"):
        command += ["--phases", phases]
    if only := os.environ.get("ONLY"):
        command += ["--include-path-regex", only]
    command += ["--generation-database", "none", "--suppress-health-check", "all", "--report-junit-path", str(report)]
    variables = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzzing.hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    (folder / f"{role}-{seed}.log").write_text(done.stdout + done.stderr)
    cases = re.search(r"([\d,]+) generated", done.stdout)
    if cases is None:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    failures = list(_failures(done.stdout))
    if done.returncode and not failures:
        failures = [f"the fuzzer itself failed, see {role}-{seed}.log"]
    return Found(role, seed, int(cases[1].replace(",", "")), failures)


def _failures(said: str) -> Iterator[str]:
    """Each finding with its operation; schemathesis heads a section with the one, and lists the others in it."""
    operation = ""
    for line in said.splitlines():
        if heading := re.fullmatch(r"_+ ([A-Z]+ /\S+) _+", line.strip()):
            operation = heading[1]
        elif finding := re.match(r"- ST\d+ (.+)", line):
            yield f"{operation}: {finding[1]}"


def main() -> int:
    chosen = os.environ.get("ROLES", "").split(",") if os.environ.get("ROLES") else list(ROLES)
    seeds = os.environ.get("SEEDS", "1,2,3").split(",")
    folder = Path(os.environ.get("FUZZ_LOGS") or tempfile.mkdtemp(prefix="kpi-fuzz-logs-"))
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    with trial() as site:
        for role in chosen:
            token = token_of(site, *ROLES[role])
            odd = send_odd_requests(site, token)
            found.append(Found(role, "odd", odd.sent, odd.failures))
            found += [run(site, role, token, seed, folder) for seed in seeds]
    print(f"\n{'role':<16}{'seed':<6}{'cases':>8}{'findings':>10}")
    for each in found:
        print(f"{each.role:<16}{each.seed:<6}{each.cases:>8}{len(each.failures):>10}")
    for each in found:
        for failure in dict.fromkeys(each.failures):
            print(f"{each.role} {each.seed}: {failure}")
    print(
        json.dumps({"cases": sum(each.cases for each in found), "findings": sum(len(each.failures) for each in found)})
    )
    print(f"logs: {folder}")
    return 1 if any(each.failures for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
