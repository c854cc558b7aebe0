"""The RSS 1.0 that arXiv served until January 2024: everything but the abstract stands in the title and the links."""

from __future__ import annotations

import html
import re

from digest.model import Alias, AliasKind, Announcement, Entry
from digest.papers import identity, text
from digest.sources import Unreadable
from digest.sources.gather import checked_title
from digest.sources.syndication import Item

_TITLE = re.compile(
    r"(?P<title>.*?)\.?\s*\(arXiv:(?P<id>\S+)\s*\[(?P<category>[\w.-]+)\](?:\s+(?P<note>UPDATED|CROSS LISTED))?\)\s*",
    re.DOTALL,
)
_NOTES = {None: Announcement.NEW, "UPDATED": Announcement.REPLACE, "CROSS LISTED": Announcement.CROSS}
_LINKED = re.compile(r"<a\b[^>]*>(.*?)</a>", re.DOTALL)
_OTHERS = re.compile(r"\bet al\b|additional authors? not shown")


def read_old_item(item: Item) -> Entry:
    """One item; its authors may end in "et al. (909 additional authors not shown)"."""
    shown = _TITLE.fullmatch(item.text("title"))
    found = identity.arxiv_id(shown["id"]) if shown else None
    if shown is None or found is None:
        raise Unreadable(f"no arXiv id in the title {item.text('title')[-80:]!r}")
    name, version = found
    creator = item.text("author")
    authors = tuple(html.unescape(person).strip() for person in _LINKED.findall(creator))
    return Entry(
        title_raw=checked_title(shown["title"]),
        abstract_raw=text.clean_html(item.text("summary")),
        aliases=(Alias(AliasKind.ARXIV, name),),
        announcement=_NOTES[shown["note"]],
        version=version,
        authors=authors,
        is_authors_complete=bool(authors) and _OTHERS.search(creator) is None,
        categories=(shown["category"],),
        primary_category=shown["category"],
        url=f"https://arxiv.org/abs/{name}",
        pdf_url=f"https://arxiv.org/pdf/{name}",
    )
