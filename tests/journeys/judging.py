"""What every page is held to: as wide as its window, pressable, accessible by axe in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from playwright.sync_api import Page

WIDTHS = (320, 375, 768, 1440)
# Where the layout changes: the pages are judged on a phone and at a desk.
JUDGED_AT = (375, 1440)
LEAST = 24  # px, of whatever is pressed
# Without asking for the style sheets again: only a rule on turned screens reads them. How well words can be read is
# judged by contrast.js, which leaves out what is painted like something it judged before: it is the dearest rule.
AXE = {
    "preload": False,
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"color-contrast": {"enabled": False}},
}
# All that a theme can change besides: it holds nothing but colours.
AXE_ON_COLOURS = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["link-in-text-block"]}}
CONTRAST = Path(__file__).with_name("contrast.js").read_text()
# As the server does for a reader who chose dark: one style sheet more, after the others.
TURN_DARK = """(address) => new Promise((done, failed) => {
    const dark = Object.assign(document.createElement('link'), { rel: 'stylesheet', media: 'screen', href: address });
    dark.onload = () => done();
    dark.onerror = () => failed(new Error(`no ${address}`));
    [...document.querySelectorAll('link[rel=stylesheet]')].pop().after(dark);
})"""
DARK_SHEET = f"{settings.STATIC_URL}css/dark.css"
AXE_FOUND = """async (options) => (await axe.run(document, options)).violations.map(
    (each) => `${each.id} (${each.nodes.length}): ${each.nodes[0].html.slice(0, 160)}`)"""
OPEN_ALL = "document.querySelectorAll('main details').forEach((each) => { each.open = true; })"
SMALL = """(least) => [...document.querySelectorAll(
    'main button, main summary, main select, main textarea, main .btn, main .chip')]
    .filter((each) => each.offsetParent && each.getBoundingClientRect().height < least)
    .map((each) => each.outerHTML.slice(0, 80))"""


@dataclass
class Judge:
    """Judges pages one after the other; ``paints`` are the ways of painting words that were judged already."""

    paints: list[str] = field(default_factory=list)

    def found_at(self, page: Page) -> Iterator[str]:
        """What is wrong with the page shown, with everything on it opened."""
        yield from misfits(page, "closed")
        page.evaluate(OPEN_ALL)
        yield from misfits(page, "opened")
        page.evaluate(AXE_SCRIPT)
        yield from self._violations(page, AXE)
        if not page.locator(f"link[href='{DARK_SHEET}']").count():
            page.evaluate(TURN_DARK, DARK_SHEET)
            yield from (f"turned dark, {found}" for found in self._violations(page, AXE_ON_COLOURS))

    def _violations(self, page: Page, rules: dict[str, object]) -> Iterator[str]:
        for width in JUDGED_AT:
            page.set_viewport_size({"width": width, "height": 900})
            for found in (*page.evaluate(AXE_FOUND, rules), *self.unreadable(page)):
                yield f"at {width}: {found}"

    def unreadable(self, page: Page) -> list[str]:
        """What cannot be read on the page shown, of what is painted in a way not met before; axe is loaded in it."""
        judged = page.evaluate(CONTRAST, self.paints)
        self.paints += judged["fresh"]
        return judged["found"]


def misfits(page: Page, state: str) -> Iterator[str]:
    """What is wider than the window, and what is too low to be pressed, at each width."""
    for width in WIDTHS:
        yield from (f"{state}: {found}" for found in too_wide(page, width))
        yield from (f"{state}: lower than {LEAST} px at {width}: {found}" for found in page.evaluate(SMALL, LEAST))


def too_wide(page: Page, width: int) -> Iterator[str]:
    """Whether the page must be moved sideways in a window of this width."""
    page.set_viewport_size({"width": width, "height": 900})
    needed = page.evaluate("document.documentElement.scrollWidth")
    if needed > width:
        yield f"{needed} px wide at {width}"
