"""What the pages of the bulletin say in words: numbers of documents, equations, names of fields."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from kpi import labels, wording
from kpi.domain import official
from kpi.domain.bulletin_record import Change
from kpi.domain.bulletin_text import Check
from kpi.models import Bulletin
from kpi.services.bulletins import FLAGS, HEAD_FIELDS
from kpi.services.content import FieldError
from kpi.web.bulletins import DraftForm, what

register = template.Library()


@register.filter
def document_number(bulletin: Bulletin) -> str:
    """“张政督〔2025〕6号”; the year is the period's."""
    return official.document_number(bulletin.series, int(bulletin.period.code[:4]), bulletin.number or 0)


@register.filter
def equation(check: Check) -> str:
    """“32 = 2 + 3 + 16 + 9 + 2 ✓”: a word where it is wrong, so that no colour is needed."""
    parts = " + ".join(str(each) for each in check.parts)
    wrong = _("不平")
    return f"{check.whole} = {parts} ✓" if check.is_right else f"{check.whole} ≠ {parts} {wrong}"


@register.filter
def field_name(change: Change) -> str:
    """What the changed number counts."""
    return what(change.source)


@register.filter
def iso_moment(text: str) -> str:
    """A moment that was kept as text: “7月5日 18:00”."""
    return wording.moment(localtime(datetime.fromisoformat(text)))


@register.simple_tag
def bulletin_css(bulletin: Bulletin) -> str:
    return labels.BULLETIN_STATE[bulletin.state].css


@register.simple_tag
def bulletin_flags(form: DraftForm) -> list[tuple[str, str, bool, str]]:
    """The switches with their labels; those that are off unless the office wants them say why."""
    hints = {
        "has_praise": _("默认不列；按事实和机构序列，不排名"),
        "has_reminder": _("默认不列；按事实和机构序列，不排名"),
        "tells_all_heads": _("默认只发给通报中涉及的单位和分管领导"),
    }
    return [(name, _label(name), bool(form.flags.get(name)), hints.get(name, "")) for name in FLAGS]


@register.simple_tag
def bulletin_head(form: DraftForm) -> list[tuple[str, str, str, list[FieldError]]]:
    """The fields of the head: name, label, value, errors."""
    return [(name, _label(name), form.head[name], list(form.errors.get(name, ()))) for name in HEAD_FIELDS]


def _label(name: str) -> str:
    return str(Bulletin._meta.get_field(name).verbose_name)
