"""Keywords as subscribers write them: words, "quoted phrases", conditions (`segmentation AND NOT medical`).

    keyword ─► tokens ─► parts, each wanted or not ─┬─► words (for the taste)
                                                    ├─► which papers meet it
                                                    └─► which papers its NOT turns away

A condition is kept with every NOT pushed down to the words (De Morgan), so that it is made of "says this", "does not
say this", "all of" and "any of". Operators are upper case: "search and rescue" is three words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from digest.ranking.tokens import Sign, Token, Unreadable, tokens_of

if TYPE_CHECKING:
    from digest.ranking.index import Mask
    from digest.ranking.pool import Pool

_DEEPEST = 20  # parentheses within parentheses; nobody means more


@dataclass(frozen=True, slots=True)
class Said:
    """A paper says this phrase, or, where it is not wanted, does not."""

    phrase: str
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class Several:
    """All of the parts hold, or any of them."""

    parts: tuple[Part, ...]
    is_all: bool


Part = Said | Several


@dataclass(frozen=True, slots=True)
class Query:
    """A keyword, read. `condition` is None for plain words; `words` is what the taste reads of it."""

    words: str
    condition: Part | None = None

    def places(self, pool: Pool) -> frozenset[int] | None:
        """The places of the papers that meet the condition; None where there is none."""
        if self.condition is None:
            return None
        return frozenset(np.flatnonzero(met(self.condition, pool.index.mask_saying)).tolist())


@lru_cache(maxsize=1 << 12)
def parse(keyword: str) -> Query:
    """Read a keyword. What cannot be read as a condition is plain words; see `check`."""
    try:
        condition = _condition_of(keyword)
    except Unreadable:
        return Query(_words_before_not(keyword))
    if condition is None:
        return Query(keyword.strip())
    if only_rules_out(condition):
        return Query("", condition)
    return Query(" ".join(dict.fromkeys(_wanted(condition))), condition)


def words(keyword: str) -> str:
    """The words of a keyword that are wanted, for the taste: of `robots -medical` it is "robots"."""
    return parse(keyword).words


def check(keyword: str) -> str | None:
    """What keeps a keyword from being read as it was meant, and what to write instead; None where nothing does."""
    try:
        _condition_of(keyword)
    except Unreadable as problem:
        return str(problem)
    return None


def met(part: Part, saying: Callable[[str], Mask], *, is_lenient: bool = False) -> Mask:
    """Which papers it holds of; `saying` tells which say a phrase. Leniently, none says what is not wanted."""
    if isinstance(part, Said):
        said = saying(part.phrase)
        if part.is_wanted:
            return said
        return np.ones_like(said) if is_lenient else ~said
    join = np.logical_and if part.is_all else np.logical_or
    found: Mask = join.reduce([met(one, saying, is_lenient=is_lenient) for one in part.parts])
    return found


def turned_away(part: Part, saying: Callable[[str], Mask]) -> Mask:
    """Which papers it would hold of, were it not for its NOT."""
    return met(part, saying, is_lenient=True) & ~met(part, saying)


def only_rules_out(part: Part) -> bool:
    """Does it hold of a paper that says none of its words (`NOT medical`)? Then to meet it is no merit."""
    if isinstance(part, Said):
        return not part.is_wanted
    return (all if part.is_all else any)(map(only_rules_out, part.parts))


def _condition_of(keyword: str) -> Part | None:
    tokens = list(tokens_of(keyword))
    return _Reader(tokens).read() if any(token.makes_condition for token in tokens) else None


def _words_before_not(keyword: str) -> str:
    """The words of what cannot be read; nothing behind a NOT, which would turn the wish around."""
    found = []
    for token in tokens_of(keyword, is_lenient=True):
        if token.sign is Sign.NOT:
            break
        if token.sign in (Sign.WORD, Sign.PHRASE):
            found.append(token.text)
    return " ".join(found)


class _Reader:
    """Reads tokens by a grammar.

    any := all (OR all)*        all := one (AND? one)*        one := NOT* (word | "phrase" | "(" any ")")
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def read(self) -> Part:
        found = self._any(is_wanted=True)
        if self._sign() is Sign.CLOSE:
            raise Unreadable("a “)” has no “(” before it: remove it, or open it where the group begins")
        return found

    def _any(self, *, is_wanted: bool) -> Part:
        parts = [self._all(is_wanted=is_wanted)]
        while self._sign() is Sign.OR:
            self._at += 1
            parts.append(self._all(is_wanted=is_wanted))
        # De Morgan: not (a or b) is (not a) and (not b).
        return _several(parts, is_all=not is_wanted)

    def _all(self, *, is_wanted: bool) -> Part:
        parts = [self._one(is_wanted=is_wanted)]
        while self._sign() not in (None, Sign.OR, Sign.CLOSE):
            if self._sign() is Sign.AND:
                self._at += 1
            parts.append(self._one(is_wanted=is_wanted))
        return _several(parts, is_all=is_wanted)

    def _one(self, *, is_wanted: bool) -> Part:
        while self._sign() is Sign.NOT:
            self._at += 1
            is_wanted = not is_wanted
        if self._sign() is Sign.OPEN:
            return self._group(is_wanted=is_wanted)
        if self._sign() not in (Sign.WORD, Sign.PHRASE):
            raise Unreadable(self._missing())
        self._at += 1
        return Said(self._tokens[self._at - 1].text, is_wanted)

    def _group(self, *, is_wanted: bool) -> Part:
        self._at += 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable(f"parentheses stand {_DEEPEST} deep: split it into several keywords")
        found = self._any(is_wanted=is_wanted)
        if self._sign() is not Sign.CLOSE:
            raise Unreadable("a “(” is never closed: add a “)” where the group ends")
        self._at += 1
        self._depth -= 1
        return found

    def _sign(self) -> Sign | None:
        return self._tokens[self._at].sign if self._at < len(self._tokens) else None

    def _missing(self) -> str:
        """What is wrong where a word should stand."""
        before = self._tokens[self._at - 1] if self._at else None
        if before is not None and before.sign is not Sign.OPEN:
            return f"nothing stands behind “{before.text}”: {_remedy(before.text)}"
        if self._sign() in (None, Sign.CLOSE):
            return "nothing stands in the parentheses: write words there or remove them"
        here = self._tokens[self._at].text
        return f"nothing stands before “{here}”: {_remedy(here)}"


def _remedy(operator: str) -> str:
    return f"write a word there, or put “{operator}” in quotes if it is one"


def _several(parts: Sequence[Part], *, is_all: bool) -> Part:
    return parts[0] if len(parts) == 1 else Several(tuple(parts), is_all)


def _wanted(part: Part) -> Iterator[str]:
    if isinstance(part, Said):
        if part.is_wanted:
            yield part.phrase
        return
    for one in part.parts:
        yield from _wanted(one)
