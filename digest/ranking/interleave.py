"""Two rankers in one edition, and which of them readers prefer.

Team draft (Radlinski, Kurup and Joachims, "How Does Clickthrough Data Reflect Retrieval Quality?", CIKM 2008): like
captains choosing teams, the rankers take turns in naming their best paper that is not taken, and who goes first is
drawn anew for each pair of picks. Who is asked first gains nothing on average, so a vote for a paper is a vote for the
ranker that named it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b

from digest.model import Pick
from digest.ranking.intervals import sign_test

CERTAIN = 0.05
"""A difference that chance makes at most so often counts as one."""


def team_draft(
    teams: Sequence[tuple[str, Sequence[Pick]]], limit: int, subscriber_id: int, day: date
) -> tuple[Pick, ...]:
    """The draft of two named rankers' picks, each best first; every pick says whose it is.

    The same subscriber on the same day always gets the same draw.
    """
    left = {name: list(picks) for name, picks in teams}
    names = [name for name, _ in teams]
    drafted: dict[int, Pick] = {}
    turn = 0
    while len(drafted) < limit and any(left.values()):
        for name in names if _is_first(subscriber_id, day, turn) else names[::-1]:
            pick = _next(left[name], drafted)
            if pick is not None and len(drafted) < limit:
                drafted[pick.paper_id] = replace(pick, ranker=name)
        turn += 1
    return tuple(drafted.values())


def _is_first(subscriber_id: int, day: date, turn: int) -> bool:
    drawn = blake2b(f"{subscriber_id} {day.isoformat()} {turn}".encode(), digest_size=1).digest()
    return drawn[0] % 2 == 0


def _next(picks: list[Pick], taken: Mapping[int, Pick]) -> Pick | None:
    while picks:
        pick = picks.pop(0)
        if pick.paper_id not in taken:
            return pick
    return None


@dataclass(frozen=True, slots=True)
class Votes:
    """What one subscriber said of the picks of one ranker."""

    subscriber_id: int
    ranker: str
    likes: int
    dislikes: int = 0


@dataclass(frozen=True, slots=True)
class Contest:
    """How many subscribers prefer which ranker; `chance` is how often chance alone is at least as one-sided.

    `winner` is None as long as chance would do.
    """

    first: str
    second: str
    prefer_first: int
    prefer_second: int
    ties: int
    chance: float

    @property
    def winner(self) -> str | None:
        if self.chance > CERTAIN:
            return None
        return self.first if self.prefer_first > self.prefer_second else self.second


def winner(votes: Sequence[Votes], first: str, second: str) -> Contest:
    """Compare by subscribers, however many votes each gave: one who votes a lot is one reader.

    A subscriber prefers the ranker with more likes less dislikes. `chance` is the exact two-sided sign test.
    """
    points: dict[int, int] = {}
    for one in votes:
        sign = {first: 1, second: -1}.get(one.ranker, 0)
        if sign:
            points[one.subscriber_id] = points.get(one.subscriber_id, 0) + sign * (one.likes - one.dislikes)
    ahead = sum(point > 0 for point in points.values())
    behind = sum(point < 0 for point in points.values())
    ties = len(points) - ahead - behind
    return Contest(first, second, ahead, behind, ties, sign_test(ahead, behind))
