"""Plain lists: one arXiv id, DOI, address, title or whole reference per line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.model import Alias
from digest.papers.identity import aliases_of
from digest.references import Library, identifiers
from digest.references.draft import Draft, Refused, library_of
from digest.references.text import one_line, year_of

_BULLET = re.compile(r"^\s*(?:[-*•–]\s+|\[\d{1,4}\]\s*|\(?\d{1,4}[.)]\s+)")
_IN_LINE = re.compile(
    r"https?://\S+|\b(?:arxiv|doi|corpusid|openreview|openalex)\s?:\s?\S+|\b10\.\d{4,9}/\S+"
    r"|(?<![\w./])(?:\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?![\w/])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"‘]([^“”\"]{8,})[,.]?[”\"’]")
_APA = re.compile(r"\((?:19|20)\d\d[a-z]?(?:,[^)]*)?\)[.,:]?\s+(.{8,}?)(?:\.\s|[.]?$)")
_LONGEST = 1500  # characters; a line that is longer is a paragraph


def read(text: str, path: str) -> Library:
    """A reference per line; blank lines and those that begin with # are passed over."""
    return library_of(path, _drafts(text.lstrip("\ufeff").split("\n")))


def _drafts(lines: list[str]) -> Iterator[Draft | Refused]:
    for number, line in enumerate(lines, 1):
        words = _BULLET.sub("", one_line(line))
        if words and not words.startswith("#"):
            yield from _of_line(words, number)


def _of_line(words: str, number: int) -> Iterator[Draft | Refused]:
    source = f"line {number}"
    ids = [_only(part.strip(",;")) for part in words.split() if part.strip(",;")]
    if ids and all(ids):
        yield from (Draft(source, number, aliases=aliases) for aliases in ids)
    elif len(words) > _LONGEST:
        yield Refused("", number, f"{len(words):,} characters are no title or reference: {words[:40]}…")
    elif sum(map(str.isalpha, words)) < 2:
        yield Refused("", number, f"neither a title nor an identifier: {words[:60]}")
    else:
        yield _reference(words, source, number)


def _only(part: str) -> set[Alias]:
    return set(identifiers.of_url(part))


def _reference(words: str, source: str, number: int) -> Draft:
    aliases: set[Alias] = set()
    for found in _IN_LINE.finditer(words):
        text = re.sub(r":\s", ":", found.group().rstrip(".,;)]>"))
        aliases |= {*aliases_of(text)} & {*identifiers.of_url(text)}
    rest = " ".join(_IN_LINE.sub(" ", words).split()).strip(" ,;:([<") if aliases else words
    told = _QUOTED.search(rest) or _APA.search(rest)
    title = (told[1] if told else rest).rstrip(" ,")
    return Draft(source, number, title=title, aliases=aliases, year=year_of(rest) if told else None)
