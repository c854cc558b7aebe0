"""`digest evaluate --day`: what a past day would have brought, for written profiles or for readers as they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from digest.cli.desk import Desk
from digest.cli.output import show_json
from digest.cli.profile_file import read_profile
from digest.cli.rankers import new_rankers
from digest.cli.replay_shown import Reader, Replay, Replayed, Top, facts, markdown, show
from digest.errors import DigestError, UsageError
from digest.model import Profile
from digest.ranking.corpus import WINDOW
from digest.ranking.rank import Request
from digest.ranking.replay import instants, profile_before
from digest.store import catalog, history, profiles, shelf, subscribers
from digest.store.database import Connection


def show_replay(desk: Desk, wish: Replay, wanted: Sequence[str], form: str) -> None:
    """Rank the days for `wanted` (files or addresses) and print it as text, markdown or JSON."""
    if wish.until < wish.day:
        raise UsageError(f"--until {wish.until} is before --day {wish.day}")
    done = replayed(desk, wish, wanted)
    if form == "json":
        show_json(facts(done))
    elif form == "markdown":
        click.echo(markdown(done))
    else:
        show(done)


def replayed(desk: Desk, wish: Replay, wanted: Sequence[str]) -> Replayed:
    """Rank the new papers of the days for everybody.

    Raises:
        DigestError: there were none.
        UsageError: a profile that cannot be read, or no such kind of ranker.
        NotFound: no such subscriber, or a profile names a paper that is not in the catalog.
    """
    (ranker,) = new_rankers(desk, wish.ranker).values()
    candidates = desk.call(history.new_papers, wish.day, wish.until)
    if not candidates:
        raise DigestError(_nothing_on(wish, desk.call(history.days_with_papers)))
    readers = [_reader(desk, one, wish, frozenset(paper.id for paper in candidates)) for one in wanted]
    voted = {paper for one in readers for paper in _voted(one.profile)}
    works = {paper_id: work for one in readers for paper_id, work in one.works.items()}
    ranker.learn(desk.call(history.texts_of, None, wish.until, WINDOW))
    requests = [
        Request(number, one.profile, wish.top, one.known.union(_voted(one.profile)))
        for number, one in enumerate(readers, start=1)
    ]
    liked = desk.call(catalog.papers_by_id, voted) | works
    ranked = ranker.rank_batch(requests, candidates, liked, history.end_of(wish.until))
    by_id = {paper.id: paper for paper in candidates}
    tops = [
        Top(one, [(pick, by_id[pick.paper_id]) for pick in picks]) for one, picks in zip(readers, ranked, strict=True)
    ]
    return Replayed(wish, len(candidates), tops)


def _voted(profile: Profile) -> tuple[int, ...]:
    return (*profile.likes, *profile.dislikes)


def _reader(desk: Desk, wanted: str, wish: Replay, new: frozenset[int]) -> Reader:
    path = Path(wanted)
    if path.is_file():
        return _written(desk, path, wish, new)
    if "@" not in wanted:
        raise UsageError(f"{wanted}: there is no such file; give a profile's file or a subscriber's address")
    return desk.call(_subscribed, wanted, wish, new)


def _subscribed(connection: Connection, address: str, wish: Replay, new: frozenset[int]) -> Reader:
    one = subscribers.get(connection, address)
    today = profiles.get_profile(connection, one.id)
    votes = history.votes_given(connection, [one.id])
    given = instants(today, votes.get(one.id, {}))
    before = profile_before(today, given, history.begin_of(wish.day), new)
    return Reader(
        name=one.name or one.address,
        profile=before,
        unread=len(_voted(today)) - len(_voted(before)),
        known=history.known_before(connection, [one.id], sorted(new), history.begin_of(wish.day))[one.id],
        works=shelf.works(connection, [one.id]),
    )


def _written(desk: Desk, path: Path, wish: Replay, new: frozenset[int]) -> Reader:
    """The likes of a file count as given before the day, so papers that were not known then cannot be among them."""
    written = read_profile(path)
    found = {name: desk.call(catalog.find, name) for name in written.papers}
    start = history.begin_of(wish.day).date()
    known = {
        name: paper.id
        for name, paper in found.items()
        if paper.id not in new and (paper.first_seen_day or paper.first_seen_at.date()) < start
    }
    return Reader(written.name, written.profile(known), len(found) - len(known))


def _nothing_on(wish: Replay, days: dict[date, int]) -> str:
    span = f"on {wish.day}" if wish.day == wish.until else f"from {wish.day} to {wish.until}"
    if not days:
        return f"nothing was new {span}: the catalog is empty; 'digest poll' or 'digest import' fills it"
    near = sorted(sorted(days, key=lambda day: abs(day - wish.day))[:5])
    return f"nothing was new {span}; the nearest days with papers: {', '.join(map(str, near))}"
