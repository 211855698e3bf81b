"""Where a curve is named: clear of the lines it would stand on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kpi.web.charts import Caption, Frame

FRAME = Frame(640, 260, Decimal(10))
RISING = {month: Decimal(month) / 2 for month in range(1, 13)}
FALLING = {month: Decimal(12 - month) / 2 for month in range(1, 13)}


@pytest.mark.parametrize("line", [RISING, FALLING, {3: Decimal(1), 12: Decimal(9)}], ids=["rising", "falling", "bent"])
@pytest.mark.parametrize("is_above", [True, False])
def test_a_caption_stands_clear_of_its_own_line(line, is_above):
    """It reaches two months to the left of where it ends, at no height that the line passes there."""
    caption = FRAME.caption(line, 12, is_above=is_above)
    first, last = min(line), max(line)
    slope = (line[last] - line[first]) / (last - first)
    heights = [FRAME.y(line.get(month, line[first] + slope * (month - first))) for month in (10, 11, 12)]
    assert caption.x == FRAME.x(12)
    assert all(caption.y < height for height in heights) if is_above else all(caption.y > height for height in heights)


def test_a_line_is_named_at_its_end_and_not_later_than_asked():
    assert FRAME.caption({1: Decimal(1), 4: Decimal(2)}, 10, is_above=True).x == FRAME.x(4)
    assert FRAME.caption(RISING, 10, is_above=True).x == FRAME.x(10)


def test_one_point_is_named_beside_itself_and_nothing_has_no_name():
    assert FRAME.caption({1: Decimal(5)}, 10, is_above=False) == Caption(FRAME.x(1), FRAME.y(5) + 16)
    assert FRAME.caption({}, 10, is_above=True) is None
