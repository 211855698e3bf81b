"""A leader's directive on a phone, from three taps to a close, with the unit and the office on theirs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE = {"width": 375, "height": 812}
PHRASE = "请查明原因，提出追赶措施和时间表"


class Phone:
    """A page on a phone that counts its taps; each tap is on something large enough that is in sight."""

    def __init__(self, page: Page):
        self.page, self.taps = page, 0
        page.set_viewport_size(PHONE)

    def tap(self, target) -> None:
        """Press what is in sight; what has to be scrolled to does not count as a tap but as a failure."""
        box = target.bounding_box()
        assert box and box["height"] >= 44, target
        assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"], "not in sight without scrolling"
        self.press(target)

    def press(self, target) -> None:
        target.click()
        self.taps += 1
        # Of the page that comes, which may still be on its way.
        assert self.page.locator("html").evaluate("(page) => page.scrollWidth") <= PHONE["width"], self.page.url

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)


def says(phone: Phone, text: str) -> None:
    expect(phone.page.get_by_role("status")).to_contain_text(text)


def test_three_taps_send_a_directive_and_it_comes_back_answered(sign_in):
    leader = Phone(sign_in("mayor"))
    leader.page.goto("/")
    leader.tap(leader.page.locator("#attention").get_by_role("link", name="批示 T07"))
    leader.tap(leader.page.locator(".chip", has_text=PHRASE))
    expect(leader.page.locator("#text")).to_have_value(PHRASE)
    leader.tap(leader.button("交办"))
    says(leader, "批示已交办 市国资委，7月11日前反馈")
    assert leader.taps == 3
    path = leader.page.url.partition("127.0.0.1")[2].partition("/")[2]

    unit = Phone(sign_in("gzw_staff"))
    unit.page.goto("/2025/todo/")
    unit.press(unit.page.locator("section[aria-labelledby=g-directives] a", has_text=PHRASE))
    assert unit.page.url.endswith(path)
    unit.press(unit.button("签收"))
    says(unit, "已签收，7月11日前反馈")
    unit.press(unit.button("转入办理"))
    unit.page.get_by_label("反馈内容").fill("正在推进，下周再报")
    unit.press(unit.button("反馈"))
    says(unit, "已反馈，等督查室复核")

    office = Phone(sign_in("dcs_1"))
    office.page.goto("/2025/desk/")
    office.press(office.page.get_by_role("link", name="反馈待复核"))
    office.press(office.page.locator(".drow", has_text="T07"))
    office.press(office.page.locator("summary", has_text="退回重办"))
    office.page.get_by_label("退回原因").fill("没有写明签约户数和开业日期")
    office.press(office.button("退回重办"))
    says(office, "已退回重办，7月11日前再反馈")

    unit.page.goto("/2025/todo/")
    unit.press(unit.page.locator("section[aria-labelledby=g-directives] a", has_text=PHRASE))
    expect(unit.page.locator("main")).to_contain_text("没有写明签约户数和开业日期")
    unit.page.get_by_label("反馈内容").fill("已签约 41 户，7月28日试营业，消防复查已通过")
    unit.press(unit.button("反馈"))

    office.page.goto(f"/{path}")
    office.press(office.button("办结"))
    says(office, "已办结")
    leader.page.reload()
    expect(leader.page.locator(".dlog")).to_contain_text("7月28日试营业")
    expect(leader.page.locator("main")).to_contain_text("这件批示已经结束")
    assert (unit.taps, office.taps) == (6, 5)
