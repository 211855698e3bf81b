#!/usr/bin/env python3
"""File one figure through the API, with the standard library alone (docs/api.md).

    KPI_TOKEN=kpi_… python3 file_figure.py https://kpi.example.invalid 2025-06 A06 2.86 \
        --narrative "本月示例工程按计划推进。" --outlook confident

Run again after a fault, it does nothing twice: the key of each request is made of what the request says.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

TRIES, PAUSE_SECONDS = 4, 2.0


class Refused(Exception):
    """The system said no; ``problem`` says why, with a stable ``code``."""

    def __init__(self, problem: dict):
        super().__init__(problem.get("detail", ""))
        self.problem = problem


def call(url: str, token: str, method: str = "GET", body: dict | None = None, etag: str = "") -> tuple[dict, str]:
    """The answer and its ETag. What got no answer is sent again with the same key."""
    data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    if data is not None:
        key = hashlib.sha256(b"\n".join((method.encode(), url.encode(), etag.encode(), data))).hexdigest()
        headers |= {"Content-Type": "application/json", "If-Match": etag, "Idempotency-Key": key}
    for left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, data, headers, method=method), timeout=30
            ) as answer:
                return json.load(answer), answer.headers.get("ETag", "")
        except urllib.error.HTTPError as problem:
            if problem.code not in (429, 502, 503, 504) or not left:
                raise Refused(json.load(problem)) from None
            time.sleep(float(problem.headers.get("Retry-After", PAUSE_SECONDS)))
        except OSError:
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
    raise AssertionError("unreachable")


def main() -> int:
    wanted = argparse.ArgumentParser(description="File one figure through the API")
    for name in ("site", "period", "indicator", "value"):
        wanted.add_argument(name)
    for name in ("narrative", "outlook", "measures", "catch-up-period"):
        wanted.add_argument(f"--{name}", default="")
    wanted.add_argument("--deviation-reasons", nargs="*", default=[])
    wanted.add_argument("--sure", action="store_true", help="the figure was looked at once more and is right")
    said, token = wanted.parse_args(), os.environ["KPI_TOKEN"]
    address = f"{said.site}/api/v1/{said.period[:4]}/submissions/{said.period}/{said.indicator}/"
    content = {
        "value": said.value,
        "narrative": said.narrative,
        "outlook": said.outlook,
        "measures": said.measures,
        "catch_up_period": said.catch_up_period,
        "deviation_reasons": said.deviation_reasons,
    }
    try:
        _report, etag = call(address, token)
        sent = content | ({"sure_of": said.value} if said.sure else {})
        report, _etag = call(f"{address}submit/", token, "POST", sent, etag)
    except Refused as refused:
        print(f"{refused.problem['code']}: {refused.problem['detail']}", file=sys.stderr)
        for error in refused.problem["errors"]:
            print(f"  {error['field']}: {error['detail']}", file=sys.stderr)
        return 1
    print(
        f"{report['indicator']} {report['period']}: {report['value']}, {report['state']}, version {report['version']}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
