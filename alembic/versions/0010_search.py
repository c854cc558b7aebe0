"""The words of the papers for the search page, and a category's latest papers by index."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import search_schema, types

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "paper_words",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_words_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_paper_words")),
    )
    op.create_table(
        "paper_words_due",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_words_due_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_paper_words_due")),
    )
    for statement in search_schema.statements(op.get_bind().dialect.name):
        op.execute(statement)
    op.execute("INSERT INTO paper_words_due (paper_id) SELECT id FROM papers")
    op.create_index("ix_paper_categories_category_paper_id", "paper_categories", ["category", "paper_id"], unique=False)
    op.drop_index("ix_paper_categories_category", table_name="paper_categories")
