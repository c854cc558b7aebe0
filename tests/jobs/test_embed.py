"""Embed: every paper is read once, and what was made reaches the ranker that composes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from digest import clock
from digest.jobs import run_due
from digest.jobs.compose import Compose
from digest.jobs.embed import Embed
from digest.jobs.vectors import Feed
from digest.model import Edition, ReasonKind
from digest.ranking.counts import Floats
from digest.ranking.embeddings import Embeddings
from digest.ranking.rankers import Bm25, Interleaved, Semantic
from digest.ranking.terms import terms
from digest.store import editions, embeddings, profiles
from digest.store.database import Connection, Database
from tests.support.people import MORNING, announce, subscribe

YESTERDAY = MORNING - timedelta(days=4)


class Letters:
    """A model of 26 numbers: how many terms of a text begin with each letter. It knows nothing, but it is one."""

    name = "letters"

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        self.read.extend(texts)
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> Floats:
        found = np.full(26, 0.1)
        for term in terms(text):
            if "a" <= term[0] <= "z":
                found[ord(term[0]) - ord("a")] += 1
        return found


def embed(database: Database, model: Letters) -> int:
    return asyncio.run(run_due(Embed(model, batch=3), database, clock.fixed(MORNING)))


def compose(database: Database, job: Compose) -> int:
    return asyncio.run(run_due(job, database, clock.fixed(MORNING)))


def prepared(connection: Connection) -> int:
    """A reader who likes an old paper about lighthouses, and new papers of every topic."""
    announce(connection, YESTERDAY, 4, 5)
    announce(connection, MORNING - timedelta(hours=2), *range(8, 16))
    ada = subscribe(connection, "ada", keywords=["lighthouses"]).id
    profiles.like(connection, ada, [1], YESTERDAY)
    return ada


def semantic(model: Letters) -> Compose:
    known = Embeddings(ridge=1.0)
    return Compose("example.org", ranker=Semantic(model, known), feed=Feed(model.name, known))


def edition(database: Database, reader: int) -> Edition:
    def load(connection: Connection) -> Edition:
        found = editions.latest_edition(connection, reader)
        assert found is not None
        return found

    return database.run_sync(load)


def test_every_paper_is_read_once_however_often_the_job_runs(database: Database) -> None:
    database.run_sync(prepared)
    model = Letters()
    assert embed(database, model) == 4
    assert embed(database, model) == 0
    assert len(model.read) == len(set(model.read)) == 10
    assert len(database.run_sync(embeddings.stored_ids, "letters")) == 10


def test_what_the_model_made_reaches_the_edition_with_its_reason(database: Database) -> None:
    reader = database.run_sync(prepared)
    model = Letters()
    embed(database, model)
    compose(database, semantic(model))
    picks = edition(database, reader).picks
    meant = [reason for pick in picks for reason in pick.reasons if reason.kind is ReasonKind.MEANING]
    assert meant
    assert all(abs(sum(reason.share for reason in pick.reasons) - pick.score) < 1e-9 for pick in picks)


def test_without_vectors_the_words_decide(database: Database) -> None:
    reader = database.run_sync(prepared)
    compose(database, semantic(Letters()))
    picks = edition(database, reader).picks
    assert picks
    assert not [reason for pick in picks for reason in pick.reasons if reason.kind is ReasonKind.MEANING]


def test_two_rankers_share_an_edition_and_each_pick_says_whose_it_is(database: Database) -> None:
    reader = database.run_sync(prepared)
    both = Interleaved(("words", Bm25()), ("again", Bm25()))
    compose(database, Compose("example.org", ranker=both))
    assert {pick.ranker for pick in edition(database, reader).picks} == {"words", "again"}


def test_a_feed_reads_what_is_new_and_forgets_what_the_store_deleted(database: Database) -> None:
    database.run_sync(prepared)
    model, known = Letters(), Embeddings()
    feed = Feed(model.name, known, window=3)
    assert database.run_sync(feed.read) == []
    embed(database, model)
    feed.learn(database.run_sync(feed.read))
    assert len(known) == 10
    database.run_sync(embeddings.prune, model.name, 3)
    feed.learn(database.run_sync(feed.read))
    assert len(known) == 4  # the latest three, and what was liked


def test_a_feed_that_is_up_to_date_changes_nothing(database: Database) -> None:
    database.run_sync(prepared)
    model, known = Letters(), Embeddings()
    feed = Feed(model.name, known)
    embed(database, model)
    feed.learn(database.run_sync(feed.read))
    space = known.space
    feed.learn(database.run_sync(feed.read))
    assert known.space is space
