"""What a claim of compose holds: the editions to make and all that ranking needs, read in few statements.

    covered_until ──── papers first seen ────► newest one: the next period begins after it
    a week before it ─► since                  what the limit left out, once a week for those who want it
    since ─► now                               revisions of what was mailed or liked, for those who want it

The number of statements does not depend on how many subscribers are due, whatever their options.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.editions import calendar
from digest.jobs.vectors import Made
from digest.model import AuthorCard, Paper, ReasonKind, ShownPick
from digest.papers.identity import fold_name
from digest.store import attention, authors, catalog, editions, revisions, shelf
from digest.store.attention import Rising
from digest.store.database import Connection
from digest.store.due import DueSubscriber
from digest.store.editions import Recent

_log = logging.getLogger(__name__)

FIRST_LOOK_BACK = timedelta(days=3)
"""What a first edition covers: this span before the newest paper, a weekend's silence included, so it is not empty."""

LONGEST_LOOK_BACK = timedelta(days=31)
"""What an edition covers at most, after a long pause or downtime."""

ROLL_UP_SPAN = timedelta(days=7)
"""How far before its own period the first edition of a week looks for what the limit left out."""


@dataclass(frozen=True, slots=True)
class Task:
    """One edition to make: for which occasion, over the papers first seen after `since`.

    `missed_since`: also what was left out between then and `since`; None where no roll-up is due. `revised` are
    papers the subscriber knows of which there is a newer version, what they liked first.
    """

    due: DueSubscriber
    occasion: calendar.Due
    name: str
    since: datetime
    excluded: frozenset[int] = frozenset()
    missed_since: datetime | None = None
    revised: tuple[int, ...] = ()

    @property
    def reader(self) -> int:
        return self.due.subscriber.id


@dataclass(frozen=True, slots=True)
class Batch:
    """A claim: tasks with all that ranking needs. Without tasks it only teaches the corpus.

    `papers` are all that were first seen in a task's period or before it as far as a roll-up looks, newest first.
    `cards` are those of followed authors of these papers, by folded name.
    """

    at: datetime
    texts: Sequence[tuple[int, str]]
    tasks: Sequence[Task] = ()
    papers: Sequence[Paper] = ()
    liked: Mapping[int, Paper] = field(default_factory=dict)
    rising: Sequence[Rising] = ()
    revised: Mapping[int, Paper] = field(default_factory=dict)
    vectors: Sequence[Made] = ()
    cards: Mapping[str, AuthorCard] = field(default_factory=dict)

    def cards_of(self, picks: Sequence[ShownPick]) -> tuple[AuthorCard, ...]:
        """What is known of the authors for whose sake the papers are there, each once, in the order of the papers."""
        told = (name for pick in picks for r in pick.reasons if r.kind is ReasonKind.AUTHOR for name in r.words)
        found = {folded: self.cards[folded] for name in told if (folded := fold_name(name)) in self.cards}
        return tuple(found.values())[:_CARDS]


_CARDS = 5
"""Author cards of an edition at most."""


def scheduled(connection: Connection, claimed: Sequence[DueSubscriber], now: datetime) -> list[Task]:
    """The editions of the schedules: one for the local day each, however many were missed."""
    newest = editions.newest_paper_at(connection, now)
    tasks = []
    for one in claimed:
        try:
            occasion = calendar.due(one.subscriber.schedule, one.edition_at, now)
        except ValueError:  # a zone that the system's database no longer knows
            _log.exception("the schedule of subscriber %d cannot be read", one.subscriber.id)
        else:
            tasks.append(Task(one, occasion, str(occasion.day), period_start(one, newest, now)))
    return tasks


def period_start(one: DueSubscriber, newest: datetime | None, now: datetime) -> datetime:
    """After which first sighting a paper is new to a subscriber; `newest` is that of the newest paper.

    A `covered_until` that lies ahead was written under a clock that ran ahead; the ledger knows what was shown.
    """
    covered = one.covered_until
    since = covered if covered and covered <= now else (newest or now) - FIRST_LOOK_BACK
    return max(since, now - LONGEST_LOOK_BACK)


def load(
    connection: Connection,
    tasks: Sequence[Task],
    now: datetime,
    texts: Sequence[tuple[int, str]],
    vectors: Sequence[Made] = (),
) -> Batch:
    """The batch with its papers, and every task with the papers its subscriber knows."""
    tasks = _with_roll_ups(connection, tasks)
    tasks = _with_revisions(connection, tasks, now)
    papers = catalog.candidates(connection, min((task.missed_since or task.since for task in tasks), default=now), now)
    rising = attention.rising(connection, min((task.since for task in tasks), default=now), now)
    profiles = [task.due.profile for task in tasks]
    voted = {paper for profile in profiles for paper in (*profile.likes, *profile.dislikes)}
    readers = [task.reader for task in tasks]
    return Batch(
        at=now,
        texts=texts,
        tasks=_excluding(connection, tasks, papers, rising),
        papers=papers,
        liked=catalog.papers_by_id(connection, [paper for paper in voted if paper > 0])
        | shelf.works(connection, readers),
        rising=rising,
        revised=catalog.papers_by_id(connection, {paper for task in tasks for paper in task.revised}, now),
        vectors=vectors,
        cards=_cards(connection, tasks, [*papers, *(one.paper for one in rising)]),
    )


def _cards(connection: Connection, tasks: Sequence[Task], papers: Sequence[Paper]) -> dict[str, AuthorCard]:
    interests = (interest for task in tasks for interest in task.due.profile.interests)
    followed = {fold_name(name) for interest in interests for name in interest.authors}
    if not followed:
        return {}
    return authors.cards(connection, followed.intersection(fold_name(name) for one in papers for name in one.authors))


def _excluding(
    connection: Connection, tasks: Sequence[Task], papers: Sequence[Paper], rising: Sequence[Rising]
) -> list[Task]:
    """What was sent before, voted on, read, saved, written or imported is never recommended."""
    readers = [task.reader for task in tasks]
    risen = [one.paper.id for one in rising]
    ledger = editions.picked_ids(connection, readers, min((paper.id for paper in papers), default=0))
    sent = editions.picked_among(connection, readers, risen)
    known = shelf.known_ids(connection, readers, [*(paper.id for paper in papers), *risen])
    nothing = frozenset[int]()
    return [
        replace(
            task,
            excluded=nothing.union(
                *(ids.get(task.reader, nothing) for ids in (ledger, sent, known)),
                task.due.profile.likes,
                task.due.profile.dislikes,
            ),
        )
        for task in tasks
    ]


# ── once a week: what the limit left out ─────────────────────────────────────────────────────────


def _with_roll_ups(connection: Connection, tasks: Sequence[Task]) -> list[Task]:
    asking = [task for task in tasks if task.due.profile.options.has_roll_up]
    if not asking:
        return list(tasks)
    earliest = min(task.occasion.day for task in asking) - 2 * ROLL_UP_SPAN
    recent = editions.recent(connection, [task.reader for task in asking], earliest)
    looking = {task.reader: _missed_since(task, recent.get(task.reader)) for task in asking}
    return [replace(task, missed_since=looking.get(task.reader)) for task in tasks]


def _missed_since(task: Task, recent: Recent | None) -> datetime | None:
    """From when on; None unless it is the first edition of a week after one that had editions."""
    if recent is None or recent.last_day is None:
        return None
    day = task.occasion.day
    monday = day - timedelta(days=day.weekday())
    since = max(task.since - ROLL_UP_SPAN, recent.since)
    return since if recent.last_day < monday and since < task.since else None


# ── revisions ────────────────────────────────────────────────────────────────────────────────────

_REVISIONS_LOOKED_AT = 10  # per subscriber; muted words may take some of them away


def _with_revisions(connection: Connection, tasks: Sequence[Task], now: datetime) -> list[Task]:
    asking = [task for task in tasks if task.due.profile.options.has_revisions]
    if not asking:
        return list(tasks)
    revised = revisions.revised_between(connection, min(task.since for task in asking), now)
    told = revisions.told(connection, [task.reader for task in asking], revised)
    found = {task.reader: _revised_for(task, revised, told.get(task.reader, {})) for task in asking}
    return [replace(task, revised=found.get(task.reader, ())) for task in tasks]


def _revised_for(task: Task, revised: Mapping[int, datetime], told: Mapping[int, datetime]) -> tuple[int, ...]:
    """Each revision since the paper was mailed, told of or liked last; those of liked papers first, then the latest."""
    liked = _liked_at(task)
    known = {paper: max(told.get(paper, task.since), liked.get(paper, task.since)) for paper in {*told, *liked}}
    disliked = frozenset(task.due.profile.dislikes)
    news = [paper for paper, at in known.items() if paper in revised and revised[paper] > max(at, task.since)]
    news.sort(key=lambda paper: (paper not in liked, -revised[paper].timestamp(), paper))
    return tuple(paper for paper in news if paper not in disliked)[:_REVISIONS_LOOKED_AT]


def _liked_at(task: Task) -> dict[int, datetime]:
    """When each liked paper was liked; long ago where nobody knows."""
    found: dict[int, datetime] = {}
    for interest in task.due.profile.interests:
        times = interest.liked_at or (task.since,) * len(interest.likes)
        found.update(zip(interest.likes, times, strict=False))
    return found
