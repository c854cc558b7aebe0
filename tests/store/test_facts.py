"""Facts that were stored before something new was shown still load."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from digest.editions.select import facts_of
from digest.model import Facts
from digest.store.database import Database
from digest.store.facts import load_facts, store_facts
from digest.store.tables import paper_facts
from tests.support.editions import PAPER
from tests.support.people import MORNING, announce


def test_facts_without_a_course_or_marker_load_with_none(database: Database) -> None:
    facts = facts_of(PAPER)

    def age(connection: Connection) -> Facts:
        (row_id,) = store_facts(connection, [facts]).values()
        stored: dict[str, Any] = connection.execute(select(paper_facts.c.facts)).scalar_one()
        old = {name: value for name, value in stored.items() if name not in ("series", "marker")}
        connection.execute(update(paper_facts).values(facts=old))
        return load_facts(connection, [row_id])[row_id]

    database.run_sync(announce, MORNING, 1)
    assert database.run_sync(age) == facts
    assert (facts.series, facts.marker) == ((), "")
