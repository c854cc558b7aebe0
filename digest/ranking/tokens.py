"""A keyword's tokens: words, quoted phrases, parentheses, AND, OR, NOT and the minus that stands for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

# As keyboards and word processors write them, Chinese ones too.
_QUOTES = '"“”„‟«»＂「」『』'
_TOKEN = re.compile(
    rf"(?P<quote>[{_QUOTES}])(?P<phrase>[^{_QUOTES}]*)(?P<end>[{_QUOTES}])?"
    rf"|(?P<open>[(（])|(?P<close>[)）])"
    # A minus only where it touches what it negates: "LiDAR - camera" has none.
    rf"|(?P<minus>[-–−])(?=[^\s)）–−-])"
    rf"|(?P<word>[^\s()（）{_QUOTES}]+)"
)


class Unreadable(ValueError):
    """A keyword that cannot be read as a condition; says why and what to write instead."""


class Sign(Enum):
    WORD = auto()
    PHRASE = auto()
    OPEN = auto()
    CLOSE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()


_OPERATORS = {"AND": Sign.AND, "OR": Sign.OR, "NOT": Sign.NOT}


@dataclass(frozen=True, slots=True)
class Token:
    sign: Sign
    text: str

    @property
    def makes_condition(self) -> bool:
        """Is a keyword with it more than plain words?"""
        return self.sign not in (Sign.WORD, Sign.OPEN, Sign.CLOSE)


def tokens_of(keyword: str, *, is_lenient: bool = False) -> Iterator[Token]:
    """The tokens in order. A phrase without end or words raises Unreadable, or leniently is what is there."""
    for found in _TOKEN.finditer(keyword):
        token = _token(found, is_lenient=is_lenient)
        if token is not None:
            yield token


def _token(found: re.Match[str], *, is_lenient: bool) -> Token | None:
    text = found.group()
    match found.lastgroup:
        case "open":
            return Token(Sign.OPEN, text)
        case "close":
            return Token(Sign.CLOSE, text)
        case "minus":
            return Token(Sign.NOT, text)
        case "word":
            # What is no word ("&", "–") asks for nothing.
            return Token(_OPERATORS.get(text, Sign.WORD), text) if _says_something(text) else None
        case _:
            return _phrase(found, is_lenient=is_lenient)


def _phrase(found: re.Match[str], *, is_lenient: bool) -> Token | None:
    phrase = " ".join(found["phrase"].split())
    if _says_something(phrase) and (found["end"] or is_lenient):
        return Token(Sign.PHRASE, phrase)
    if is_lenient:
        return None
    if not found["end"]:
        raise Unreadable(f"the quote before “{phrase}” has no end: put a quote on both sides of the phrase")
    raise Unreadable("there are no words between two quotes: write the phrase there or remove them")


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)
