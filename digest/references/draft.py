"""One record as its file has it, and the reference that it becomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from digest.model import Alias, Reference, Rejection
from digest.papers.text import readable
from digest.references import Library
from digest.references.names import shown

NOTHING_KNOWN = "neither a title nor an identifier (arXiv, DOI, URL)"


@dataclass(slots=True)
class Draft:
    """Raw text of one record: TeX and mark-up are still in it. `source` names the record, `line` is its first one."""

    source: str
    line: int | None = None
    title: str = ""
    abstract: str = ""
    authors: Iterable[str] = ()
    aliases: set[Alias] = field(default_factory=set)
    year: int | None = None
    keywords: Iterable[str] = ()
    venue: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is no reference, and why."""

    source: str
    line: int | None
    reason: str


def library_of(path: str, drafts: Iterable[Draft | Refused]) -> Library:
    """All records of a file: references, and rejections of those that name no work."""
    references, rejections = list[Reference](), list[Rejection]()
    for draft in drafts:
        found = finished(draft) if isinstance(draft, Draft) else draft
        if isinstance(found, Reference):
            references.append(found)
        else:
            told = f"{found.source}: {found.reason}" if found.source else found.reason
            rejections.append(Rejection(path, found.line, told))
    return Library(tuple(references), tuple(rejections))


def finished(draft: Draft) -> Reference | Refused:
    """The reference in readable text."""
    title = readable(draft.title)
    if not title and not draft.aliases:
        return Refused(draft.source, draft.line, NOTHING_KNOWN)
    return Reference(
        title=title,
        abstract=readable(draft.abstract),
        authors=shown(draft.authors),
        aliases=tuple(sorted(draft.aliases)),
        year=draft.year,
        keywords=tuple(dict.fromkeys(filter(None, map(readable, draft.keywords)))),
        source=readable(draft.source),
        venue=readable(draft.venue),
    )
