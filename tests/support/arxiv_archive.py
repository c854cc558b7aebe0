"""The recorded announcement days as arXiv's archive would tell them: OAI-PMH with pages, and the search API.

The recordings hold no submission dates. A paper announced first as new or cross was submitted the weekday before; one
that was first seen replaced is dated by its number: numbers count up through the month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from tests.support.arxiv_feeds import RecordedDays
from tests.support.http_server import Answer, Asked

_GMT = ZoneInfo("UTC")

_OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-04-24T06:11:00Z</responseDate>
<request verb="ListRecords">http://oaipmh.arxiv.org/oai</request>{body}</OAI-PMH>
"""
_RECORD = """<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>{changed}</datestamp>
<setSpec>cs:cs:CV</setSpec></header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{id}</id>{versions}
<title>{title}</title><authors>{authors}</authors><categories>{categories}</categories><comments>{comment}</comments>
<license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license><abstract>  {abstract}
</abstract></arXivRaw></metadata></record>
"""


@dataclass
class Held:
    """A paper as the archive holds it on some day."""

    paper: Mapping[str, Any]
    versions: list[date]
    changed: date


class RecordedArchive:
    """Answers as of `today`, `page` records at a time."""

    def __init__(self, folder: Path, first: date, page: int = 100) -> None:
        self._days, self._first, self._page = RecordedDays(folder), first, page
        self.today = first
        self.edited: dict[str, date] = {}  # papers whose record changed without a new version

    def held(self) -> dict[str, Held]:
        found: dict[str, Held] = {}
        day = self._first
        while day <= self.today:
            for paper in self._days.papers(day.isoformat()):
                self._take(found, paper, day)
            day += timedelta(days=1)
        for name, changed in self.edited.items():
            if changed <= self.today and name in found:
                found[name].changed = max(found[name].changed, changed)
        return found

    @staticmethod
    def _take(found: dict[str, Held], paper: Mapping[str, Any], day: date) -> None:
        name, before = paper["arxiv_id"], day - timedelta(days=3 if day.weekday() == 0 else 1)
        if name not in found:
            is_replaced = paper["announce_type"].startswith("replace")
            found[name] = Held(paper, [_numbered(name), before] if is_replaced else [before], day)
            return
        held = found[name]
        held.paper, held.changed = paper, day
        if paper["announce_type"].startswith("replace"):
            held.versions.append(before)

    def oai(self, asked: Asked) -> Answer:
        wanted = {name: values[0] for name, values in parse_qs(asked.query).items()}
        since, start = wanted.get("from"), 0
        if token := wanted.get("resumptionToken"):
            since, _, number = token.partition("|")
            start = int(number)
        assert since is not None
        found = [(name, h) for name, h in sorted(self.held().items()) if h.changed >= date.fromisoformat(since)]
        if not found:
            return _xml(_OAI.format(body='<error code="noRecordsMatch">nothing</error>'))
        records = "".join(_record(name, held) for name, held in found[start : start + self._page])
        rest = start + self._page < len(found)
        token = f"{since}|{start + self._page}" if rest else ""
        return _xml(_OAI.format(body=f"<ListRecords>{records}<resumptionToken>{token}</resumptionToken></ListRecords>"))


def _numbered(name: str) -> date:
    month, number = name.split(".")
    year, month_number = 2000 + int(month[:2]), int(month[2:])
    day = min(int(number) * 17 // 15312 + 1, 16) if month == "2604" else 15
    return date(year, month_number, day)


def _record(name: str, held: Held) -> str:
    paper = held.paper
    first = paper["primary_category"]
    versions = "".join(
        f'<version version="v{n}"><date>{format_datetime(datetime.combine(day, time(12), _GMT), usegmt=False)}</date>'
        "<size>9kb</size><source_type>D</source_type></version>"
        for n, day in enumerate(held.versions, 1)
    )
    return _RECORD.format(
        id=name,
        changed=held.changed,
        versions=versions,
        title=_wrapped(paper["title"]),
        authors=escape(_joined(paper["authors"])),
        categories=" ".join([first, *(c for c in paper["categories"] if c != first)]),
        comment=escape(paper["comment"] or ""),
        abstract=escape(paper["abstract"]),
    )


def _wrapped(title: str) -> str:
    """Hard-wrapped as the archive does it."""
    head, blank, tail = title.partition(" ")
    return escape(f"{head}\n  {tail}" if blank else title)


def _joined(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _xml(text: str) -> Answer:
    return Answer(200, {"Content-Type": "text/xml"}, text.encode())
