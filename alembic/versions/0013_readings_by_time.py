"""Which papers were read lately, by the index alone."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_signals_observed_at_paper_id", "signals", ["observed_at", "paper_id"], unique=False)
    op.drop_index("ix_signals_observed_at", table_name="signals")
