"""Alembic runs inside the caller's transaction: `digest.store.migrations` hands its connection over."""

from __future__ import annotations

from alembic import context
from digest.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
