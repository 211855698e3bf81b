"""Words for what a person's own page shows."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

register = template.Library()

# The first mark found counts: most browsers also name the ones they descend from.
BROWSERS = (
    ("Edg/", "Edge"),
    ("QIHU", "360"),
    ("UBrowser", "UC"),
    ("MicroMessenger", "微信"),
    ("wxwork", "企业微信"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser(agent: str) -> str:
    """“Chrome · Windows” for what a browser says of itself; what is not known is said so."""
    found = [next((name for mark, name in table if mark in agent), "") for table in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, found)) or _("未知浏览器")
