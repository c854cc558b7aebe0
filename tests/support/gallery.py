"""Every mail and page worth a picture: made of invented papers, or of recorded ones that are hard to show.

A view is either a mail's HTML or an address; a picture shows it in one width and scheme, see `tests/browser/pictures`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import quote

from digest.editions.assemble import Letterhead
from digest.editions.links import ARCHIVE, PREFERENCES, UNSUBSCRIBE, sign, sign_until
from digest.editions.look import Look
from digest.editions.specimens import SPECIMENS
from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.store import catalog, search
from digest.store.database import Database
from tests.support.house import House
from tests.support.tour import Reader, link_in

HEAD = Letterhead(
    "Trending Papers <digest@example.org>",
    {1: bytes(32)},
    "https://digest.example.org",
    imprint="Trending Papers, 1 Example Street, Sampletown",
    look=Look(logo="https://digest.example.org/logo.png", organisation="University of Sampletown"),
)
CROWD = "2603.00218"
"""The arXiv id of a paper by 218 people."""
_CATEGORIES = ("cs.CV", "cs.LG", "eess.IV")


@dataclass(frozen=True)
class View:
    """One mail (`html`) or page (`url`); `at` is what a picture begins with, "" for its top."""

    name: str
    title: str
    html: str = ""
    url: str = ""
    at: str = ""


def mails(language: str = "", *, has_logo: bool = False) -> list[View]:
    """Every specimen with an HTML part, as a mail program gets it; with a logo, or without any."""
    head = HEAD if has_logo else replace(HEAD, look=Look())
    found = [View(one.name, one.title, html=html_of(one.write(head, language))) for one in SPECIMENS]
    return [view for view in found if view.html]


def html_of(raw: bytes) -> str:
    """The HTML part of a message; "" where it has none."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("html",))
    return str(part.get_content()) if part is not None else ""


def pages(house: House, reader: Reader) -> list[View]:
    """Every page that can be opened by its address, of a house that holds the crowd."""
    until = house.now + timedelta(hours=1)
    own = f"/preferences/{sign_until(house.keys, PREFERENCES, reader.id, until)}"
    archive = f"/archive/{sign_until(house.keys, ARCHIVE, reader.id, until)}"
    gone = f"/preferences/{sign_until(house.keys, PREFERENCES, reader.id, house.now - timedelta(hours=1))}"
    found = [
        ("landing", "The first page", "/"),
        ("topics", "Topics", "/topics"),
        ("topic", "A topic", "/topics/language-models"),
        ("search", "A search", "/search?q=language+model"),
        ("paper", "A paper", f"/p/{quote(reader.paper)}"),
        ("crowd", "A paper by 218 people", f"/p/arxiv:{CROWD}"),
        ("author", "An author", f"/a/{quote(reader.author)}"),
        ("subscribe", "Subscribe", "/subscribe"),
        ("confirm", "Confirm", reader.confirm),
        ("preferences", "Preferences", own),
        ("saved", "Votes and saved papers, in the preferences", f"{own}#votes"),
        ("vote", "A vote", house.path(link_in(reader.mail, "More like this"))),
        ("unsubscribe", "Unsubscribe", f"/u/{sign(house.keys, UNSUBSCRIBE, reader.id)}"),
        ("archive", "Past digests", archive),
        ("edition", "One of them", f"{archive}/{reader.edition_id}"),
        ("sample", "The sample digest's topics", "/sample"),
        ("expired", "A link that has expired", gone),
        ("not-found", "Not found", "/nowhere"),
    ]
    return [View(name, title, url=house.base + path) for name, title, path in found]


# ── content that is hard to show ─────────────────────────────────────────────────────────────────


def crowd() -> Entry:
    """A paper by 218 people with a long title."""
    return Entry(
        title_raw="The Twelfth Harbour Challenge on Real-World Fog Removal: Methods, Teams, Results and What Everybody "
        "Learnt from Them, with an Appendix of 40 Pages",
        abstract_raw="We report what 43 teams did about fog. Each was given the same 4,000 nights and the same lamps; "
        "none was told what stood in the way. The best sees ships 11 % farther than the winner of the year before, and "
        "half of that is owed to a better clock. We describe every method, and say which of them go well together.",
        aliases=(Alias(AliasKind.ARXIV, CROWD),),
        announcement=Announcement.NEW,
        version=1,
        authors=tuple(f"{_FIRST[n % len(_FIRST)]} {_LAST[n // len(_FIRST)]}" for n in range(218)),
        categories=_CATEGORIES,
        published_on=date(2026, 3, 10),
        url=f"https://arxiv.org/abs/{CROWD}",
        pdf_url=f"https://arxiv.org/pdf/{CROWD}",
    )


_FIRST = ("Ada", "Björn", "Chandra", "Dana", "Eun-ji", "Fatoumata", "Gülşah", "Hendrik", "Ioanna", "José María", "Kō")
_LAST = (
    *("Lumen", "Fyr", "Leuchter", "Faro", "Deniz", "Hafen", "Papadopoulos-Montgomery", "Nakamura", "Okonkwo"),
    *("Ångström", "Van-der-Zee", "Żeglarz", "Maák", "Nebel", "Ó-Ceallaigh", "Pharos", "Quai", "Rădulescu", "Svensson"),
    "Tamati",
)


def worst(folder: Path) -> list[Entry]:
    """The recorded titles and abstracts with the most TeX, and the longest ones; `folder` is that of latex/."""
    titles = _read(folder / "titles_with_latex.json", "title")
    abstracts = _read(folder / "abstracts_with_latex.json", "abstract")
    chosen = sorted(titles, key=_burden, reverse=True)[:12] + sorted(titles, key=len, reverse=True)[:4]
    heavy = sorted(abstracts, key=_burden, reverse=True)
    return [
        replace(
            crowd(),
            title_raw=title,
            abstract_raw=heavy[number % len(heavy)],
            aliases=(Alias(AliasKind.ARXIV, f"2603.1{number:04}"),),
            authors=("A. Nonymous", "J. van der Waals-Ångström", "K. Ō", "M. Other"),
            url=None,
            pdf_url=None,
        )
        for number, title in enumerate(dict.fromkeys(chosen))
    ]


def recorded_day(file: Path) -> Iterator[Entry]:
    """The papers of one recorded day of announcements."""
    for paper in json.loads(file.read_text("utf-8"))["papers"]:
        number = paper["arxiv_id"]
        yield Entry(
            title_raw=paper["title"],
            abstract_raw=paper["abstract"],
            aliases=(Alias(AliasKind.ARXIV, number),),
            announcement=Announcement(paper["announce_type"]),
            version=1,
            authors=tuple(paper["authors"]),
            categories=tuple(paper["categories"]),
            comment=paper["comment"],
            url=f"https://arxiv.org/abs/{number}",
            pdf_url=f"https://arxiv.org/pdf/{number}",
        )


def hold(database: Database, now: datetime, *entries: Entry) -> None:
    """Put papers into a catalog, found by their words."""
    database.run_sync(catalog.upsert_listing, "arxiv", Listing("cs.CV", now.date(), entries), now)
    while database.run_sync(search.index_due, 100):
        pass


def _read(file: Path, field: str) -> list[str]:
    return [str(one[field]) for one in json.loads(file.read_text("utf-8"))]


def _burden(text: str) -> float:
    return sum(text.count(mark) for mark in "\\${}^_") / (20 + len(text))
