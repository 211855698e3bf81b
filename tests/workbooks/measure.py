"""Run by the tests as a program, so that what reading costs is counted in processes that do nothing else.

``bombs``: every hostile workbook through the reader as the server calls it. ``mutants FILE SEED COUNT``: copies of a
workbook broken by chance, through the same two steps, the second one in this process under the limits of the child.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from django.conf import settings

settings.configure(USE_I18N=False)

from accounts import spreadsheets  # noqa: E402
from accounts.spreadsheets import child  # noqa: E402
from tests.workbooks import hostile  # noqa: E402


def bombs(honest: Path) -> dict[str, object]:
    """By name: size, outcome, CPU seconds of server and child, and the largest child so far in MiB."""
    files = {"honest": honest.read_bytes()} | {name: made() for name, made in hostile.BOMBS.items()}
    found = {}
    for name, data in files.items():
        before = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            outcome = f"read {len(spreadsheets.read(data))}"
        except spreadsheets.SpreadsheetRefused as refused:
            outcome = refused.code
        after = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        server, reader = (
            now.ru_utime + now.ru_stime - was.ru_utime - was.ru_stime for was, now in zip(before, after, strict=True)
        )
        found[name] = [len(data), outcome, round(server, 2), round(reader, 2), after[1].ru_maxrss // 1024]
    return found


def mutants(original: Path, seed: int, count: int) -> dict[str, object]:
    """Outcomes, faults that would have been the server's, the slowest file in CPU seconds and the memory in MiB."""
    resource.setrlimit(resource.RLIMIT_AS, (child.MEMORY, child.MEMORY))
    outcomes: Counter[str] = Counter()
    faults, slowest, total = [], 0.0, 0
    for number, data in enumerate(hostile.mutants(original.read_bytes(), count, seed)):
        total = hostile.checksum([total.to_bytes(4, "big"), data])
        start = time.process_time()
        try:
            outcome = _outcome(data)
        except Exception as fault:
            faults.append(f"{seed}/{number}: {fault!r}")
            outcome = "fault"
        outcomes[outcome] += 1
        slowest = max(slowest, time.process_time() - start)
    return {"outcomes": outcomes, "faults": faults, "slowest": slowest, "memory": _peak(), "checksum": total}


def _peak() -> int:
    """The most memory this program has held, in MiB. (``ru_maxrss`` of a process begins with what its parent held.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) // 1024


def _outcome(data: bytes) -> str:
    try:
        spreadsheets._judge(data)
    except spreadsheets.SpreadsheetRefused as refused:
        return refused.code
    try:
        answer = child.rows_of(data, spreadsheets.MAX_ROWS, spreadsheets.MAX_COLUMNS)
        json.dumps(answer)
    except Exception:
        # The child ends with a traceback, which the server answers as unreadable.
        return "workbook_unreadable"
    return "too_many_rows" if answer["is_cut"] else "read"


if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    print(json.dumps(bombs(Path(*rest)) if task == "bombs" else mutants(Path(rest[0]), int(rest[1]), int(rest[2]))))
