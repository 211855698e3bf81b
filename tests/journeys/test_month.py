"""A month in the life of one report, in a real browser."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from config.celery import app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PATIENCE = 30_000


def fill(page: Page, value: str) -> None:
    page.get_by_label(re.compile("累计完成")).fill(value)


def lamp_cell(page: Page, code: str):
    """The cell of the current month in the heat map."""
    row = page.locator("tr.row").filter(has=page.locator(".code", has_text=code))
    return row.locator("td.c").nth(5)


def test_a_month_from_filing_to_the_ledger(sign_in, worker):
    leader = sign_in("mayor")
    leader.goto("/2025/cockpit/")
    heading = leader.get_by_role("heading", level=1)
    expect(heading).to_contain_text("8 项预警")
    expect(lamp_cell(leader, "A06")).to_contain_text("未填")

    # Filing: the preview follows the typing, and an incomplete form says where.
    staff = sign_in("nyj_staff")
    staff.get_by_role("link", name=re.compile("A06")).click()
    fill(staff, "2.86")
    expect(staff.locator("#preview")).to_contain_text("89.4%", timeout=PATIENCE)
    expect(staff.locator("#preview")).to_contain_text("再完成 0.18 万亩（达到 3.04 万亩）即转绿灯")
    expect(staff.locator("#deviation")).to_be_visible()
    staff.get_by_role("button", name="提交部门审签").click()
    expect(staff.locator("#errors")).to_contain_text("请填写进展说明")
    expect(staff.get_by_label(re.compile("累计完成"))).to_have_value("2.86")
    staff.locator("#narrative").fill("慈利、桑植两县新增验收面积，永定区预计七月中旬验收。")
    staff.locator(".chip", has_text="天气").click()
    staff.locator("#measures").fill("七月增开两个标段，雨天转做预制构件。")
    staff.get_by_label(re.compile("预计追平")).select_option("2025-09")
    staff.get_by_text("有风险").click()
    staff.get_by_role("button", name="提交部门审签").click()
    expect(staff.get_by_role("status")).to_contain_text("已提交")

    # The head returns it with a reason.
    head = sign_in("nyj_head")
    head.get_by_role("link", name=re.compile("A06")).click()
    head.locator("summary", has_text="退回").click()
    head.get_by_role("textbox", name="退回原因").fill("漏报江垭片区已验收的面积，请核对")
    head.get_by_role("button", name="退回修改").click()
    expect(head.get_by_role("status")).to_contain_text("已退回")

    # Refiled with the corrected figure: green, so nothing asks for reasons any more.
    staff.goto("/inbox/")
    staff.get_by_role("link", name=re.compile("退回修改：A06")).click()
    expect(staff.locator("main")).to_contain_text("漏报江垭片区已验收的面积")
    fill(staff, "3.10")
    expect(staff.locator("#preview")).to_contain_text("正常", timeout=PATIENCE)
    staff.get_by_role("button", name="提交部门审签").click()
    expect(staff.get_by_role("status")).to_contain_text("已提交")

    # Signed, and still no colour: only what is approved counts.
    head.goto("/2025/signoff/")
    head.get_by_role("link", name=re.compile("A06")).click()
    head.get_by_role("button", name="审签通过").click()
    expect(head.get_by_role("status")).to_contain_text("已审签")
    leader.reload()
    expect(lamp_cell(leader, "A06")).to_contain_text("未复核")
    expect(heading).to_contain_text("8 项预警")

    office = sign_in("dcs_1")
    office.get_by_role("link", name=re.compile("A06")).first.click()
    office.get_by_role("button", name="审定").click()
    expect(office.get_by_role("status")).to_contain_text("已审定")
    leader.reload()
    expect(heading).to_contain_text("7 项预警")
    expect(lamp_cell(leader, "A06")).to_contain_text("正常")

    # Whoever has not filed is reminded, five workdays before the end in the inbox only; what is red is also written of.
    app.send_task("kpi.tick")
    late = sign_in("sangzhi_staff")
    reminded = wait_until(late, "/inbox/", "I25")
    expect(reminded).to_be_visible()
    app.send_task("notifications.send_due")
    expect(wait_until(late, "/trial/mailbox/", "红灯督办")).to_be_visible()

    # The ledger says what the page says.
    office.goto("/2025/desk/")
    with office.expect_download() as waiting:
        office.get_by_role("link", name=re.compile("导出台账")).click()
    sheet = load_workbook(io.BytesIO(waiting.value.path().read_bytes()))["台账"]
    headings = {cell.value: cell.column for cell in sheet[3]}
    lines = {sheet.cell(row, headings["编号"]).value: row for row in range(4, sheet.max_row + 1)}
    lines.pop(None)  # headings of sections
    assert sheet.cell(lines["A06"], headings["完成值"]).value == 3.1
    assert sheet.cell(lines["A06"], headings["亮灯"]).value == "正常"
    counts = [sheet.cell(row, headings["亮灯"]).value for row in lines.values()]
    expect(heading).to_contain_text(f"{counts.count('滞后')} 项滞后")
    expect(heading).to_contain_text(f"{counts.count('预警')} 项预警")
    leader.goto("/2025/kpis/A06/")
    expect(leader.locator(".bigfig")).to_contain_text("3.10 万亩")


def wait_until(page: Page, path: str, text: str):
    """Look again until a background process has done its work."""
    found = page.locator("main").get_by_text(text).first
    for _ in range(60):
        page.goto(path)
        if found.count():
            break
        page.wait_for_timeout(500)
    return found
