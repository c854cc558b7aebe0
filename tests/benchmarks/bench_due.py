"""Finding who is due among many: the daemon asks every few seconds. `make bench` runs it.

A claim not only selects them, it reads their rows and profiles and leases them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

from sqlalchemy import text, update

from digest.store import due, migrations, outbox_claims
from digest.store.database import Connection, Database
from digest.store.tables import subscribers
from tests.support import morning

SUBSCRIBERS, DUE, ROUNDS = 50_000, 1_000, 15


def timed(database: Database, work: Callable[[Connection], object]) -> float:
    """Milliseconds of wall time within a transaction, which is rolled back."""

    def once() -> float:
        with database.engine.connect() as connection, connection.begin() as transaction:
            start = time.perf_counter()
            work(connection)
            took = time.perf_counter() - start
            transaction.rollback()
        return took * 1e3

    return median(once() for _ in range(ROUNDS))


# A claim's own conditions.
_DUE = """
    FROM subscribers WHERE edition_at <= :now AND state = 'active' AND (lease_until IS NULL OR lease_until <= :now)
    AND lapses + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END < 2 ORDER BY edition_at, id LIMIT 1000
"""


def selecting(connection: Connection, columns: str) -> object:
    return connection.execute(text(f"SELECT {columns} {_DUE}"), {"now": "2026-04-20T07:00:00.000000Z"}).all()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/digest.db")
        migrations.upgrade(database)
        database.run_sync(morning.seed, SUBSCRIBERS)
        later = update(subscribers).where(subscribers.c.id > DUE).values(edition_at=morning.AT + timedelta(days=1))
        database.run_sync(lambda connection: connection.execute(later))
        asked = timed(database, due.next_due)
        ids = timed(database, lambda connection: selecting(connection, "id"))
        rows = timed(database, lambda connection: selecting(connection, "*"))
        claim = timed(database, lambda connection: due.claim_due(connection, morning.AT, timedelta(minutes=10), DUE))
        idle = timed(database, lambda connection: outbox_claims.has_due(connection, morning.AT))
        print(f"P13 {DUE} due of {SUBSCRIBERS:,}: is anybody due {asked:.2f} ms; is any mail due {idle:.2f} ms")
        print(f"    selecting them {ids:.2f} ms (goal 1), with their whole rows {rows:.2f} ms")
        print(f"    a whole claim, with leases and profiles, {claim:.1f} ms")
        database.close()


if __name__ == "__main__":
    main()
