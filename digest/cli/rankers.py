"""Rankers by kind, as the commands that measure and replay them need them: taught, then asked for orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from digest import wiring
from digest.cli.desk import Desk
from digest.model import Paper
from digest.ranking.rank import Request
from digest.ranking.rankers import Learner


@runtime_checkable
class Orders(Protocol):
    """A ranker that can order all papers, those it would not mail too."""

    def order_batch(
        self, requests: Sequence[Request], candidates: Sequence[Paper], liked: Mapping[int, Paper], now: datetime
    ) -> Iterator[list[int]]:
        """The ids of each request's best papers, best first."""
        ...


def new_rankers(desk: Desk, *kinds: str | None) -> dict[str, Learner]:
    """Rankers of these kinds that have read nothing yet, by kind. UsageError says which kinds there are."""
    return {kind: wiring.measured_ranker(desk.settings_or_defaults, kind) for kind in kinds if kind is not None}


def orders_of(
    ranker: Learner,
    requests: Sequence[Request],
    candidates: Sequence[Paper],
    liked: Mapping[int, Paper],
    now: datetime,
) -> Iterator[list[int]]:
    """Each request's papers, best first; of a ranker that only picks, its picks."""
    if isinstance(ranker, Orders):
        yield from ranker.order_batch(requests, candidates, liked, now)
        return
    for picks in ranker.rank_batch(requests, candidates, liked, now):
        yield [pick.paper_id for pick in picks]
