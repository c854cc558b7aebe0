"""Invented papers and editions, for tests and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from digest.editions.message import MessageHeaders, derive_message_id, feedback_id
from digest.editions.render import Reader
from digest.editions.select import facts_of
from digest.model import Edition, OutboxKind, Paper, Reason, ReasonKind, ShownPick

DAY = date(2026, 4, 20)
COMPOSED_AT = datetime(2026, 4, 20, 5, tzinfo=UTC)

READER = Reader(
    "jane.doe@example.org",
    unsubscribe_url="https://digest.example.org/u/AQcvKq0x4n1Zf8w2mUe5rT9Y",
    unsubscribe_mailto="mailto:inbox@example.org?subject=unsubscribe%20AQcvKq0x4n1Zf8w2mUe5rT9Y",
    home_url="https://digest.example.org",
    imprint="Example Society, 1 Library Road, Sampletown",
)

HEADERS = MessageHeaders(
    sender="Trending Papers <digest@example.org>",
    recipient="jane.doe@example.org",
    recipient_name="Jane Doe",
    date=COMPOSED_AT,
    message_id=derive_message_id(OutboxKind.DIGEST, "7", "2026-04-20", "example.org"),
    list_id="digest.example.org",
    list_name="Trending Papers",
    unsubscribe_url=READER.unsubscribe_url,
    unsubscribe_mailto=READER.unsubscribe_mailto,
    help_url="https://digest.example.org",
    owner="Admin <admin@example.org>",
    feedback_id=feedback_id(OutboxKind.DIGEST, "2026-04-20", "digest.example.org"),
)

PAPER = Paper(
    id=1,
    key="arxiv:2604.00001",
    title="Where Lamps Look: Reading Attention Maps of Small Lighthouses",
    abstract="We ask what a lighthouse attends to. A small model of 12 lamps reads the sea and points at ships.",
    authors=("Ada Lumen", "Björn Fyr", "Chandra Deepak", "Dana Leuchter"),
    is_authors_complete=True,
    affiliations=("University of Sampletown", "Coast Institute"),
    categories=("cs.CV", "cs.LG"),
    version=1,
    published_on=date(2026, 4, 17),
    first_seen_at=COMPOSED_AT,
    first_seen_day=DAY,
    url=None,
    pdf_url=None,
    code_url="https://github.com/example/lamps",
    has_code=True,
    discussion_url="https://papers.example.org/lamps",
    signals={"upvotes": 128, "stars": 2400},
)

REASONS = (
    Reason(ReasonKind.TERMS, ("attention maps", "grounding"), 3.0),
    Reason(ReasonKind.AUTHOR, ("Ada Lumen",), 1.0),
)


def pick(paper: Paper = PAPER, reasons: tuple[Reason, ...] = REASONS) -> ShownPick:
    return ShownPick(facts_of(paper), sum(reason.share for reason in reasons), reasons)


def edition(*picks: ShownPick) -> Edition:
    return Edition(
        id=1,
        subscriber_id=7,
        occasion="2026-04-20",
        day=DAY,
        since=datetime(2026, 4, 19, 5, tzinfo=UTC),
        composed_at=COMPOSED_AT,
        scanned=1412,
        picks=picks,
    )


def edition_of(papers: Sequence[Paper]) -> Edition:
    return edition(*(pick(replace(paper, id=number)) for number, paper in enumerate(papers, 1)))
