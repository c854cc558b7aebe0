"""The first schema: sources, catalog, subscribers, editions, outbox."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest.store import types

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "author_cards",
        sa.Column("folded", sa.String(length=256), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("h_index", sa.Integer(), nullable=True),
        sa.Column("papers", sa.Integer(), nullable=True),
        sa.Column("citations", sa.Integer(), nullable=True),
        sa.Column("novelty", sa.Integer(), nullable=True),
        sa.Column("ai_score", sa.Integer(), nullable=True),
        sa.Column("seen_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("folded", "source", name=op.f("pk_author_cards")),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
    )
    op.create_table(
        "papers",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("title_raw", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_form", sa.Text(), nullable=False),
        sa.Column("abstract_raw", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("abstract_hash", sa.String(length=32), nullable=False),
        sa.Column("is_authors_complete", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("primary_category", sa.String(length=64), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("first_seen_at", types.UtcDateTime(), nullable=False),
        sa.Column("first_seen_day", sa.Date(), nullable=True),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("revised_at", types.UtcDateTime(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("pdf_url", sa.Text(), nullable=True),
        sa.Column("code_url", sa.Text(), nullable=True),
        sa.Column("has_code", sa.Boolean(), nullable=False),
        sa.Column("discussion_url", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
    )
    op.create_index("ix_papers_abstract_hash", "papers", ["abstract_hash"], unique=False)
    op.create_index("ix_papers_first_seen_at", "papers", ["first_seen_at", "id"], unique=False)
    op.create_table(
        "sources",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("poll_at", types.UtcDateTime(), nullable=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.Column("polled_at", types.UtcDateTime(), nullable=True),
        sa.Column("changed_at", types.UtcDateTime(), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_counts", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_poll_at"), "sources", ["poll_at"], unique=False)
    op.create_table(
        "subscribers",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("consent", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("days", sa.String(length=16), nullable=False),
        sa.Column("limit", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("unsubscribed_at", types.UtcDateTime(), nullable=True),
        sa.Column("edition_at", types.UtcDateTime(), nullable=True),
        sa.Column("covered_until", types.UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("hour >= 0 AND hour <= 23", name=op.f("ck_subscribers_hour")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscribers_address_key")),
    )
    op.create_index(op.f("ix_subscribers_edition_at"), "subscribers", ["edition_at"], unique=False)
    op.create_table(
        "suppressions",
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("since", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "editions",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("occasion", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", types.UtcDateTime(), nullable=False),
        sa.Column("composed_at", types.UtcDateTime(), nullable=False),
        sa.Column("scanned", sa.Integer(), nullable=False),
        sa.Column("picks", sa.JSON(), nullable=False),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_editions_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("subscriber_id", "occasion", name=op.f("uq_editions_subscriber_id_occasion")),
    )
    op.create_table(
        "likes",
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("value", sa.SmallInteger(), nullable=False),
        sa.Column("liked_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_likes_paper_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_likes_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "paper_id", name=op.f("pk_likes")),
    )
    op.create_table(
        "paper_affiliations",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_affiliations_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "position", name=op.f("pk_paper_affiliations")),
    )
    op.create_table(
        "paper_aliases",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_aliases_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_paper_aliases")),
    )
    op.create_index(op.f("ix_paper_aliases_paper_id"), "paper_aliases", ["paper_id"], unique=False)
    op.create_table(
        "paper_authors",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_authors_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "position", name=op.f("pk_paper_authors")),
    )
    op.create_index(op.f("ix_paper_authors_folded"), "paper_authors", ["folded"], unique=False)
    op.create_table(
        "paper_categories",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_categories_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "position", name=op.f("pk_paper_categories")),
    )
    op.create_index(op.f("ix_paper_categories_category"), "paper_categories", ["category"], unique=False)
    op.create_table(
        "paper_facts",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_facts_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_facts")),
        sa.UniqueConstraint("digest", name=op.f("uq_paper_facts_digest")),
    )
    op.create_index(op.f("ix_paper_facts_paper_id"), "paper_facts", ["paper_id"], unique=False)
    op.create_table(
        "paper_titles",
        sa.Column("title_hash", sa.String(length=32), nullable=False),
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_titles_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("title_hash", "paper_id", name=op.f("pk_paper_titles")),
    )
    op.create_table(
        "paper_versions",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title_raw", sa.Text(), nullable=False),
        sa.Column("abstract_raw", sa.Text(), nullable=False),
        sa.Column("seen_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_paper_versions_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "number", name=op.f("pk_paper_versions")),
    )
    op.create_table(
        "profiles",
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("muted", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_profiles_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name=op.f("pk_profiles")),
    )
    op.create_table(
        "sightings",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("feed", sa.String(length=512), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("announcement", sa.String(length=16), nullable=False),
        sa.Column("seen_at", types.UtcDateTime(), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_sightings_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper_id", "source", "feed", "day", name=op.f("pk_sightings")),
    )
    op.create_index("ix_sightings_source_day", "sightings", ["source", "day"], unique=False)
    op.create_table(
        "signals",
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("observed_at", types.UtcDateTime(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_signals_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper_id", "name", "source", "observed_at", name=op.f("pk_signals")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("occasion", sa.String(length=64), nullable=False),
        sa.Column("subscriber_id", types.BigId, nullable=True),
        sa.Column("edition_id", types.BigId, nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("due_at", types.UtcDateTime(), nullable=True),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.Column("composed_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("sent_at", types.UtcDateTime(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_outbox_edition_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_outbox_subscriber_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("kind", "recipient", "occasion", name=op.f("uq_outbox_kind_recipient_occasion")),
    )
    op.create_index(op.f("ix_outbox_due_at"), "outbox", ["due_at"], unique=False)
    op.create_index(op.f("ix_outbox_edition_id"), "outbox", ["edition_id"], unique=False)
    op.create_index(op.f("ix_outbox_lease_until"), "outbox", ["lease_until"], unique=False)
    op.create_index("ix_outbox_state", "outbox", ["state"], unique=False)
    op.create_index(op.f("ix_outbox_subscriber_id"), "outbox", ["subscriber_id"], unique=False)
    op.create_table(
        "picked",
        sa.Column("subscriber_id", types.BigId, nullable=False),
        sa.Column("paper_id", types.BigId, nullable=False),
        sa.Column("edition_id", types.BigId, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_picked_edition_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_picked_paper_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_picked_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "paper_id", name=op.f("pk_picked")),
    )
    op.create_index(op.f("ix_picked_edition_id"), "picked", ["edition_id"], unique=False)
    op.create_table(
        "outbox_attempts",
        sa.Column("outbox_id", types.BigId, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_outbox_attempts_outbox_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outbox_id", "attempt", name=op.f("pk_outbox_attempts")),
    )
