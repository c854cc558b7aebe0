"""BibTeX and biblatex, taken apart by bibtexparser; the text in its fields is TeX."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping

from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library as Blocks
from bibtexparser.middlewares import RemoveEnclosingMiddleware, ResolveStringReferencesMiddleware
from bibtexparser.middlewares.middleware import Middleware
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, Entry, Field, ImplicitComment, ParsingFailedBlock, String

from digest.model import Alias
from digest.references import Library, identifiers
from digest.references.draft import Draft, Refused, library_of
from digest.references.strings import JoinStrings
from digest.references.tex import plain, without_groups
from digest.references.text import keywords_of, one_line, year_of

_log = logging.getLogger("bibtexparser")
_log.addHandler(logging.NullHandler())
_log.propagate = False  # what it would log are our rejections

# biblatex's and BibDesk's data beside the entries; a set only names entries that stand elsewhere.
_NO_REFERENCES = frozenset({"comment", "string", "preamble", "set", "xdata", "bibnote", "control"})
_ENTRY_IN_COMMENT = re.compile(r"@[ \t]*(?!comment|string|preamble)[A-Za-z]\w*\s*[{(]", re.IGNORECASE)
_URL_FIELD = re.compile(r"(?:bdsk-)?url(?:-\d+)?|ee|howpublished|link")

# Without a key ("@article{author = …", as EndNote writes); bibtexparser wants the comma after it.
_NO_KEY = re.compile(
    r"^(\s*@(?!comment|string|preamble)[A-Za-z]\w*\s*\{)(\s*[A-Za-z][\w-]*\s*=)", re.IGNORECASE | re.MULTILINE
)

Fields = Mapping[str, str]


def read(text: str, path: str) -> Library:
    """The entries of a BibTeX file."""
    blocks = parse_string(_NO_KEY.sub(r"\1,\2", text), parse_stack=_steps())
    strings = [block for block in blocks.blocks if isinstance(block, String)]
    entries = list(_entries(blocks.blocks, strings))
    parents = {one.key.casefold(): _fields(one) for one in entries if isinstance(one, Entry) and one.key}
    return library_of(path, (one if isinstance(one, Refused) else _draft(one, parents) for one in entries))


def _steps() -> list[Middleware]:
    return [JoinStrings(), ResolveStringReferencesMiddleware(), RemoveEnclosingMiddleware()]


def _entries(blocks: Iterable[Block], strings: list[String]) -> Iterator[Entry | Refused]:
    for block in blocks:
        line = None if block.start_line is None else block.start_line + 1
        if isinstance(block, Entry):
            found: Entry | Refused = block
        elif isinstance(block, ParsingFailedBlock):
            found = _rescued(block, strings, line)
        elif isinstance(block, ImplicitComment) and _ENTRY_IN_COMMENT.search(block.comment):
            found = Refused("", line, f"an entry that cannot be taken apart: {_start(block.comment)}")
        else:
            continue
        if isinstance(found, Refused) or found.entry_type.casefold() not in _NO_REFERENCES:
            yield found


def _rescued(block: ParsingFailedBlock, strings: list[String], line: int | None) -> Entry | Refused:
    """An entry with a key or a field that there was before is an entry all the same; the field's first value counts."""
    entry = block.ignore_error_block
    if not isinstance(entry, Entry):
        reason = getattr(block.error, "abort_reason", None) or str(block.error)
        return Refused("", line, f"broken entry {_start(block.raw or '')}: {one_line(reason)}")
    unique: dict[str, Field] = {}
    for field in entry.fields:
        unique.setdefault(field.key, field)
    again = Blocks([*strings, Entry(entry.entry_type, entry.key, list(unique.values()), entry.start_line, entry.raw)])
    for step in _steps():
        again = step.transform(again)
    return again.entries[0]


def _start(raw: str) -> str:
    words = one_line(raw)
    return words if len(words) <= 40 else f"{words[:40]}…"


def _fields(entry: Entry) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in entry.fields:
        fields.setdefault(field.key.casefold(), str(field.value))
    return fields


def _draft(entry: Entry, parents: Mapping[str, Fields]) -> Draft:
    fields = _fields(entry)
    parent = parents.get(fields.get("crossref", "").strip().casefold(), {})
    title = _title(fields)
    return Draft(
        source=entry.key,
        line=None if entry.start_line is None else entry.start_line + 1,
        title=title or _title(parent),  # a version of a work that stands elsewhere in the file
        abstract=without_groups(fields.get("abstract", "")),
        authors=_names(fields.get("author") or fields.get("editor", "")),
        aliases=_aliases(fields),
        year=year_of(*(fields.get(name) for name in ("year", "date")), parent.get("year"), parent.get("date")),
        keywords=keywords_of(*(without_groups(fields.get(name, "")) for name in ("keywords", "keyword"))),
        venue=without_groups(_first(fields, "journal", "journaltitle", "booktitle") or parent.get("title", "")),
    )


def _title(fields: Fields) -> str:
    """The title with its subtitle; a collection may only have a booktitle."""
    title = without_groups(_first(fields, "title", "booktitle", "maintitle"))
    subtitle = without_groups(fields.get("subtitle", "")) if fields.get("title") else ""
    if not subtitle:
        return title
    return f"{title} {subtitle}" if title.rstrip().endswith((":", "?", "!")) else f"{title}: {subtitle}"


def _first(fields: Fields, *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name, "").strip()), "")


def _names(text: str) -> tuple[str, ...]:
    parts = split_multiple_persons_names(one_line(text)) if text.strip() else []
    return tuple(filter(None, map(_name, parts)))


def _name(text: str) -> str:
    if text.startswith("{") and text.endswith("}") and without_groups(text) == text[1:-1]:
        return text[1:-1]  # an institution: its commas part nothing
    return without_groups(parse_single_name_into_parts(text, strict=False).merge_first_name_first)


def _aliases(fields: Fields) -> set[Alias]:
    raw = {name: plain(value) for name, value in fields.items()}
    found = identifiers.of_doi(raw.get("doi", "")) | identifiers.of_arxiv(
        _first(raw, "eprint", "arxivid", "arxiv"),
        _first(raw, "archiveprefix", "eprinttype"),
        _first(raw, "primaryclass", "eprintclass"),
    )
    found |= identifiers.of_volume(raw.get("journal", ""), raw.get("volume", ""))
    for name in ("journal", "journaltitle", "number", "publisher", "howpublished"):
        found |= identifiers.of_journal(raw.get(name, ""))
    for name, value in raw.items():
        if _URL_FIELD.fullmatch(name) and "://" in value:
            found |= identifiers.of_url(value)
    return found | identifiers.of_note(*(raw.get(name, "") for name in ("note", "extra", "annote", "eprint")))
