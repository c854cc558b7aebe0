"""BibTeX: every sign that TeX would act on is escaped, and an entry's key does not change when others are added."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from digest.model import AliasKind, Reference
from digest.papers.identity import normal_form, surname
from digest.references.write import first, labelled, line, listed, page_of

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "{}$&%#_"},
    }
)
_VERBATIM = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
_WHOLE = re.compile(r"[,\"]|\b(?:and|others)\b", re.IGNORECASE)
_ARTICLES = frozenset({"a", "an", "the", "on", "of", "in", "for", "and", "to", "towards", "toward", "is", "are"})
_WIDTH = 12


def bibtex(references: Sequence[Reference]) -> str:
    """A .bib file of UTF-8 text; the keys are told by `citation_keys`."""
    keys = citation_keys(references)
    return "\n".join(_entry(one, key) for one, key in zip(references, keys, strict=True))


def citation_keys(references: Sequence[Reference]) -> list[str]:
    """`vaswani2017attention`: surname, year, first telling word, in ASCII.

    Where that is taken by an earlier reference, four digits that stand for the reference itself are added, so that
    a list in order of saving keeps its keys when it grows.
    """
    taken: set[str] = set()
    keys = []
    for one in references:
        key = base = _key(one)
        told = "\n".join([one.title, *one.authors, *map(str, one.aliases)])
        digest = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
        length = 4
        while key in taken:
            key = f"{base}-{digest[:length]}" if length <= len(digest) else f"{base}-{len(taken)}"
            length += 4
        taken.add(key)
        keys.append(key)
    return keys


def _key(one: Reference) -> str:
    words = [word for word in normal_form(one.title).split() if word.isascii()]
    word = next((word for word in words if word not in _ARTICLES), "".join(words[:1]))
    name = surname(one.authors[0]) if one.authors else ""
    parts = (name if name.isascii() else "", str(one.year or ""), word)
    return "".join(re.sub(r"[^a-z0-9]", "", part) for part in parts) or "reference"


def _entry(one: Reference, key: str) -> str:
    arxiv = first(one, AliasKind.ARXIV)
    fields = {
        "title": f"{{{_escaped(one.title)}}}" if one.title else "",
        "author": " and ".join(map(_name, one.authors)),
        "year": str(one.year or ""),
        "journal": _escaped(one.venue),
        "eprint": arxiv,
        "archiveprefix": "arXiv" if arxiv else "",
        "doi": first(one, AliasKind.DOI).translate(_VERBATIM),
        "url": page_of(one).translate(_VERBATIM),
        "keywords": _escaped(listed(one.keywords)),
        "note": "; ".join(labelled(one)).translate(_VERBATIM),
        "abstract": _escaped(one.abstract),
    }
    lines = [f"  {name.ljust(_WIDTH)} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{'article' if one.venue else 'misc'}{{{key},", *lines, "}", ""])


def _name(name: str) -> str:
    """In braces where BibTeX would take it apart at a comma or an "and"."""
    return f"{{{_escaped(name)}}}" if _WHOLE.search(name) else _escaped(name)


def _escaped(text: str) -> str:
    return line(text).translate(_ESCAPES)
