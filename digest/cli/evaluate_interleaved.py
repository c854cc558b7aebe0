"""`digest evaluate --interleaved`: which of the two rankers that share the editions readers vote for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import click

from digest.cli.desk import Desk
from digest.cli.output import counted, show_json, table
from digest.errors import DigestError
from digest.ranking.interleave import Contest, Votes, winner
from digest.store import history
from digest.store.votes import team_votes

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def show_contest(desk: Desk, since: date | None, until: date | None, *, as_json: bool) -> None:
    """Count the votes given on the picks of each.

    Raises:
        DigestError: no ranker takes turns with another, or nobody voted on what they proposed.
    """
    ranking = desk.settings.ranking
    if not ranking.against:
        raise DigestError('no two rankers take turns: give ranking.against = "KIND" in the configuration')
    start = history.begin_of(since) if since else _EARLIEST
    end = history.end_of(until) if until else desk.now()
    votes = desk.call(team_votes, start, end)
    if not votes:
        raise DigestError("nobody has voted on what the two rankers proposed in this time")
    found = winner(votes, ranking.kind, ranking.against)
    if as_json:
        show_json({"contest": found, "winner": found.winner, "votes": votes})
        return
    rows = [
        _row(found.first, found.prefer_first, votes),
        _row(found.second, found.prefer_second, votes),
    ]
    table(("RANKER", "LIKES", "DISLIKES", "PREFERRED BY"), rows, empty="")
    click.echo(f"\n{_verdict(found)}")


def _row(name: str, ahead: int, votes: Sequence[Votes]) -> tuple[object, ...]:
    mine = [one for one in votes if one.ranker == name]
    return name, sum(one.likes for one in mine), sum(one.dislikes for one in mine), ahead


def _verdict(found: Contest) -> str:
    people = counted(found.prefer_first + found.prefer_second + found.ties, "reader")
    if found.winner is None:
        return f"Of {people} {found.ties} prefer neither; chance alone is as one-sided in {found.chance:.0%} of cases."
    return f"Readers prefer {found.winner}: chance alone would be as one-sided in {found.chance:.1%} of cases."
