"""The inbox on a phone: put off, called back, put away all at once, and taken back; without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from kpi.models import Period
from notifications.models import Notice
from tests.journeys.conftest import Product, enter
from tests.messages import put
from tests.people import session_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE = {"width": 375, "height": 812}
LEAST = 44  # px
SMALL = """(least) => [...document.querySelectorAll('main button, main .btn, main .t a, main summary')]
    .filter((each) => each.offsetParent && each.getBoundingClientRect().height < least)
    .map((each) => each.outerHTML.slice(0, 80))"""


@pytest.fixture
def phone(product: Product, browser) -> Page:
    """A phone whose browser runs no script."""
    context = browser.new_context(
        base_url=product.address, locale="zh-CN", viewport=PHONE, java_script_enabled=False, has_touch=True
    )
    enter(context, product, session_of("mayor"))
    return context.new_page()


def tabs_say(page: Page, *counts: int) -> None:
    expect(page.locator(".tabs a b")).to_have_text([str(count) for count in counts])


def test_messages_are_put_off_put_away_and_taken_back(phone: Page):
    assert Period.objects.exists() and not Notice.objects.filter(recipient__username="mayor").exists()
    returned = {"subject_code": "T07", "url": "/2025/kpis/T07/"}
    for title in ("甲：反馈待复核", "乙：反馈待复核"):
        put("directive.replied", to="mayor", title=title, url="/2025/directives/1/")
    put("directive.replied", to="mayor", title="丙：反馈待复核", **returned)
    phone.goto("/inbox/")
    tabs_say(phone, 3, 0, 0)
    assert phone.evaluate(SMALL, LEAST) == []

    row = phone.locator(".notices li", has_text="甲：")
    row.locator("summary").click()
    row.get_by_role("button", name="明天 09:00").click()
    expect(phone.get_by_role("status")).to_contain_text("7月3日 09:00再提醒")
    tabs_say(phone, 2, 0, 0)

    phone.get_by_role("button", name="全部归档（2 条）").click()
    tabs_say(phone, 0, 0, 2)
    expect(phone.locator("main")).to_contain_text("没有需要处理的消息")
    phone.get_by_role("button", name="撤销").click()
    expect(phone.get_by_role("status")).to_contain_text("已撤销，2 条消息恢复原样")
    tabs_say(phone, 2, 0, 0)

    phone.locator(".put-off summary").click()
    phone.get_by_role("button", name="现在取回：甲").click()
    tabs_say(phone, 3, 0, 0)
    phone.get_by_role("link", name="丙：反馈待复核").click()
    expect(phone).to_have_url(f"{phone.url.partition('/2025')[0]}/2025/kpis/T07/")
    phone.go_back()
    phone.reload()
    expect(phone.locator(".unread")).to_have_count(2)
