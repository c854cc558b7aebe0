"""One paper in many places: papers that were merged into others, and withdrawn ones."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("papers") as batch:
        batch.add_column(sa.Column("withdrawn_at", types.UtcDateTime(), nullable=True))
    op.create_table(
        "merged_papers",
        sa.Column("id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("merged_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_merged_papers_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merged_papers")),
    )
    op.create_index(op.f("ix_merged_papers_paper_id"), "merged_papers", ["paper_id"])
    # Merging moves the votes and the ledger of one paper; the primary keys of both begin with the subscriber.
    op.create_index(op.f("ix_likes_paper_id"), "likes", ["paper_id"])
    op.create_index(op.f("ix_picked_paper_id"), "picked", ["paper_id"])
