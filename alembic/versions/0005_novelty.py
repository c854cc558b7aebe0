"""Novelty of papers, and readings of attention by time."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "paper_novelty",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("distance", sa.Float(), nullable=True),
        sa.Column("percentile", sa.Float(), nullable=True),
        sa.Column("due_at", types.UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_novelty_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_paper_novelty")),
    )
    op.create_index("ix_paper_novelty_category_day", "paper_novelty", ["category", "day", "paper_id"])
    op.create_index(op.f("ix_paper_novelty_due_at"), "paper_novelty", ["due_at"])
    op.create_index("ix_signals_observed_at", "signals", ["observed_at"])
