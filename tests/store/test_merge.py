"""Papers that turn out to be one, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from digest.editions.select import facts_of
from digest.errors import NotFound
from digest.model import Alias, AliasKind, Announcement, DiffCounts, Entry, Listing, Schedule, ShownPick, Signal
from digest.store import catalog, editions, migrations, profiles, subscribers
from digest.store.database import Database
from digest.store.editions import Composed
from digest.store.merge import merge, surviving
from digest.store.tables import merged_papers, metadata, paper_aliases, papers
from digest.store.upsert import upsert_listing

MONDAY = date(2026, 4, 20)
NOW = datetime(2026, 4, 20, 4, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


def alias(text: str) -> Alias:
    kind, _, value = text.partition(":")
    return Alias(AliasKind(kind), value)


def entry(*aliases: str, title: str = "Counting Apples in Fog", **more: object) -> Entry:
    known = tuple(map(alias, aliases))
    made = Entry(title, f"We count apples, {title}.", known, Announcement.NEW, authors=("Ada Example",))
    return replace(made, **more)  # type: ignore[arg-type]  # the fields of Entry


PREPRINT = entry("arxiv:2604.90001", version=1, categories=("cs.CV",))
ARTICLE = entry("doi:10.1038/apples", title="Apples, counted", affiliations=("Orchard Institute",))
BRIDGE = entry("arxiv:2604.90001", "doi:10.1038/apples", version=1)


def store(database: Database, *entries: Entry, now: datetime = NOW, source: str = "test") -> DiffCounts:
    return database.run_sync(upsert_listing, source, Listing("feed", MONDAY, entries), now)


def join(database: Database, name: str) -> int:
    """A new subscriber."""
    return database.run_sync(
        subscribers.add,
        f"{name}@example.org",
        name=name,
        schedule=Schedule(),
        limit=5,
        consent="admin",
        now=NOW,
        edition_at=NOW,
    ).id


def known(connection: Connection) -> dict[int, set[str]]:
    """Every paper's aliases."""
    found: dict[int, set[str]] = {i: set() for i in connection.execute(select(papers.c.id)).scalars()}
    for row in connection.execute(select(paper_aliases)):
        found[row.paper_id].add(f"{row.kind}:{row.value}")
    return found


def groups(database: Database) -> set[frozenset[str]]:
    return set(map(frozenset, database.run_sync(known).values()))


def test_an_entry_with_identifiers_of_two_papers_makes_them_one(database: Database) -> None:
    store(database, PREPRINT)
    store(database, ARTICLE, now=NOW + HOUR)
    assert len(groups(database)) == 2
    assert store(database, BRIDGE, now=NOW + 2 * HOUR) == DiffCounts(merged=1)
    assert database.run_sync(known) == {1: {"arxiv:2604.90001", "doi:10.1038/apples"}}
    paper = database.run_sync(catalog.find, "10.1038/apples")
    assert (paper.key, paper.first_seen_at) == ("arxiv:2604.90001", NOW)
    assert paper.affiliations == ("Orchard Institute",)
    assert store(database, BRIDGE, now=NOW + 3 * HOUR) == DiffCounts(unchanged=1)


def test_a_merged_papers_number_still_leads_to_it_and_is_never_given_away(database: Database) -> None:
    store(database, PREPRINT)
    store(database, ARTICLE)
    store(database, BRIDGE)
    assert database.run_sync(catalog.find, "p:2").key == "arxiv:2604.90001"
    store(database, entry("doi:10.1000/pears", title="Pears"))
    assert database.run_sync(catalog.find, "10.1000/pears").id == 3
    with pytest.raises(NotFound):
        database.run_sync(catalog.find, "p:4")


def test_the_older_paper_stays_whichever_identifier_it_has(database: Database) -> None:
    store(database, ARTICLE)
    store(database, PREPRINT, now=NOW + HOUR)
    store(database, BRIDGE, now=NOW + 2 * HOUR)
    paper = database.run_sync(catalog.find, "2604.90001")
    assert (paper.id, paper.first_seen_at, paper.version) == (1, NOW, 1)
    assert paper.title == "Counting Apples in Fog"  # the numbered source words it


def test_a_chain_of_papers_becomes_one_in_one_listing(database: Database) -> None:
    parts = ("doi:10.1000/a", "s2:11", "openalex:W12", "openreview:abcdefghij", "url:https://example.org/a")
    for number, part in enumerate(parts):
        store(database, entry(part, title=f"Title {number}", authors=(f"Author {number}",)))
    assert len(groups(database)) == 5
    links = [entry(*pair, title="Any") for pair in pairwise(parts)]
    assert store(database, *links).merged == 4
    assert groups(database) == {frozenset(parts)}
    for number in range(1, 6):
        assert database.run_sync(catalog.find, f"p:{number}").id == 1


def test_no_like_is_lost_and_the_later_vote_counts(database: Database) -> None:
    readers = [join(database, name) for name in ("ada", "bo", "cy")]
    store(database, PREPRINT, ARTICLE)
    database.run_sync(profiles.like, readers[0], [2], NOW)
    database.run_sync(profiles.like, readers[1], [1], NOW)
    database.run_sync(profiles.dislike, readers[1], [2], NOW + HOUR)
    database.run_sync(profiles.like, readers[2], [1, 2], NOW)
    store(database, BRIDGE)
    votes = database.run_sync(profiles.get_profiles, readers)
    assert [(votes[i].likes, votes[i].dislikes) for i in readers] == [((1,), ()), ((), (1,)), ((1,), ())]
    assert database.run_sync(profiles.like, readers[1], [2], NOW).likes == (1,)  # an old number, the same paper
    assert database.run_sync(profiles.unlike, readers[1], [2]).likes == ()


def composed(connection: Connection, reader: int, ids: Sequence[int], occasion: str) -> Composed:
    found = catalog.papers_by_id(connection, ids)
    picks = tuple(ShownPick(facts_of(found[i]), 1.0, ()) for i in ids)
    return Composed(reader, occasion, MONDAY, NOW, NOW, len(ids), picks)


def test_the_ledger_moves_so_that_nobody_gets_the_paper_twice(database: Database) -> None:
    reader = join(database, "ada")
    store(database, PREPRINT, ARTICLE)
    database.run_sync(editions.store_edition, database.run_sync(composed, reader, [2], "2026-04-20"))
    store(database, BRIDGE)
    assert database.run_sync(editions.picked_ids, [reader]) == {reader: frozenset({1})}
    edition = database.run_sync(editions.latest_edition, reader)
    assert edition is not None
    assert [pick.facts.key for pick in edition.picks] == ["doi:10.1038/apples"]  # as it was shown
    appearance = database.run_sync(editions.appearance, reader, 1)
    assert appearance is not None
    assert appearance.occasion == "2026-04-20"


def test_an_edition_composed_before_a_merge_is_stored_after_it(database: Database) -> None:
    reader = join(database, "ada")
    store(database, PREPRINT, ARTICLE, entry("doi:10.1000/pears", title="Pears"))
    database.run_sync(editions.store_edition, database.run_sync(composed, reader, [1], "2026-04-20"))
    before = database.run_sync(composed, reader, [2, 3], "2026-04-21")
    store(database, BRIDGE)
    assert database.run_sync(editions.store_edition, before) is not None
    assert database.run_sync(editions.picked_ids, [reader]) == {reader: frozenset({1, 3})}
    edition = database.run_sync(editions.latest_edition, reader)
    assert edition is not None
    assert [pick.facts.paper_id for pick in edition.picks] == [3]  # the other one was in yesterday's


def test_everything_that_points_to_a_paper_moves(database: Database) -> None:
    store(database, replace(PREPRINT, signals=(Signal("upvotes", 3),)))
    store(database, replace(ARTICLE, signals=(Signal("stars", 5),)), now=NOW + HOUR, source="other")
    store(database, BRIDGE, now=NOW + 2 * HOUR)
    paper = database.run_sync(catalog.find, "2604.90001")
    assert dict(paper.signals) == {"upvotes": 3, "stars": 5}
    assert [source for source, *_ in database.run_sync(catalog.sightings_of, 1)] == ["test", "other"]

    def dangling(connection: Connection) -> list[str]:
        return [
            table.name
            for table in metadata.sorted_tables
            for column in table.columns
            if any(key.column is papers.c.id for key in column.foreign_keys)
            and connection.execute(select(column).where(column == 2)).first()
        ]

    assert database.run_sync(dangling) == []


def test_merging_again_does_nothing(database: Database) -> None:
    store(database, PREPRINT, ARTICLE)
    assert database.run_sync(merge, 2, 1, NOW)
    assert not database.run_sync(merge, 2, 1, NOW)
    assert not database.run_sync(merge, 1, 1, NOW)
    assert database.run_sync(surviving, [1, 2, 3]) == {1: 1, 2: 1}


def test_a_number_leads_on_when_its_paper_is_merged_in_turn(database: Database) -> None:
    store(database, entry("s2:1", title="One"), entry("s2:2", title="Two"), entry("s2:3", title="Three"))
    database.run_sync(merge, 3, 2, NOW)
    database.run_sync(merge, 2, 1, NOW)
    assert database.run_sync(surviving, [1, 2, 3]) == {1: 1, 2: 1, 3: 1}


def test_two_arxiv_ids_that_claim_one_doi_stay_two_papers_in_any_order(database: Database) -> None:
    first, second = entry("arxiv:2604.90001", "doi:10.1000/both"), entry("arxiv:2604.90002", "doi:10.1000/both")
    for some in ((first, second), (second, first)):
        store(database, *some)
        assert {key[:16] for group in groups(database) for key in group if key.startswith("arxiv")} == {
            "arxiv:2604.90001",
            "arxiv:2604.90002",
        }
        assert len(groups(database)) == 2
    assert store(database, first, second) == DiffCounts(unchanged=2)


def test_an_address_shared_by_two_journal_papers_joins_nothing(database: Database) -> None:
    page = "url:https://example.org/journal"
    store(database, entry("doi:10.1000/a", page, title="One"), now=NOW)
    store(database, entry("doi:10.1000/b", page, title="Two"), now=NOW + HOUR)
    assert len(groups(database)) == 2


def test_a_preprint_and_its_article_are_one_by_title_surname_and_year(database: Database) -> None:
    for server in ("10.1101/2026.01.02.123456", "10.64898/2026.01.02.654321", "10.26434/chemrxiv-2026-abc/v2"):
        title = f"Apples of {server}"
        store(database, entry(f"doi:{server}", title=title, published_on=date(2026, 1, 2)))
        article = entry(f"doi:10.1038/{server[3:8]}", title=title, published_on=date(2027, 3, 1), abstract_raw="Other.")
        assert store(database, article) == DiffCounts(merged=1)
    assert all(len(group) == 2 for group in groups(database))


def test_two_journal_dois_are_two_papers_whatever_their_titles(database: Database) -> None:
    one = entry("doi:10.1000/a", published_on=MONDAY)
    assert store(database, one, replace(one, aliases=(alias("doi:10.1038/b"),))).new == 2


def test_a_title_that_becomes_equal_joins_what_was_apart(database: Database) -> None:
    draft = replace(PREPRINT, title_raw="A Draft About Apples", published_on=MONDAY)
    store(database, draft)
    store(database, replace(ARTICLE, published_on=MONDAY))
    assert len(groups(database)) == 2
    revised = replace(draft, title_raw=ARTICLE.title_raw, version=2, announcement=Announcement.REPLACE)
    store(database, revised)
    assert groups(database) == {frozenset({"arxiv:2604.90001", "doi:10.1038/apples"})}


def test_a_withdrawn_paper_is_marked_and_no_candidate(database: Database) -> None:
    store(database, PREPRINT)
    window = (NOW - HOUR, NOW + HOUR)
    assert len(database.run_sync(catalog.candidates, *window)) == 1
    gone = replace(PREPRINT, version=2, announcement=Announcement.REPLACE, comment="This paper has been withdrawn")
    assert store(database, gone, now=NOW + HOUR) == DiffCounts(revised=1)
    assert database.run_sync(catalog.candidates, *window) == []
    assert database.run_sync(catalog.find, "2604.90001").withdrawn_at == NOW + HOUR
    assert store(database, gone, now=NOW + 2 * HOUR) == DiffCounts(unchanged=1)
    assert database.run_sync(catalog.find, "2604.90001").withdrawn_at == NOW + HOUR
    assert [n for n, _, _ in database.run_sync(catalog.versions_of, 1)] == [1, 2]


def test_a_later_version_brings_a_withdrawn_paper_back(database: Database) -> None:
    store(database, replace(PREPRINT, comment="Withdrawn by the author"))
    back = replace(PREPRINT, version=2, announcement=Announcement.REPLACE, comment="Lemma 3 was mended")
    store(database, back)
    assert database.run_sync(catalog.find, "2604.90001").withdrawn_at is None
    store(database, replace(PREPRINT, comment="Withdrawn by the author"))  # the old state, heard again
    assert database.run_sync(catalog.find, "2604.90001").withdrawn_at is None


def test_a_paper_withdrawn_in_its_first_listing_is_never_a_candidate(database: Database) -> None:
    store(database, replace(PREPRINT, abstract_raw="This paper has been withdrawn by the authors."))
    assert database.run_sync(catalog.candidates, NOW - HOUR, NOW + HOUR) == []


# ── the law: the order of listings does not matter ───────────────────────────────────────────────

WORKS = [
    [
        f"arxiv:2604.0000{n}",
        f"doi:10.1101/00000{n}",
        f"doi:10.1000/{n}",
        f"s2:{n}",
        f"openalex:W{n}",
        f"url:https://a/{n}",
    ]
    for n in (1, 2, 3)
]


@st.composite
def listings(draw: st.DrawFn) -> tuple[list[Entry], list[Entry]]:
    """Entries that each know some identifiers of one of three works, in two orders."""
    made: list[Entry] = []
    for _ in range(draw(st.integers(1, 8))):
        ids = draw(st.sampled_from(WORKS))
        some = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
        made.append(entry(*some, title=f"Title {len(made)}", authors=()))
    return made, draw(st.permutations(made))


def partition(entries: Sequence[Entry], size: int) -> set[frozenset[str]]:
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'digest.db'}")
        try:
            migrations.upgrade(database)
            for start in range(0, len(entries), size):
                store(database, *entries[start : start + size], now=NOW + HOUR * start)
            assert database.run_sync(merged_to_existing)
            return groups(database)
        finally:
            database.close()


def merged_to_existing(connection: Connection) -> bool:
    alive = set(connection.execute(select(papers.c.id)).scalars())
    return all(row.paper_id in alive and row.id not in alive for row in connection.execute(select(merged_papers)))


def connected(entries: Sequence[Entry]) -> set[frozenset[str]]:
    """What it must be: identifiers named together are one paper's."""
    parts: list[set[str]] = []
    for one in entries:
        new = set(map(str, one.aliases))
        for part in [part for part in parts if part & new]:
            new |= part
            parts.remove(part)
        parts.append(new)
    return set(map(frozenset, parts))


@given(listings(), st.integers(1, 8), st.integers(1, 8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_and_batching_of_listings_gives_the_same_papers(
    orders: tuple[list[Entry], list[Entry]], one_size: int, other_size: int
) -> None:
    first, second = orders
    assert partition(first, one_size) == partition(second, other_size) == connected(first)


@given(st.permutations([(work, number) for work in range(3) for number in range(3)]), st.integers(1, 9))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_of_places_that_share_only_title_surname_and_year_gives_the_same_papers(
    order: list[tuple[int, int]], size: int
) -> None:
    entries = [
        entry(WORKS[work][number], title=f"Apples {work}", published_on=date(2026 + number % 2, 5, 1))
        for work, number in order
    ]
    assert partition(entries, size) == {frozenset(ids[:3]) for ids in WORKS}
