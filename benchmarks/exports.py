"""``python -m benchmarks exports``: what the workbooks cost, in a process each, beside the writer alone.

The year has ``COUNT`` indicators and twelve months, eleven of them locked. *writer* is the designed workbook written
from rows that are read already; *bare* is XlsxWriter putting the same values into the same cells without any look.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LINE = "{:<12} {:>8} {:>9} {:>9} {:>9} {:>9} {:>8} {:>9} {:>8}"
KINDS = ("ledger", "heat_map", "units", "detail")
DETAIL_ROWS = 100_000


def main() -> None:
    """Makes the year once; each kind is then measured in a child that has seen nothing else."""
    from benchmarks.__main__ import COUNT, MONTH, prepare

    prepare()
    print(LINE.format("workbook", "lines", "CPU s", "writer s", "bare s", "ratio", "lines/s", "peak MiB", "file KB"))
    for kind in KINDS:
        show(measured(kind, COUNT, MONTH))
    show(measured("detail", COUNT, MONTH, str(DETAIL_ROWS)))


def measured(*arguments: object) -> dict[str, object]:
    from django.conf import settings

    config = settings.DATABASES["default"]
    url = f"postgresql://{config['USER']}:{config['PASSWORD']}@{config['HOST']}:{config['PORT']}/{config['NAME']}"
    command = [sys.executable, "-m", "benchmarks.exports", *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True)  # noqa: S603 — this interpreter
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def show(found: dict[str, object]) -> None:
    print(LINE.format(*found.values()))


def child(kind: str, count: str, month: str, lines: str = "") -> dict[str, object]:
    """One workbook: the whole way with a peak of memory, then the writer on kept lines, then the bare one."""
    import django

    django.setup()
    from accounts.models import User
    from kpi.models import ExportJob, Period
    from kpi.workbooks import export
    from kpi.workbooks.order import Order

    period = Period.objects.select_related("report").get(code=month)
    job = ExportJob(kind=kind, period=period, asked_by=User.objects.get(username="dcs_1"), language="zh-hans")
    order = Order.of(job, period.due_at)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.xlsx"
        if lines:
            return long_detail(order, path, int(lines))
        cpu = cost(lambda: export.write(order, path))
        peak, size = peak_mib(), path.stat().st_size // 1024
        kept = list(lines_of(order))
        writer, bare = cost(lambda: write_kept(order, path, kept)), cost(lambda: write_bare(order, path, kept))
    return row(kind, len(kept), cpu, writer, bare, peak, size)


def long_detail(order, path: Path, wanted: int) -> dict[str, object]:
    """As many lines as a province has, from the year's over and over: the memory must not grow with them."""
    from kpi.workbooks import flat
    from kpi.workbooks.tally import Tally

    told = []

    def again() -> Iterator:
        done = 0
        while done < wanted:
            for line in lines_of(order):
                yield line
                done += 1
                if done % 10_000 == 0:
                    told.append(done)
                if done == wanted:
                    return

    read = cost(lambda: sum(1 for _ in again()))
    cpu = cost(lambda: flat.by_rust(order, path, again(), Tally()))
    assert told[-1] == wanted
    peak, size = peak_mib(), path.stat().st_size // 1024
    bare = cost(lambda: write_bare(order, path, again())) - read
    return row("detail 100k", wanted, cpu, cpu - read, bare, peak, size)


def row(kind: str, lines: int, cpu: float, writer: float, bare: float, peak: int, size: int) -> dict[str, object]:
    return {
        "kind": kind,
        "lines": lines,
        "cpu": f"{cpu:.2f}",
        "writer": f"{writer:.2f}",
        "bare": f"{bare:.2f}",
        "ratio": f"{writer / bare:.2f}",
        "rate": f"{lines / cpu:,.0f}",
        "peak": peak,
        "size": size,
    }


def lines_of(order) -> Iterator:
    from kpi.domain.exporting import ExportKind
    from kpi.workbooks.lines import detail_lines, ledger_lines
    from kpi.workbooks.tally import Tally

    read = detail_lines if order.kind is ExportKind.DETAIL else ledger_lines
    return read(order.scope, Tally())


def write_kept(order, path: Path, kept: list) -> None:
    """The writer part alone: the same sheet from lines that are in memory."""
    from xlsxwriter import Workbook

    from accounts.spreadsheets.formats import PLAIN
    from kpi.domain.exporting import ExportKind
    from kpi.workbooks import flat
    from kpi.workbooks.frame import Frame
    from kpi.workbooks.layout import layout_of
    from kpi.workbooks.tally import Tally

    if order.kind is ExportKind.DETAIL:
        flat.by_rust(order, path, kept, Tally())
        return
    with Workbook(str(path), {**PLAIN, "constant_memory": True}) as workbook:
        frame = Frame(workbook, "x", layout_of(order.kind, order.periods), order)
        for line in kept:
            frame.line(line)
        frame.close()


def write_bare(order, path: Path, lines) -> None:
    """The same values in the same cells, without head, look or paper."""
    from xlsxwriter import Workbook

    from kpi.workbooks.layout import in_words, layout_of

    columns = layout_of(order.kind, order.periods).columns
    with Workbook(str(path), {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for place, line in enumerate(lines):
            for number, column in enumerate(columns):
                value = column.value(line)
                if isinstance(value, str):
                    sheet.write_string(place, number, value)
                elif column.form in ("number", "percent", "whole") and value is not None:
                    sheet.write_number(place, number, value)
                else:
                    sheet.write_string(place, number, in_words(column, line))


def cost(work: Callable[[], object]) -> float:
    """Seconds of this process's processor time."""
    before = time.process_time()
    work()
    return time.process_time() - before


def peak_mib() -> int:
    """The most memory this process has held. (``ru_maxrss`` of a child begins with what its parent held.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) // 1024


if __name__ == "__main__":
    print(json.dumps(child(*sys.argv[1:])))
