"""docs/channels.md shows the very tables the adapters judge by."""

from __future__ import annotations

import re
from pathlib import Path

from django.utils.translation import override

from notifications.channels import dingtalk, feishu, sms, wecom
from notifications.channels.answers import Answers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "channels.md"
TABLES = {"wecom": wecom.ANSWERS, "dingtalk": dingtalk.ANSWERS, "feishu": feishu.ANSWERS, "sms": sms.ANSWERS}


def table(answers: Answers) -> str:
    with override("zh-hans"):
        lines = [f"| `{code}` | `{answer.meaning}` | {answer.words} |" for code, answer in answers.items()]
    return "\n".join(["| Code | Meaning | Words |", "| --- | --- | --- |", *lines])


def filled(page: str) -> str:
    for name, answers in TABLES.items():
        block = re.compile(rf"(<!-- answers: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, count = block.subn(lambda found, answers=answers: f"{found[1]}\n{table(answers)}\n\n{found[2]}", page)
        assert count == 1, name
    return page


def test_the_page_shows_the_tables_as_they_are():
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page), f"run: manage.py shell -c 'from {__name__} import fill; fill()'"


def fill() -> None:
    """Write the tables into the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
