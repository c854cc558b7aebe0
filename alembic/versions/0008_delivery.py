"""Bounces, pauses of domains and of the relay, and the inboxes that are read for them."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "bounces",
        sa.Column("outbox_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("is_ours_at_fault", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("is_forgiven", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_bounces_outbox_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("outbox_id", "verdict", name=op.f("pk_bounces")),
    )
    op.create_index("ix_bounces_address_key_day", "bounces", ["address_key", "day"])
    op.create_index("ix_bounces_at", "bounces", ["at"])
    op.create_table(
        "pauses",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("since", types.UtcDateTime(), nullable=False),
        sa.Column("until", types.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_pauses")),
    )
    op.create_table(
        "inboxes",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("read_at", types.UtcDateTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.Column("learnt", sa.JSON(), nullable=False),
        sa.Column("looked_at", types.UtcDateTime(), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_inboxes")),
    )
