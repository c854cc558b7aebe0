"""RIS and the Web of Science's tagged format, taken apart by rispy.

rispy drops what stands between records and a last record without an end, so the records are told apart here: each
goes to rispy alone, and every line belongs to one or is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import rispy

from digest.references import Library, identifiers
from digest.references.draft import Draft, Refused, library_of
from digest.references.names import given_first
from digest.references.text import keywords_of, one_line, year_of

Record = Mapping[str, object]

_TAG = re.compile(r"\s{0,4}([A-Z][A-Z0-9])\s{1,3}-(?:\s+|$|(?=\S))(.*)", re.DOTALL)
_END = "ER  - "


@dataclass(slots=True)
class _Chunk:
    """The lines of one record; `line` is the number of its first one."""

    line: int
    lines: list[str] = field(default_factory=list)


def read(text: str, path: str) -> Library:
    """The records of a RIS file; one ends with ER, at the file's end, or where another begins after a blank line."""
    return library_of(path, _drafts(_ris_chunks(text.lstrip("\ufeff").split("\n"))))


def _drafts(chunks: Iterable[_Chunk | Refused]) -> Iterator[Draft | Refused]:
    for chunk in chunks:
        if isinstance(chunk, Refused):
            yield chunk
            continue
        found = rispy.loads("\n".join([*chunk.lines, _END]), delimiter_tags_mapping={})
        yield from (_of_ris(record, chunk.line) for record in found)


def _ris_chunks(lines: list[str]) -> Iterator[_Chunk | Refused]:
    chunk: _Chunk | None = None
    is_after_blank = True
    for number, line in enumerate(lines, 1):
        found = _TAG.match(line)
        tag = found[1] if found else ""
        if tag == "TY" and (chunk is None or is_after_blank):
            if chunk:
                yield chunk
            chunk = _Chunk(number)
        if tag == "ER":
            if chunk:
                yield chunk
            chunk = None
        elif line.strip(" \t\ufeff\x1a"):
            if chunk is None:
                yield Refused("", number, f"outside of any record (no TY line before it): {one_line(line)[:60]}")
            else:
                chunk.lines.append(f"{tag}  - {found[2].strip()}" if found else line)
        is_after_blank = not line.strip()
    if chunk:
        yield chunk


def _of_ris(record: Record, line: int) -> Draft:
    notes = [*_texts(record, "notes"), *(_text(record, name) for name in ("note", "type_of_work", "accession_number"))]
    aliases = identifiers.of_doi(_text(record, "doi"))
    for url in _texts(record, "urls"):
        aliases |= identifiers.of_url(url)
    aliases |= identifiers.of_note(*notes) | identifiers.of_journal(_text(record, "number"))
    venue = _text(record, "secondary_title", "alternate_title3", "journal_name", "alternate_title2", "alternate_title1")
    return Draft(
        source=_text(record, "id") or f"record on line {line}",
        line=line,
        title=_text(record, "title", "primary_title") or "".join(_unknown(record, "BT")[:1]),
        abstract=_text(record, "abstract", "notes_abstract"),
        authors=[given_first(name) for name in _authors(record)],
        aliases=aliases | identifiers.of_journal(venue),
        year=year_of(*(_text(record, name) for name in ("year", "publication_year", "date"))),
        keywords=_texts(record, "keywords"),
        venue=venue,
    )


def _authors(record: Record) -> list[str]:
    authors = [*_texts(record, "first_authors"), *_texts(record, "authors")]
    return authors or _texts(record, "secondary_authors") or _unknown(record, "ED")


def _text(record: Record, *names: str) -> str:
    return next((text for name in names if (text := one_line(record.get(name)))), "")


def _texts(record: Record, name: str) -> list[str]:
    found = record.get(name)
    values = found if isinstance(found, list) else [found]
    return [text for text in map(one_line, values) if text]


def _unknown(record: Record, tag: str) -> list[str]:
    others = record.get("unknown_tag")
    return _texts(others, tag) if isinstance(others, Mapping) else []


# ── Web of Science ───────────────────────────────────────────────────────────────────────────────


def read_wok(text: str, path: str) -> Library:
    """The records of a Web of Science export ("plain text file")."""
    return library_of(path, _wok_drafts(text.lstrip("\ufeff").split("\n")))


def _wok_drafts(lines: list[str]) -> Iterator[Draft | Refused]:
    for chunk in _wok_chunks(lines):
        if isinstance(chunk, Refused):
            yield chunk
            continue
        found = rispy.loads("\n".join([*chunk.lines, "ER"]), implementation=rispy.WokParser, skip_unknown_tags=True)
        yield from (_of_wok(record, chunk.line) for record in found)


def _wok_chunks(lines: list[str]) -> Iterator[_Chunk | Refused]:
    chunk: _Chunk | None = None
    for number, line in enumerate(lines, 1):
        tag = line[:2]
        if tag == "PT" and line[2:3] in ("", " "):
            if chunk:
                yield chunk
            chunk = _Chunk(number)
        if tag == "ER" and chunk:
            yield chunk
            chunk = None
        elif chunk is not None and line.strip():
            chunk.lines.append(line)
        elif line.strip() and tag not in ("FN", "VR", "EF", "ER"):
            yield Refused("", number, f"outside of any record (no PT line before it): {one_line(line)[:60]}")
    if chunk:
        yield chunk


def _of_wok(record: Record, line: int) -> Draft:
    names = [part for text in _texts(record, "authors") for part in text.split(";")]
    return Draft(
        source=_text(record, "accession_number") or f"record on line {line}",
        line=line,
        title=_text(record, "document_title"),
        abstract=_text(record, "abstract"),
        authors=[given_first(name) for name in names],
        aliases=identifiers.of_doi(_text(record, "doi")),
        year=year_of(_text(record, "publication_year"), _text(record, "publication_date")),
        keywords=keywords_of(_text(record, "author_keywords")),
        venue=_text(record, "publication_name"),
    )
