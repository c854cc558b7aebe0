"""In which language and form an edition is written, and the followed authors it shows."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("manner", sa.JSON(none_as_null=True), nullable=True))
