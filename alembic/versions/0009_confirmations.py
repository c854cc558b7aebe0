"""Links by which somebody confirms a subscription."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "confirmations",
        sa.Column("id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("begun_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
        sa.UniqueConstraint("address_key", "number", name=op.f("uq_confirmations_address_key_number")),
    )
