"""A few readings as a line of blocks: ▁▂▅▇."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 8
"""Readings shown at most, the last ones."""

_BLOCKS = "▁▂▃▄▅▆▇"


def sparkline(readings: Sequence[int]) -> str:
    """The last readings, one block each, lowest first; "" with fewer than two, which show no course.

    The full height is what was gained, but at least six and a quarter of the highest: one vote more is one step,
    and 400 votes that became 410 are no mountain.
    """
    shown = readings[-LONGEST:]
    if len(shown) < 2:
        return ""
    low, high = min(shown), max(shown)
    height = max(high - low, len(_BLOCKS) - 1, high / 4)
    return "".join(_BLOCKS[int((value - low) / height * (len(_BLOCKS) - 1) + 0.5)] for value in shown)
