"""The living report in a real browser: what the browser itself reads as the text, and the panel on desk and phone."""

from __future__ import annotations

from tests.journeys.conftest import ROOT

PAGE = "/2025/living-report/"
READ = """() => {
  const copy = document.getElementById("report-text").cloneNode(true);
  copy.querySelectorAll("[data-ours]").forEach((each) => each.remove());
  return copy.textContent;
}"""
FOCUS = "document.activeElement.dataset.code || document.activeElement.tagName"


def test_a_sentence_opens_beside_the_text_or_from_below_and_closes_back_to_it(sign_in):
    source = (ROOT / "fixtures" / "report-2025.txt").read_bytes().decode()
    page = sign_in("mayor")
    for width, height in ((1440, 900), (375, 812)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(PAGE)
        assert page.evaluate(READ) == source
        assert page.evaluate("document.documentElement.scrollWidth") == width
        sentence, panel = page.locator("a[data-code=A06]"), page.locator("#panel")
        sentence.click()
        panel.get_by_role("heading", name="建设高标准农田").wait_for()
        assert page.evaluate(FOCUS) == "H2" and page.url.endswith("#A06")
        below, above = panel.bounding_box(), sentence.bounding_box()
        if width == 375:
            assert below["y"] + below["height"] >= height - 1 and above["y"] + above["height"] <= below["y"]
        else:
            assert below["x"] > above["x"] + above["width"] and 0 <= below["y"] < height
        page.keyboard.press("Escape")
        assert panel.is_hidden() and page.evaluate(FOCUS) == "A06" and "#" not in page.url
        # Several tasks in one sentence: each by itself; the close button does what Escape does.
        page.locator("a[data-code=I24]").click()
        panel.get_by_role("heading", name="慈利创业西路").wait_for()
        panel.get_by_role("button", name="关闭").click()
        assert panel.is_hidden() and page.evaluate(FOCUS) == "I24"
    page.goto(f"{PAGE}?period=2025-05#T06")
    page.locator("#panel h2").wait_for()
    page.locator("#panel").get_by_role("link", name="查看").click()
    page.wait_for_url("**/2025/kpis/T06/?period=2025-05")


def test_without_javascript_the_sentence_leads_to_its_indicator(sign_in, product, browser):
    page = sign_in("mayor")
    kept = page.context.storage_state()
    plain = browser.new_context(base_url=product.address, java_script_enabled=False, storage_state=kept).new_page()
    plain.goto(PAGE)
    plain.get_by_label("月份").select_option("2025-05")
    plain.get_by_role("button", name="查看").click()
    plain.locator("a[data-code=A06]").click()
    assert plain.url.endswith("/2025/kpis/A06/?period=2025-05")
