"""A catalog as it stands after some months: many papers, words by Zipf's law, namesakes, readings over the last days.

Rows go in as they would stand, past the diff: storing 100,000 papers as listings takes minutes, this takes a few
dozen seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, text

from digest.papers.forms import folded_name
from digest.store import bulk, tables
from digest.store.database import Database
from digest.store.search_schema import statements
from tests.support.web import NOW

VOCABULARY = 30_000
CATEGORIES = [f"{archive}.{a}{b}" for archive in ("cs", "eess", "math") for a in "ACILR" for b in "GLVX"]
A_DAY = 700  # papers
READ = 800  # papers of the last week that are voted on
_BATCH = 5_000
_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "to",
    "tu",
    "va",
    "we",
    "xi",
]

Row = tuple[Any, ...]


def words(count: int = VOCABULARY) -> list[str]:
    """The vocabulary, most frequent first; three of real topics stand where such words stand in real abstracts."""
    chance = np.random.default_rng(1)
    found = dict.fromkeys(["model", "language", "learning", "data", "image"])
    while len(found) < count:
        found["".join(chance.choice(_SYLLABLES, chance.integers(2, 6)))] = None
    return list(found)


def fill(database: Database, papers: int) -> None:
    """Store the papers, numbered from 1, the last ones of today."""
    filling = _Filling(papers)
    if not database.is_sqlite:
        _run(database, "DROP INDEX ix_paper_words_words")  # made at once, at the end, it takes a fraction of the time
    for first in range(1, papers + 1, _BATCH):
        database.run_sync(filling.store, first, min(first + _BATCH, papers + 1))
    database.run_sync(filling.attend)
    database.run_sync(lambda connection: connection.execute(delete(tables.paper_words_due)))
    if not database.is_sqlite:
        _run(database, statements("postgresql")[0])
        _run(database, "SELECT setval(pg_get_serial_sequence('papers', 'id'), max(id)) FROM papers")
        _run(database, "VACUUM ANALYZE")


def _run(database: Database, statement: str) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


class _Filling:
    def __init__(self, papers: int) -> None:
        self._count = papers
        self._chance = np.random.default_rng(20260420)
        self._words = np.array(words(), dtype=object)
        self._heavy = _steps(np.arange(VOCABULARY) + 10.0)
        self._shares = _steps(np.arange(len(CATEGORIES)) + 2.0)
        given = [f"{a.title()}{b}" for a in _SYLLABLES for b in _SYLLABLES]
        family = [f"{a.title()}{b}{c}" for a in _SYLLABLES for b in ("ng", "r", "sson") for c in ("", *_SYLLABLES)]
        # Few names are of hundreds of papers, most of one: "Wei Wang" is many people.
        names = [f"{given[i % len(given)]} {family[(i * 7) % len(family)]}" for i in range(120_000)]
        self.names = ["Wei Wang", "Ada Lovelace", *dict.fromkeys(names)]
        self._people = _steps(np.arange(len(self.names)) + 150.0)
        self._folded = [folded_name(name) for name in self.names]

    def _drawn(self, steps: Any, count: int) -> Any:
        return np.searchsorted(steps, self._chance.random(count))

    def day(self, number: int) -> date:
        return NOW.date() - timedelta(days=(self._count - number) // A_DAY)

    def store(self, connection: Connection, first: int, end: int) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign keys, no triggers
        rows: dict[str, list[Row]] = {name: [] for name in _COLUMNS}
        for number in range(first, end):
            for name, row in self._paper(number):
                rows[name].append(row)
        for name, some in rows.items():
            bulk.insert(connection, tables.metadata.tables[name], _COLUMNS[name], some)

    def _paper(self, number: int) -> Iterator[tuple[str, Row]]:
        chance, day = self._chance, self.day(number)
        length = int(np.clip(chance.lognormal(4.4, 0.4), 15, 300))  # with the words that are no terms twice as long
        spoken = self._words[self._drawn(self._heavy, length + 16)]
        # A third of a paper's words are those of its field, so that neighbours have something in common.
        own = self._words[200 + (number % 97) * 300 + chance.integers(0, 300, length // 3)]
        title = list(dict.fromkeys([*own[:4], *spoken[: int(chance.integers(3, 14))]]))
        abstract = [*spoken[16:], *own]
        at = datetime(day.year, day.month, day.day, 4, tzinfo=NOW.tzinfo)
        name = f"{day:%y%m}.{number % 100_000:05}"
        shown, told = (
            " ".join(title).capitalize(),
            f"{' of the '.join(map(' '.join, zip(abstract[::2], abstract[1::2], strict=False)))}.",
        )
        has_code = number % 4 == 0
        code = f"https://github.com/x/y{number}" if has_code else None
        links = f"https://arxiv.org/abs/{name}", f"https://arxiv.org/pdf/{name}"
        yield "papers", (
            number, shown, shown, shown.lower(), told, told, f"{number:032x}", True, 1, None, day - timedelta(days=1),
            at, day, True, *links, code, has_code,
        )  # fmt: skip
        yield "paper_aliases", ("arxiv", name, number)
        yield "paper_titles", (f"{number:032x}", number)
        yield "paper_versions", (number, 1, shown, told, at)
        people = dict.fromkeys(self._drawn(self._people, int(chance.integers(1, 11))).tolist())
        for place, one in enumerate(people):
            yield "paper_authors", (number, place, self.names[one], self._folded[one])
        held = dict.fromkeys(self._drawn(self._shares, int(chance.integers(1, 4))).tolist())
        for place, one in enumerate(held):
            yield "paper_categories", (number, place, CATEGORIES[one])
        main = CATEGORIES[next(iter(held))]
        yield "sightings", (number, "arxiv", main, day, "new", at, "new")
        yield "paper_novelty", (number, main, day, 0.5, float(number % 100), None, 0)
        body = " ".join(dict.fromkeys(word for word in abstract if word not in title))
        named = " ".join(dict.fromkeys(" ".join(self._folded[one] for one in people).split()))
        yield "paper_words", (number, " ".join(title), body, named)

    def attend(self, connection: Connection) -> None:
        """Readings: of the last week's papers many, of every tenth older one a few; and authors' imported figures."""
        rows: list[Row] = []
        week = range(max(1, self._count - 7 * A_DAY), self._count + 1)
        for number in self._chance.choice(week, min(READ, len(week)), replace=False).tolist():
            seen = datetime.combine(self.day(number), NOW.timetz()) - timedelta(hours=8)
            rows += self._course(number, seen, min(60, int((NOW - seen) / timedelta(hours=2))))
        for number in range(1, week[0], 10):
            rows += self._course(number, datetime.combine(self.day(number), NOW.timetz()), 6)
        bulk.insert(connection, tables.signals, ("paper_id", "name", "source", "observed_at", "value"), rows)
        cards = [
            (self._folded[i], "page", name, "cs.LG", 1 + i % 60, i % 900, i, None, None, NOW)
            for i, name in enumerate(self.names[:5_000])
        ]
        bulk.insert(connection, tables.author_cards, tables.author_cards.columns.keys(), cards)

    def _course(self, number: int, seen: datetime, count: int) -> list[Row]:
        values = np.cumsum(self._chance.integers(1, 9, count)).tolist()
        return [
            (number, "upvotes", "huggingface", seen + timedelta(hours=2 * i), value) for i, value in enumerate(values)
        ]


_COLUMNS: dict[str, Sequence[str]] = {
    "papers": (
        "id", "title_raw", "title", "title_form", "abstract_raw", "abstract", "abstract_hash", "is_authors_complete",
        "version", "primary_category", "published_on", "first_seen_at", "first_seen_day", "is_new", "url", "pdf_url",
        "code_url", "has_code",
    ),
    "paper_aliases": ("kind", "value", "paper_id"),
    "paper_titles": ("title_hash", "paper_id"),
    "paper_versions": ("paper_id", "number", "title_raw", "abstract_raw", "seen_at"),
    "paper_authors": ("paper_id", "position", "name", "folded"),
    "paper_categories": ("paper_id", "position", "category"),
    "sightings": ("paper_id", "source", "feed", "day", "announcement", "seen_at", "change"),
    "paper_novelty": ("paper_id", "category", "day", "distance", "percentile", "due_at", "attempt"),
    "paper_words": ("paper_id", "title", "abstract", "authors"),
}  # fmt: skip


def _steps(ranks: Any) -> Any:
    """Cumulated shares that fall with the rank."""
    heaps = np.cumsum(1 / ranks)
    return heaps / heaps[-1]
