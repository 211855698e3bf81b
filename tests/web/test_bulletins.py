"""Pages of the bulletin: who reads what, what a refusal keeps, where a number leads."""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import unquote

import pytest
from django.test import Client

from kpi.models import Bulletin, BulletinEdit
from kpi.services import bulletins
from tests.bulletins import draft_of, of_office, published
from tests.conftest import NOW

LIST = "/2025/bulletins/"
MAY = "/2025/bulletins/2025-05/"
EDIT = f"{MAY}edit/"


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def form_of(html: str) -> dict[str, object]:
    """What the draft's form sends when nobody writes anything."""
    fields = dict(re.findall(r'<input type="hidden" name="((?:was-|version)[^"]*)" value="([^"]*)"', html))
    texts = {f"text-{name[4:]}": value for name, value in fields.items() if name.startswith("was-")}
    head = {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in bulletins.HEAD_FIELDS}
    return {**fields, **texts, **head, "has_good": "1", "demands": ["duty"]}


@pytest.mark.parametrize("person", ["mayor", "nyj_staff", "nyj_head", "sysadmin"])
def test_nobody_but_the_office_sees_a_draft_or_what_waits_for_approval(as_user, person):
    made, reader = draft_of("2025-05"), as_user(person)
    for _state in ("draft", "for_approval"):
        assert "还没有发布通报" in page(reader, LIST) and "各期办理" not in page(reader, LIST)
        for path in ("", "print/", "bulletin.docx"):
            page(reader, MAY + path, 404)
        page(reader, EDIT, 403)
        assert reader.post(MAY, {"action": "send", "version": made.version}).status_code in (403, 404)
        if made.state == "draft":
            made = bulletins.send(bulletin=made, version=1, actor=of_office("dcs_1"), now=NOW)


@pytest.mark.parametrize("person", ["mayor", "nyj_staff", "sysadmin"])
def test_everybody_reads_what_was_published_and_fetches_the_same_bytes(as_user, person):
    made, reader = published(), as_user(person)
    assert "张政督〔2025〕6号" in page(reader, LIST)
    text = page(reader, MAY)
    assert made.file.sha256 in text and "办理过程" not in text and 'name="action"' not in text
    answer = reader.get(f"{MAY}bulletin.docx")
    assert sha256(answer.content).hexdigest() == made.file.sha256
    assert "张政督〔2025〕6号 关于2025年" in unquote(answer["Content-Disposition"])
    assert "张家界市人民政府督查室文件" in page(reader, f"{MAY}print/")


def test_a_strangers_page_asks_to_sign_in(client):
    assert client.get(LIST).status_code == 302 and client.get(MAY).status_code == 302


def test_numbers_lead_to_the_pages_that_show_them(as_user):
    published()
    text = page(as_user("mayor"), MAY)
    links = dict.fromkeys(re.findall(r'class="fld" href="([^"]+)"', text))
    assert len(links) > 8
    for link in links:
        page(as_user("mayor"), link.replace("&amp;", "&"))
    of_unit = page(as_user("nyj_staff"), MAY)
    assert "/directives/" not in re.findall(r'class="fld" href="([^"]+)"', of_unit), (
        "a unit sees only its own directives"
    )


def test_a_second_draft_is_refused_in_words(as_user):
    draft_of("2025-05")
    answer = as_user("dcs_2").post(LIST, {"period": "2025-05"})
    assert answer.status_code == 409 and "已经在起草或送审" in answer.content.decode()


def test_what_was_typed_stays_where_something_is_missing(as_user):
    draft_of("2025-05")
    office = as_user("dcs_1")
    form = form_of(page(office, EDIT)) | {"text-overall": "另一种写法。", "title": "", "signer": "督查室新名"}
    answer = office.post(EDIT, form)
    text = answer.content.decode()
    assert answer.status_code == 422 and "改写须写明理由" in text and "请填写标题" in text
    assert "另一种写法。" in text and 'value="督查室新名"' in text and not BulletinEdit.objects.exists()


def test_two_who_write_at_once_lose_nothing(as_user):
    draft_of("2025-05")
    mine = form_of(page(as_user("dcs_1"), EDIT))
    theirs = mine | {"text-change": "他们写的。", "reason-change": "核对以后改写"}
    assert as_user("dcs_2").post(EDIT, theirs).status_code == 302
    mine |= {"text-overall": "我写的。", "reason-overall": "领导要求改写"}
    answer = as_user("dcs_1").post(EDIT, mine)
    text = answer.content.decode()
    assert answer.status_code == 409 and "有人在你之后改过" in text
    assert "我写的。" in text and "他们写的。" in text, "my words in the field, theirs where I wrote nothing"
    again = dict(mine, version=form_of(text)["version"], **{"was-change": "他们写的。", "text-change": "他们写的。"})
    assert as_user("dcs_1").post(EDIT, again).status_code == 302
    assert {each.key: each.text for each in BulletinEdit.objects.all()} == {
        "change": "他们写的。",
        "overall": "我写的。",
    }


def test_words_for_a_paragraph_that_is_gone_stay_readable(as_user):
    draft_of("2025-05")
    office = as_user("dcs_1")
    form = form_of(page(office, EDIT)) | {
        "was-item:T99": "",
        "text-item:T99": "写给不在的段落",
        "reason-item:T99": "一个理由够长",
    }
    answer = office.post(EDIT, form)
    assert answer.status_code == 422 and "写给不在的段落" in answer.content.decode()


def test_own_approval_an_open_month_and_a_taken_number_are_refused_in_words(as_user):
    published("2025-04", number=6)
    made = draft_of("2025-05")
    office = as_user("dcs_1")
    assert office.post(MAY, {"action": "send", "version": made.version}).status_code == 302
    own = office.post(MAY, {"action": "publish", "version": 2, "number": "7"})
    assert own.status_code == 403 and "须由督查室另一人办理" in own.content.decode()
    taken = as_user("dcs_2").post(MAY, {"action": "publish", "version": 2, "number": "6"})
    text = taken.content.decode()
    assert taken.status_code == 422 and "6 号本年度已经用过，下一个空号是 7" in text and 'value="6"' in text
    short = as_user("dcs_2").post(MAY, {"action": "return", "version": 2, "reason": "短"})
    assert short.status_code == 422 and ">短</textarea>" in short.content.decode()
    assert office.post(LIST, {"period": "2025-06"}).status_code == 302
    still_open = office.post("/2025/bulletins/2025-06/", {"action": "send", "version": 1})
    assert still_open.status_code == 409 and "还没有锁定" in still_open.content.decode()


def test_addresses_that_mean_nothing_are_not_found(as_user):
    office = as_user("dcs_1")
    for path in ("2025-13/", "2025-05/", "2025-05/?edition=9", "2025-05/edit/"):
        page(office, f"{LIST}{path}", 404)
    assert office.post(LIST, {"period": "2031-01"}).status_code == 404
    published()
    assert office.post(MAY, {"action": "nonsense", "version": 1}).status_code == 404
    assert office.get(EDIT).status_code == 302, "what is published is not edited"
    page(office, "/2024/bulletins/", 404)


def test_an_edited_paragraph_is_marked_for_the_office_and_typed_markup_is_text(as_user):
    draft_of("2025-05")
    office = as_user("dcs_1")
    form = form_of(page(office, EDIT)) | {
        "text-overall": "<script>甲</script> { PAGE }",
        "reason-overall": "试一试标记",
    }
    assert office.post(EDIT, form).status_code == 302
    text = page(office, MAY)
    assert "&lt;script&gt;甲&lt;/script&gt; { PAGE }" in text and "改写" in text
    assert Bulletin.objects.get().edits.get().actor.username == "dcs_1"
