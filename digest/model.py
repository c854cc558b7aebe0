"""The values that pass between the parts of the program: frozen, without behaviour beyond questions about themselves.

    Source ─► Listing(Entry…) ─► Catalog ─► Paper ─► Candidate ─► Ranking(Pick…) ─► Edition ─► Message ─► Reply

Instants are aware UTC datetimes and their names end in `_at`; a *day* is a calendar date in the
announcing source's own zone; text is readable Unicode unless its name ends in `_raw`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

# ── papers and listings ──────────────────────────────────────────────────────────────────────────


class Announcement(StrEnum):
    """How a source announces a paper; the first four are arXiv's own words.

    The last two stand for announcements that were missed and are known from elsewhere afterwards: of a paper that
    can only have come up meanwhile, and of one that may have been announced earlier (a replacement, a late cross-list).
    """

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"
    LISTED = "listed"
    CAUGHT_UP = "caught-up"
    CAUGHT_UP_OLD = "caught-up-old"

    @property
    def is_replacement(self) -> bool:
        return self in (Announcement.REPLACE, Announcement.REPLACE_CROSS, Announcement.CAUGHT_UP_OLD)

    @property
    def is_caught_up(self) -> bool:
        return self in (Announcement.CAUGHT_UP, Announcement.CAUGHT_UP_OLD)


class AliasKind(StrEnum):
    """Kinds of identifier, in the order in which they decide identity."""

    ARXIV = "arxiv"
    DOI = "doi"
    S2 = "s2"  # Semantic Scholar's CorpusId
    OPENALEX = "openalex"
    OPENREVIEW = "openreview"
    URL = "url"


_AUTHORITY = {kind: position for position, kind in enumerate(AliasKind)}


@dataclass(frozen=True, slots=True)
class Alias:
    """One identifier of a paper in its canonical form (`arxiv:2604.14630`, `doi:10.1000/x`, `url:https://…`).

    Aliases sort by the authority of their kind.
    """

    kind: AliasKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    def __lt__(self, other: Alias) -> bool:
        return (_AUTHORITY[self.kind], self.value) < (_AUTHORITY[other.kind], other.value)


@dataclass(frozen=True, slots=True)
class Signal:
    """One reading of a paper's attention; `name` is upvotes, stars or comments."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source says of one paper. Text is as the source gave it, entities decoded, TeX kept.

    `aliases` may be empty: the paper is then known by its title, authors and abstract only.
    `version` is None where the source does not number versions. `day` overrides the listing's day.
    `is_authors_complete` is False where the source shows "et al." or names nobody. Where `is_signal_only`, the entry
    is no listing: its signals count for a paper the catalog has by these aliases, and otherwise it says nothing.
    """

    title_raw: str
    abstract_raw: str = ""
    aliases: tuple[Alias, ...] = ()
    announcement: Announcement = Announcement.LISTED
    version: int | None = None
    authors: tuple[str, ...] = ()
    is_authors_complete: bool = True
    affiliations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    primary_category: str | None = None
    published_on: date | None = None
    day: date | None = None
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    discussion_url: str | None = None
    has_code: bool = False
    comment: str | None = None
    summary: str | None = None
    signals: tuple[Signal, ...] = ()
    is_signal_only: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """One entry that could not be read; the rest of its listing is kept."""

    path: str
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class AuthorCard:
    """What a listing page says of an author; every figure is None where the page shows none."""

    name: str
    category: str | None = None
    h_index: int | None = None
    papers: int | None = None
    citations: int | None = None
    novelty: int | None = None
    ai_score: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One payload of one source, read. `feed` names the part of the source (a category, a file, a URL).

    `day` is the announcement day in the source's own zone, None where the source has none.
    `is_complete` is False where the payload was cut off: its papers count, but it is not the whole batch.
    """

    feed: str
    day: date | None
    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...] = ()
    card: AuthorCard | None = None
    is_complete: bool = True

    @property
    def is_empty(self) -> bool:
        return not self.entries


class Change(StrEnum):
    """What an entry meant to the catalog."""

    NEW = "new"
    REVISED = "revised"
    MERGED = "merged"  # a known paper, newly listed elsewhere or by a page that knows more of it
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class DiffCounts:
    """How many entries of a listing were what; `seen` is their sum."""

    new: int = 0
    revised: int = 0
    merged: int = 0
    unchanged: int = 0

    @property
    def seen(self) -> int:
        return self.new + self.revised + self.merged + self.unchanged

    def __add__(self, other: DiffCounts) -> DiffCounts:
        return DiffCounts(
            self.new + other.new,
            self.revised + other.revised,
            self.merged + other.merged,
            self.unchanged + other.unchanged,
        )


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as the catalog knows it. `key` is its public name: `arxiv:2604.14630`, `doi:…` or `p:123`."""

    id: int
    key: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    is_authors_complete: bool
    affiliations: tuple[str, ...]
    categories: tuple[str, ...]
    version: int | None
    published_on: date | None
    first_seen_at: datetime
    first_seen_day: date | None
    url: str | None
    pdf_url: str | None
    code_url: str | None
    has_code: bool
    discussion_url: str | None = None
    summary: str | None = None
    signals: Mapping[str, int] = field(default_factory=dict)  # the latest reading of each
    signals_before: Mapping[str, int] = field(default_factory=dict)  # the reading a day earlier, where there was one
    series: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # the last few readings of each, oldest first
    withdrawn_at: datetime | None = None  # when the catalog learnt of it; such a paper is never mailed
    summary_source: str | None = None  # the kind of service that gave the summary; None: a listing


@dataclass(frozen=True, slots=True)
class Reference:
    """One work of somebody's own library: readable text, and every identifier that its record shows.

    `title` is "" where the record only has identifiers. `source` says where the record stands: an entry's key, a line.
    """

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    year: int | None = None
    keywords: tuple[str, ...] = ()
    source: str = ""
    venue: str = ""


# ── subscribers and profiles ─────────────────────────────────────────────────────────────────────


class Days(StrEnum):
    """On which local days an edition is due; weekly means Mondays."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


class SubscriberState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When editions are due: at `hour` (0–23) local time of `time_zone` (an IANA name) on `days`."""

    time_zone: str = "UTC"
    hour: int = 7
    days: Days = Days.DAILY


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who gets editions. `address` is as given, with the domain in lower-case A-label form."""

    id: int
    address: str
    name: str
    state: SubscriberState
    schedule: Schedule
    limit: int  # papers per edition at most
    edition_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Interest:
    """One thing a subscriber wants to read about, scored apart from the others; `name` is "" for the main one.

    `keywords` are words, "quoted phrases" or conditions (`segmentation AND NOT medical`); `text` is free text, read as
    one more liked paper. Likes and dislikes are catalog ids, oldest first; `liked_at` says when each like was given,
    or is empty where nobody knows. A negative id is a work of the subscriber's own library.
    """

    name: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    text: str = ""
    authors: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    likes: tuple[int, ...] = ()
    dislikes: tuple[int, ...] = ()
    liked_at: tuple[datetime, ...] = ()

    @property
    def is_empty(self) -> bool:
        asked = self.keywords or self.text or self.categories or self.authors or self.institutions
        return not (asked or self.likes or self.dislikes)


class Bar(StrEnum):
    """How well a paper must fit to be mailed: `off` mails whatever fits at all."""

    OFF = "off"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class WhenEmpty(StrEnum):
    """What comes on a day with nothing above the bar."""

    NOTHING = "nothing"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Options:
    """How editions are chosen for one subscriber, beside what they want to read."""

    bar: Bar = Bar.NORMAL
    when_empty: WhenEmpty = WhenEmpty.NOTHING
    explores: bool = False  # one pick from outside the interests, marked as such
    has_revisions: bool = False  # revisions of papers mailed or liked before, marked as such
    has_cross_lists: bool = True  # papers whose main category was not chosen
    has_roll_up: bool = False  # "you missed": once a week the best of what the limit left out
    language: str = ""  # of the mails, such as "de"; "": that of the installation
    is_text_only: bool = False  # mails without the HTML part


@dataclass(frozen=True, slots=True)
class Profile:
    """What a subscriber wants to read, and what they never want to see."""

    interests: tuple[Interest, ...] = ()
    muted: tuple[str, ...] = ()
    muted_authors: tuple[str, ...] = ()
    muted_categories: tuple[str, ...] = ()
    options: Options = Options()

    @property
    def likes(self) -> tuple[int, ...]:
        return tuple(paper for interest in self.interests for paper in interest.likes)

    @property
    def dislikes(self) -> tuple[int, ...]:
        return tuple(paper for interest in self.interests for paper in interest.dislikes)

    @property
    def is_empty(self) -> bool:
        return all(interest.is_empty for interest in self.interests)


@dataclass(frozen=True, slots=True)
class Taste:
    """What a subscriber liked and disliked, newest first: of each paper every identifier, by authority."""

    address: str
    likes: tuple[tuple[Alias, ...], ...] = ()
    dislikes: tuple[tuple[Alias, ...], ...] = ()


# ── picks and editions ───────────────────────────────────────────────────────────────────────────


class ReasonKind(StrEnum):
    TERMS = "terms"
    LIKED = "liked"
    MEANING = "meaning"
    KEYWORD = "keyword"
    AUTHOR = "author"
    INSTITUTION = "institution"
    CATEGORY = "category"
    TREND = "trend"
    RECENT = "recent"
    INTEREST = "interest"


@dataclass(frozen=True, slots=True)
class Reason:
    """One additive part of a score: `share` of the score's points came from `kind` because of `words`.

    For terms `words` are the matched words as they stand in the paper, strongest first; for liked the
    liked paper's title, for meaning that of the liked paper nearest in meaning (or none); for keyword the phrases and
    conditions it meets; for author, institution and category their names; for trend the reading ("120 upvotes"); for
    interest the names of the other interests that it fits as well.
    """

    kind: ReasonKind
    words: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper chosen for a subscriber; `score` is the sum of the reasons' shares.

    `interest` names the interest it fits best; `is_exploration` says that it was taken from outside of all of them;
    `ranker` names who proposed it where two rankers take turns.
    """

    paper_id: int
    score: float
    reasons: tuple[Reason, ...]
    interest: str = ""
    is_exploration: bool = False
    ranker: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an edition shows of a paper, as it was when the edition was composed; equal facts are stored once."""

    paper_id: int
    key: str
    title: str
    abstract: str
    authors: tuple[str, ...]  # at most the first few; author_count says how many there are
    author_count: int | None  # None where nobody knows ("et al.")
    affiliations: tuple[str, ...]
    category: str | None
    published_on: date | None
    version: int | None
    url: str | None
    pdf_url: str | None
    code_url: str | None
    has_code: bool
    discussion_url: str | None
    summary: str | None
    upvotes: int | None
    stars: int | None
    series: tuple[int, ...] = ()  # the last readings of the upvotes, oldest first
    marker: str = ""  # "rising": known before and trends now; "revised", "missed": see editions
    summary_source: str | None = None  # the kind of service that gave the summary; "abstract": its telling part


@dataclass(frozen=True, slots=True)
class ShownPick:
    """A pick with the facts shown for it; see `Pick` for the last three."""

    facts: Facts
    score: float
    reasons: tuple[Reason, ...]
    interest: str = ""
    is_exploration: bool = False
    ranker: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """What one subscriber gets for one occasion; the same edition always gives the same message.

    `occasion` is the local date of the edition (`2026-04-20`, with `+1`, `+2`… for `digest send --again`).
    `scanned` counts the papers that were ranked for it, `since` is the start of the period it covers. `authors` are the
    followed authors of its papers, as they were known then.
    """

    id: int
    subscriber_id: int
    occasion: str
    day: date
    since: datetime
    composed_at: datetime
    scanned: int
    picks: tuple[ShownPick, ...]
    language: str = ""  # as in `Options`, when the edition was composed
    is_text_only: bool = False
    authors: tuple[AuthorCard, ...] = ()  # of followed authors of its papers

    @property
    def is_empty(self) -> bool:
        return not self.picks


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a subscriber gets no mail for an occasion; stored, logged and shown by `digest why`."""

    reason: str


# ── outbox ───────────────────────────────────────────────────────────────────────────────────────


class OutboxKind(StrEnum):
    DIGEST = "digest"
    CONFIRMATION = "confirmation"
    WELCOME = "welcome"
    NOTE = "note"
    GOODBYE = "goodbye"
    ALERT = "alert"
    TEST = "test"
    ACCESS = "access"  # a fresh link to the subscriber's own page
    MOVE = "move"  # whether a new address is meant
    MOVED = "moved"  # to the old address: mails go elsewhere from now on


class OutboxState(StrEnum):
    """pending → claimed → data_started → sent | deferred | failed | ambiguous; stuck, dropped, cancelled end it too."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DATA_STARTED = "data_started"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    STUCK = "stuck"
    DROPPED = "dropped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the SMTP dialogue needs beside the bytes."""

    sender: str
    recipient: str
    message_id: str
