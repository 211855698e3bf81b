"""Owners and predecessors that are proposed for phrases, against their decision tables; and what holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.domain.continuing import LEAST, Earlier, continuing
from kpi.domain.matter import common, matter, pairs
from kpi.domain.ownership import Ground, Owners, Precedent, Unit
from tests.domain.tables import rows


def unit(text: str) -> Unit:
    """``code:duty/duty``, or ``code=place/place`` for a district."""
    if "=" in text:
        code, places = text.split("=")
        return Unit(code, places=tuple(places.split("/")))
    code, duties = text.split(":")
    return Unit(code, duties=tuple(duties.split("/")))


def precedent(text: str) -> Precedent:
    owner, phrase, age = text.split("|")
    return Precedent(owner, (phrase,), int(age))


@pytest.mark.parametrize("row", rows("ownership"))
def test_who_is_proposed_is_in_the_table(row):
    owners = Owners(
        [unit(each) for each in row["单位与职责"].split()], [precedent(each) for each in row["以前年度的任务"].split()]
    )
    found = owners.of(row["短语"], section=row["标题"])
    assert [each.code for each in found] == row["建议"].split()
    if found:
        first = found[0].reasons[0]
        said = first.words if first.precedent is None else str(first.precedent)
        assert f"{first.ground} {said}" == row["首要理由"]


def test_what_is_measured_speaks_where_the_phrase_does_not():
    owners = Owners([Unit("tourism", ("旅游",)), Unit("farming", ("粮食产量",))])
    assert [each.code for each in owners.of("力争达到64万吨", "粮食产量")] == ["farming"]
    assert owners.of("力争达到64万吨") == []


def test_independent_reasons_add_up():
    units, earlier = [Unit("farming", ("高标准农田",))], [Precedent("farming", ("建设高标准农田6万亩",))]
    both = Owners(units, earlier).of("建设高标准农田7万亩")[0]
    alone = Owners(units).of("建设高标准农田7万亩")[0]
    assert [each.ground for each in both.reasons] == [Ground.PRECEDENT, Ground.DUTY]
    assert alone.score < both.score < 1


def earlier(text: str) -> Earlier:
    """``phrase=name``, or a phrase that is its own name."""
    quote, _sign, name = text.partition("=")
    return Earlier(quote, name or quote)


@pytest.mark.parametrize("row", rows("continuing"))
def test_what_goes_on_is_in_the_table(row):
    found = continuing(row["今年"].split("/"), [earlier(each) for each in row["去年"].split("/") if each])
    assert " ".join(f"{here + 1}={match.place + 1}" for here, match in found.items()) == row["延续"]


def test_a_match_says_what_both_have_and_whether_a_figure_changed():
    quotes = ["新建高标准农田7.5万亩", "继续做响“张家界礼物”品牌"]
    found = continuing(
        quotes, [Earlier("建设高标准农田6.95万亩", "高标准农田"), Earlier("做响“张家界礼物”品牌", "礼物品牌")]
    )
    assert [(match.words, match.is_figure_changed) for match in found.values()] == [
        (("高标准农田",), True),
        (("张家界礼物", "品牌"), False),
    ]


def test_matter_is_what_is_left_of_a_phrase():
    assert matter("力争2025年年底前新建和改造提升高标准农田7.5万亩以上") == ("高标准农田",)
    assert matter("确保") == ()
    assert common(("乡村公路", "水路"), pairs(("公路", "乡村"))) == ("乡村", "公路")


TEXTS = st.lists(
    st.text(alphabet="高标准农田建设新增粮食产量万亩吨家0123456789.，、的和5A级“”第三届年月 \n", max_size=40),
    max_size=8,
)


@given(TEXTS, TEXTS)
def test_any_phrases_have_an_answer_that_is_a_matching(quotes, names):
    tasks = [Earlier(name, name) for name in names]
    found = continuing(quotes, tasks)
    assert set(found) <= set(range(len(quotes)))
    assert len({match.place for match in found.values()}) == len(found)
    assert all(LEAST <= match.similarity <= 1 and match.words for match in found.values())
    owners = Owners([Unit("a", ("高标准农田",))], [Precedent("a", (name,)) for name in names])
    assert all(0 < each.score < 1 for quote in quotes for each in owners.of(quote))
