"""A leader's phone and the wall: the first button within reach, a rotation that stops and never asks to sign in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HALF_A_MINUTE = 30_000


def shown(page: Page) -> str:
    return page.locator("#views a[aria-current]").inner_text()


def test_the_first_button_is_on_the_phones_first_screen_and_the_wall_turns_until_it_is_paused(sign_in):
    page = sign_in("mayor")
    page.set_viewport_size({"width": 375, "height": 812})
    page.goto("/2025/cockpit/")
    button, bar = page.locator(".instruct .btn").first.bounding_box(), page.locator(".tabbar").bounding_box()
    assert button["height"] >= 44 and button["y"] + button["height"] <= bar["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 375

    page.clock.install()
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto("/2025/cockpit/screen/")
    page.clock.fast_forward(HALF_A_MINUTE)
    expect(page.locator("#views a[aria-current]")).to_have_text("热力图")
    expect(page.locator("#screen-view .wallheat")).to_be_visible()
    assert page.url.endswith("?view=heat")

    page.get_by_role("button", name="暂停轮播").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="继续轮播")).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(4 * HALF_A_MINUTE)
    page.evaluate("fetch('/readyz').then((answer) => answer.text())")
    assert [url for url in asked if "view=" in url] == [] and shown(page) == "热力图"

    page.keyboard.press("Enter")
    page.context.clear_cookies()
    page.clock.fast_forward(HALF_A_MINUTE)
    expect(page.get_by_text("连接中断，显示上一次取到的数据")).to_be_visible()
    assert shown(page) == "热力图" and "/login/" not in page.url

    still = sign_in("mayor")
    still.emulate_media(reduced_motion="reduce")
    still.goto("/2025/cockpit/screen/")
    expect(still.get_by_role("button", name="继续轮播")).to_be_visible()
