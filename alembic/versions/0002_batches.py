"""Batches, checks and catch-up."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "source_batches",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("feed", sa.String(length=512), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=True),
        sa.Column("announced", sa.Integer(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("first_seen_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "feed", "day", name=op.f("pk_source_batches")),
    )
    op.create_table(
        "catch_ups",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("feed", sa.String(length=512), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("route", sa.String(length=8), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=True),
        sa.Column("due_at", types.UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catch_ups")),
    )
    op.create_index(op.f("ix_catch_ups_due_at"), "catch_ups", ["due_at"])
    op.create_index("ix_catch_ups_source", "catch_ups", ["source", "feed"])
    op.create_table(
        "paces",
        sa.Column("family", sa.String(length=255), nullable=False),
        sa.Column("free_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_paces")),
    )
    op.create_table(
        "checks",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("check_at", types.UtcDateTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_checks")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("key", sa.String(length=600), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("opened_at", types.UtcDateTime(), nullable=False),
        sa.Column("closed_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_key"), "alerts", ["key"])
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("content", sa.JSON(none_as_null=True), nullable=True))
