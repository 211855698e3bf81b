"""Refusals: the sentence for each code a ``DomainError`` may carry, by subject.

Parameters are filled in as far as the sentence names them. Tables are functions, because the language is the reader's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _


def _figures() -> dict[str, str]:
    """What is typed: figures, days, choices, words."""
    return {
        "number_required": _("请填写数字"),
        "number_full_width": _("数字请用半角，是否为 %(suggestion)s？"),
        "number_not_plain": _("请填普通数字，如 2.86；“%(value)s”不是"),
        "number_has_unit": _("请填数字，如 2.86，不带单位；是否为 %(suggestion)s？"),
        "number_malformed": _("看不懂“%(value)s”，请填数字，如 2.86"),
        "number_too_precise": _("最多填 %(decimals)s 位小数，请四舍五入后再填"),
        "number_too_long": _("数字过长，最多 %(limit)s 位，请核对单位"),
        "number_negative": _("不能是负数"),
        "rank_starts_at_one": _("位次从第 1 位起"),
        "stage_out_of_range": _("请从列出的阶段中选择"),
        "ratio_needs_both": _("分子、分母须同时填写"),
        "denominator_not_positive": _("分母必须大于 0"),
        "numerator_out_of_range": _("分子应在 0 与分母 %(whole)s 之间"),
        "date_malformed": _("日期应写成 2025-06-30 的样子"),
        "date_in_future": _("完成日期不能晚于今天 %(today)s"),
        "month_malformed": _("月份应写成 2025-09 的样子"),
        "choice_unknown": _("没有“%(value)s”这个选项，请重新选择"),
        "text_too_long": _("不能超过 %(limit)s 字，现有 %(length)s 字"),
        "text_has_control_characters": _("含有无法保存的字符，请删除后重试"),
    }


def _filing() -> dict[str, str]:
    """A report on its way to being filed."""
    return {
        "value_required": _("请填写本期完成情况；没有进展请勾选“本月没有新进展”"),
        "value_lower_than_last": _("累计数不能小于上期的 %(last)s %(unit)s；如确有核减，请勾选“数据更正”"),
        "doubt_jump": _("本期新增是近几个月平均的 %(factor)s 倍，请核对数字和单位"),
        "doubt_unit_slip": _("%(value)s %(unit)s 与计划相差太大，是不是 %(meant)s %(unit)s？"),
        "nothing_chosen": _("请先勾选要通过的任务"),
        "not_for_batch": _("%(indicator)s 需要逐项看，这次一项也没有通过；请取消勾选后重试"),
        "choice_gone": _("勾选的任务有变化，这次一项也没有通过；请核对后重试"),
        "narrative_required": _("请填写进展说明"),
        "narrative_too_short": _("进展说明至少 %(at_least)s 字"),
        "deviation_reasons_required": _("黄灯、红灯任务需选择主要原因"),
        "measures_required": _("黄灯、红灯任务需填写下一步措施"),
        "catch_up_period_required": _("请选择预计追平的月份"),
        "deviation_required": _("黄灯、红灯任务须到填报页填写偏差说明"),
        "outlook_required": _("请判断年底能否完成"),
    }


def _files() -> dict[str, str]:
    """Evidence."""
    return {
        "evidence_required": _("请附至少一份佐证材料（%(why)s）"),
        "evidence_empty": _("“%(name)s”是空文件"),
        "evidence_too_large": _("“%(name)s”超过 %(limit)s MB，请压缩或拆分"),
        "evidence_type_refused": _(
            "不支持 .%(extension)s 文件；请传 PDF、图片（JPG、PNG）、Word、Excel、PPT、OFD、WPS 或文本"
        ),
        "evidence_type_missing": _(
            "不支持没有扩展名的文件；请传 PDF、图片（JPG、PNG）、Word、Excel、PPT、OFD、WPS 或文本"
        ),
        "evidence_mismatch": _("“%(name)s”的内容不是 .%(extension)s 文件，或已损坏；请用原软件打开后另存再传"),
        "evidence_macros": _("“%(name)s”带有宏，请另存为不带宏的文件再传"),
        "evidence_encrypted": _("“%(name)s”设有密码，请去掉密码后再传"),
        "evidence_unsafe": _("“%(name)s”含有不允许的内容，没有保存"),
        "evidence_duplicate": _("“%(name)s”已经附在这张表上"),
        "evidence_too_many": _("一张表最多附 %(limit)s 份佐证材料"),
        "evidence_gone": _("这份佐证材料已不在这张表上"),
        "evidence_file_missing": _("“%(name)s”的文件不在存储中，请联系系统管理员"),
    }


def _states() -> dict[str, str]:
    """Where a report or period stands."""
    return {
        "draft_was_filed": _("这张表提交过，不能放弃；需要修改请直接修改后再提交"),
        "reason_too_short": _("请写明原因，至少 %(at_least)s 字"),
        "stale_version": _("有人在你之后保存过这张表，请核对后再提交"),
        "illegal_transition": _("这张表的状态已经变化，不能再这样操作"),
        "period_closed": _("%(period)s 期已锁定，不能再填；确需更正请联系督查室解锁"),
        "period_over": _("%(period)s 期宽限期已过，本期记为缺报；可向督查室申请补报"),
        "unpublished_or_no_progress": _("“数据尚未公布”和“本月没有新进展”只能选一个"),
        "unpublished_not_for_kind": _("这类任务没有“数据尚未公布”，请按实际填写"),
        "nothing_approved": _("这张表还没有审定过的内容，不能放弃更正"),
        "extension_asked_already": _("已经申请过，等督查室答复"),
        "extension_answered": _("这项申请已经有人答复"),
        "unit_required": _("请选择单位"),
        "until_required": _("请填写延至的日期和时刻"),
        "until_before_due": _("延至的时刻应晚于本期截止"),
        "extension_running": _("%(unit)s获准填报至 %(until)s，届时才能锁定"),
        "until_in_past": _("延至的时刻应晚于现在"),
        "until_before_grace": _("延至的时刻应晚于本期宽限截止"),
        "until_too_far": _("一次最长延 %(limit)s 天，请核对年份和月份"),
        "window_open_already": _("本期已经开放"),
        "window_closed_already": _("本期宽限期已过，不用提前关闭"),
        "window_just_opened": _("本期刚刚开放，不能马上关闭"),
        "earlier_period_not_open": _("%(period)s 期还没有开放，请按月份依次开放"),
        "undo_not_latest": _("这次变更已经撤回，或之后又有变更；请看最新情况"),
        "undo_has_reports": _("提前开放后已有单位填报，不能撤回"),
        "undo_too_late": _("原来的时限已经到了，撤回会让各单位来不及；不能撤回"),
        "unlock_not_locked": _("%(period)s 期没有锁定"),
        "unlock_latest_only": _("只能解锁最近锁定的一期；更早的数据请在本期作数据更正"),
        "unlock_asked_already": _("已有人申请解锁，等另一人确认"),
        "unlock_answered": _("这项解锁申请已经有人办理"),
        "unlock_takes_two": _("申请人不能自己确认解锁，须由督查室另一人确认"),
        "period_not_open": _("%(period)s 期尚未开放填报"),
        "period_still_open": _("%(period)s 期仍在填报，宽限期结束后才能锁定"),
        "earlier_period_open": _("请先锁定 %(period)s 期"),
    }


def _signing() -> dict[str, str]:
    """Rights, signatures, lamps, co-signatures."""
    return {
        "confirmation_differs": _("请准确输入 %(expected)s 确认"),
        "not_permitted": _("没有权限进行此操作，可联系 市政府督查室"),
        "signer_is_author": _("填报人不能审签自己提交的内容，请由本单位其他负责人审签"),
        "delegation_ended": _("委托已撤销或到期，不能再代签"),
        "delegation_overlaps": _("这段时间已经委托了别人，请先撤销或改日期"),
        "delegation_revoked_already": _("这项委托已经撤销或到期"),
        "delegate_required": _("请选择代签人"),
        "delegate_not_in_department": _("代签人须是本单位现任人员"),
        "date_required": _("请填写日期"),
        "delegation_in_past": _("不能从今天（%(today)s）以前开始"),
        "delegation_ends_before_start": _("最后一天不能早于第一天"),
        "delegation_too_long": _("一次委托最长 %(limit)s 天，再长请调整任职"),
        "override_not_judged": _("已完成和未到期是事实，不能调整；数据有误请退回"),
        "override_target": _("只能调整为滞后、预警或正常"),
        "override_same": _("与计算的亮灯相同，不用调整"),
        "override_not_reviewed": _("部门审签之后才能调整亮灯"),
        "override_missing": _("没有可以撤回的调整"),
        "cosign_missing": _("会签未齐，还差：%(units)s"),
        "cosign_objected": _("会签单位有异议，不能审定：%(units)s；请协调后由原单位确认，或退回"),
        "cosign_not_asked": _("这项填报现在不用你单位会签"),
        "cosign_done": _("本单位已经确认过"),
        "stance_required": _("请选择确认或有异议"),
    }


def _directives() -> dict[str, str]:
    """Directives."""
    return {
        "directive_moved": _("这件批示的状态已经变化，不能再这样操作；请看下面的最新情况"),
        "directive_stale": _("有人在你之后办理过这件批示，请看下面的最新情况后再操作"),
        "directive_sent_already": _("这张表已经交办过一件批示；如要再交办一件，请核对后再按一次“交办”"),
        "directive_words_required": _("请写批示内容，或点一句常用语"),
        "directive_reply_too_short": _("请写明办理情况，至少 %(at_least)s 字"),
        "directive_extension_waits": _("已经申请过延期，等答复"),
        "directive_nothing_asked": _("没有待答复的延期申请"),
        "due_in_past": _("期限不能早于今天"),
        "due_too_far": _("期限最远一年，请核对年份"),
        "until_not_later": _("延至的日期应晚于现在的期限"),
        "post_required": _("请选择代哪位领导交办"),
        "unit_has_nobody": _("%(unit)s没有可以签收的人员，请先在管理后台登记任职"),
    }


def _reminding() -> dict[str, str]:
    """Chases and reminder rules."""
    return {
        "chase_nothing_chosen": _("请先勾选要催办的单位"),
        "chase_out_of_hours": _("现在不在可打扰的时段，%(opens)s 起可以催办"),
        "chased_already": _("%(unit)s今天已由%(who)s于 %(at)s 催办过，每个单位每天最多一次"),
        "chase_nothing_owed": _("%(unit)s本期已全部提交，不用催办"),
        "chase_nobody_to_tell": _("%(unit)s没有可以通知的人员，请先在管理后台登记任职"),
        "time_malformed": _("时刻应写成 09:00 的样子"),
        "count_malformed": _("请填 %(least)s 至 %(most)s 之间的整数"),
        "hours_out_of_order": _("结束时间应晚于开始时间 %(opens)s"),
        "slot_missing": _("请至少填一个汇总时间"),
        "slot_outside": _("汇总时间应在可打扰的 %(opens)s 至 %(closes)s 之间"),
        "step_missing": _("填报梯级至少要有一级"),
        "step_out_of_order": _("第 %(level)s 级应晚于第 %(before)s 级"),
        "step_before_it_began": _("这一梯级从事情发生起算，不能提前"),
        "step_for_nobody": _("请至少勾选一种接收人"),
        "policy_day_begun": _("起用日期应晚于今天 %(today)s"),
        "policy_day_taken": _("%(day)s 已有一版规则，请改那一版或换一天"),
        "policy_begun": _("这版规则 %(day)s 已起用，不能再改；请另立新版"),
        "policy_changed": _("有人在你之后改过这版规则，你填的还在下面；请重新打开核对后再改"),
        "policy_gone": _("这版规则已被撤回"),
        "withdraw_unconfirmed": _("请先勾选“确认撤回”"),
    }


def _imports() -> dict[str, str]:
    """Workbooks that come in."""
    return {
        "import_not_template": _("这不是本系统的填报表，请先下载填报表再填"),
        "import_empty": _("填报表里没有任何一行"),
        "import_code_missing": _("这一行没有编号"),
        "import_code_unknown": _("找不到任务编号 %(code)s，或本期不要求填报"),
        "import_foreign_department": _("%(code)s 不由%(unit)s牵头"),
        "import_code_twice": _("%(code)s 在表中出现了两次"),
        "import_wrong_period": _("这一行是 %(given)s 期的，现在填的是 %(period)s 期"),
        "import_needs_form": _("%(code)s 请在网页填报"),
        "import_formula": _("不接受公式，请复制后“选择性粘贴—数值”"),
        "import_stamp_missing": _("这一行的版本标记被改动，请重新下载填报表"),
        "import_conflict": _("下载填报表之后有人改过这一项，请重新下载后再填"),
        "import_not_editable": _("已提交，不能再改；如需修改请先撤回"),
        "import_done": _("这份填报表已经导入过"),
        "import_expired": _("预览已超过 30 分钟，请重新上传"),
        "import_differs": _("要确认的不是预览的那份文件，请重新上传"),
        "import_changed": _("预览之后数据有变化，没有写入任何一行；请看下面的最新预览"),
        "file_missing": _("请先选择文件"),
        "version_missing": _("页面已过期，请刷新后重试"),
        "period_malformed": _("报告期应写成 2025-06 的样子"),
        "supervisor_only": _("此操作由督查室办理"),
    }


def _exports() -> dict[str, str]:
    """Workbooks that go out."""
    return {
        "export_not_permitted": _(
            "没有权限导出这些单位的数据：账号、任职或单位可能已有变动。如有疑问，可联系 市政府督查室"
        ),
        "export_kind_unknown": _("没有这种表，请重新选择"),
        "export_period_unknown": _("没有 %(period)s 这一期，或还没有开放，请重新选择"),
        "export_unit_unknown": _("没有这个单位，或它没有牵头的任务，请重新选择"),
        "export_no_scores": _("%(period)s 期还没有征求意见或定稿的考核得分"),
        "trail_too_long": _("符合条件的记录超过 %(limit)s 条，请缩短日期范围或加上其他条件，分几次导出"),
        "export_too_many": _("已有 %(limit)s 份在排队或生成，请等其中一份完成或取消"),
        "export_waits_already": _("同样的一份已经在排队或生成"),
        "export_moved": _("这份导出的状态已经变化，不能再这样操作；请看最新情况"),
        "export_expired": _("文件已过保存期，请重新生成"),
        "export_file_missing": _("文件不在了，请重新生成"),
        "export_worker_lost": _("生成时中断了 3 次，没有再试。可以重试；仍不成请告诉系统管理员"),
        "export_too_long": _("生成超过 5 分钟，已停止。请缩小范围，分单位导出"),
        "export_fault": _("生成时出错 3 次，已记录。可以重试；仍不成请告诉系统管理员"),
    }


def _bulletins() -> dict[str, str]:
    """The bulletin."""
    return {
        "bulletin_moved": _("这份通报的状态已经变化，不能再这样操作；请看下面的最新情况"),
        "bulletin_stale": _("有人在你之后改过这份通报，没有写入；你填的还在下面，请核对后再保存"),
        "bulletin_takes_two": _("起草人和送审人不能签发或退回自己的通报，须由督查室另一人办理"),
        "bulletin_not_sender": _("只有起草人或送审人可以撤回送审"),
        "bulletin_under_way": _("%(period)s 期的通报已经在起草或送审"),
        "bulletin_nothing_new": _("%(period)s 期的通报已经发布；解锁并重新锁定之后才能编写新版"),
        "bulletin_period_open": _("%(period)s 期还没有锁定，锁定之后才能送审"),
        "bulletin_period_moved": _("送审之后 %(period)s 期解锁过，数字可能已变；请退回或撤回，重新取数后再送审"),
        "bulletin_sums_differ": _("核对表不平，不能送审；请先核对台账"),
        "bulletin_edit_outdated": _("%(count)s 个改写过的段落数字已变化；请逐段核对，改写、保留或恢复之后再送审"),
        "bulletin_number_required": _("请填写发文顺序号，1 到 %(limit)s 的整数"),
        "bulletin_number_taken": _("%(number)s 号本年度已经用过，下一个空号是 %(free)s"),
        "bulletin_field_required": _("请填写%(name)s"),
        "bulletin_paragraph_gone": _("这一段已不再生成（数据或选项有变化），请复制你写的内容后刷新"),
        "bulletin_reason_required": _("改写须写明理由，至少 %(at_least)s 字"),
    }


def _scores() -> dict[str, str]:
    """Scores and their schemes."""
    return {
        "score_moved": _("这份考核得分的状态已经变化，不能再这样操作；请看下面的最新情况"),
        "score_stale": _("有人在你之后办理过这份考核得分，没有写入；请看下面的最新情况后再操作"),
        "score_under_way": _("%(period)s 期的考核得分已经在编制或征求意见"),
        "score_period_open": _("%(period)s 期还没有锁定，锁定之后才能编制考核得分"),
        "score_no_scheme": _("%(period)s 期没有可用的考核方案，请先另立一版"),
        "score_overtaken": _("编制之后 %(period)s 期解锁过，数字可能已变；请编制新版"),
        "score_takes_two": _("编制人和送出人不能自己定稿，须由督查室另一人办理"),
        "score_objection_open": _("还有 %(count)s 个单位的异议没有回复，不能定稿"),
        "score_window_open": _("还在征求意见，%(count)s 个单位没有答复；到期或都答复后才能定稿"),
        "score_final_unconfirmed": _("请先勾选“已核对，确认定稿”"),
        "score_discard_unconfirmed": _("请先勾选“确认作废”"),
        "score_not_yours": _("只有被考核单位的负责人或分管领导本人可以反馈意见"),
        "score_answer_late": _("征求意见已经截止，如有异议请联系督查室"),
        "score_reason_unknown": _("请从列出的事由中选择；领导批示、登录次数、照片台账、会议和文件不作为加分扣分事由"),
        "score_correction_reason": _("请选择更正原因"),
        "score_correction_same": _("与现在的值相同，不用更正"),
        "score_out_of_bounds": _("应在 0 与 %(most)s 之间"),
        "scheme_day_taken": _("%(day)s 已有一版方案，请改那一版或换一天"),
        "scheme_day_scored": _("%(day)s 及以前的报告期已按原方案考核，起用日期应晚于这一天"),
        "scheme_in_use": _("这版方案已用于考核，不能再改；请另立新版"),
        "scheme_changed": _("有人在你之后改过这版方案，你填的还在下面；请重新打开核对后再改"),
        "scheme_gone": _("这版方案已被撤回"),
        "scheme_first": _("这是最早的一版，撤回之后没有方案可用"),
        "scheme_name_required": _("请填写名称"),
        "scheme_cap_below": _("封顶不能小于每次分值 %(points)s"),
        "scheme_points_required": _("请填写每次分值和封顶，或者都不填"),
        "scheme_weight_zero": _("不能都是 0"),
        "scheme_indicator_unknown": _("找不到任务编号 %(code)s"),
        "scheme_indicator_twice": _("%(code)s 写了两次"),
        "scheme_weight_malformed": _("看不懂“%(line)s”，请写成“A06 2”或“A06 2 重点”"),
    }


def _target_changes() -> dict[str, str]:
    """Changes of target, and their window."""
    return {
        "target_change_moved": _("这件目标调整的状态已经变化，不能再这样操作；请看下面的最新情况"),
        "target_change_stale": _("有人在你之后办理过这件目标调整，请看下面的最新情况后再操作"),
        "target_change_too_early": _("目标调整窗口从 %(opens)s 起，现在还不能申请"),
        "target_change_no_month_left": _("%(year)s 年度已没有可以适用的月份，不能再调整"),
        "target_change_open_already": _("这项任务已有一件目标调整在办，办完之前不能再申请"),
        "target_change_without_effect": _("要调整的月份都已锁定，办理也不会有变化；请退回补正或不予调整"),
        "target_change_changes_nothing": _("没有改动任何内容；请修改目标、时限、序时计划或节点中的至少一处"),
        "change_reason_required": _("请选择调整原因"),
        "change_words_too_few": _("请写明情况和理由，至少 %(at_least)s 字"),
        "change_file_required": _("请附至少一份依据（文件、会议纪要、核定表等）"),
        "change_date_not_in_year": _("完成时限须在 %(year)s 年度之内；跨年的请列入下一年度"),
        "change_date_passed": _("不能改到已经过去的日子"),
        "change_value_out_of_range": _("应在 %(low)s 与 %(high)s 之间"),
        "change_plan_falls": _("累计数的序时计划不能比上月少"),
        "change_node_done": _("这个节点已经完成，日期不再改动"),
        "change_node_after_end": _("节点日期晚于完成时限 %(day)s；请一并调整时限"),
        "change_plan_misses_target": _("最后一个月的序时计划没有达到目标 %(target)s；请修改，或点“按新目标折算”"),
        "day_of_year_malformed": _("“%(value)s”不是月-日，应写成 10-31 的样子"),
        "window_ends_before_it_begins": _("截止日不能早于起始日"),
        "window_begins_in_past": _("起用日期不能早于今天；已经提出的申请按当时的窗口认定"),
        "window_basis_required": _("请写明依据"),
    }


def _editions() -> dict[str, str]:
    """Corrected texts."""
    return {
        "edition_empty": _("新版原文是空的"),
        "edition_missing": _("请选择文件，或粘贴新版原文"),
        "edition_too_long": _("新版原文有 %(length)s 字，最多 %(limit)s 字"),
        "edition_same": _("与现在的原文一字不差，不用更正"),
        "digest_outside_hours": _("汇总时间应在可打扰时间 %(opens)s 至 %(closes)s 之内"),
        "edition_overtaken": _("预览之后原文已被别人更正，没有写入；请重新预览"),
    }


def _reports() -> dict[str, str]:
    """A report to read commitments from."""
    return {
        "report_empty": _("“%(name)s”里没有文字"),
        "report_too_large": _("“%(name)s”超过 %(limit)s MB，请只留报告正文"),
        "report_too_long": _("“%(name)s”有 %(length)s 字，最多读 %(limit)s 字，请只留报告正文"),
        "report_too_many_pages": _("“%(name)s”超过 %(limit)s 页，请只留报告正文"),
        "report_is_doc": _("“%(name)s”是旧版 Word 或其他旧格式，请另存为 .docx 或 .txt"),
        "report_binary": _("“%(name)s”不是文本；能读 .txt、.docx 和带文字层的 .pdf"),
        "report_encoding": _("看不出“%(name)s”的文字编码，请另存为 UTF-8 或 GB18030（GBK）"),
        "report_encrypted": _("“%(name)s”设有密码，请去掉密码"),
        "report_no_text_layer": _("“%(name)s”是扫描件，没有文字层；请先识别文字，或粘贴正文"),
        "report_damaged": _("“%(name)s”打不开，或内容过于复杂；请用原软件另存，或粘贴正文"),
    }


def _configuring() -> dict[str, str]:
    """Indicators as the office sets them up: phrases, codes, what is fixed by now."""
    return {
        "field_required": _("请填写这一项"),
        "quote_length": _("引文应有 %(least)s 至 %(most)s 字，请在原文中选中一句话"),
        "quote_not_in_text": _("原文中没有这句话，引文须与原文一字不差"),
        "quote_overlaps": _("与 %(commitment)s“%(quote)s”部分重叠；请选在它之内，或避开它"),
        "indicator_code_malformed": _("编号应写成 T45 的样子：一个大写字母加两三位数字"),
        "indicator_code_taken": _("%(code)s 已经用过，下一个空号是 %(free)s"),
        "indicator_stale": _("有人在你之后改过这项任务，没有保存；你填的还在下面，请核对后再保存"),
        "indicator_so_already": _("这项任务已经是这个状态"),
        "lead_required": _("请选择牵头单位"),
        "lead_supports_itself": _("%(unit)s已是牵头单位，不能同时配合"),
        "post_of_indicator_required": _("请选择分管领导职务"),
        "scope_required": _("覆盖类任务须选择覆盖范围"),
        "rank_for_ranks_only": _("只有位次类任务可以用“位次”比较"),
        "target_required": _("请填写目标值"),
        "change_fixed": _("已经报过数，这一项本年度不能再改"),
        "change_only_grows": _("已经报过数，小数位只能增加"),
        "change_by_case": _("已有公布的月份，这一项要走目标调整"),
        "change_act": _("已经报过数，请用“变更牵头单位”办理"),
        "commitment_owned": _("%(commitment)s 已有任务，不能列为不立项"),
        "handover_waits": _("已有一次牵头单位变更待生效，请先撤回它"),
        "handover_to_itself": _("%(unit)s现在就是牵头单位"),
        "handover_day_outside": _("起始日应在今天 %(today)s 至 %(year)s 年度结束之间"),
        "handover_over": _("这次变更已经生效或撤回，不能再撤回"),
    }


def _decomposing() -> dict[str, str]:
    """A report that is being taken apart."""
    return {
        "decomposition_text_missing": _("请粘贴报告全文，或选择文件"),
        "decomposition_under_way": _("%(year)s 年的报告已经有人在拆解，请接着那一份做"),
        "decomposition_over": _("这份拆解已经发布或放弃，不能再改"),
        "decomposition_stale": _("有人在你之后办理过这份拆解，没有写入；请看最新情况后再操作"),
        "decomposition_no_undo": _("没有可以撤销的步骤"),
        "decomposition_nothing_chosen": _("请先勾选"),
        "decomposition_not_ready": _("还不能发布：没有要建的任务，或有 %(count)s 项没有填完"),
        "decomposition_open_unconfirmed": _("还有 %(count)s 句未定；请输入这个数，确认暂不处理它们"),
        "decomposition_text_moved": _("拆解期间报告原文被更正过，没有发布；请放弃后按新原文重新开始"),
        "decomposition_phrase_taken": _("“%(quote)s”与已有承诺重叠，没有发布；请把它列为背景或拆开"),
        "span_moved": _("这句话的状态已经变化，不能再这样操作；请看最新情况"),
        "span_stale": _("有人在你之后改过这句话，没有写入；请看最新情况后再操作"),
        "span_needs_a_look": _("“%(quote)s”还要逐项看，这次一项也没有接受"),
        "split_place": _("请选择在哪里拆开，两边都至少两个字"),
        "merge_no_neighbour": _("同一句里前后没有可以合并的"),
        "merge_too_long": _("合并后超过 %(limit)s 字"),
        "range_undecided": _("报告写的是区间，请选择以哪一头为目标"),
        "own_phrase_crosses": _("与“%(quote)s”重叠；请先把它恢复为未定，或避开它"),
        "node_line": _("“%(line)s”看不懂，请写成“2025-06-30 主体完工”，一行一个节点"),
    }


def _planning() -> dict[str, str]:
    """Curves, milestones, shares and years."""
    return {
        "plan_stale": _("有人在你之后改过这份计划，没有保存；你填的还在下面，请核对后再保存"),
        "plan_month_locked": _("%(month)s 月已锁定，计划不能再改"),
        "preset_months_missing": _("请先勾选月份"),
        "preset_last_year_missing": _("去年没有对应的任务或计划，不能复制"),
        "preset_last_year_flat": _("去年的计划全年不变，没有形状可复制"),
        "preset_unknown": _("没有这种形状，请重新选择"),
        "version_gone": _("没有这一版计划，请刷新后重试"),
        "row_unreadable": _("没有读到数字，请粘贴一行或一列数字"),
        "row_too_long": _("粘贴了 %(given)s 个数，这里只有 %(room)s 格"),
        "node_missing": _("请至少填一个节点"),
        "node_name_required": _("请填写节点名称"),
        "node_day_required": _("请填写节点日期"),
        "node_outside_year": _("节点日期应在 %(year)s 年之内"),
        "node_day_locked": _("这个节点的月份已锁定，日期应仍是 %(day)s"),
        "node_month_locked": _("%(month)s 月已锁定，不能再排节点"),
        "nodes_fixed": _("已经报过数，节点不能删去，只能增加"),
        "split_stale": _("有人在你之后改过这份分解，没有保存；你填的还在下面，请核对后再保存"),
        "unit_unknown": _("不认识“%(name)s”，请用单位的名称或简称"),
        "year_malformed": _("年度应写成 2026 的样子"),
        "year_too_early": _("年度从 %(first)s 年起"),
        "year_too_far": _("现在还不能开启 %(year)s 年度"),
        "year_out_of_order": _("年度应依次开启，下一个是 %(next)s"),
        "year_has_text": _("%(year)s 年已有报告原文，更正请用“更正原文”"),
        "succession_nothing_chosen": _("请先勾选要沿用的任务"),
        "succession_has_heir": _("今年已有对应任务，不能再标为不延续"),
        "succession_not_ended": _("这项任务没有标为不延续"),
    }


def _api() -> dict[str, str]:
    """Requests of other systems, and the tokens they come with."""
    return {
        "malformed": _("请求无法识别：应为 UTF-8 的 JSON，不含无法保存的字符"),
        "request_too_large": _("内容过大"),
        "field_unknown": _("没有这个字段"),
        "limit_malformed": _("每页条数应为 1 至 %(most)s 的整数"),
        "cursor_malformed": _("游标无效或已过时，请从第一页重新取"),
        "if_match_required": _("请把读到的 ETag 放进 If-Match 请求头，以免盖掉别人的修改"),
        "if_match_malformed": _('If-Match 应是读到的 ETag，如 "v3"'),
        "idempotency_key_malformed": _("Idempotency-Key 应为 1 至 %(most)s 个字符"),
        "idempotency_key_reused": _("这个 Idempotency-Key 已用于另一个请求，请换一个"),
        "content_invalid": _("有 %(count)s 处需要改正"),
        "token_unknown": _("没有这个令牌，请核对是否抄全"),
        "token_revoked": _("这个令牌已撤销"),
        "token_expired": _("这个令牌已到期，请在“接口令牌”页另建一个"),
        "token_owner_inactive": _("令牌所有者的账号已停用"),
        "token_scope": _("这个令牌没有“%(scope)s”权限"),
        "token_beyond_rights": _("令牌的权限和单位不能超出你自己的"),
        "succession_one_by_one": _("不再延续、恢复未决定，一次只办一项"),
        "notice_settled": _("这条消息已经了结，不用再提醒"),
        "token_whole_city": _("报告期、通报得分和配置涉及全市，带这些权限的令牌不能限于单位"),
        "token_too_long": _("有效期最长 %(limit)s 天"),
        "second_factor_required": _("请先设置并完成两步验证"),
    }


TABLES = (
    _api,
    _figures,
    _filing,
    _files,
    _states,
    _signing,
    _directives,
    _reminding,
    _imports,
    _exports,
    _bulletins,
    _scores,
    _target_changes,
    _editions,
    _reports,
    _configuring,
    _decomposing,
    _planning,
)


def refusal(code: str, params: Mapping[str, Any]) -> str:
    """The sentence for a code; an unknown code is a fault of ours and raises ``KeyError``."""
    plain = {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in params.items()}
    return sentences()[code] % plain


def refusal_codes() -> frozenset[str]:
    """Every code that has a sentence, for the test that none is missing."""
    return frozenset(sentences())


def sentences() -> Mapping[str, str]:
    """Every code with its sentence, whose parameters are not filled in, in the language that is active."""
    return _sentences(get_language())


@cache
def _sentences(language: str | None) -> Mapping[str, str]:
    """Translated once for each language, not at each refusal; ``language`` is the active one."""
    return {code: sentence for table in TABLES for code, sentence in table().items()}
