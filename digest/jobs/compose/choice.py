"""Which of the papers on offer each subscriber gets: the whole batch at once, in a handful of rankings.

new and rising ─rank─► picks            at most the subscriber's limit
the week before ─rank─► missed          once a week, at most 5, for those who want a roll-up
revised and known ─mutes─► revised      at most 3, for those who want revisions
nothing of all that ─rank─► why not     below the bar, known or muted, or nothing that fits
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digest.editions.nothing import Cause, Nothing
from digest.jobs.compose.batch import Batch, Task
from digest.jobs.compose.offer import Offer
from digest.model import Bar, Options, Paper, Profile, ShownPick
from digest.ranking.rank import Request
from digest.ranking.rankers import Learner
from digest.store.editions import Composed

MISSED_SHOWN = 5
"""Papers of a roll-up at most; they come beside the subscriber's limit."""

REVISIONS_SHOWN = 3
"""Revisions in one edition at most; they come beside the limit, too."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one task; a broken one has no result, its lease lapses. `nothing` says why there are no picks."""

    task: Task
    composed: Composed
    covered_until: datetime | None
    nothing: Nothing | None = None


_Chosen = dict[int, tuple[ShownPick, ...]]
"""Subscriber id → picks."""


def choose(ranker: Learner, batch: Batch, tasks: Sequence[Task], offer: Offer) -> list[Result]:
    """The editions of these tasks, all of one period."""
    missed = _missed(ranker, batch, tasks, offer)
    revised = _revised(ranker, batch, tasks, offer)
    picks = _chosen(ranker, batch, tasks, offer)  # last, so that the ranker has the same papers at hand for `_nothing`
    shown = {task.reader: (*picks[task.reader], *missed[task.reader], *revised[task.reader]) for task in tasks}
    nothing = _nothing(ranker, batch, [task for task in tasks if not shown[task.reader]], offer)
    return [_result(task, shown[task.reader], nothing.get(task.reader), batch, offer) for task in tasks]


def request(task: Task) -> Request:
    """What a task asks of the ranker."""
    return Request(task.reader, task.due.profile, task.due.subscriber.limit, task.excluded)


def _chosen(ranker: Learner, batch: Batch, tasks: Sequence[Task], offer: Offer) -> _Chosen:
    offered = offer.offered
    if not offered:
        return {task.reader: () for task in tasks}
    ranked = ranker.rank_batch([request(task) for task in tasks], offered, batch.liked, batch.at, offer.rising)
    return {task.reader: offer.chosen(some) for task, some in zip(tasks, ranked, strict=True)}


def _missed(ranker: Learner, batch: Batch, tasks: Sequence[Task], offer: Offer) -> _Chosen:
    """The best of the week before that were above the bar and found no place, ranked once for each common week."""
    found: _Chosen = {task.reader: () for task in tasks}
    weeks: defaultdict[datetime, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.missed_since is not None:
            weeks[task.missed_since].append(task)
    for since, some in weeks.items():
        requests = [_request_for_missed(task, offer.rising) for task in some]
        if papers := offer.earlier(since):
            ranked = ranker.rank_batch(requests, papers, batch.liked, batch.at)
            found |= {task.reader: offer.missed(few) for task, few in zip(some, ranked, strict=True)}
    return found


def _request_for_missed(task: Task, rising: frozenset[int]) -> Request:
    """What rises is offered with the new papers."""
    profile = replace(task.due.profile, options=replace(task.due.profile.options, explores=False))
    return Request(task.reader, profile, MISSED_SHOWN, task.excluded | rising)


def _revised(ranker: Learner, batch: Batch, tasks: Sequence[Task], offer: Offer) -> _Chosen:
    """The revisions that no mute forbids; who was mailed a paper fits it, so nothing else is asked."""
    found: _Chosen = {task.reader: () for task in tasks}
    asking = [task for task in tasks if task.revised]
    if not asking:
        return found
    requests = [_request_for_mutes(task, batch.revised) for task in asking]
    allowed = ranker.rank_batch(requests, list(batch.revised.values()), {}, batch.at)
    for task, passed in zip(asking, allowed, strict=True):
        ids = {pick.paper_id for pick in passed}
        found[task.reader] = offer.revised([paper for paper in task.revised if paper in ids][:REVISIONS_SHOWN])
    return found


def _request_for_mutes(task: Task, revised: Mapping[int, Paper]) -> Request:
    """Everything of the task's own revisions but what is muted: a profile without interests wants it all."""
    profile = replace(task.due.profile, interests=(), options=Options(bar=Bar.OFF))
    return Request(task.reader, profile, len(revised), frozenset(revised).difference(task.revised))


def _nothing(ranker: Learner, batch: Batch, tasks: Sequence[Task], offer: Offer) -> dict[int, Nothing]:
    """Why these subscribers get nothing, by ranking again without a bar, then without what is known or muted."""
    scanned = len(offer.new)
    if not offer.offered:
        return {task.reader: Nothing(Cause.NOTHING_NEW, scanned, offer.since) for task in tasks}
    found: dict[int, Nothing] = {}
    left = list(tasks)
    for cause, loosened in ((Cause.BELOW_BAR, _without_bar), (Cause.RULED_OUT, _without_rules)):
        requests = [loosened(task) for task in left]
        ranked = ranker.rank_batch(requests, offer.offered, batch.liked, batch.at, offer.rising) if left else []
        for task, best in zip(left, ranked, strict=True):
            if best:
                closest = offer.facts(best[0].paper_id)
                bar = task.due.profile.options.bar
                found[task.reader] = Nothing(cause, scanned, offer.since, bar, closest)
        left = [task for task in left if task.reader not in found]
    return found | {task.reader: Nothing(Cause.NO_FIT, scanned, offer.since) for task in left}


def _without_bar(task: Task) -> Request:
    return Request(task.reader, _loose(task.due.profile), 1, task.excluded)


def _without_rules(task: Task) -> Request:
    profile = replace(_loose(task.due.profile), muted=(), muted_authors=(), muted_categories=())
    return Request(task.reader, profile, 1)


def _loose(profile: Profile) -> Profile:
    return replace(profile, options=replace(profile.options, bar=Bar.OFF, explores=False))


def _result(task: Task, picks: tuple[ShownPick, ...], nothing: Nothing | None, batch: Batch, offer: Offer) -> Result:
    composed = Composed(
        subscriber_id=task.reader,
        occasion=task.name,
        day=task.occasion.day,
        since=task.since,
        composed_at=batch.at,
        scanned=len(offer.new),
        picks=picks,
        skip_reason=nothing.reason if nothing else None,
        language=task.due.profile.options.language,
        is_text_only=task.due.profile.options.is_text_only,
        authors=batch.cards_of(picks),
    )
    return Result(task, composed, offer.newest_at, nothing)
