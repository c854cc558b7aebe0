"""Which papers say a muted word: whole words or phrases, whatever the case or accents, in title or abstract."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from digest.ranking.terms import fold, is_unspaced

_BREAK = "\n"


class Wordings:
    """Some texts, searched together: one pass of `str.find` a word instead of one search a text."""

    def __init__(self, texts: Sequence[str]) -> None:
        folded = [_plain(text) for text in texts]
        self._whole = _BREAK + _BREAK.join(folded) + _BREAK
        self._starts: list[int] = []
        at = 1
        for text in folded:
            self._starts.append(at)
            at += len(text) + len(_BREAK)

    def saying(self, phrase: str) -> frozenset[int]:
        """The indices of the texts that say `phrase`; none for an empty one."""
        wanted = _plain(phrase)
        if not wanted:
            return frozenset()
        return frozenset(bisect_right(self._starts, at) - 1 for at in self._found(wanted))

    def _found(self, wanted: str) -> Iterator[int]:
        at = self._whole.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if _is_edge(wanted[0], self._whole[at - 1]) and _is_edge(wanted[-1], self._whole[end]):
                yield at
            at = self._whole.find(wanted, at + 1)


def _plain(text: str) -> str:
    return " ".join(fold(text).split())


def _is_edge(inner: str, outer: str) -> bool:
    """Does a word end between these two? In scripts without blanks it may end anywhere."""
    return not (inner.isalnum() and outer.isalnum()) or is_unspaced(inner)
