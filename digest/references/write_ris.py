"""RIS: one tag and one value per line, a record ends with ER."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digest.model import AliasKind, Reference
from digest.references.names import family_first
from digest.references.write import first, labelled, line, page_of


def ris(references: Sequence[Reference]) -> str:
    """A .ris file."""
    return "".join(f"{tag}  - {value}\n" for one in references for tag, value in _tags(one))


def _tags(one: Reference) -> Iterator[tuple[str, str]]:
    arxiv, doi, page = first(one, AliasKind.ARXIV), first(one, AliasKind.DOI), page_of(one)
    yield "TY", "JOUR" if one.venue else "UNPB"
    single = (("TI", one.title), ("T2", one.venue), ("AB", one.abstract), ("PY", str(one.year or "")), ("DO", doi))
    yield from ((tag, line(value)) for tag, value in single if value)
    yield from (("AU", _name(line(name))) for name in one.authors)
    yield from (("KW", line(word)) for word in one.keywords)
    if page:
        yield "UR", page
    yield from (("N1", told) for told in [*([f"arXiv:{arxiv}"] if arxiv else []), *labelled(one)])
    yield "ER", ""


def _name(name: str) -> str:
    """ "Last, First"; a comma at the end marks a name that must not be taken apart, as EndNote does."""
    family, given = family_first(name)
    if "," in family:
        return f"{family},"
    return f"{family}, {given}" if given else family
