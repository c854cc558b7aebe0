"""Votes on the picks of two rankers that took turns, on both databases."""

from __future__ import annotations

from datetime import timedelta

from digest.model import Facts, ShownPick
from digest.ranking.interleave import Votes
from digest.store import editions, profiles
from digest.store.database import Database
from digest.store.editions import Composed
from digest.store.votes import team_votes
from tests.support.people import MORNING, announce, subscribe

NOON = MORNING + timedelta(hours=5)
TOMORROW = MORNING + timedelta(days=1)


def edition(subscriber_id: int, **rankers: str) -> Composed:
    """Of the papers `p1`, `p2`, … each with whose pick it was."""
    picks = tuple(ShownPick(facts_of(int(name[1:])), 1.0, (), ranker=ranker) for name, ranker in rankers.items())
    since = MORNING - timedelta(days=1)
    return Composed(subscriber_id, str(MORNING.date()), MORNING.date(), since, MORNING, 412, picks)


def facts_of(paper_id: int) -> Facts:
    return Facts(
        paper_id=paper_id,
        key=f"arxiv:2604.{paper_id:05}",
        title="Lamps",
        abstract="We ask.",
        authors=(),
        author_count=None,
        affiliations=(),
        category=None,
        published_on=None,
        version=None,
        url=None,
        pdf_url=None,
        code_url=None,
        has_code=False,
        discussion_url=None,
        summary=None,
        upvotes=None,
        stars=None,
    )


def test_votes_are_counted_for_the_ranker_whose_pick_the_paper_was(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2, 3, 4)
        ada, bo = (subscribe(connection, name).id for name in ("ada", "bo"))
        editions.store_editions(
            connection,
            [edition(ada, p1="bm25", p2="semantic", p3="bm25"), edition(bo, p4="semantic")],
        )
        profiles.like(connection, ada, [1, 3], NOON)
        profiles.dislike(connection, ada, [2], NOON)
        profiles.like(connection, bo, [4], NOON)
        found = team_votes(connection, MORNING, TOMORROW)
    assert found == [Votes(ada, "bm25", 2), Votes(ada, "semantic", 0, 1), Votes(bo, "semantic", 1)]


def test_only_votes_of_the_time_and_after_the_edition_count(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2, 3)
        ada = subscribe(connection, "ada").id
        editions.store_edition(connection, edition(ada, p1="bm25", p2="bm25", p3="bm25"))
        profiles.like(connection, ada, [1], MORNING - timedelta(hours=1))
        profiles.like(connection, ada, [2], NOON)
        profiles.like(connection, ada, [3], TOMORROW)
        assert team_votes(connection, MORNING - timedelta(days=1), TOMORROW) == [Votes(ada, "bm25", 1)]
        assert team_votes(connection, TOMORROW, TOMORROW + timedelta(days=1)) == [Votes(ada, "bm25", 1)]


def test_picks_of_a_single_ranker_are_no_contest(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1)
        ada = subscribe(connection, "ada").id
        editions.store_edition(connection, edition(ada, p1=""))
        profiles.like(connection, ada, [1], NOON)
        assert team_votes(connection, MORNING, TOMORROW) == []
