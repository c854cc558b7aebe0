"""Text → terms: what two papers can have in common, and how a term is written in a paper's own text.

A word becomes a term by compatibility normal form, case folding, dropping accents and a plural `s`; stop words, single
letters and bare numbers are none. Scripts that write no blanks give each pair of neighbouring characters
("深度学习" → 深度 度学 学习), which needs no dictionary and finds a word inside a longer one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Thai, Lao, Myanmar, Khmer, kana and Han: scripts that write no blanks between words.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Vowel signs and viramas stand inside Indic words, but are no word characters to `re`; nor are combining accents.
_MARKS = "\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0980-\u0983\u09bc-\u09d7\u0a01-\u0dff"
_LETTERS = rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])+"
_WORD = re.compile(rf"[{_UNSPACED}]+|{_LETTERS}")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_COMPOUND = re.compile(rf"[{_UNSPACED}]+|{_LETTERS}(?:(?:[-‐‑]|\.(?=\d)){_LETTERS})*")  # vision-language, Qwen2.5-VL
_ASCII_COMPOUND = re.compile(r"[A-Za-z0-9]+(?:(?:-|\.(?=[0-9]))[A-Za-z0-9]+)*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# What phrases are made of: a sign of its own is all that is neither a word, nor a blank or hyphen between words.
_SIGN = re.compile(rf"[{_UNSPACED}]|{_LETTERS}|[^\s‐‑–-]")
_ASCII_SIGN = re.compile(r"[a-z0-9]+|[^\sa-z0-9-]")
_NO_PLURALS = frozenset({"dynamics", "economics", "genetics", "means", "mechanics", "news"})
_LONGEST_CHAIN = 8  # characters of an unspaced script that are shown as one word

_STOP_WORDS = """
about above across after again against all almost alone along already also although always am among an and another any
are around as at be became because become been before behind being below between beyond both but by can cannot could
did do does doing done down due during each either else enough especially et etc even ever every few finally first for
found from further furthermore given had has have having he hence her here him his how however if in indeed instead
into is it its itself just last least less let many may might more moreover most much must nearly neither never
nevertheless no nor not now of off often on once one only onto or other others our out over own per perhaps rather
respectively same second several she should show shown shows since so some still such than that the their them
themselves then there thereby therefore these they this those though through throughout thus to together too toward
towards two under until up upon us use used uses using various very via was we well were what when where whereas
whether which while who whom whose why will with within without would yet you your al ie eg vs
based aware driven guided oriented centric wise
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def spoken_words(text: str) -> list[str]:
    """The words and character pairs of `text` in order, lower case, not yet terms; see `term_of`."""
    text = without_addresses(text)
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        found.extend(_pairs(word))
    return found


def without_addresses(text: str) -> str:
    """`text` without web addresses: "https" and "github" say nothing of a paper's subject."""
    return _ADDRESS.sub(" ", text) if "://" in text or "www." in text else text


def term_of(word: str) -> str | None:
    """The term of one of `spoken_words`, None for words that say nothing of a paper's subject."""
    folded = fold(word)
    if folded in STOP_WORDS or folded.isdecimal():
        return None
    if len(folded) < 2 and not _IS_UNSPACED.match(folded):
        return None
    return _singular(folded)


def terms(text: str) -> list[str]:
    """The terms of `text` in order, repeats included."""
    return [term for word in spoken_words(text) if (term := term_of(word)) is not None]


def fold(text: str) -> str:
    """Case, accents and compatibility forms folded away: "Ｓchrödinger" → "schrodinger"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    # Only the accents of European scripts go: elsewhere the marks are vowels.
    return unicodedata.normalize("NFC", "".join(c for c in apart if not "\u0300" <= c <= "\u036f"))


def signs(text: str) -> list[str]:
    """The words of `text` in order, lower case, beside every other sign; unspaced scripts character by character.

    Hyphens only part words, so "vision-language" and "vision language" are the same.
    """
    text = text.lower()
    return (_ASCII_SIGN if text.isascii() else _SIGN).findall(text)


def sign_of(sign: str) -> str:
    """One of `signs` as phrases compare it: without accents and a plural `s`, unless the rest is another word."""
    folded = fold(sign)
    return folded if folded in _NO_PLURALS else _singular(folded)


def is_unspaced(character: str) -> bool:
    """Is it of a script that writes no blanks between words?"""
    return _IS_UNSPACED.match(character) is not None


def surfaces(text: str, wanted: frozenset[str]) -> dict[str, str]:
    """How each of the `wanted` terms is first written in `text`, hyphenated compounds whole ("vision-language")."""
    written: dict[str, str] = {}
    text = without_addresses(text)
    if text.isascii():
        # Nearly every abstract, and three times as fast; of two compounds with a term the first one is kept.
        for compound in reversed(dict.fromkeys(_ASCII_COMPOUND.findall(text))):
            written.update(dict.fromkeys(_terms_in(compound), compound))
        return {term: shown for term, shown in written.items() if term in wanted}
    # Each compound once, in the order of the text.
    for compound in dict.fromkeys(_COMPOUND.findall(text)):
        for shown, term in _written_in(compound, wanted):
            written.setdefault(term, shown)
    return written


def _written_in(compound: str, wanted: frozenset[str]) -> Iterator[tuple[str, str]]:
    if _IS_UNSPACED.match(compound):
        yield from _chains(compound, wanted)
        return
    for term in _terms_in(compound):
        if term in wanted:
            yield compound, term


@lru_cache(maxsize=1 << 16)
def _terms_in(compound: str) -> tuple[str, ...]:
    """Remembered, because the papers of a day share their words and are shown to many."""
    return tuple(terms(compound))


def _chains(run: str, wanted: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Neighbouring wanted pairs are shown as the longer word they make."""
    chain: list[tuple[str, str]] = []
    for pair in (*_pairs(run), ""):
        term = term_of(pair) if pair else None
        if term in wanted and len(chain) < _LONGEST_CHAIN - 1:
            chain.append((pair, term))
            continue
        shown = "".join([*(pair[:1] for pair, _ in chain[:-1]), *(pair for pair, _ in chain[-1:])])
        yield from ((shown, term) for _, term in chain)
        chain = [(pair, term)] if term in wanted else []


def _pairs(word: str) -> list[str]:
    if len(word) < 3 or not _IS_UNSPACED.match(word):
        return [word]
    return [word[i : i + 2] for i in range(len(word) - 1)]


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]
