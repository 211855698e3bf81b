"""The KPI page in a real browser: the library draws under the strict policy, and nothing is lost without it."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser]
FARMLAND = "/2025/kpis/A06/"


def test_the_curve_is_drawn_over_the_servers_own_and_nothing_needs_it(sign_in, browser, product):
    """Errors in the console, the policy's among them, and foreign requests fail the test in ``sign_in``."""
    page = sign_in("mayor")
    page.emulate_media(reduced_motion="reduce")
    page.goto(FARMLAND)
    live = page.locator(".curve .live svg")
    live.get_by_text("预计 6.38 万亩").wait_for()
    assert page.locator(".curve .live").get_attribute("aria-label").startswith("按近 3 个月速度，年底差 0.57 万亩")
    assert not page.locator(".curve .drawn.wide").is_visible()
    box = live.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 30, box["y"] + box["height"] / 2)
    live.get_by_text("预计 6.38（6.17 至 6.70）").wait_for()
    page.get_by_text("看数据表").click()
    assert page.get_by_role("cell", name="6.17 至 6.70").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".curve .drawn.wide svg").is_visible() and not live.is_visible()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 375, "height": 812})
    for path in (FARMLAND, "/2025/kpis/?lamp=amber", "/2025/coverage/I39/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": product.address}])
    page.goto(FARMLAND)
    named = live.get_by_text("预计 6.38 万亩")
    named.wait_for()
    assert named.get_attribute("fill") == page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"
    )
    without = browser.new_context(
        base_url=product.address, java_script_enabled=False, storage_state=page.context.storage_state()
    ).new_page()
    without.goto(FARMLAND)
    assert without.locator(".curve .drawn.wide svg").is_visible()
    assert without.get_by_text("预计 6.38 万亩").first.is_visible()
