"""Invented mails of every kind, for whoever writes templates: nothing in them is anybody's.

Each is made the way the real ones are, from values as compose and the letters give them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from digest.editions.assemble import Letterhead, letter, mail, note, notice
from digest.editions.letter import (
    Letter,
    access_content,
    confirmation_content,
    goodbye_content,
    manner_content,
    move_content,
    moved_content,
    trial_content,
    welcome_content,
)
from digest.editions.note import Note
from digest.editions.nothing import Cause, Nothing, note_content
from digest.editions.notice import Notice
from digest.editions.select import MISSED, REVISED, RISING, facts_of
from digest.model import (
    AuthorCard,
    Bar,
    Edition,
    Facts,
    Interest,
    Options,
    OutboxKind,
    Paper,
    Profile,
    Reason,
    ReasonKind,
    Schedule,
    ShownPick,
)

ADDRESS = "jane.doe@example.org"
_DAY = date(2026, 4, 20)
_AT = datetime(2026, 4, 20, 5, tzinfo=UTC)
_SCHEDULE = Schedule("Europe/Berlin", 7)


@dataclass(frozen=True, slots=True)
class Specimen:
    """One mail: `write` makes the message for an installation, in a language ("": the installation's)."""

    name: str
    title: str
    write: Callable[[Letterhead, str], bytes]


# ── papers ───────────────────────────────────────────────────────────────────────────────────────

_ABSTRACT = (
    "We ask what a lighthouse attends to. A model of twelve lamps reads the sea and points at ships, and we find that "
    "it looks where sailors look. Trained on 4,000 nights of fog, it names the nearest harbour in 93 % of them, and "
    "says so when it does not know. Code, lamps and fog are public."
)
_PAPER = Paper(
    id=1,
    key="arxiv:2604.00001",
    title="Where Lamps Look: Reading Attention Maps of Small Lighthouses",
    abstract=_ABSTRACT,
    authors=("Ada Lumen", "Björn Fyr", "Chandra Deepak", "Dana Leuchter"),
    is_authors_complete=True,
    affiliations=("University of Sampletown", "Coast Institute"),
    categories=("cs.CV", "cs.LG"),
    version=1,
    published_on=date(2026, 4, 17),
    first_seen_at=_AT,
    first_seen_day=_DAY,
    url=None,
    pdf_url=None,
    code_url="https://github.com/example/lamps",
    has_code=True,
    discussion_url="https://papers.example.org/lamps",
    signals={"upvotes": 128, "stars": 2400},
    series={"upvotes": (12, 40, 85, 120, 128)},
)
_QUIET = replace(_PAPER, code_url=None, has_code=False, discussion_url=None, signals={}, series={}, affiliations=())
_TITLES = (
    "Fog as a Regulariser: Generalisation of Coastal Radar",
    "A Grammar of Foghorns",
    "Low-Rank Tides: Forecasting 12 Harbours with 4,096 Parameters",
    "Gulls Considered Harmful: Occlusion in Maritime Detection",
    "Retrieval of Messages from Bottles at Scale",
    "On the Convergence of Keepers and Lamps",
    "Benchmarking Lighthouses Without Ships",
    "Anchors Away: Self-Supervised Mooring",
)
_HOSTILE = (
    '</style></title><script>alert(1)</script><img src=x onerror="a()">{{ 7*7 }}\u202e',
    r"$\mathcal{O}(n \log n)$-Attention: $\alpha$, $\beta_{i,j}$ & <b>bold</b> \textbf{claims} about $\mathbb{R}^{d}$",
    "AWordWithoutAnyBlankThatIsLongerThanAnyScreenIsWide" * 4,
    "\u200fعنوان من اليمين إلى اليسار\u200f and then from left to right",
    "ALL CAPITALS AND VERY LONG: " + "A STUDY OF STUDIES OF STUDIES " * 8,
)
_CHINESE = (
    (
        "灯塔在看什么：小型灯塔注意力图的解读",
        "我们研究灯塔关注什么。由十二盏灯组成的模型阅读大海并指向船只，我们发现它所看之处正是水手所看之处。",
    ),
    (
        "以雾为正则：海岸雷达的泛化能力",
        "雾常被视为噪声。我们证明，适量的雾可以改善海岸雷达的泛化能力，并给出相应的理论界限。",
    ),
)


def _terms(*words: str) -> Reason:
    return Reason(ReasonKind.TERMS, words, 2.0)


_FOLLOWED = Reason(ReasonKind.AUTHOR, ("Ada Lumen",), 1.0)
_LIKED = Reason(ReasonKind.LIKED, ("A Short History of Light",), 0.8)


def _pick(
    paper: Paper, number: int, *reasons: Reason, marker: str = "", interest: str = "", explores: bool = False
) -> ShownPick:
    numbered = replace(paper, id=number, key=f"arxiv:2604.{number:05}")
    return ShownPick(facts_of(numbered, marker), 3.0, reasons, interest, explores)


def _titled(number: int, paper: Paper = _QUIET) -> Paper:
    return replace(paper, title=_TITLES[number % len(_TITLES)])


def _full() -> Iterable[ShownPick]:
    lamps, sea = "Lamps and lenses", "Reading the sea"
    yield _pick(_PAPER, 1, _terms("attention maps", "grounding"), _FOLLOWED, interest=lamps)
    yield _pick(_titled(0, _PAPER), 2, _terms("radar", "fog"), _LIKED, interest=sea)
    yield _pick(_titled(1), 3, Reason(ReasonKind.CATEGORY, ("cs.CL",), 0.4), interest=sea)
    crowd = replace(_titled(2), authors=(*(f"Author {n}" for n in range(1, 218)), "Ada Lumen"), categories=("cs.LG",))
    yield _pick(crowd, 4, _FOLLOWED, _terms("low-rank"), interest=lamps)
    tldr = replace(_titled(4), summary="Bottles are found three times as often when they are asked for.", version=2)
    yield _pick(tldr, 5, Reason(ReasonKind.KEYWORD, ('"messages from bottles"',), 1.0), interest=sea)
    old = replace(_titled(3, _PAPER), published_on=date(2026, 3, 2))
    yield _pick(old, 6, Reason(ReasonKind.TREND, ("128 upvotes",), 1.0), _terms("occlusion"), marker=RISING)
    yield _pick(_titled(5), 7, Reason(ReasonKind.TREND, ("41 upvotes",), 1.0), explores=True)
    yield _pick(_titled(6), 8, _terms("benchmark"), marker=MISSED)
    yield _pick(replace(_titled(7), version=3), 9, marker=REVISED)


def _edition(picks: Iterable[ShownPick], *authors: AuthorCard, is_text_only: bool = False) -> Edition:
    return Edition(
        id=1,
        subscriber_id=7,
        occasion=str(_DAY),
        day=_DAY,
        since=datetime(2026, 4, 19, 5, tzinfo=UTC),
        composed_at=_AT,
        scanned=1412,
        picks=tuple(picks),
        is_text_only=is_text_only,
        authors=authors,
    )


def _digest(edition: Edition) -> Callable[[Letterhead, str], bytes]:
    return lambda head, language: mail(head, replace(edition, language=language), ADDRESS)


_CARD = AuthorCard("Ada Lumen", "cs.CV", 41, 120, 9_870, 71, 64)

_DIGESTS = (
    ("full", "Digest: everything at once", _edition(_full(), _CARD)),
    ("one", "Digest: one paper", _edition([_pick(_PAPER, 1, _terms("attention maps"), _FOLLOWED)], _CARD)),
    (
        "twenty",
        "Digest: twenty papers",
        _edition(_pick(_titled(n, _PAPER), n + 1, _terms("fog", "lamps"), _LIKED) for n in range(20)),
    ),
    (
        "weekly",
        "Digest: a Monday with what was missed",
        _edition(_pick(_titled(n), n + 1, _terms("tides"), marker=MISSED if n > 2 else "") for n in range(6)),
    ),
    (
        "chinese",
        "Digest: Chinese abstracts",
        _edition(
            _pick(replace(_PAPER, title=title, abstract=abstract * 3, authors=("林灯", "海雾")), n, _terms("灯塔"))
            for n, (title, abstract) in enumerate(_CHINESE, 1)
        ),
    ),
    (
        "hostile",
        "Digest: hostile and awkward titles",
        _edition(
            _pick(replace(_PAPER, title=title, abstract=title * 3, affiliations=(title,)), n, _terms(title[:60]))
            for n, title in enumerate(_HOSTILE, 1)
        ),
    ),
    ("text-only", "Digest: text only", _edition(_full(), _CARD, is_text_only=True)),
)


# ── other mails ──────────────────────────────────────────────────────────────────────────────────


def _note(cause: Cause) -> Callable[[Letterhead, str], bytes]:
    closest: Facts = facts_of(_PAPER)
    content = note_content(Nothing(cause, 412, _AT, Bar.NORMAL, closest)) | {"day": str(_DAY)}
    return lambda head, language: note(head, Note(7, ADDRESS, str(_DAY), _AT, content | _in(language)))


def _letter(kind: OutboxKind, content: dict[str, object]) -> Callable[[Letterhead, str], bytes]:
    def write(head: Letterhead, language: str) -> bytes:
        return letter(head, Letter(kind, 7, ADDRESS, str(_DAY), "<specimen@localhost>", _AT, content | _in(language)))

    return write


def _in(language: str) -> dict[str, object]:
    return manner_content(Options(language=language))


def _alert(head: Letterhead, language: str) -> bytes:
    told = [
        "source arxiv: silent for 3 days, which it never was before",
        "mails are stuck (3): 'digest outbox list --state stuck'",
    ]
    one = Notice(OutboxKind.ALERT, "admin@example.org", "<specimen@localhost>", _AT, {"alerts": told})
    return notice(replace(head, language=language or head.language), one)


_PROFILE = Profile((Interest(categories=("cs.CV",), keywords=("attention maps", "fog"), authors=("Ada Lumen",)),))

SPECIMENS: tuple[Specimen, ...] = (
    *(Specimen(name, title, _digest(edition)) for name, title, edition in _DIGESTS),
    Specimen("note", "Note: nothing above the bar", _note(Cause.BELOW_BAR)),
    Specimen("note-quiet", "Note: nothing new", _note(Cause.NOTHING_NEW)),
    Specimen(
        "confirmation",
        "Confirmation",
        _letter(OutboxKind.CONFIRMATION, confirmation_content(5, _SCHEDULE, 20, is_invited=False)),
    ),
    Specimen(
        "invitation",
        "Invitation",
        _letter(OutboxKind.CONFIRMATION, confirmation_content(5, _SCHEDULE, 20, is_invited=True)),
    ),
    Specimen("welcome", "Welcome", _letter(OutboxKind.WELCOME, welcome_content(_SCHEDULE, 20, _PROFILE, _AT))),
    Specimen(
        "welcome-bare",
        "Welcome without interests",
        _letter(OutboxKind.WELCOME, welcome_content(_SCHEDULE, 20, Profile(), None)),
    ),
    Specimen("access", "Link to the preferences", _letter(OutboxKind.ACCESS, access_content(_AT))),
    Specimen("move", "New address", _letter(OutboxKind.MOVE, move_content(5))),
    Specimen("moved", "To the old address", _letter(OutboxKind.MOVED, moved_content())),
    Specimen("goodbye", "Goodbye", _letter(OutboxKind.GOODBYE, goodbye_content())),
    Specimen("test", "Test message", _letter(OutboxKind.TEST, trial_content("mail.example.org"))),
    Specimen("alert", "Alert to the admin", _alert),
)
