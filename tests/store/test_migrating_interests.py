"""What an installation had before profiles held several interests is all there afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from alembic.config import Config
from sqlalchemy import Connection, text

from alembic import command
from digest import assets
from digest.model import Interest
from digest.store import migrations, profiles
from digest.store.database import Database

NOW = datetime(2026, 4, 20, 7, tzinfo=UTC)
WORDS = ('it\'s "quoted"', "深度学习")

_SUBSCRIBER = (
    'INSERT INTO subscribers (id, address, address_key, name, state, consent, time_zone, hour, days, "limit", '
    "created_at, attempt, lapses) "
    "VALUES (:id, :address, :address, '', 'active', 'admin', 'UTC', 7, 'daily', 20, :now, 0, 0)"
)
_PAPER = (
    "INSERT INTO papers (id, title_raw, title, title_form, abstract_raw, abstract, abstract_hash, is_authors_complete, "
    "first_seen_at, is_new, has_code) VALUES (:id, 't', 't', 't', '', '', '', :yes, :now, :yes, :no)"
)
_PROFILE = (
    "INSERT INTO profiles (subscriber_id, categories, keywords, authors, muted) "
    "VALUES (:id, :categories, :keywords, :authors, :muted)"
)
_LIKE = "INSERT INTO likes (subscriber_id, paper_id, value, liked_at) VALUES (:reader, :paper, :value, :now)"


@pytest.fixture
def older(database_url: str) -> Iterator[Database]:
    """A database as it was before, with two subscribers and the votes of one."""
    opened = Database(database_url)
    opened.run_sync(_upgrade, "0005")
    opened.run_sync(_fill)
    yield opened
    opened.close()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(assets.migrations()))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _fill(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    now = "2026-04-20T07:00:00.000000Z" if is_sqlite else NOW
    profile = _PROFILE
    for number, keywords in ((1, WORDS), (2, ())):
        connection.execute(text(_SUBSCRIBER), {"id": number, "address": f"reader{number}@example.org", "now": now})
        connection.execute(text(_PAPER), {"id": number, "now": now, "yes": True, "no": False})
        lists = {"categories": ["cs.CV", "cs.LG"], "keywords": keywords, "authors": ["Björn Fyr"], "muted": ["survey"]}
        connection.execute(text(profile), {"id": number, **{name: json.dumps(one) for name, one in lists.items()}})
    for paper, value in ((1, 1), (2, -1)):
        connection.execute(text(_LIKE), {"reader": 1, "paper": paper, "value": value, "now": now})


def test_every_profile_becomes_a_main_interest_without_loss(older: Database) -> None:
    migrations.upgrade(older)
    found = older.run_sync(profiles.get_profiles, [1, 2])
    main = Interest(categories=("cs.CV", "cs.LG"), authors=("Björn Fyr",))
    assert found[2].interests == (main,)
    assert found[1].interests == (replace(main, keywords=WORDS, likes=(1,), dislikes=(2,), liked_at=(NOW,)),)
    assert {one.muted for one in found.values()} == {("survey",)}
    assert older.run_sync(profiles.set_profile, 2, keywords=["lamps"]).interests[0].keywords == ("lamps",)
