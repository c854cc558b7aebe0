"""Embeddings of papers, and whose pick a vote was for."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "paper_vectors",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("model", sa.String(length=512), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(length=16), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("read_at", types.UtcDateTime(), nullable=True),
        sa.Column("embedded_at", types.UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_vectors_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "model", name=op.f("pk_paper_vectors")),
    )
    op.create_index("ix_paper_vectors_model_embedded_at", "paper_vectors", ["model", "embedded_at", "paper_id"])
    op.add_column("picked", sa.Column("ranker", sa.String(length=200), server_default="", nullable=False))
