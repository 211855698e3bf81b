"""The wizard's pages: from a text to the year's tasks, step by step; who may, what is kept, what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEntry
from kpi.models import Commitment, Decomposition, Indicator, ProposedSpan, Report

LIST = "/decompose/"
OTHER = (Path(__file__).parents[1] / "reports" / "invented-city.txt").read_text(encoding="utf-8")


@pytest.fixture
def office(as_user) -> Client:
    return as_user("dcs_1")


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def draft(office) -> Decomposition:
    assert office.post(LIST, {"year": "2026", "text": OTHER, "title": ""}).status_code == 302
    return Decomposition.objects.get(year=2026)


def span(draft: Decomposition, words: str) -> ProposedSpan:
    start = draft.text.rindex(words)
    return draft.spans.filter(start__lte=start, end__gte=start + len(words)).first()


def act(office: Client, draft: Decomposition, found: ProposedSpan, action: str, **more: object):
    raw = {"action": action, "span": found.pk, "version": found.version, "start": found.start}
    return office.post(f"{LIST}{draft.pk}/", raw | more)


def test_the_way_from_a_text_to_the_years_tasks(office, draft):
    page = f"{LIST}{draft.pk}/"
    assert "计划部分 9 句 已建任务 0 背景 0 未定 9" in text(office.get(page))
    jobs = span(draft, "城镇新增就业4万人以上")
    assert act(office, draft, jobs, "accept").status_code == 302
    jobs.refresh_from_db()
    assert (jobs.state, jobs.task["lead"], jobs.task["target"]) == ("accepted", "human_resources", "4")
    assert act(office, draft, span(draft, "让我们携手同心"), "set_aside").status_code == 302
    assert "已建任务 1 背景 1 未定 7" in text(office.get(page))

    rows = f"{jobs.pk}:{jobs.version}"
    kept = office.post(f"{page}details/", {"rows": rows, f"{jobs.pk}-post": "executive_vice_mayor", "action": "save"})
    assert kept.status_code == 302
    before = office.get(f"{page}publish/")
    assert "7 句还没有人认领" in text(before) and "市人社局 1" in text(before)
    draft.refresh_from_db()
    unconfirmed = office.post(f"{page}publish/", {"version": draft.version, "confirm": "6"})
    assert unconfirmed.status_code == 422 and not Report.objects.filter(year=2026).exists()
    done = office.post(f"{page}publish/", {"version": draft.version, "confirm": "7"})
    assert done.status_code == 302
    made = Indicator.objects.get(report__year=2026)
    assert (made.code, made.name, made.lead_department.code) == ("A01", "城镇新增就业4万人以上", "human_resources")
    assert [str(point.value.normalize()) for point in made.plan_points.order_by("period")][-1] == "4"
    assert Commitment.objects.get(report__year=2026, is_context=True).quote.startswith("让我们")
    assert "2026 年度的任务已经发布" in text(office.get(f"{page}publish/"))
    again = office.post(f"{page}publish/", {"version": draft.version, "confirm": "7"})
    assert again.status_code == 409 and Indicator.objects.filter(report__year=2026).count() == 1
    told = set(AuditEntry.objects.filter(object_type="kpi.decomposition").values_list("action", flat=True))
    assert {"decomposition.begun", "span.accept", "span.set_aside", "span.detailed", "decomposition.published"} <= told


def test_only_the_office_sees_these_pages(as_user, draft):
    office, others = as_user("dcs_1"), [as_user(who) for who in ("nyj_head", "mayor", "sysadmin")]
    for path in ("", *(f"{draft.pk}/{step}" for step in ("", "sure/", "details/", "publish/", "discard/"))):
        assert office.get(LIST + path).status_code == 200, path
        assert [other.get(LIST + path).status_code for other in others] == [403] * 3, path
        assert others[0].post(LIST + path, {"action": "undo"}).status_code == 403, path


WRONG = (
    ({"year": "20x6", "text": OTHER}, "年度应写成"),
    ({"year": "2029", "text": OTHER}, "现在还不能开启 2029"),
    ({"year": "2026", "text": "  "}, "请粘贴报告全文"),
    ({"year": "2026", "text": "甲\x01乙"}, "含有无法保存的字符"),
    ({"year": "2026", "title": "题" * 201, "text": OTHER}, "不能超过 200 字"),
    ({"year": "2025", "text": "另一份报告"}, "2025 年已有报告原文"),
)


def test_what_cannot_be_begun_says_why_and_keeps_what_was_typed(office):
    for raw, said in WRONG:
        refused = office.post(LIST, raw)
        page = refused.content.decode()
        assert refused.status_code == 422 and page.count(said) == 2 and "aria-invalid" in page, said
        assert f'value="{raw["year"]}"' in page and raw["text"].strip()[:20] in page, said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.txt", b"\x00\x01\x02", "不是文本"),
        ("x.txt", b"", "没有文字"),
        ("x.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 Word"),
    ],
)
def test_a_file_that_cannot_be_read_says_so_at_its_field(office, name, content, said):
    refused = office.post(LIST, {"year": "2026", "text": "打好的字", "file": SimpleUploadedFile(name, content)})
    page = refused.content.decode()
    assert refused.status_code == 422 and said in page and 'id="e-file"' in page and "打好的字" in page


def test_a_file_in_the_usual_chinese_encoding_is_read(office):
    office.post(LIST, {"year": "2026", "file": SimpleUploadedFile("报告.txt", OTHER.encode("gb18030"))})
    assert Decomposition.objects.get(year=2026).text == OTHER
    assert office.post(LIST, {"year": "2026", "text": OTHER}).status_code == 422  # under way


def test_a_range_asks_which_end_is_the_target(office, draft):
    growth = span(draft, "6%—6.5%")
    refused = act(office, draft, growth, "accept")
    assert refused.status_code == 422 and "报告写的是区间" in text(refused)
    assert act(office, draft, growth, "accept", range_end="high").status_code == 302
    growth.refresh_from_db()
    assert (growth.task["target"], growth.task["comparator"]) == ("6.5", ">=")
    act(office, draft, growth, "correct", range_end="low")
    growth.refresh_from_db()
    assert (growth.task["target"], growth.task["comparator"]) == ("6", "range")


def test_what_is_wrong_is_not_accepted_and_stays_typed(office, draft):
    refused = act(office, draft, span(draft, "4万人以上"), "accept", target="四", name="城镇新增就业人数")
    assert (
        refused.status_code == 422
        and "看不懂“四”" in text(refused)
        and 'value="城镇新增就业人数"' in refused.content.decode()
    )


def test_who_comes_second_is_told_and_overwrites_nothing(office, draft):
    jobs = span(draft, "4万人以上")
    act(office, draft, jobs, "accept")
    second = act(office, draft, jobs, "set_aside")
    assert second.status_code == 409 and "有人在你之后改过这句话" in text(second)
    jobs.refresh_from_db()
    assert jobs.state == "accepted"
    twice = act(office, draft, jobs, "accept")
    assert twice.status_code == 409 and "状态已经变化" in text(twice)


def test_phrases_are_cut_joined_and_every_act_is_taken_back(office, draft):
    def places() -> list[str]:
        return [draft.text[each.start : each.end] for each in draft.spans.all()]

    def undo() -> None:
        draft.refresh_from_db()
        office.post(f"{LIST}{draft.pk}/", {"action": "undo", "version": draft.version})

    before, rows = places(), list(draft.spans.order_by("pk").values("pk", "state", "task", "reading"))
    small = span(draft, "省级专精特新企业25家")
    assert act(office, draft, small, "merge_before").status_code == 302
    joined = draft.spans.filter(start__lt=small.start, end=small.end)
    assert [each.reading["value"] for each in joined] == ["60", "25"]
    at = draft.text.index("、", joined[0].start) + 1
    assert "×2" in office.get(f"{LIST}{draft.pk}/?at={joined[0].pk}").content.decode()
    assert act(office, draft, joined[0], "split", cut=at).status_code == 302
    assert places() == before
    undo()
    assert places() != before
    # Only the latest act is taken back, once.
    draft.refresh_from_db()
    again = office.post(f"{LIST}{draft.pk}/", {"action": "undo", "version": draft.version})
    assert again.status_code == 409 and "没有可以撤销" in text(again)
    fresh = Decomposition.objects.get(pk=draft.pk)
    for found, action in ((span(fresh, "92%"), "accept"), (span(fresh, "92%"), "set_aside")):
        act(office, fresh, found, action)
        undo()
    office.post(f"{LIST}{draft.pk}/", {"action": "own", "quote": "新增公办幼儿园学位", "start": "0"})
    assert "新增公办幼儿园学位" in places()
    undo()
    kept = {row["pk"] for row in rows} & set(draft.spans.values_list("pk", flat=True))
    assert len(kept) == len(rows) - 2
    assert list(draft.spans.filter(pk__in=kept).order_by("pk").values("pk", "state", "task", "reading")) == [
        row for row in rows if row["pk"] in kept
    ]


def test_an_own_phrase_is_chosen_word_for_word_and_taken_out_again(office, draft):
    page = f"{LIST}{draft.pk}/"
    missing = office.post(page, {"action": "own", "quote": "原文没有的话", "start": "0"})
    assert (
        missing.status_code == 422
        and "原文中没有这句话" in text(missing)
        and "原文没有的话" in missing.content.decode()
    )
    assert office.post(page, {"action": "own", "quote": "蓝图已经绘就", "start": "0"}).status_code == 302
    own = span(draft, "蓝图已经绘就")
    assert (own.origin, draft.text[own.start : own.end]) == ("own", "蓝图已经绘就")
    crossing = office.post(page, {"action": "own", "quote": "各位代表，蓝图", "start": str(own.start)})
    assert crossing.status_code == 422 and "重叠" in text(crossing)
    assert act(office, draft, own, "drop").status_code == 302 and not draft.spans.filter(pk=own.pk).exists()
    # The sentence it had taken the place of is there again.
    assert span(draft, "各位代表，蓝图已经绘就，奋斗正当其时").state == "proposed"


def test_what_is_sure_is_accepted_together_and_a_whole_sentence_set_aside(office, draft):
    page = office.get(f"{LIST}{draft.pk}/sure/").content.decode()
    rows = re.findall(r'name="rows" value="([\d:]+)"', page)
    assert len(rows) == 15 and "6%—6.5%" not in page
    assert office.post(f"{LIST}{draft.pk}/sure/", {"rows": rows}).status_code == 302
    assert draft.spans.filter(state="accepted").count() == 15
    assert office.post(f"{LIST}{draft.pk}/sure/", {"rows": rows}).status_code == 409
    assert office.post(f"{LIST}{draft.pk}/sure/", {}).status_code == 422
    target = span(draft, "主要预期目标")
    act(office, draft, target, "sentence", rows=[f"{target.pk}:{target.version}"])
    assert draft.spans.filter(state="context").count() == 1


def accepted(office: Client, draft: Decomposition, words: str) -> ProposedSpan:
    found = span(draft, words)
    act(office, draft, found, "accept")
    found.refresh_from_db()
    return found


def test_the_table_keeps_what_is_typed_and_says_what_is_wrong(office, draft):
    jobs, homes = accepted(office, draft, "4万人以上"), accepted(office, draft, "老旧小区85个")
    page, rows = f"{LIST}{draft.pk}/details/", [f"{each.pk}:{each.version}" for each in (jobs, homes)]
    raw = {"rows": rows, f"{jobs.pk}-target": "四", f"{homes.pk}-lead": "市住建局", "action": "save"}
    assert office.post(page, raw).status_code == 302
    shown = office.get(page).content.decode()
    assert "看不懂“四”" in shown and 'value="市住建局"' in shown
    homes.refresh_from_db()
    assert homes.task["lead"] == "housing"
    lacking = text(office.get(f"{page}?show=lacking"))
    assert "还没填完 2" in lacking and "请选择分管领导职务" in lacking
    stale = office.post(page, raw | {f"{homes.pk}-name": "我的名字"})
    assert stale.status_code == 409 and "我的名字" in stale.content.decode()
    rows = [f"{each.pk}:{ProposedSpan.objects.get(pk=each.pk).version}" for each in (jobs, homes)]
    fill = {
        "rows": rows,
        f"{jobs.pk}-target": "4",
        "action": "fill",
        "fill-post": "mayor",
        "fill-preset": "back_loaded",
    }
    office.post(page, fill | {f"{homes.pk}-lead": "市住建局", f"{homes.pk}-post": ""})
    homes.refresh_from_db()
    assert (homes.task["post"], homes.task["preset"]) == ("mayor", "back_loaded")
    assert "还没填完 0" in text(office.get(page))


def test_one_task_is_filled_in_with_its_curve_or_its_nodes(office, draft):
    plant = accepted(office, draft, "9月底前投产")
    page = f"{LIST}{draft.pk}/details/{plant.pk}/"
    names = ("name", "kind", "unit", "comparator", "polarity", "accumulation", "strength", "frequency", "final_due_on")
    raw = {name: plant.task[name] for name in names} | {"lead": "industry", "post": "vice_mayor_industry"}
    raw |= {"version": plant.version, "preset": "even", "decimals": "0", "nodes": "9月投产"}
    refused = office.post(page, raw | {"action": "save"})
    assert refused.status_code == 422 and "看不懂，请写成" in text(refused) and "已保存，还有要修改的" in text(refused)
    plant.refresh_from_db()
    raw |= {"version": plant.version, "nodes": "2026-05-31 设备安装\n2026-09-30 投产"}
    assert office.post(page, raw | {"action": "save"}).status_code == 302
    draft.refresh_from_db()
    office.post(f"{LIST}{draft.pk}/publish/", {"version": draft.version, "confirm": "8"})
    made = Indicator.objects.get(report__year=2026)
    assert [(node.name, str(node.due_on)) for node in made.milestones.all()] == [
        ("设备安装", "2026-05-31"),
        ("投产", "2026-09-30"),
    ]
    assert made.targets.get().value == 2 and made.plan_points.get(period="2026-09").value == 2


def test_a_chosen_month_or_a_shape_without_one_is_refused_at_its_field(office, draft):
    jobs = accepted(office, draft, "4万人以上")
    page = f"{LIST}{draft.pk}/details/{jobs.pk}/"
    names = ("name", "kind", "unit", "comparator", "polarity", "accumulation", "strength", "frequency", "final_due_on")
    raw = {name: jobs.task[name] for name in names} | {"lead": jobs.task["lead"], "post": "mayor", "target": "4"}
    raw |= {"version": jobs.version, "preset": "chosen_months", "decimals": "1", "action": "look"}
    assert "请先勾选月份" in text(office.post(page, raw))
    looked = text(office.post(page, raw | {"months": ["6", "11"]}))
    assert "6月 2" in looked and "11月 4" in looked and "12月 4" not in looked


def test_a_year_with_a_text_is_taken_apart_as_it_stands(office):
    assert office.post(LIST, {"year": "2025", "text": ""}).status_code == 302
    draft = Decomposition.objects.get(year=2025)
    report = Report.objects.get(year=2025)
    assert draft.report == report and draft.text == report.text
    held = [range(each.start, each.end) for each in report.commitments.filter(is_anchored=True)]
    assert not any(found.start in each for found in draft.spans.all() for each in held)
    found = draft.spans.get(start=draft.text.index("产业兴则百业兴"))
    act(office, draft, found, "accept")
    found.refresh_from_db()
    raw = {"rows": f"{found.pk}:{found.version}", f"{found.pk}-lead": "市农业农村局", f"{found.pk}-post": "mayor"}
    office.post(f"{LIST}{draft.pk}/details/", raw | {"action": "save"})
    draft.refresh_from_db()
    before = report.indicators.count()
    page = text(office.get(f"{LIST}{draft.pk}/publish/"))
    left = re.search(r"(\d+) 句还没有人认领", page)
    office.post(f"{LIST}{draft.pk}/publish/", {"version": draft.version, "confirm": left[1] if left else ""})
    assert report.indicators.count() == before + 1
    made = Indicator.objects.get(commitment__quote="产业兴则百业兴")
    assert re.fullmatch(r"[A-Z]\d{2,3}", made.code)


def test_a_task_of_last_year_fills_in_the_one_that_goes_on(office, draft):
    going_on = span(draft, "新增规模以上工业企业60家")
    assert going_on.task["predecessor"] == Indicator.objects.get(name__contains="规模以上工业企业10家").code
    assert (going_on.task["lead"], going_on.task["preset"], going_on.task["target"]) == ("industry", "last_year", "60")


def test_a_draft_is_given_up_and_the_year_begun_anew(office, draft):
    page = f"{LIST}{draft.pk}/discard/"
    stale = office.post(page, {"version": draft.version + 1})
    assert stale.status_code == 409
    assert office.post(page, {"version": draft.version}).status_code == 302
    assert "已放弃" in text(office.get(LIST))
    assert office.post(LIST, {"year": "2026", "text": OTHER}).status_code == 302
    assert "这份拆解已经放弃" in text(office.get(f"{LIST}{draft.pk}/", follow=True))


def test_pages_cost_the_same_at_any_number_of_phrases(office, django_assert_max_num_queries):
    lines = "".join(f"\n新建第{number}类厂房{number}个，改造旧路{number}公里。" for number in range(100, 175))
    office.post(LIST, {"year": "2026", "text": OTHER + lines})
    many = Decomposition.objects.get(year=2026)
    assert many.spans.count() > 150
    first = many.spans.first()
    for state in ("proposed", "accepted"):
        many.spans.update(state=state)
        for path in ("", "sure/", "details/", f"details/{first.pk}/", "publish/", "discard/"):
            with django_assert_max_num_queries(12):
                assert office.get(f"{LIST}{many.pk}/{path}?at={first.pk}").status_code in (200, 404)
