"""What both kinds of listing page share: entries, prose, and the signs of a file that is cut short."""

from __future__ import annotations

import re
from datetime import date

from digest.errors import UnreadableFile
from digest.model import Entry
from digest.papers.identity import code_link
from digest.sources.dump_lines import Line

LONGEST_TITLE = 400
# An abstract ends with a sentence, a bracket or a link; one that does not, at the end of a file, was cut off.
_END = re.compile(r"[.!?:;…)\]}\"'”’%]$|[^\s/]+/\S*$|\b\w+\.\w+\S*$")


def entry(title: str, abstract: str, *, day: date | None = None, has_code: bool = False) -> Entry:
    """A paper as a page lists it; a link to code in the abstract is repaired and becomes its code link."""
    link, abstract = code_link(abstract)
    return Entry(
        title_raw=title,
        abstract_raw=abstract,
        is_authors_complete=False,
        day=day,
        code_url=link,
        has_code=has_code or link is not None,
    )


def is_prose(text: str) -> bool:
    """Whether a line is (part of) an abstract and no title."""
    return len(text) > LONGEST_TITLE or ". " in text or text.endswith(".")


def check_end(title: str, last: Line, path: str) -> None:
    """Raises UnreadableFile where the last abstract of a page breaks off."""
    if not _END.search(last.text):
        raise UnreadableFile(
            path, last.number, f"the abstract of {short(title)} breaks off: the file is cut short, save the page again"
        )


def short(text: str) -> str:
    """The beginning of a text in quotes, for messages."""
    return f"“{text[:60].rstrip()}…”" if len(text) > 61 else f"“{text}”"
