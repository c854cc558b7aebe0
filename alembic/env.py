"""Alembic runs inside the caller's transaction: `digest.store.migrations` hands its connection over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo

from alembic import context
from digest import failpoints
from digest.store.tables import metadata


def applied(ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]) -> None:
    """After each revision; alembic names these arguments."""
    del ctx, heads, run_args
    failpoints.hit(f"upgrade.{step.up_revision_id}")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
    on_version_apply=applied,
)
context.run_migrations()
