"""What is remembered between polls, and the words all sources share."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from digest.model import Alias, AliasKind, Entry, Listing
from digest.sources import KINDS, FeedState, Reader, backoff, earliest, gather, taxonomy

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
INSTANTS = st.datetimes(timezones=st.just(UTC))
STATES = st.builds(
    FeedState,
    etag=st.none() | st.text(min_size=1),
    last_modified=st.none() | st.text(min_size=1),
    batch=st.none() | st.text(min_size=1),
    day=st.none() | st.dates(),
    failures=st.integers(0, 1000),
    not_before=st.none() | INSTANTS,
    fresh_until=st.none() | INSTANTS,
)


@given(STATES)
def test_a_state_survives_its_way_through_the_database(state: FeedState) -> None:
    assert FeedState.from_json(json.loads(json.dumps(state.to_json()))) == state


@pytest.mark.parametrize(
    "stored", [{}, {"day": "soon", "etag": 7}, {"failures": "x", "not_before": "2026-04-20T12:00:00"}]
)
def test_a_state_that_cannot_be_read_is_forgotten(stored: dict[str, object]) -> None:
    assert FeedState.from_json(stored) == FeedState()


@given(st.integers(0, 100))
def test_backoff_doubles_up_to_its_most(failures: int) -> None:
    first, most = timedelta(minutes=30), timedelta(hours=6)
    assert timedelta(0) <= backoff(failures, first, most) <= backoff(failures + 1, first, most) <= most


def test_the_latest_wish_of_any_feed_counts() -> None:
    state = {"a": FeedState(not_before=NOW + timedelta(hours=2)), "b": FeedState(not_before=NOW), "c": FeedState()}
    assert earliest(state, NOW + timedelta(hours=1)) == NOW + timedelta(hours=2)
    assert earliest({}, NOW) == NOW


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_documents_itself_and_its_options(kind: str) -> None:
    module, _, name = KINDS[kind].partition(":")
    found = getattr(import_module(module), name)
    assert issubclass(found, BaseModel)
    assert found.__doc__
    assert all(option.description for option in found.model_fields.values())
    assert isinstance(found, Reader) == (kind == "files")


def test_dates_of_the_future_are_dropped() -> None:
    entries = (
        Entry("A", published_on=date(2037, 1, 1), day=date(2037, 1, 1)),
        Entry("B", published_on=date(2026, 4, 20)),
    )
    found = gather.without_future(Listing("x", date(2037, 1, 1), entries), date(2026, 4, 21))
    assert (found.day, [(e.published_on, e.day) for e in found.entries]) == (
        None,
        [(None, None), (date(2026, 4, 20), None)],
    )


def test_an_arxiv_id_is_never_dropped_as_shared() -> None:
    alias = Alias(AliasKind.ARXIV, "2604.00001")
    entries = (Entry("A", aliases=(alias,)), Entry("B", aliases=(alias,)))
    assert gather.without_shared_aliases(entries) == entries


def test_the_taxonomy_is_arxivs() -> None:
    assert len(taxonomy.CATEGORIES) == 155
    assert taxonomy.canonical(" CS.cv ") == "cs.CV"
    assert taxonomy.canonical("physics") == "physics"
    with pytest.raises(ValueError, match=r"see arxiv\.org/category_taxonomy"):
        taxonomy.canonical("zzzzzz")
