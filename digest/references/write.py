"""Lists of references for other programs: BibTeX, RIS, CSL-JSON. What is written is read back the same.

Every identifier is kept: DOI, arXiv id and one address in the fields that programs know, the rest labelled in the note.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from digest.model import Alias, AliasKind, Paper, Reference

WRITERS: Mapping[str, str] = {
    "bibtex": "digest.references.write_bibtex:bibtex",
    "ris": "digest.references.write_ris:ris",
    "csl-json": "digest.references.write_csl:csl_json",
}
"""Format → module:function that makes the text of a file out of references."""

Writer = Callable[[Sequence[Reference]], str]

_LABELS = {
    AliasKind.ARXIV: "arXiv",
    AliasKind.DOI: "DOI",
    AliasKind.S2: "CorpusId",
    AliasKind.OPENALEX: "OpenAlex",
    AliasKind.OPENREVIEW: "OpenReview",
    AliasKind.URL: "URL",
}


def write(references: Sequence[Reference], form: str) -> str:
    """The text of a file in one of the formats of `WRITERS`."""
    import importlib
    from typing import cast

    module, _, name = WRITERS[form].partition(":")
    return cast("Writer", getattr(importlib.import_module(module), name))(references)


def reference_of(paper: Paper, aliases: Sequence[Alias] = ()) -> Reference:
    """A paper of the catalog as a reference, with the identifiers that the caller knows besides its key."""
    from digest.papers.identity import aliases_of

    known = {*aliases, *aliases_of(paper.key, paper.url)}
    published = paper.published_on or paper.first_seen_day
    return Reference(
        title=paper.title,
        abstract=paper.abstract,
        authors=paper.authors,
        aliases=tuple(sorted(known)),
        year=published.year if published else None,
        keywords=paper.categories,
        source=paper.key,
    )


def first(reference: Reference, kind: AliasKind) -> str:
    """The identifier of one kind; "" where it has none."""
    return next((alias.value for alias in reference.aliases if alias.kind is kind), "")


def page_of(reference: Reference) -> str:
    """Where to read it: its own address, else its page on arXiv."""
    arxiv = first(reference, AliasKind.ARXIV)
    return first(reference, AliasKind.URL) or (f"https://arxiv.org/abs/{arxiv}" if arxiv else "")


def labelled(reference: Reference) -> list[str]:
    """Identifiers that no field takes, as lines `CorpusId:215416146`: all but the first DOI, arXiv id and address."""
    seen: set[AliasKind] = set()
    lines = []
    for alias in reference.aliases:
        has_field = alias.kind in (AliasKind.ARXIV, AliasKind.DOI, AliasKind.URL) and alias.kind not in seen
        seen.add(alias.kind)
        if not has_field:
            lines.append(f"{_LABELS[alias.kind]}:{alias.value}")
    return lines


def line(text: str) -> str:
    """Text in one line: no format keeps the wraps of the others."""
    return " ".join(text.split())


def listed(keywords: Sequence[str]) -> str:
    """Keywords in one field, parted by semicolons where a comma stands in one of them."""
    if any("," in word for word in keywords):
        return "; ".join(map(line, keywords)) + (";" if len(keywords) == 1 else "")
    return ", ".join(map(line, keywords))
