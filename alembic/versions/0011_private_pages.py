"""Pauses that end by themselves, addresses of private feeds, and what was asked over the web."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("subscribers") as batch:
        batch.add_column(sa.Column("paused_until", types.UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("feed_number", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "asked",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked")),
    )
    op.create_index("ix_asked_at", "asked", ["at"], unique=False)
