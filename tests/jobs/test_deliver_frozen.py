"""A process that stands still past its lease and then goes on: whoever took its work meanwhile has it for good."""

from __future__ import annotations

import signal
from datetime import timedelta

from digest.model import OutboxState
from digest.store.database import Database
from tests.support.deliver_driver import start
from tests.support.delivery import NOW, address, seed, states
from tests.support.smtp_server import HOLD, SmtpServer

CONNECTIONS = 4
AFTER_THE_LEASE = NOW + timedelta(minutes=20)


def test_a_process_frozen_before_its_messages_begin_sends_none_of_them_afterwards(database: Database) -> None:
    """Fault 18: it still believes that they are its own, and the database refuses their start."""
    database.run_sync(seed, 20)
    with SmtpServer({"RCPT": [HOLD] * CONNECTIONS}) as server:
        frozen = start(database.url, server.port, NOW, CONNECTIONS)
        server.wait_held(CONNECTIONS)
        frozen.send_signal(signal.SIGSTOP)
        assert start(database.url, server.port, AFTER_THE_LEASE, CONNECTIONS).wait(60) == 0
        assert len(server.mails) == 20
        server.release()
        frozen.send_signal(signal.SIGCONT)
        assert frozen.wait(60) == 0
        assert server.ledger == {address(number): 1 for number in range(20)}
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}


def test_a_process_frozen_between_dot_and_reply_doubles_what_was_on_the_wire_at_most(database: Database) -> None:
    """Fault 18: its late results are known to be late; what it had not begun is not its own any more."""
    database.run_sync(seed, 20)
    with SmtpServer({"DOT": [HOLD] * CONNECTIONS}) as server:
        frozen = start(database.url, server.port, NOW, CONNECTIONS)
        server.wait_held(CONNECTIONS)
        frozen.send_signal(signal.SIGSTOP)
        assert start(database.url, server.port, AFTER_THE_LEASE, CONNECTIONS).wait(60) == 0
        server.release()
        frozen.send_signal(signal.SIGCONT)
        assert frozen.wait(60) == 0
        assert server.ledger.keys() == {address(number) for number in range(20)}
        assert max(server.ledger.values()) <= 2
        assert len(server.mails) <= 20 + CONNECTIONS
    assert set(database.run_sync(states).values()) == {OutboxState.SENT}
