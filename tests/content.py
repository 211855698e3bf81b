"""What the tests file: complete content for each kind, and the raw form of it."""

from __future__ import annotations

from datetime import date, datetime

from django.core.files.base import ContentFile

from accounts.permissions import Actor
from kpi.models import Indicator, Period
from kpi.selectors.content import Content
from kpi.services import evidence
from kpi.services.content import parse
from tests.evidence.files import pdf

TODAY = date(2025, 7, 2)

FARMLAND = {
    "value": "2.86",
    "narrative": "慈利、桑植两县新增验收面积，永定区预计七月中旬验收。",
    "deviation_reasons": ["weather"],
    "measures": "七月增开两个标段，雨天转做预制构件。",
    "catch_up_period": "2025-09",
    "outlook": "at_risk",
}


def indicator(code: str, period: str = "2025-06") -> Indicator:
    """An indicator as a service expects it: with the target in force."""
    month = Period.objects.get(code=period)
    return Indicator.objects.filter(code=code).for_board(month).get()


def read(code: str, raw: dict[str, object]) -> Content:
    return parse(indicator=indicator(code), raw=raw, today=TODAY)


def attach(code: str, period: str, actor: Actor, now: datetime) -> None:
    """A real file on the report, as proof."""
    evidence.attach(
        indicator=indicator(code, period), period=Period.objects.select_related("report").get(code=period),
        name="验收单.pdf", content=ContentFile(pdf(f"{code} {period}")), actor=actor, now=now,
    )  # fmt: skip
