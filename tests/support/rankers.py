"""A ranker of somebody's own, as `--ranker tests.support.rankers:Backwards` names it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from digest.model import Paper, Pick, Reason, ReasonKind
from digest.ranking.rank import Request


class Backwards:
    """It likes titles late in the alphabet, whoever asks."""

    def __init__(self) -> None:
        self.learnt = 0

    def learn(self, papers: Sequence[tuple[int, str]]) -> None:
        self.learnt += len(papers)

    def rank_batch(
        self,
        requests: Sequence[Request],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[tuple[Pick, ...]]:
        del liked, now, rising
        last_first = sorted(candidates, key=lambda paper: paper.title, reverse=True)
        reason = Reason(ReasonKind.TERMS, ("late in the alphabet",), 1.0)
        return [tuple(Pick(one.id, 1.0, (reason,)) for one in last_first[: wish.limit]) for wish in requests]
