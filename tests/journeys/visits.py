"""The visits that ``test_every_page`` makes: who opens which address, and what is done there before looking."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.template.loader import render_to_string
from playwright.sync_api import Page


def submit_empty(page: Page) -> None:
    page.get_by_role("button", name="提交部门审签").click()
    page.locator("#errors").wait_for()


def sign_in_wrongly(page: Page) -> None:
    page.get_by_label("用户名").fill("mayor")
    page.get_by_label("密码").fill("not-the-password")
    page.locator("form.card").get_by_role("button", name="登录").click()
    page.locator(".emsg, [role=alert]").first.wait_for()


def upload_template(page: Page) -> None:
    template = page.request.get(page.url.replace("/import/", "/template.xlsx")).body()
    page.locator("#file").set_input_files(
        {"name": "填报表.xlsx", "mimeType": "application/octet-stream", "buffer": template}
    )
    page.get_by_role("button", name="上传并预览").click()
    page.wait_for_url("**/import/*-*/")


def upload_nothing_readable(page: Page) -> None:
    page.locator("#file").set_input_files({"name": "x.xlsx", "mimeType": "application/octet-stream", "buffer": b"x"})
    page.get_by_role("button", name="上传并预览").click()
    page.locator(".ef").wait_for()


def add_nothing(page: Page) -> None:
    page.get_by_role("button", name="保存").click()
    page.locator(".errs").wait_for()


def send_without_words(page: Page) -> None:
    page.get_by_role("button", name="交办").click()
    page.locator(".emsg, [role=alert]").first.wait_for()


def choose_impossible_hours(page: Page) -> None:
    page.locator("#opens_at").select_option("16:00")
    page.locator("#closes_at").select_option("10:00")
    page.get_by_role("button", name="保存设置").click()
    page.locator("#errors").wait_for()


def write_too_much(page: Page) -> None:
    page.locator("#note").fill("好" * 101)
    page.get_by_role("button", name="催办").click()
    page.locator(".emsg").wait_for()


def add_a_step_for_nobody(page: Page) -> None:
    page.locator("#review-add").click()
    page.locator("#review-2").wait_for()
    page.locator("main p.acts button[value=save]").click()
    page.locator(".errs").wait_for()


def make_it(page: Page) -> None:
    page.get_by_role("button", name="生成").click()
    page.get_by_text("已排队").wait_for()


def ask_for_nothing(page: Page) -> None:
    page.get_by_role("button", name="送本单位负责人审签").click()
    page.locator(".errs").wait_for()


def open_no_window(page: Page) -> None:
    page.locator("#closes_on").fill("01月")
    page.get_by_role("button", name="立新窗口").click()
    page.locator(".errs").wait_for()


def refuse_without_words(page: Page) -> None:
    page.locator("#refuse summary").click()
    page.locator("#refuse button").click()
    page.locator(".errs").wait_for()


def empty_a_field(page: Page) -> None:
    page.locator("[id='p-overall'] summary").click()
    page.locator("[id='text-overall']").fill("换一种写法。")
    page.get_by_role("button", name="保存", exact=True).click()
    page.locator("#errors").wait_for()


def type_a_wrong_code(page: Page) -> None:
    page.locator("#code").fill("000000")
    page.locator("form.card button").click()
    page.locator(".emsg").wait_for()


def choose_a_bad_password(page: Page) -> None:
    for name, typed in (("old_password", "wrong"), ("new_password1", "zjj"), ("new_password2", "zjj-2")):
        page.locator(f"#id_{name}").fill(typed)
    page.get_by_role("button", name="换成新密码").click()
    page.locator(".emsg").first.wait_for()


def make_a_token_for_nothing(page: Page) -> None:
    page.get_by_role("button", name="建立令牌").click()
    page.locator(".errs").wait_for()


def make_a_token(page: Page) -> None:
    page.locator("#id_name").fill("示例平台")
    page.get_by_role("button", name="建立令牌").click()
    page.locator("code.secret").wait_for()


def renew_the_codes(page: Page) -> None:
    page.get_by_role("button", name="重新生成恢复码").click()
    page.get_by_text("只显示这一次").wait_for()


def create_without_a_lead(page: Page) -> None:
    page.get_by_role("button", name="建立任务").click()
    page.locator("#errors").wait_for()


def plan_a_fall(page: Page) -> None:
    page.locator("[id='2025-09']").fill("1")
    page.locator(".findings").wait_for()


def share_out(page: Page) -> None:
    page.get_by_role("button", name="各区县平均分").click()
    page.locator(".flash").wait_for()


def preview_a_year(page: Page) -> None:
    page.locator("#year").fill("2026")
    page.get_by_role("button", name="预览").click()
    page.locator("#preview").wait_for()


def begin_with_nothing(page: Page) -> None:
    page.locator("#text").fill("")
    page.get_by_role("button", name="开始拆解").click()
    page.locator("#errors").wait_for()


def accept_a_range(page: Page) -> None:
    page.get_by_role("button", name="接受，建任务").click()
    page.locator("#errors").wait_for()


def object_without_words(page: Page) -> None:
    page.get_by_role("button", name="提出异议").click()
    page.locator("#errors").wait_for()


def correct_without_a_reason(page: Page) -> None:
    page.locator(".fix").first.click()
    page.get_by_role("button", name="更正这一行").first.click()
    page.locator("#errors").wait_for()


def see_the_effect(page: Page) -> None:
    page.locator("#effective_from").fill("2025-06-01")
    page.get_by_role("button", name="预览影响").last.click()
    page.locator("#effect").wait_for()


def confirm_nothing(page: Page) -> None:
    page.get_by_role("button", name="提前关闭").click()
    page.locator("#errors").wait_for()


def ask_without_reason(page: Page) -> None:
    page.get_by_role("button", name="申请解锁").click()
    page.locator("#errors").wait_for()


def extend_nobody(page: Page) -> None:
    page.get_by_role("button", name="延期", exact=True).click()
    page.locator("#errors").wait_for()


def fail(page: Page) -> None:
    """The page of a fault of ours, which no address leads to."""
    fault = render_to_string("errors/fault.html", {"code": "A1B2C3"})
    page.route("**/fault/", lambda route: route.fulfill(status=500, content_type="text/html", body=fault))
    page.goto("/fault/")


class Visit(NamedTuple):
    """``person`` is a demo person or empty for a stranger; ``{T36}`` in a path is the key of that report of June,
    ``{rules}`` of reminder rules to come, ``{scheme}`` of a scoring scheme, ``{robot}`` of a robot, ``{undone}`` of a
    change of a window, ``{draft}`` of a report taken apart with a ``{range}`` and a ``{task}``; ``then`` is what is
    done there before looking; every page is judged in both themes, whichever it comes in."""

    person: str
    path: str
    then: Callable[[Page], None] | None = None
    theme: str = "light"


FORM = "/2025/reports/2025-06"
# What a leader may open in a year whose report has no indicator yet.
EMPTY = (
    "cockpit/",
    "cockpit/screen/",
    "departments/",
    "sectors/",
    "kpis/",
    "living-report/",
    "brief/2026-01/",
    "directives/",
    "bulletins/",
    "scores/",
    "target-changes/",
)
VISITS = (
    Visit("", "/login/"),
    Visit("", "/login/", sign_in_wrongly),
    Visit("", "/login/", fail),
    Visit("nyj_staff", "/2025/todo/"),
    Visit("nyj_staff", "/inbox/"),
    Visit("nyj_staff", "/inbox/?tab=about"),
    Visit("nyj_staff", "/inbox/?tab=archived"),
    Visit("nyj_staff", "/inbox/preferences/"),
    Visit("nyj_staff", "/inbox/preferences/", choose_impossible_hours),
    Visit("nyj_staff", "/account/"),
    Visit("nyj_staff", "/account/tokens/"),
    Visit("nyj_staff", "/account/tokens/", make_a_token_for_nothing),
    Visit("nyj_staff", "/account/tokens/", make_a_token),
    Visit("nyj_staff", "/api/v1/docs/"),
    Visit("nyj_staff", "/2025/cockpit/"),
    Visit("nyj_staff", "/2025/kpis/A06/"),
    Visit("nyj_staff", f"{FORM}/A06/"),  # nothing said yet
    Visit("nyj_staff", f"{FORM}/A06/", submit_empty),
    Visit("nyj_staff", "/2025/directives/"),
    Visit("nyj_staff", "/2025/kpis/A06/target-changes/new/"),
    Visit("nyj_staff", "/2025/kpis/A06/target-changes/new/", ask_for_nothing),
    Visit("nyj_staff", "/2025/target-changes/"),  # nothing in it
    Visit("gzw_staff", "/2025/kpis/T06/target-changes/new/"),  # nodes
    Visit("nyj_staff", f"{FORM}/A11/"),  # townships
    Visit("nyj_staff", f"{FORM}/A07/"),  # filed, with a file
    Visit("nyj_staff", f"{FORM}/A05/discard/"),
    Visit("nyj_staff", f"{FORM}/grid/"),
    Visit("nyj_staff", f"{FORM}/import/"),
    Visit("nyj_staff", f"{FORM}/import/", upload_nothing_readable),
    Visit("nyj_staff", f"{FORM}/import/", upload_template),
    Visit("nyj_staff", "/2025/reports/2025-05/A06/"),  # locked
    Visit("nyj_staff", "/2025/desk/"),  # not allowed
    Visit("wlj_head", "/2025/signoff/"),
    Visit("wlj_head", "/2025/signoff/{T42}/"),
    Visit("wlj_head", "/2025/todo/"),
    Visit("fgw_staff", "/2025/todo/"),  # asked to co-sign
    Visit("fgw_staff", "/2025/cosign/{I37}/"),
    Visit("dcs_1", "/2025/desk/"),
    Visit("dcs_1", "/2025/desk/?period=2025-01"),
    Visit("dcs_1", "/2025/desk/reports/?period=2025-04&state=late&span=year"),
    Visit("dcs_1", "/2025/desk/attention/"),
    Visit("dcs_1", "/2025/desk/attention/?list=unanchored"),  # nothing
    Visit("dcs_1", "/2025/desk/periods/2025-07/open/"),
    Visit("dcs_1", "/2025/desk/periods/2025-06/extend/"),
    Visit("dcs_1", "/2025/desk/periods/2025-06/close/", confirm_nothing),
    Visit("dcs_1", "/2025/desk/periods/2025-06/lock/"),  # not yet
    Visit("dcs_1", "/2025/desk/periods/{undone}/"),
    Visit("dcs_1", "/2025/desk/periods/2025-05/unlock/", ask_without_reason),
    Visit("dcs_1", "/2025/desk/periods/2025-06/extensions/", extend_nobody),
    Visit("dcs_1", "/2025/desk/chase/?period=2025-06&unit=agriculture&unit=cili"),
    Visit("dcs_1", "/2025/desk/chase/?period=2025-06&unit=agriculture", write_too_much),
    Visit("dcs_1", "/decompose/"),
    Visit("dcs_1", "/decompose/", begin_with_nothing),
    Visit("dcs_1", "/decompose/{draft}/"),
    Visit("dcs_1", "/decompose/{draft}/?at={range}", accept_a_range),
    Visit("dcs_1", "/decompose/{draft}/?at={task}"),
    Visit("dcs_1", "/decompose/{draft}/sure/"),
    Visit("dcs_1", "/decompose/{draft}/details/"),
    Visit("dcs_1", "/decompose/{draft}/details/{task}/"),
    Visit("dcs_1", "/decompose/{draft}/publish/"),
    Visit("dcs_1", "/decompose/{draft}/discard/"),
    Visit("dcs_1", "/2025/desk/reminders/"),
    Visit("dcs_1", "/2025/desk/reminders/?day=2025-07-16"),  # nobody
    Visit("dcs_1", "/2025/desk/reminders/policy/"),
    Visit("dcs_1", "/2025/desk/reminders/policy/new/"),
    Visit("dcs_1", "/2025/desk/reminders/policy/new/", add_a_step_for_nobody),
    Visit("dcs_1", "/2025/desk/reminders/policy/{rules}/"),
    Visit("dcs_1", "/2025/desk/review/{T36}/"),
    Visit("dcs_1", "/2025/desk/report/"),
    Visit("dcs_1", "/2025/desk/kpis/"),
    Visit("dcs_1", "/2026/desk/kpis/"),  # nothing in it
    Visit("dcs_1", "/2025/desk/kpis/new/?sentence=9000", create_without_a_lead),
    Visit("dcs_1", "/2025/desk/kpis/A06/edit/"),
    Visit("dcs_1", "/2025/desk/kpis/A06/plan/", plan_a_fall),
    Visit("dcs_1", "/2025/desk/kpis/T07/plan/"),
    Visit("dcs_1", "/2025/desk/kpis/A06/split/", share_out),
    Visit("dcs_1", "/2025/desk/kpis/A06/owner/"),
    Visit("dcs_1", "/2025/desk/kpis/A06/switch/"),
    Visit("dcs_1", "/2026/desk/years/", preview_a_year),
    Visit("dcs_1", "/2026/desk/succession/"),
    Visit("mayor", "/2025/kpis/years/"),
    Visit("dcs_1", "/2025/directives/"),
    Visit("dcs_1", "/2025/directives/3/"),
    Visit("dcs_1", "/2025/cockpit/"),
    Visit("dcs_1", "/2025/target-changes/?tab=applied"),
    Visit("dcs_1", "/2025/target-changes/{applied}/"),
    Visit("dcs_1", "/2025/desk/target-changes/window/"),
    Visit("dcs_1", "/2025/desk/target-changes/window/", open_no_window),
    Visit("vm_exec", "/2025/target-changes/"),
    Visit("vm_exec", "/2025/target-changes/{waiting}/"),
    Visit("vm_exec", "/2025/target-changes/{waiting}/", refuse_without_words),
    Visit("vm_exec", "/2025/cockpit/"),
    Visit("gzw_staff", "/2025/target-changes/{back}/repair/"),
    Visit("dcs_1", "/2025/kpis/I12/?period=2025-05"),
    Visit("dcs_1", "/2025/exports/"),
    Visit("dcs_1", "/2025/exports/?kind=heat_map&period=2025-06&unit=", make_it),
    Visit("dcs_1", "/2025/exports/?kind=ledger&period=2025-06&unit="),
    Visit("dcs_1", "/2025/exports/?kind=ledger&period=2031-01&unit="),  # no such month
    Visit("dcs_1", "/2026/exports/?kind=ledger&period=2026-01&unit="),  # nothing in it
    Visit("dcs_1", "/inbox/"),
    Visit("dcs_1", "/notices/log/"),
    Visit("dcs_1", "/notices/log/?closed=superseded"),
    Visit("dcs_1", "/notices/log/?state=dead"),
    Visit("dcs_1", "/notices/log/retry/?id=1"),
    Visit("dcs_1", "/notices/brake/"),
    Visit("dcs_1", "/trial/mailbox/"),
    Visit("dcs_1", "/notices/robots/"),
    Visit("dcs_1", "/notices/robots/new/"),
    Visit("dcs_1", "/notices/robots/new/", add_nothing),
    Visit("dcs_1", "/notices/robots/{robot}/"),
    Visit("mayor", "/2025/cockpit/"),
    Visit("mayor", "/2025/cockpit/?scope=all"),
    Visit("mayor", "/2025/cockpit/?period=2025-01&lamp=red"),  # nothing to show
    Visit("mayor", "/2025/cockpit/", theme="dark"),
    Visit("mayor", "/2025/cockpit/screen/"),
    Visit("mayor", "/2025/cockpit/screen/?view=heat"),
    Visit("mayor", "/2025/cockpit/screen/?view=report"),
    Visit("mayor", "/2025/departments/"),
    Visit("mayor", "/2025/departments/agriculture/"),
    Visit("mayor", "/2025/departments/agriculture/?role=supporting"),
    Visit("mayor", "/2025/sectors/"),
    Visit("mayor", "/2025/sectors/C003/"),
    Visit("mayor", "/2025/kpis/"),
    Visit("mayor", "/2025/kpis/?q=没有这样的任务"),  # nothing found
    Visit("mayor", "/2025/kpis/A06/"),
    Visit("mayor", "/2025/coverage/I39/"),
    Visit("mayor", "/2025/brief/2025-06/"),
    Visit("mayor", "/2025/brief/2025-03/"),
    Visit("mayor", "/2025/directives/"),
    Visit("mayor", "/2025/directives/?tab=withdrawn"),
    Visit("mayor", "/2025/directives/new/?kpi=A06"),
    Visit("mayor", "/2025/directives/new/?kpi=A06", send_without_words),
    Visit("mayor", "/2025/directives/1/"),
    Visit("mayor", "/2025/bulletins/"),
    Visit("mayor", "/2025/bulletins/2025-05/"),
    Visit("mayor", "/2025/bulletins/2025-05/print/"),
    Visit("dcs_1", "/2025/bulletins/"),
    Visit("dcs_1", "/2025/bulletins/2025-05/"),
    Visit("dcs_1", "/2025/bulletins/2025-04/"),
    Visit("dcs_1", "/2025/bulletins/2025-04/edit/"),
    Visit("dcs_1", "/2025/bulletins/2025-04/edit/", empty_a_field),
    Visit("mayor", "/2025/scores/"),
    Visit("mayor", "/2025/scores/2025-05/"),
    Visit("vm_commerce", "/2025/scores/2025-05/posts/vice_mayor_commerce/"),
    Visit("nyj_staff", "/2025/scores/2025-05/units/agriculture/"),
    Visit("swj_head", "/2025/scores/"),
    Visit("swj_head", "/2025/scores/2025-05/units/commerce/"),
    Visit("swj_head", "/2025/scores/2025-05/units/commerce/", object_without_words),
    Visit("swj_head", "/2025/scores/2025-03/units/commerce/"),  # final
    Visit("dcs_1", "/2025/scores/"),
    Visit("dcs_1", "/2026/scores/"),  # nothing locked
    Visit("dcs_1", "/2025/scores/2025-05/"),
    Visit("dcs_2", "/2025/scores/2025-05/"),
    Visit("dcs_1", "/2025/scores/2025-03/"),
    Visit("dcs_1", "/2025/scores/2025-05/units/tourism/"),
    Visit("dcs_1", "/2025/scores/2025-05/units/tourism/", correct_without_a_reason),
    Visit("dcs_1", "/2025/scores/schemes/"),
    Visit("dcs_1", "/2025/scores/schemes/new/"),
    Visit("dcs_1", "/2025/scores/schemes/new/", see_the_effect),
    Visit("dcs_1", "/2025/scores/schemes/new/", add_nothing),
    Visit("dcs_1", "/2025/scores/schemes/{scheme}/"),
    Visit("dcs_1", "/2025/exports/?kind=scores&period=2025-05&unit="),
    *(Visit("mayor", f"/2026/{path}") for path in EMPTY),
    Visit("mayor", "/2025/living-report/"),
    Visit("mayor", "/2025/living-report/?lamp=red"),
    Visit("mayor", "/2025/kpis/T07/"),
    Visit("mayor", "/2025/kpis/T40/"),  # a stage
    Visit("mayor", "/2025/kpis/A06/?period=2025-01"),  # no figure yet
    Visit("mayor", "/2025/kpis/X99/"),  # no such page
    Visit("mayor", "/inbox/"),
    Visit("sysadmin", "/account/"),
    Visit("sysadmin", "/account/tokens/"),
    Visit("sysadmin", "/account/password/"),
    Visit("sysadmin", "/account/password/", choose_a_bad_password),
    Visit("sysadmin", "/account/second-factor/"),
    Visit("sysadmin", "/account/second-factor/", type_a_wrong_code),
    Visit("dcs_1", "/audit/"),
    Visit("dcs_1", "/audit/?since=x&person=nobody_here"),
    Visit("dcs_1", "/audit/?text=Z99"),
    Visit("dcs_1", "/audit/1/"),
    Visit("secadmin", "/manage/roles/"),
    Visit("secadmin", "/manage/roles/?person=nobody_here"),
    Visit("secadmin", "/manage/roles/nyj_staff/"),
    Visit("auditadmin", "/login/code/"),
    Visit("auditadmin", "/login/code/", type_a_wrong_code),
    Visit("auditadmin", "/account/", renew_the_codes),
    Visit("sysadmin", "/2025/cockpit/"),
)
# Addresses without a page of their own: they take a form, answer with a file, a fragment or JSON, or lead elsewhere.
NO_PAGES = {
    *("current-grid", "home"),
    *("api-schema", "api-indicators", "token-revoke", "single-sign-on", "single-sign-on-back"),
    *("bulletin-docx", "evidence", "export", "export-jobs", "ledger", "report-template"),
    *("delegate", "delegation-revoke", "extension-answer", "unlock-answer", "target-change-file"),
    *("report-evidence", "report-preview", "signoff-batch", "notice-act", "plan-preview", "set-aside", "year-home"),
    *("notice-open", "notices-act", "notices-undo", "follow", "trail-check", "trail-export"),
    *("sessions-end", "logout", "set_language", "text-size", "theme", "latest-brief", "living-panel"),
}
# Reached by a step on the page before it.
REACHED = {"import-preview": upload_template, "recovery-codes": renew_the_codes}
