"""The report's own words in a page: every character of the source, and nothing of ours that cannot be taken out again.

The rule: whatever we add inside the text carries ``data-ours``. The text of the page without those elements is the
stored text, character for character.
"""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from kpi import labels
from kpi.domain.values import Rag
from kpi.selectors.living_report import Segment
from kpi.web.templatetags.kpi_ui import rag_icon, rag_word

register = template.Library()


@register.filter
def verbatim(text: str) -> SafeString:
    """Escaped for HTML; a carriage return by number, because a browser would read a bare one as a line feed."""
    return mark_safe(conditional_escape(text).replace("\r", "&#13;"))  # noqa: S308 — escaped in the same line


@register.simple_tag
def lamp_counts(counts: Mapping[Rag, int]) -> SafeString:
    """The lamps of a chapter: shape, number, and the word for those who do not see the shape."""
    found = [(rag_icon(rag, 13), rag_word(rag), counts[rag]) for rag in labels.RAG if counts.get(rag)]
    drawn = format_html_join("", '<span>{}<span class="vh">{}</span>{}</span>', found)
    return format_html('<span class="lamps">{}</span>', drawn) if found else SafeString()


@register.filter
def lacks(segment: Segment, rag: Rag | None) -> bool:
    """Whether a filter by ``rag`` leaves the sentence out."""
    return rag is not None and not segment.has(rag)
