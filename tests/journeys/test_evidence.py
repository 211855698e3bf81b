"""Evidence in a real browser: progress, reload, removal, a completion without and with its proof; phone, no scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.evidence.files import MARKUP, pdf, png

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FORM = "/2025/reports/2025-06/A06/"
TEXT = "慈利、桑植两县全部完成验收，达到全年目标。"


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    sent = [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
    page.locator("#files").set_input_files(sent)


def listed(page: Page):
    return page.locator("#evidence-list .file a")


def test_files_go_up_with_progress_stay_over_a_reload_and_come_off(sign_in):
    page = sign_in("nyj_staff")
    page.goto(FORM)
    held: list[Route] = []
    page.route("**/evidence/", lambda route: held.append(route))  # noqa: PLW0108 — Playwright marks the function
    choose(page, ("慈利县验收意见书.pdf", pdf()))
    bar = page.locator("#uploads progress")
    expect(bar).to_be_visible()
    expect(page.locator("#uploads")).to_contain_text(re.compile("慈利县验收意见书.pdf.*正在上传", re.S))
    page.get_by_role("button", name="提交部门审签").click()
    expect(page.locator("#uploads")).to_contain_text("还有文件正在上传")
    held[0].continue_()
    expect(listed(page)).to_have_text(["慈利县验收意见书.pdf"])
    expect(bar).to_have_count(0)
    page.unroute("**/evidence/")

    # Several at once: each is taken or refused for itself, and typed text stays.
    page.locator("#narrative").fill(TEXT)
    choose(page, ("照片.png", png()), ("假的.pdf", MARKUP), ("工具.exe", b"MZ"), ("大.pdf", bytes(21 * 1024 * 1024)))
    expect(listed(page)).to_have_text(["慈利县验收意见书.pdf", "照片.png"])
    for words in ("内容不是 .pdf 文件", "不支持 .exe 文件", "文件超过 20 MB"):
        expect(page.locator("#uploads .emsg").filter(has_text=words)).to_be_visible()
    expect(page.locator("#narrative")).to_have_value(TEXT)

    expect(page.locator("#saved")).to_contain_text("草稿已自动保存")
    page.reload()
    expect(listed(page)).to_have_text(["慈利县验收意见书.pdf", "照片.png"])
    page.get_by_role("button", name="移除 照片.png").click()
    expect(listed(page)).to_have_text(["慈利县验收意见书.pdf"])
    expect(page.locator("#evidence")).to_be_focused()
    with page.expect_download() as coming:
        listed(page).click()
    assert coming.value.suggested_filename == "慈利县验收意见书.pdf"
    assert coming.value.path().read_bytes() == pdf()


def test_a_dropped_file_is_taken_and_the_button_is_always_there(sign_in):
    page = sign_in("nyj_staff")
    page.goto(FORM)
    expect(page.locator("#drop label")).to_have_text("选择文件")
    page.evaluate(
        """text => {
            const carried = new DataTransfer();
            carried.items.add(new File([text], "口径.txt"));
            const event = new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
            document.getElementById("drop").dispatchEvent(event);
        }""",
        "按验收面积统计。",
    )
    expect(listed(page)).to_have_text(["口径.txt"])


def test_attaching_and_typing_do_not_get_in_each_others_way(sign_in):
    """The first file begins the draft while the first autosave is on its way: neither is stale."""
    page = sign_in("nyj_staff")
    page.goto(FORM)
    page.locator("#narrative").press_sequentially("先传附件，")
    choose(page, ("照片.png", png()))
    page.locator("#narrative").press_sequentially("再接着写。")
    expect(listed(page)).to_have_text(["照片.png"])
    expect(page.locator("#saved")).to_contain_text("草稿已自动保存")
    page.reload()
    expect(page.locator("#narrative")).to_have_value("先传附件，再接着写。")
    expect(listed(page)).to_have_text(["照片.png"])


def test_a_completion_without_proof_is_stopped_at_the_field_and_then_filed(sign_in):
    page = sign_in("nyj_staff")
    page.goto(FORM)
    expect(page.locator("#evidence-need")).to_contain_text("选填")
    page.get_by_label(re.compile("累计完成")).fill("6.95")
    expect(page.locator("#evidence-need")).to_have_text("必填：申报完成")
    page.locator("#narrative").fill(TEXT)
    page.get_by_role("radio", name=re.compile("能完成")).first.check()
    page.get_by_role("button", name="提交部门审签").click()
    page.get_by_role("button", name="数字无误，继续提交").click()
    problem = page.locator("#errors").get_by_role("link", name="请附至少一份佐证材料（申报完成）")
    problem.click()
    expect(page.locator("#evidence")).to_be_focused()
    expect(page.locator("#evidence")).to_be_in_viewport()
    expect(page.locator("#narrative")).to_have_value(TEXT)
    choose(page, ("验收意见书.pdf", pdf()))
    expect(listed(page)).to_have_text(["验收意见书.pdf"])
    expect(page.locator("#evidence .emsg")).to_have_count(0)
    page.get_by_role("button", name="提交部门审签").click()
    page.get_by_role("button", name="数字无误，继续提交").click()
    expect(page.get_by_role("status")).to_contain_text("已提交")
    page.goto(FORM)
    expect(page.locator("main")).to_contain_text("验收意见书.pdf")


def test_a_picture_shows_itself_inside_the_sandbox(sign_in):
    page = sign_in("nyj_staff")
    page.goto("/2025/reports/2025-06/A07/")
    path = page.get_by_role("link", name=re.compile("^查看 示例")).get_attribute("href")
    # A page of its own: the browser's frame around a picture is styled, which the sandbox forbids and notes.
    page = page.context.new_page()
    page.goto(path)
    assert page.evaluate("document.images[0].naturalWidth") == 96
    assert page.evaluate("self.origin") == "null", "it has no origin of ours to act for"


def test_an_ended_session_is_said_beside_the_file(sign_in):
    page = sign_in("nyj_staff")
    page.goto(FORM)
    page.context.clear_cookies(name="sessionid")
    choose(page, ("照片.png", png()))
    expect(page.locator("#uploads")).to_contain_text("登录已过期")


def test_a_phone_holds_it_all_and_every_target_is_large_enough(sign_in):
    page = sign_in("nyj_staff")
    page.set_viewport_size({"width": 375, "height": 812})
    page.goto(FORM)
    choose(
        page, ("慈利县、桑植县、永定区三个片区二〇二五年六月联合验收意见书（扫描件）.pdf", pdf()), ("工具.exe", b"MZ")
    )
    expect(listed(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for target in page.locator("#evidence button:visible, #drop label").all():
        box = target.bounding_box()
        assert box["height"] >= 44 and box["width"] >= 44
    page.get_by_role("button", name=re.compile("^移除")).click()
    expect(listed(page)).to_have_count(0)


def test_without_javascript_files_are_attached_removed_and_required(sign_in, browser, product):
    cookies = sign_in("nyj_staff").context.cookies()
    context = browser.new_context(base_url=product.address, locale="zh-CN", java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.set_viewport_size({"width": 375, "height": 812})
    page.goto(FORM)
    page.locator("#narrative").fill(TEXT)
    choose(page, ("照片.png", png()), ("口径.txt", "按验收面积统计。".encode()))
    page.get_by_role("button", name="上传所选文件").click()
    expect(listed(page)).to_have_text(["照片.png", "口径.txt"])
    expect(page.locator("#narrative")).to_have_value(TEXT)
    page.get_by_role("button", name="移除 口径.txt").click()
    expect(listed(page)).to_have_text(["照片.png"])
    page.locator("#narrative").fill(TEXT + "（已核）")
    choose(page, ("假的.pdf", MARKUP))
    page.get_by_role("button", name="上传所选文件").click()
    expect(page.locator("#evidence .emsg")).to_contain_text("内容不是 .pdf 文件")
    expect(page.locator("#narrative")).to_have_value(TEXT + "（已核）")
    # Enter in a field submits, as it always did, and removes nothing.
    page.get_by_label(re.compile("累计完成")).fill("3.10")
    page.get_by_role("radio", name=re.compile("能完成")).first.check()
    page.get_by_label(re.compile("累计完成")).press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已提交")


def test_a_draft_is_thrown_away_in_two_clicks(sign_in):
    page = sign_in("nyj_staff")
    page.goto(FORM)
    page.locator("#narrative").fill(TEXT)
    choose(page, ("照片.png", png()))
    expect(listed(page)).to_have_count(1)
    expect(page.locator("#saved")).to_contain_text("草稿已自动保存")
    page.get_by_role("link", name="放弃这份草稿").click()
    expect(page.locator("main")).to_contain_text(TEXT)
    page.get_by_role("button", name="放弃草稿").click()
    expect(page.get_by_role("status")).to_contain_text("已放弃 A06 的草稿")
    page.goto(FORM)
    expect(page.locator("#narrative")).to_have_value("")
    expect(listed(page)).to_have_count(0)
    expect(page.locator("#restored")).to_be_hidden()
