"""Locks of the length that the program is made for."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from digest.store.database import Database, sqlite_path
from tests.support.delivery import address, deliver, relay, seed
from tests.support.lock_holder import locked
from tests.support.smtp_server import SmtpServer


@pytest.mark.slow
def test_ten_seconds_of_lock_delay_the_mail_and_nothing_else(sqlite_database: Database) -> None:
    """Fault 15, unscaled."""
    sqlite_database.run_sync(seed, 200)
    file = sqlite_path(sqlite_database.url)
    with SmtpServer() as server, locked(file or Path()) as let_go:
        ending = threading.Timer(10, let_go)
        ending.start()
        assert asyncio.run(deliver(sqlite_database, relay(server.port)).run_due()) == 200
        ending.join()
        assert server.ledger == {address(number): 1 for number in range(200)}
