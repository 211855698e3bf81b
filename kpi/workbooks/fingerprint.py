"""The fingerprint of the data in a workbook: the same for the same rows, in whatever order and layout they stand.

Its canonical form is written down in docs/rules/exports.md, so that anybody can compute it from the API's rows.
"""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256

from kpi.selectors.records import as_record
from kpi.selectors.scoreboard import MonthLamp, Row

FIGURES = ("value", "plan", "target", "original_target", "original_plan", "ratio", "gap", "to_green")


class Fingerprint:
    """Row by row, keeping one digest for each indicator and nothing else."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}

    def add(self, row: Row) -> None:
        self._digests[row.indicator.code] = sha256(canonical(row).encode()).hexdigest()

    def hexdigest(self) -> str:
        lines = "".join(f"{self._digests[code]}\n" for code in sorted(self._digests))
        return sha256(lines.encode()).hexdigest()


def canonical(row: Row) -> str:
    """A row as one line of JSON."""
    record = as_record(row)
    record |= {name: _plain(record[name]) for name in FIGURES}
    record["months"] = [_month(month) for month in row.months]
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _month(month: MonthLamp) -> dict[str, str | None]:
    lamp = month.assessment
    return {
        "period": month.period.code,
        "lamp": str(month.rag) if month.rag else None,
        "computed_lamp": str(month.computed_rag) if month.computed_rag else None,
        "value": _plain(lamp.actual if lamp else None),
        "plan": _plain(lamp.expected if lamp else None),
        "source": month.source_period or None,
        "timeliness": str(month.timeliness) if month.timeliness else None,
    }


def _plain(value: object) -> str | None:
    """A figure without the zeros that only say how it was stored; the same figure always looks the same."""
    if value is None:
        return None
    found = Decimal(str(value)).normalize()
    return "0" if found == 0 else f"{found:f}"
