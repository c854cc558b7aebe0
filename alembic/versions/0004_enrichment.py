"""Enrichment: what services say of papers and authors."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "enrichers",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("ask_at", types.UtcDateTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_enrichers")),
    )
    op.create_table(
        "paper_enrichments",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("check_at", types.UtcDateTime(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(), nullable=True),
        sa.Column("said", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_enrichments_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "service", name=op.f("pk_paper_enrichments")),
    )
    op.create_index("ix_paper_enrichments_check_at", "paper_enrichments", ["service", "check_at"])
    op.create_table(
        "author_enrichments",
        sa.Column("folded", sa.String(length=256), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("check_at", types.UtcDateTime(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(), nullable=True),
        sa.Column("said", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("folded", "service", name=op.f("pk_author_enrichments")),
    )
    op.create_index("ix_author_enrichments_check_at", "author_enrichments", ["service", "check_at"])
    with op.batch_alter_table("papers") as table:
        table.add_column(sa.Column("summary_source", sa.String(length=64), nullable=True))
