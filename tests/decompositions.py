"""A report of an invented city, half taken apart."""

from __future__ import annotations

from pathlib import Path

from accounts.models import User
from kpi.domain.decomposition import Origin
from kpi.domain.readings import read_report
from kpi.models import Decomposition, ProposedSpan
from kpi.services.decompositions import Naming, stored_pieces
from tests.conftest import NOW

TEXT = (Path(__file__).parent / "reports" / "invented-city.txt").read_text(encoding="utf-8")


def half_done(year: int = 2026) -> Decomposition:
    """A draft with a phrase in every state: some accepted with and without a lead, one set aside, a range open."""
    office = User.objects.get(username="dcs_1")
    draft = Decomposition.objects.create(
        year=year,
        title="云岫市政府工作报告（示例）",
        text=TEXT,
        state="working",
        created_by=office,
        created_at=NOW,
        changed_at=NOW,
        last_act={"action": "span.accept", "before": [], "after": []},
    )
    spans = stored_pieces(draft, read_report(TEXT, year), Origin.MACHINE)
    naming = Naming.of(draft, NOW)
    for span in spans[2:9]:
        span.state = "accepted"
        span.task = naming.named(span.task, TEXT[span.start : span.end], span.reading)
    spans[-1].state, spans[-1].context_reason = "context", "背景表述，不单独立项"
    ProposedSpan.objects.bulk_create(spans)
    return draft
