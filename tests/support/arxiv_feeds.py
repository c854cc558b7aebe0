"""Recorded announcement days turned back into the RSS 2.0 feeds of rss.arxiv.org.

The recordings hold no versions: v1 for new and cross, one more at each replacement (v2 where we never saw v1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")

_HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
<channel><title>{category} updates on arXiv.org</title><link>http://rss.arxiv.org/rss/{category}</link>
<description>{category} updates on the arXiv.org e-print archive.</description><language>en-us</language>
<pubDate>{day}</pubDate><skipDays><day>Sunday</day><day>Saturday</day></skipDays>
"""

_ITEM = """<item><title>{title}</title><link>https://arxiv.org/abs/{id}</link>
<description>arXiv:{id}v{version} Announce Type: {kind} \nAbstract: {abstract}</description>
<guid isPermaLink="false">oai:arXiv.org:{id}v{version}</guid>{categories}
<pubDate>{day}</pubDate><arxiv:announce_type>{kind}</arxiv:announce_type>
<dc:rights>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</dc:rights><dc:creator>{creator}</dc:creator></item>
"""


class RecordedDays:
    """Feeds of consecutive days; versions count on from day to day, so ask for them in order."""

    def __init__(self, folder: Path, category: str = "cs.CV") -> None:
        self._folder, self._category = folder, category
        self._versions: dict[str, int] = {}

    def papers(self, name: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = json.loads((self._folder / f"{name}.json").read_text("utf-8"))["papers"]
        return found

    def feed(self, day: date, name: str | None = None) -> bytes:
        """The feed of an announcement day, from the recording of that name (by default the day's own)."""
        return self.render(day, self.papers(name or day.isoformat()))

    def render(self, day: date, papers: Iterable[Mapping[str, Any]]) -> bytes:
        stamp = format_datetime(datetime.combine(day, time(), _NEW_YORK))
        items = [self._item(paper, stamp) for paper in papers]
        head = _HEAD.format(category=self._category, day=stamp)
        return "".join([head, *items, "</channel></rss>\n"]).encode()

    def _item(self, paper: Mapping[str, Any], stamp: str) -> str:
        kind, paper_id = paper["announce_type"], paper["arxiv_id"]
        if kind.startswith("replace"):
            self._versions[paper_id] = self._versions.get(paper_id, 1) + 1
        else:
            self._versions.setdefault(paper_id, 1)
        return _ITEM.format(
            title=escape(paper["title"]),
            id=paper_id,
            version=self._versions[paper_id],
            kind=kind,
            abstract=escape(paper["abstract"]),
            categories="".join(f"<category>{escape(c)}</category>" for c in paper["categories"]),
            day=stamp,
            creator=escape(", ".join(paper["authors"])),
        )
