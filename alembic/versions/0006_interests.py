"""Several interests, shelves, libraries, groups and feedback."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0006"
down_revision = "0005"

_LISTS = ("categories", "keywords", "authors")


def upgrade() -> None:
    _interests()
    _shelf()
    _library()
    _groups()
    _feedback()
    op.add_column("likes", sa.Column("interest", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("author_enrichments", sa.Column("orcid", sa.String(length=19), nullable=True))
    op.create_index(op.f("ix_author_enrichments_orcid"), "author_enrichments", ["orcid"])
    op.add_column("picked", sa.Column("retold_at", types.UtcDateTime(), nullable=True))
    op.create_index("ix_papers_revised_at", "papers", ["revised_at"])


def _interests() -> None:
    """What a profile asked for becomes the main interest; what holds for all of them stays."""
    op.create_table(
        "interests",
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("institutions", sa.JSON(), nullable=False),
        *_owned("interests", "subscriber_id"),
        sa.PrimaryKeyConstraint("subscriber_id", "name", name=op.f("pk_interests")),
    )
    op.execute(
        "INSERT INTO interests (subscriber_id, name, position, categories, keywords, text, authors, institutions) "
        "SELECT subscriber_id, '', 0, categories, keywords, '', authors, '[]' FROM profiles"
    )
    with op.batch_alter_table("profiles") as batch:
        for name in _LISTS:
            batch.drop_column(name)
        for name in ("muted_authors", "muted_categories", "own_names", "own_orcids"):
            batch.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("options", sa.JSON(), nullable=False, server_default="{}"))


def _shelf() -> None:
    op.create_table(
        "shelf",
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        *_owned("shelf", "subscriber_id"),
        *_owned("shelf", "paper_id", "papers"),
        sa.PrimaryKeyConstraint("subscriber_id", "paper_id", "kind", name=op.f("pk_shelf")),
    )
    op.create_index(op.f("ix_shelf_paper_id"), "shelf", ["paper_id"])


def _library() -> None:
    op.create_table(
        "works",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("interest", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("identifiers", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("title_hash", sa.String(length=32), nullable=False),
        sa.Column("added_at", types.UtcDateTime(), nullable=False),
        sa.Column("teaches", sa.Boolean(), nullable=False),
        sa.Column("removed_at", types.UtcDateTime(), nullable=True),
        *_owned("works", "subscriber_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_works")),
    )
    op.create_index(op.f("ix_works_subscriber_id"), "works", ["subscriber_id"])
    op.create_index(op.f("ix_works_title_hash"), "works", ["title_hash"])
    op.create_table(
        "work_aliases",
        sa.Column("work_id", types.BigId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=512), nullable=False),
        *_owned("work_aliases", "work_id", "works"),
        sa.PrimaryKeyConstraint("work_id", "kind", "value", name=op.f("pk_work_aliases")),
    )
    op.create_index("ix_work_aliases_value", "work_aliases", ["value", "kind"])


def _groups() -> None:
    op.create_table(
        "group_members",
        sa.Column("group_id", types.BigId, nullable=False),
        sa.Column("member_id", types.BigId, nullable=False),
        *_owned("group_members", "group_id"),
        *_owned("group_members", "member_id"),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_group_members")),
    )
    op.create_index(op.f("ix_group_members_member_id"), "group_members", ["member_id"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undone_at", types.UtcDateTime(), nullable=True),
        *_owned("feedback", "subscriber_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index("ix_feedback_subscriber_id", "feedback", ["subscriber_id", "id"])


def _owned(table: str, column: str, owner: str = "subscribers") -> Sequence[sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_{column}")
    return [sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=name, ondelete="CASCADE")]
