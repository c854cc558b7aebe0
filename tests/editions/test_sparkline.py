"""The course of a few readings as blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.sparkline import LONGEST, sparkline


@pytest.mark.parametrize(
    ("readings", "line"),
    [
        ([], ""),
        ([120], ""),
        ([5, 5], "▁▁"),
        ([3, 4], "▁▂"),
        ([0, 7], "▁▇"),
        ([2, 9, 24, 41], "▁▂▄▇"),
        ([400, 404, 410], "▁▁▂"),
        ([12, 40, 85, 120, 160, 171, 175, 176], "▁▂▄▅▆▇▇▇"),
        ([1, 1, 12, 40, 85, 120, 160, 171, 175, 176], "▁▂▄▅▆▇▇▇"),
        ([9, 2], "▇▁"),
    ],
)
def test_a_course_is_drawn_like_this(readings: list[int], line: str) -> None:
    assert sparkline(readings) == line


@given(st.lists(st.integers(0, 10**9), max_size=30))
def test_a_line_is_short_and_never_falls_where_the_readings_do_not(readings: list[int]) -> None:
    line = sparkline(sorted(readings))
    assert len(line) <= LONGEST
    assert list(line) == sorted(line)
