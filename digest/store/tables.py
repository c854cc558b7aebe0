"""Every table, in the order of the flow: sources, catalog, subscribers, editions, outbox.

What is due stands in a row (`poll_at`, `edition_at`, `due_at`); a lease says who works on it and until when.
Schema changes come as Alembic revisions; a test compares them with these tables.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from digest.store.types import BigId, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _owned(table: str) -> ForeignKey:
    return ForeignKey(f"{table}.id", ondelete="CASCADE")


# ── sources ──────────────────────────────────────────────────────────────────────────────────────

sources = Table(
    "sources",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(200), nullable=False),
    Column("options", JSON, nullable=False),
    Column("origin", String(8), nullable=False),  # config | database
    Column("is_paused", Boolean, nullable=False, default=False),
    Column("poll_at", UtcDateTime, index=True),
    Column("state", JSON, nullable=False, default=dict),  # per feed: etag, last_modified, batch, day
    Column("attempt", Integer, nullable=False, default=0),
    Column("lapses", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("polled_at", UtcDateTime),
    Column("changed_at", UtcDateTime),
    Column("errors", Integer, nullable=False, default=0),  # consecutive
    Column("last_error", Text),
    Column("last_counts", JSON),
)

source_batches = Table(  # what each feed listed on each of its days; a day without a row was missed
    "source_batches",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("feed", String(512), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("batch", String(32)),  # identity of the set of ids; None where it was empty or caught up
    Column("announced", Integer),  # items the payload held, None where nobody said
    Column("seen", Integer, nullable=False),  # of them read
    Column("is_whole", Boolean, nullable=False),  # False: cut off, or cut by the service
    Column("how", String(16), nullable=False),  # polled | caught-up
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
)

catch_ups = Table(  # missed days of a feed being fetched page by page
    "catch_ups",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("feed", String(512), nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("route", String(8), nullable=False),
    Column("token", Text),  # where to go on; None: from the beginning
    Column("pages", Integer, nullable=False, default=0),
    Column("seen", Integer, nullable=False, default=0),
    Column("new", Integer, nullable=False, default=0),
    Column("announced", Integer),
    Column("due_at", UtcDateTime, index=True),  # None: done
    Column("attempt", Integer, nullable=False, default=0),
    Column("lapses", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("errors", Integer, nullable=False, default=0),  # consecutive
    Column("last_error", Text),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_catch_ups_source", "source", "feed"),
)

paces = Table(  # whose turn it is at services that count all our machines as one
    "paces",
    metadata,
    Column("family", String(255), primary_key=True),
    Column("free_at", UtcDateTime, nullable=False),
)

# ── catalog ──────────────────────────────────────────────────────────────────────────────────────

papers = Table(
    "papers",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("title_raw", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("title_form", Text, nullable=False),
    Column("abstract_raw", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("abstract_hash", String(32), nullable=False),  # of the abstract's normal form; "" where there is none
    Column("is_authors_complete", Boolean, nullable=False),
    Column("version", Integer),
    Column("primary_category", String(64)),
    Column("published_on", Date),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("first_seen_day", Date),
    Column("is_new", Boolean, nullable=False),  # False: first seen as a replacement
    Column("revised_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    Column("url", Text),
    Column("pdf_url", Text),
    Column("code_url", Text),
    Column("has_code", Boolean, nullable=False, default=False),
    Column("discussion_url", Text),
    Column("comment", Text),
    Column("summary", Text),
    Column("summary_source", String(64)),  # the kind of service that gave it; None: the listing did
    Index("ix_papers_first_seen_at", "first_seen_at", "id"),
    Index("ix_papers_revised_at", "revised_at"),
    Index("ix_papers_abstract_hash", "abstract_hash"),
)

paper_aliases = Table(
    "paper_aliases",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("value", String(512), primary_key=True),
    Column("paper_id", BigId, _owned("papers"), nullable=False, index=True),
)

paper_titles = Table(  # identity by title: looked up by hash, confirmed by the rest
    "paper_titles",
    metadata,
    Column("title_hash", String(32), primary_key=True),
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
)

paper_versions = Table(
    "paper_versions",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("number", Integer, primary_key=True),  # the source's version, else a count of changes
    Column("title_raw", Text, nullable=False),
    Column("abstract_raw", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

paper_authors = Table(
    "paper_authors",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", String(256), nullable=False, index=True),
)

paper_affiliations = Table(
    "paper_affiliations",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
)

paper_categories = Table(
    "paper_categories",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("category", String(64), nullable=False),
    Index("ix_paper_categories_category_paper_id", "category", "paper_id"),
)

paper_words = Table(  # the terms of a paper, for the search: each once, with blanks between; see `search_schema`
    "paper_words",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),  # those that are not in the title
    Column("authors", Text, nullable=False),
)

paper_words_due = Table(  # papers whose words are to be taken (anew); triggers note them
    "paper_words_due",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
)

sightings = Table(
    "sightings",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("feed", String(512), primary_key=True),
    Column("day", Date, primary_key=True),  # the clock's day where the source names none
    Column("announcement", String(16), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("change", String(16), nullable=False),  # what the entry meant to the catalog
    Index("ix_sightings_source_day", "source", "day"),
)

merged_papers = Table(  # a paper that turned out to be another one: its number still leads there
    "merged_papers",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("paper_id", BigId, _owned("papers"), nullable=False, index=True),
    Column("merged_at", UtcDateTime, nullable=False),
)

signals = Table(
    "signals",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("observed_at", UtcDateTime, primary_key=True),
    Column("value", Integer, nullable=False),
    Index("ix_signals_observed_at_paper_id", "observed_at", "paper_id"),
)

author_cards = Table(
    "author_cards",
    metadata,
    Column("folded", String(256), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("category", String(64)),
    Column("h_index", Integer),
    Column("papers", Integer),
    Column("citations", Integer),
    Column("novelty", Integer),
    Column("ai_score", Integer),
    Column("seen_at", UtcDateTime, nullable=False),
)

paper_novelty = Table(  # how far a paper is from what was there before it; a row for every paper
    "paper_novelty",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("category", String(64)),  # its main one
    Column("day", Date, nullable=False),  # on which it was public
    Column("distance", Float),  # None: not measured (yet), or nothing earlier to compare with
    Column("percentile", Float),
    Column("due_at", UtcDateTime, index=True),  # None: done, or stuck; a lease moves it
    Column("attempt", Integer, nullable=False, default=0),
    Index("ix_paper_novelty_category_day", "category", "day", "paper_id"),
)

paper_vectors = Table(  # what a language model makes of a paper; a row from the first attempt on
    "paper_vectors",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("model", String(512), primary_key=True),
    Column("text_hash", LargeBinary(16)),  # of the text it was made from: another text is embedded again
    Column("vector", LargeBinary),  # half precision, the low byte first
    Column("read_at", UtcDateTime),  # when the text was taken: later revisions are not in it
    Column("embedded_at", UtcDateTime),
    Column("attempt", Integer, nullable=False, default=0),
    Column("lapses", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Index("ix_paper_vectors_model_embedded_at", "model", "embedded_at", "paper_id"),
)

enrichers = Table(  # the services asked for more; `ask_at` is later where one is down or wants a pause
    "enrichers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(200), nullable=False),
    Column("ask_at", UtcDateTime, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("lapses", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("asked_at", UtcDateTime),
    Column("errors", Integer, nullable=False, default=0),  # consecutive
    Column("last_error", Text),
)

paper_enrichments = Table(  # what a service said of a paper, and when it is asked again
    "paper_enrichments",
    metadata,
    Column("paper_id", BigId, _owned("papers"), primary_key=True),
    Column("service", String(64), primary_key=True),
    Column("check_at", UtcDateTime),  # None: never again
    Column("asked_at", UtcDateTime),  # when it last answered
    Column("said", JSON(none_as_null=True)),  # None: it does not know the paper, or was not asked yet
    Column("misses", Integer, nullable=False, default=0),  # consecutive
    Column("last_error", Text),
    Index("ix_paper_enrichments_check_at", "service", "check_at"),
)

author_enrichments = Table(  # the same of an author, by folded name
    "author_enrichments",
    metadata,
    Column("folded", String(256), primary_key=True),
    Column("service", String(64), primary_key=True),
    Column("key", String(128), nullable=False),  # the author's id there
    Column("orcid", String(19), index=True),
    Column("check_at", UtcDateTime),
    Column("asked_at", UtcDateTime),
    Column("said", JSON(none_as_null=True)),
    Column("misses", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Index("ix_author_enrichments_check_at", "service", "check_at"),
)

# ── subscribers ──────────────────────────────────────────────────────────────────────────────────

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("address", String(320), nullable=False),
    Column("address_key", String(320), nullable=False, unique=True),  # case-folded
    Column("name", Text, nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("consent", String(64), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("hour", SmallInteger, nullable=False),
    Column("days", String(16), nullable=False),
    Column("limit", SmallInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("unsubscribed_at", UtcDateTime),
    Column("edition_at", UtcDateTime, index=True),  # None: nothing is due (paused, unsubscribed)
    Column("covered_until", UtcDateTime),  # papers first seen after this are new to the subscriber
    Column("attempt", Integer, nullable=False, default=0),
    Column("lapses", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("paused_until", UtcDateTime),  # a pause that ends by itself: `edition_at` is later
    Column("feed_number", Integer, nullable=False, server_default="0"),  # of the private feed's address
    CheckConstraint("hour >= 0 AND hour <= 23", name="hour"),
)

profiles = Table(  # what holds for all interests of a subscriber
    "profiles",
    metadata,
    Column("subscriber_id", BigId, _owned("subscribers"), primary_key=True),
    Column("muted", JSON, nullable=False),
    Column("muted_authors", JSON, nullable=False, server_default="[]"),
    Column("muted_categories", JSON, nullable=False, server_default="[]"),
    Column("own_names", JSON, nullable=False, server_default="[]"),  # as the subscriber's own papers name them
    Column("own_orcids", JSON, nullable=False, server_default="[]"),
    Column("options", JSON, nullable=False, server_default="{}"),  # only what differs from the defaults
)

interests = Table(
    "interests",
    metadata,
    Column("subscriber_id", BigId, _owned("subscribers"), primary_key=True),
    Column("name", String(64), primary_key=True),  # "": the main one, which everybody has
    Column("position", Integer, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("keywords", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("institutions", JSON, nullable=False),
)

likes = Table(
    "likes",
    metadata,
    Column("subscriber_id", BigId, _owned("subscribers"), primary_key=True),
    Column("paper_id", BigId, _owned("papers"), primary_key=True, index=True),
    Column("value", SmallInteger, nullable=False),  # 1 liked, -1 disliked
    Column("liked_at", UtcDateTime, nullable=False),
    Column("interest", String(64), nullable=False, server_default=""),
)

shelf = Table(  # papers that are never recommended again
    "shelf",
    metadata,
    Column("subscriber_id", BigId, _owned("subscribers"), primary_key=True),
    Column("paper_id", BigId, _owned("papers"), primary_key=True, index=True),
    Column("kind", String(8), primary_key=True),  # read | saved
    Column("at", UtcDateTime, nullable=False),
)

works = Table(  # of a subscriber's own library, and in no catalog: private, each read as a like
    "works",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subscriber_id", BigId, _owned("subscribers"), nullable=False, index=True),
    Column("interest", String(64), nullable=False, server_default=""),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("year", Integer),
    Column("identifiers", JSON, nullable=False),  # as text, by authority
    Column("keywords", JSON, nullable=False),
    Column("venue", Text, nullable=False),
    Column("title_hash", String(32), nullable=False, index=True),  # of the title's normal form
    Column("added_at", UtcDateTime, nullable=False),
    Column("teaches", Boolean, nullable=False, default=True),  # else it is only known, as a paper that was read
    Column("removed_at", UtcDateTime),  # kept, so that a removal can be undone
)

work_aliases = Table(
    "work_aliases",
    metadata,
    Column("work_id", BigId, _owned("works"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("value", String(512), primary_key=True),
    Index("ix_work_aliases_value", "value", "kind"),
)

group_members = Table(  # a group is a subscriber that reads its members' likes besides its own
    "group_members",
    metadata,
    Column("group_id", BigId, _owned("subscribers"), primary_key=True),
    Column("member_id", BigId, _owned("subscribers"), primary_key=True, index=True),
)

feedback = Table(  # every change of a profile: what it was before and after, so that it can be undone exactly
    "feedback",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subscriber_id", BigId, _owned("subscribers"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("origin", String(16), nullable=False),  # cli | mail | web | import
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("undone_at", UtcDateTime),
    Index("ix_feedback_subscriber_id", "subscriber_id", "id"),
)

# ── editions ─────────────────────────────────────────────────────────────────────────────────────

paper_facts = Table(
    "paper_facts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),  # of the facts: equal facts are stored once
    Column("paper_id", BigId, _owned("papers"), nullable=False, index=True),
    Column("facts", JSON, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subscriber_id", BigId, _owned("subscribers"), nullable=False),
    Column("occasion", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("composed_at", UtcDateTime, nullable=False),
    Column("scanned", Integer, nullable=False),
    Column("picks", JSON, nullable=False),  # [{facts, score, reasons}]
    Column("skip_reason", Text),
    Column("manner", JSON(none_as_null=True)),  # {language, text_only, authors}, as far as they are not the usual
    UniqueConstraint("subscriber_id", "occasion"),
)

picked = Table(  # the ledger: what was chosen for whom, once for ever
    "picked",
    metadata,
    Column("subscriber_id", BigId, _owned("subscribers"), primary_key=True),
    Column("paper_id", BigId, _owned("papers"), primary_key=True, index=True),
    Column("edition_id", BigId, _owned("editions"), nullable=False, index=True),
    Column("score", Float, nullable=False),
    Column("ranker", String(200), nullable=False, server_default=""),  # whose pick it was, where two took turns
    Column("retold_at", UtcDateTime),  # when a revision of it was last mailed
)

# ── outbox ───────────────────────────────────────────────────────────────────────────────────────

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("occasion", String(64), nullable=False),
    Column("subscriber_id", BigId, ForeignKey("subscribers.id", ondelete="SET NULL"), index=True),
    Column("edition_id", BigId, ForeignKey("editions.id", ondelete="SET NULL"), index=True),
    Column("message_id", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, default=0),  # fences: a settle counts only for the attempt it names
    Column("lapses", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, index=True),  # None: nothing more will be done by itself
    Column("lease_until", UtcDateTime, index=True),
    Column("composed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("reply", Text),
    Column("content", JSON(none_as_null=True)),  # what a mail that is no edition says
    UniqueConstraint("kind", "recipient", "occasion"),
    Index("ix_outbox_state", "state"),
)

outbox_attempts = Table(
    "outbox_attempts",
    metadata,
    Column("outbox_id", BigId, _owned("outbox"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(16)),
    Column("reply", Text),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_key", String(320), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("origin", String(16), nullable=False),  # bounce | complaint | admin
    Column("since", UtcDateTime, nullable=False),
)

bounces = Table(  # what came back: each message once for each verdict, however often it is reported
    "bounces",
    metadata,
    Column("outbox_id", BigId, _owned("outbox"), primary_key=True, autoincrement=False),
    Column("verdict", String(16), primary_key=True),  # hard | soft | complaint | unsubscribe
    Column("address_key", String(320), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("day", Date, nullable=False),  # of the message that came back
    Column("at", UtcDateTime, nullable=False),  # when we learnt of it
    Column("status", String(16)),
    Column("why", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("is_ours_at_fault", Boolean, nullable=False),
    Column("origin", String(16), nullable=False),  # smtp | inbox | command | webhook
    Column("is_forgiven", Boolean, nullable=False, default=False),  # the admin let the address get mail again
    Index("ix_bounces_address_key_day", "address_key", "day"),
    Index("ix_bounces_at", "at"),
)

pauses = Table(  # who takes no mail from us for now: a recipients' domain, or the relay
    "pauses",
    metadata,
    Column("kind", String(8), primary_key=True),  # domain | relay
    Column("name", String(255), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),  # then it is tried again; the row goes when mail is taken
    Column("reason", Text, nullable=False),
)

inboxes = Table(  # where returned mail comes in
    "inboxes",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("read_at", UtcDateTime, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("lapses", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("learnt", JSON, nullable=False, default=list),  # messages whose meaning is stored: to be put away
    Column("looked_at", UtcDateTime),
    Column("errors", Integer, nullable=False, default=0),  # consecutive
    Column("last_error", Text),
)

confirmations = Table(  # what an address was asked to confirm: one row for each mail that asks
    "confirmations",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),  # by chance: no link ever leads to another's row
    Column("address", String(320), nullable=False),
    Column("address_key", String(320), nullable=False),
    Column("number", Integer, nullable=False),  # of the mails to this address, from 1
    Column("wishes", JSON, nullable=False),  # name, schedule, profile: taken when it is confirmed
    Column("begun_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    UniqueConstraint("address_key", "number"),
)

asked = Table(  # what was asked over the web and is answered by a mail, if at all; counted for a day, then deleted
    "asked",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String(16), nullable=False),  # subscribe | manage | move
    Column("address", String(320), nullable=False),
    Column("address_key", String(320), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("network", String(64), nullable=False),  # who asked: an IPv4 address, or the /64 of an IPv6 one
    Column("region", String(64), nullable=False),  # the /24 or /48 around it
    Column("wishes", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("answer", String(16)),  # what became of it; None: nothing yet
    Index("ix_asked_at", "at"),
)

# ── the installation ─────────────────────────────────────────────────────────────────────────────

checks = Table(
    "checks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("check_at", UtcDateTime, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
)

alerts = Table(  # one row per occasion; it is over when `closed_at` is set
    "alerts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", String(600), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
)

keys = Table(
    "keys",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
