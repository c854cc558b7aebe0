"""Identifiers in the fields of a record: each field is asked for what it may hold, prose only for what is labelled."""

from __future__ import annotations

import re
from collections.abc import Iterable

from digest.model import Alias, AliasKind
from digest.papers.identity import aliases_of, arxiv_id, canonical_url, doi

_LABELLED = re.compile(
    r"""[\W_]* (?: (?:arxiv\s+)? (?:preprint|e-?print|available\s+(?:as|at|from)|archive(?:\ id|id|\ location)?) [\s:]*
        | tex\.(?:eprint|arxivid)\s*[:=] | arxiv\ ?id\s*: )*
    (?P<id> (?:arxiv|doi|corpusid|s2|openalex|openreview) \s* [:.] \s* \S+ | https?://\S+ | 10\.\d{4,9}/\S+ | \S+ )
    (?P<tail> \s* (?:\[[\w.\s-]*\]|\([\w.\s-]*\))? [\s.,;]* )""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS_URL = re.compile(r"url\s*:\s*(?=https?://)", re.IGNORECASE)
_IN_PROSE = re.compile(r"\barxiv\s?:\s?([a-z-]+(?:\.[a-z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_OLD_DBLP = re.compile(r"abs/(\S+)")
_PARTS = re.compile(r"[;\n\r]|(?<=\S)\s*<br\s*/?>\s*", re.IGNORECASE)
_LONGEST = 500


def of_doi(text: str) -> set[Alias]:
    """From a field that can only hold a DOI (or, in some exports, its address)."""
    found = doi(text)
    known = arxiv_id(text)
    if known:
        return {Alias(AliasKind.ARXIV, known[0])}
    return {Alias(AliasKind.DOI, found)} if found else set()


def of_url(text: str) -> set[Alias]:
    """From a field of addresses; the front page of a site names no paper."""
    return {alias for alias in aliases_of(text) if alias.kind is not AliasKind.URL or _has_path(alias.value)}


def of_arxiv(eprint: str, archive: str = "", category: str = "") -> set[Alias]:
    """From BibTeX's eprint and its kin: `1706.03762`, `hep-th/9711200`, or the digits beside their archive."""
    if archive and archive.casefold() not in ("arxiv", category.casefold()) and not arxiv_id(f"{archive}/{eprint}"):
        return of_note(eprint)
    for text in (eprint, f"{category}/{eprint}", f"{archive}/{eprint}"):
        if known := arxiv_id(text):
            return {Alias(AliasKind.ARXIV, known[0])}
    return set()


def of_volume(journal: str, volume: str) -> set[Alias]:
    """DBLP's form of a preprint: journal CoRR, volume abs/1706.03762."""
    found = _OLD_DBLP.fullmatch(volume.strip())
    return of_arxiv(found[1]) if found and journal.strip().casefold() in ("corr", "arxiv") else set()


def of_note(*texts: str) -> set[Alias]:
    """From prose, Zotero's Extra above all: lines that are an identifier, with or without its label.

    An address or a DOI in the middle of a sentence is that of another work as often as not, and is left alone.
    """
    return {alias for text in texts for part in _PARTS.split(text) for alias in _of_line(part.strip())}


def of_journal(text: str) -> set[Alias]:
    """From what a preprint's journal or number says: "arXiv preprint arXiv:1706.03762"."""
    found = _IN_PROSE.search(text)
    return of_arxiv(found[1]) if found else set()


def _of_line(line: str) -> Iterable[Alias]:
    if not line or len(line) > _LONGEST:
        return ()
    said = _SAYS_URL.match(line)
    if said:
        return of_url(line[said.end() :])
    found = _LABELLED.fullmatch(line)
    if not found:
        return ()
    text = re.sub(r"\s*([:.])\s*", r"\1", found["id"].rstrip(".,;)"), count=1)
    return {alias for alias in aliases_of(text.replace("doi.1", "doi:1")) if alias.kind is not AliasKind.URL}


def _has_path(url: str) -> bool:
    canonical = canonical_url(url) or url
    return bool(canonical.partition("://")[2].partition("/")[2]) or "?" in canonical
