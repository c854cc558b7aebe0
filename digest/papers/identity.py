"""Who a paper is: identifiers in their canonical form, normal forms of titles and names, links to code.

text of an id, a link, a DOI ─► arxiv_id, doi ─► aliases_of ─► public_key
title, abstract              ─► title_form, text_form
author name                  ─► fold_name, surname
"""

from __future__ import annotations

import re
import unicodedata

from digest.model import Alias, AliasKind
from digest.papers.arxiv_ids import arxiv_id
from digest.papers.links import canonical_url, code_link, doi
from digest.papers.registries import registry_alias
from digest.papers.text import readable

__all__ = [
    "aliases_of",
    "arxiv_id",
    "canonical_url",
    "code_link",
    "doi",
    "fold_name",
    "normal_form",
    "public_key",
    "surname",
    "text_form",
    "title_form",
]

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_MAYBE_ACCENTS = re.compile("[\u0300-\U0010ffff]+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_SUFFIXES = frozenset({"", "jr", "sr", "ii", "iii", "iv", "phd", "ph d"})
# Letters that no decomposition takes apart, as they are written where a keyboard lacks them.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng"}
)
_ASCII_LETTERS = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)) + bytes(128)


def aliases_of(*texts: str | None) -> tuple[Alias, ...]:
    """Every identifier in ids and links (several may stand in one text, parted by blanks), in order of AliasKind.

    An arXiv DOI or page is the arXiv identifier, a page that shows a DOI in its address is the DOI; other web
    addresses are url aliases.
    """
    found = {alias for text in texts if text for part in (text, *text.split()) if (alias := _alias(part))}
    return tuple(sorted(found))


def _alias(text: str) -> Alias | None:
    if known := arxiv_id(text):
        return Alias(AliasKind.ARXIV, known[0])
    if found := doi(text):
        return Alias(AliasKind.DOI, found)
    if registered := registry_alias(text.strip()):
        return registered
    url = canonical_url(text)
    return Alias(AliasKind.URL, url) if url else None


def public_key(aliases: tuple[Alias, ...], paper_id: int) -> str:
    """A paper's public name: `arxiv:…`, else `doi:…`, else `p:ID`."""
    named = [alias for alias in aliases if alias.kind in (AliasKind.ARXIV, AliasKind.DOI)]
    best = min(named, default=None)
    return str(best) if best else f"p:{paper_id}"


def title_form(title: str) -> str:
    """The normal form by which titles are compared: readable, NFKC, folded, no accents, letters and digits only."""
    return normal_form(readable(title))


def text_form(text: str) -> str:
    """The same normal form for abstracts: equal forms are an equal abstract."""
    return normal_form(readable(text))


def normal_form(text: str) -> str:
    """The normal form of text that is readable already: what `title_form` and `text_form` make of theirs."""
    if text.isascii():
        return b" ".join(text.encode("ascii").translate(_ASCII_LETTERS).split()).decode("ascii")
    folded = _without_accents(unicodedata.normalize("NFKC", text)).casefold()
    if folded.isascii():
        return normal_form(folded)
    folded = _without_accents(unicodedata.normalize("NFKC", folded))
    folded = _NOT_ASCII.sub(lambda found: found.group().translate(_PLAIN_LETTERS), folded)
    return _NOT_LETTERS.sub(" ", folded).strip()


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", _MAYBE_ACCENTS.sub(_plain, decomposed))


def _plain(found: re.Match[str]) -> str:
    return "".join([c for c in found.group() if not unicodedata.combining(c)])


def fold_name(name: str) -> str:
    """An author's name as it is compared: given names first, no accents, no suffix ("Gómez, J., Jr." is "j gomez")."""
    if "," not in name:
        folded = normal_form(name)
        return folded if folded[folded.rfind(" ") + 1 :] not in _SUFFIXES else " ".join(_without_suffix(folded.split()))
    family, given = _parts(name)
    return " ".join(_without_suffix([*normal_form(given).split(), *normal_form(family).split()]))


def surname(name: str) -> str:
    """The last word of the family name, folded, so that "van de Sompel, H." and "Herbert Van de Sompel" agree."""
    last = name[name.rfind(" ") + 1 :]
    if last.isascii() and last.isalpha() and "," not in name:  # nearly every name
        last = last.lower()
        if last not in _SUFFIXES and not last.endswith("collaboration"):
            return last
    family, _ = _parts(name)
    if family.casefold().endswith("collaboration"):
        return normal_form(family)
    last = ""
    for word in reversed(family.split()):
        if folded := normal_form(word).replace(" ", ""):
            last = folded
            if last not in _SUFFIXES:
                break
    return last


def _parts(name: str) -> tuple[str, str]:
    """Family and given names; all of "First Last" is the family part."""
    if "," not in name:
        return name.strip(), ""
    first, *others = [part.strip() for part in name.split(",")]
    given = [part for part in others if normal_form(part) not in _SUFFIXES]
    return (first, " ".join(given)) if first else (" ".join(given), "")


def _without_suffix(words: list[str]) -> list[str]:
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words = words[:-1]
    return words
