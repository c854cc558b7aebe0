"""A subscriber, their token and the application, over a real database of either kind."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from digest import clock
from digest.editions.links import UNSUBSCRIBE, sign
from digest.store.database import Database
from digest.web import app
from tests.support.web import KEYS, NOW, add_jane


@pytest.fixture
def subscriber_id(database: Database) -> int:
    return add_jane(database)


@pytest.fixture
def token(subscriber_id: int) -> str:
    return sign(KEYS, UNSUBSCRIBE, subscriber_id)


@pytest.fixture
def application(database: Database) -> ASGIApp:
    return app(database, lambda: KEYS, clock.fixed(NOW))
