"""`digest evaluate --history`: rankers on the days that the catalog has seen, judged by the votes given since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import click

from digest.cli.desk import Desk
from digest.cli.measures import (
    Group,
    Measured,
    against_figures,
    by_likes,
    counted_unit,
    figures,
    group_figures,
    grouped,
    show_against,
    show_groups,
    show_measures,
)
from digest.cli.output import counted, show_json
from digest.cli.rankers import new_rankers, orders_of
from digest.errors import DigestError
from digest.model import Paper, Profile
from digest.ranking.corpus import WINDOW
from digest.ranking.metrics import DEPTH, Judged, measured
from digest.ranking.rank import Request
from digest.ranking.rankers import Learner
from digest.ranking.replay import Case, by_person, instants, liked_of, of_interest, profile_before
from digest.store import history, profiles, subscribers
from digest.store.database import Connection

_MAIN = "main"  # what tables call the interest without a name


@dataclass(frozen=True, slots=True)
class Span:
    """Which days and whom; None means all there are."""

    since: date | None
    until: date | None
    subscriber: str | None


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber with their profile of today, and when each vote was given."""

    id: int
    profile: Profile
    given_at: Mapping[int, datetime]


@dataclass(frozen=True, slots=True)
class Past:
    """What is replayed: days in order, readers, and every paper that anybody voted on."""

    days: Sequence[date]
    readers: Sequence[Reader]
    voted: Mapping[int, Paper]


def show_history(desk: Desk, span: Span, kind: str, against: str | None, *, as_json: bool) -> None:
    """Replay, judge and print.

    Raises:
        DigestError: there is nothing to judge by; the text says what is missing.
    """
    rankers = new_rankers(desk, kind, against)
    past = desk.call(_load, span)
    cases: dict[str, list[Case]] = {name: [] for name in rankers}
    for name, case in _cases(desk, past, rankers):
        cases[name].append(case)
    if not cases[kind]:
        raise DigestError(_unjudged(past))
    _show(cases, as_json=as_json)


def _load(connection: Connection, span: Span) -> Past:
    days = [
        day
        for day in history.days_with_papers(connection)
        if (span.since is None or day >= span.since) and (span.until is None or day <= span.until)
    ]
    ids = [subscribers.get(connection, span.subscriber).id] if span.subscriber else history.voters(connection)
    votes = history.votes_given(connection, ids)
    found = profiles.get_profiles(connection, ids)
    readers = [Reader(i, found[i], instants(found[i], votes.get(i, {}))) for i in ids if i in found]
    voted = {paper for one in readers for paper in one.given_at}
    return Past(days, readers, history.voted_papers(connection, ids, voted))


def _cases(desk: Desk, past: Past, rankers: Mapping[str, Learner]) -> Iterator[tuple[str, Case]]:
    """Each day that somebody can be judged on, by each ranker, which reads the papers as the days go by."""
    read_until: date | None = None
    for day in past.days:
        candidates = desk.call(history.new_papers, day, day)
        wanted = desk.call(_wanted, past, day, frozenset(paper.id for paper in candidates))
        if not wanted:
            continue
        since = read_until + timedelta(days=1) if read_until else None
        texts = desk.call(history.texts_of, since, day, WINDOW)
        read_until = day
        for name, ranker in rankers.items():
            ranker.learn(texts)
            for case in _judged(ranker, day, wanted, candidates, past.voted):
                yield name, case


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One reader before a day, and what they came to like of it."""

    request: Request
    by_interest: Mapping[str, frozenset[int]]


def _wanted(connection: Connection, past: Past, day: date, new: frozenset[int]) -> list[_Wanted]:
    """Those who liked something of the day that they had not known before."""
    start = history.begin_of(day)
    known = history.known_before(connection, [one.id for one in past.readers], sorted(new), start)
    found = []
    for one in past.readers:
        liked = liked_of(one.profile, one.given_at, start, new - known[one.id])
        if liked:
            before = profile_before(one.profile, one.given_at, start, new)
            found.append(_Wanted(Request(one.id, before, DEPTH, known[one.id]), liked))
    return found


def _judged(
    ranker: Learner, day: date, wanted: Sequence[_Wanted], candidates: Sequence[Paper], voted: Mapping[int, Paper]
) -> Iterator[Case]:
    orders = orders_of(ranker, [one.request for one in wanted], candidates, voted, history.end_of(day))
    for one, order in zip(wanted, orders, strict=True):
        relevant = frozenset[int]().union(*one.by_interest.values())
        likes = len(one.request.profile.likes)
        yield Case(one.request.subscriber_id, day, Judged(order, relevant, likes), one.by_interest)


def _unjudged(past: Past) -> str:
    """What is missing, where nobody can be judged."""
    if not past.days:
        return "no day to replay: the catalog has no new papers then; 'digest poll' or 'digest import' brings some"
    span = f"{past.days[0]} to {past.days[-1]}"
    votes = sum(len(one.given_at) for one in past.readers)
    if not votes:
        return f"no votes to judge {span} by: 'digest profile EMAIL like PAPER' and the links in mails give some"
    return (
        f"nothing to judge by: none of the {counted(votes, 'vote')} is a like, given on its day or later, "
        f"of a paper that was new from {span}"
    )


def _show(cases: Mapping[str, Sequence[Case]], *, as_json: bool) -> None:
    one, *others = [_measured(name, mine) for name, mine in cases.items()]
    mine = next(iter(cases.values()))
    groups = _groups(mine)
    people, likes = len({case.subscriber_id for case in mine}), sum(len(case.judged.relevant) for case in mine)
    if as_json:
        counts = {"people": people, "days": len({case.day for case in mine}), "likes": likes, "unit": one.unit}
        by = {key: group_figures(key.removeprefix("by_"), found) for key, (_, found) in groups.items()}
        show_json({**counts, **figures(one), **by, **against_figures(one, others)})
        return
    days = counted(len({case.day for case in mine}), "day")
    click.echo(f"{one.ranker}: {counted_unit(one)}, {days}, {counted(likes, 'like')} to find\n")
    show_measures(one)
    for heading, found in groups.values():
        show_groups(heading, "CASES", found)
    for other in others:
        show_against(one, other)
    click.echo(
        "\nA case is one person on one day. Readers vote mostly on what they were mailed, so the ranker that chose it"
    )
    click.echo("has an advantage. Words and names are those of today; likes are those of the day.")


def _measured(ranker: str, cases: Sequence[Case]) -> Measured:
    """Over people; of one person over days."""
    values = measured([case.judged for case in cases])
    if len({case.subscriber_id for case in cases}) == 1:
        return Measured(ranker, values, "day")
    return Measured(ranker, by_person(cases, values))


def _groups(cases: Sequence[Case]) -> dict[str, tuple[str, list[Group]]]:
    """The heading and the groups of each way to split the cases, by its key in JSON."""
    values = measured([case.judged for case in cases])
    named = sorted((name, case.day, case.subscriber_id, case) for case in cases for name in case.by_interest)
    of_interest_values = measured([of_interest(case, name) for name, *_, case in named])
    return {
        "by_day": ("DAY", grouped(values, [str(case.day) for case in cases])),
        "by_interest": ("INTEREST", grouped(of_interest_values, [name or _MAIN for name, *_ in named])),
        "by_likes": ("LIKES", by_likes(values, [case.judged.likes for case in cases])),
    }
