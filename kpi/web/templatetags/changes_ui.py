"""Words and pictures of changed targets: the track of a case, both curves, the mark and the words on other pages."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from kpi import labels, wording
from kpi.domain.target_changes import ChangeParty, ChangeState
from kpi.domain.values import Rag
from kpi.selectors.scoreboard import Row
from kpi.selectors.target_changes import Case
from kpi.selectors.terms import original_terms
from kpi.web import charts, heatmap

register = template.Library()

register.filter("signed_by", wording.on_behalf)
register.simple_tag(heatmap.changed, name="changed")
NODES = tuple(labels.CHANGE_NODE)


@register.inclusion_tag("kpi/parts/change_track.html")
def change_track(case: Case) -> dict[str, object]:
    """How far a case has come; sent back it stands at its first node, over without effect it is off."""
    reached = NODES.index(case.state) + 1 if case.state in NODES else 1
    nodes = [(str(label.text), place <= reached) for place, label in enumerate(labels.CHANGE_NODE.values(), start=1)]
    is_off = case.state in (ChangeState.REFUSED, ChangeState.WITHDRAWN)
    return {"case": case, "nodes": nodes, "reached": reached, "now": nodes[reached - 1][0], "is_off": is_off}


@register.simple_tag
def change_waits(case: Case) -> str:
    """Whom an open case waits for."""
    indicator = case.indicator
    return {
        ChangeParty.UNIT: _("等%(unit)s补正。") % {"unit": indicator.lead_department.short_name},
        ChangeParty.HEAD: _("等%(unit)s负责人审签。") % {"unit": indicator.lead_department.short_name},
        ChangeParty.LEADER: _("等%(post)s审定。") % {"post": indicator.accountable_post.title},
        ChangeParty.OFFICE: _("等督查室办理。"),
    }[case.waits_for]


@register.inclusion_tag("kpi/parts/change_curve.html")
def change_curve(case: Case) -> dict[str, object]:
    """Both planned curves of a case."""
    return {"chart": charts.two_plans(case.before.plan, case.after.plan), "case": case}


@register.simple_tag
def change_words(row: Row) -> str:
    """What became of a row's target and plan by the month shown, in one line; empty where nothing did."""
    if not row.is_changed:
        return ""
    before = original_terms(row.indicator)
    names = {node["ordinal"]: node["name"] for node in before.node_rows}
    lines = wording.plan_change(before.held, row.terms.held, row.indicator, names)
    rag = labels.RAG[row.current.original_rag or Rag.NOT_DUE].text
    return _("目标调整：%(lines)s；按原目标为%(lamp)s") % {"lines": "；".join(lines), "lamp": rag}
