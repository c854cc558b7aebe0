"""Tables with a heading line (CSV, semicolons or tabs): exports of Zotero, Semantic Scholar, Scopus, spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from digest.model import Rejection
from digest.references import Library, identifiers
from digest.references.draft import Draft, Refused, library_of
from digest.references.names import given_first
from digest.references.text import keywords_of, year_of

_NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "articletitle", "papertitle", "documenttitle"),
    "authors": ("author", "authors", "authorfullnames", "authornames"),
    "abstract": ("abstractnote", "abstract"),
    "year": ("publicationyear", "year", "date", "publicationdate", "published"),
    "venue": ("publicationtitle", "venue", "journal", "journaltitle", "sourcetitle", "booktitle"),
    "keywords": ("manualtags", "automatictags", "tags", "keywords", "authorkeywords"),
    "doi": ("doi",),
    "arxiv": ("arxiv", "arxivid", "eprint"),
    "corpus": ("corpusid",),
    "url": ("url", "link", "links", "paperurl", "pdfurl"),
    "extra": ("extra", "note", "notes", "externalids", "archivelocation", "number"),
    "key": ("key", "citationkey", "id", "paperid"),
}
_LONGEST_CELL = 1_000_000

Row = Mapping[str, list[str]]


def read(text: str, path: str) -> Library:
    """The rows of a table that has a title column."""
    csv.field_size_limit(_LONGEST_CELL)
    try:
        return library_of(path, list(_drafts(text.lstrip("\ufeff\n"))))
    except csv.Error as error:
        return Library(rejections=(Rejection(path, None, f"no table: {error}"),))


def _drafts(text: str) -> Iterator[Draft | Refused]:
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = [_column(name) for name in next(rows, [])]
    line = rows.line_num + 1
    for cells in rows:
        if any(cell.strip() for cell in cells):
            if len(cells) > len(columns):
                yield Refused("", line, f"{len(cells)} cells below {len(columns)} headings")
            else:
                yield _draft(_row(columns, cells), line)
        line = rows.line_num + 1


def _column(heading: str) -> str:
    plain = re.sub(r"[^a-z]", "", heading.casefold())
    return next((name for name, known in _NAMES.items() if plain in known), "")


def _row(columns: list[str], cells: list[str]) -> dict[str, list[str]]:
    row: dict[str, list[str]] = {name: [] for name in _NAMES}
    for name, cell in zip(columns, cells, strict=False):
        if name and cell.strip():
            row[name].append(cell.strip())
    return row


def _draft(row: Row, line: int) -> Draft:
    aliases = identifiers.of_note(*row["extra"])
    for text in row["doi"]:
        aliases |= identifiers.of_doi(text)
    for text in row["arxiv"]:
        aliases |= identifiers.of_arxiv(text) or identifiers.of_note(text)
    for text in [*row["url"], *(f"CorpusId:{text}" for text in row["corpus"])]:
        aliases |= identifiers.of_url(text)
    return Draft(
        source=_first(row, "key") or f"row on line {line}",
        line=line,
        title=_first(row, "title"),
        abstract=_first(row, "abstract"),
        authors=_authors(_first(row, "authors")),
        aliases=aliases,
        year=year_of(*row["year"]),
        keywords=keywords_of(*row["keywords"]),
        venue=_first(row, "venue"),
    )


def _first(row: Row, name: str) -> str:
    return row[name][0] if row[name] else ""


def _authors(text: str) -> list[str]:
    """ "Last, First; Last, First", or "First Last, First Last"."""
    if ";" in text:
        return [given_first(name) for name in text.split(";")]
    return text.split(",") if text.count(",") != 1 or " " in text.partition(",")[0].strip() else [given_first(text)]
