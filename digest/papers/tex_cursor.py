"""A place in a TeX text: what stands here, which group opens here, what was read before."""

from __future__ import annotations

import re

_DELIMITERS = re.compile(r"\\.|[{}]", re.DOTALL)


def pairs_of(text: str) -> dict[int, int]:
    """Where each group's brace closes, by where it opens; unmatched braces are in no pair."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for found in _DELIMITERS.finditer(text):
        if found.group() == "{":
            open_at.append(found.start())
        elif found.group() == "}" and open_at:
            pairs[open_at.pop()] = found.start()
    return pairs


class Cursor:
    """text[at:end] with the groups in it; `parts` is what has been read so far."""

    __slots__ = ("at", "end", "pairs", "parts", "text")

    def __init__(self, text: str, at: int, end: int, pairs: dict[int, int]) -> None:
        self.text, self.at, self.end, self.pairs = text, at, end, pairs
        self.parts: list[str] = []

    def follows(self, char: str) -> bool:
        return self.at < self.end and self.text[self.at] == char

    @property
    def last(self) -> str:
        """The last character read so far, "" at the beginning."""
        return next((part[-1] for part in reversed(self.parts) if part), "")

    def raw_group(self) -> str | None:
        """The group that opens here as it was typed."""
        span = self.span()
        return None if span is None else self.text[slice(*span)]

    def option(self) -> str:
        """An optional argument in square brackets as it was typed; "" where there is none."""
        close = self.text.find("]", self.at, self.end) if self.follows("[") else -1
        if close < 0 or "[" in self.text[self.at + 1 : close]:
            return ""
        option, self.at = self.text[self.at + 1 : close], close + 1
        return option

    def skip_blanks(self) -> None:
        while self.at < self.end and self.text[self.at].isspace():
            self.at += 1

    def span(self) -> tuple[int, int] | None:
        """Where the group that opens here begins and ends; the cursor is behind it then."""
        close = self.pairs.get(self.at, -1) if self.follows("{") else -1
        if not self.at < close < self.end:
            return None
        span, self.at = (self.at + 1, close), close + 1
        return span
