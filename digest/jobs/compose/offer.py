"""What is offered to subscribers of one period, and how a pick of it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from digest.editions.select import MISSED, REVISED, RISING, facts_of
from digest.jobs.compose.batch import Batch
from digest.jobs.leads import led
from digest.model import Facts, Paper, Pick, ShownPick


class Offer:
    """Papers on offer: new in the period, rising, left out before it; the facts of each are made once for all.

    `new` are the papers first seen after `since`, newest first; `rising` the ids of known papers that trend now.
    """

    def __init__(self, batch: Batch, since: datetime) -> None:
        self.since = since
        self.new = [paper for paper in batch.papers if paper.first_seen_at > since]
        risen = [one.paper for one in batch.rising if one.is_since(since)]
        self.rising = frozenset(paper.id for paper in risen).difference(paper.id for paper in self.new)
        self._earlier = [paper for paper in batch.papers if paper.first_seen_at <= since]
        self._by_id = {paper.id: paper for paper in (*self._earlier, *batch.revised.values(), *risen, *self.new)}
        self._risen = [paper for paper in risen if paper.id in self.rising]
        self._facts: dict[tuple[int, str], Facts] = {}

    @cached_property
    def offered(self) -> Sequence[Paper]:
        """New and rising papers."""
        return [*self._risen, *self.new] if self.rising else self.new

    @cached_property
    def newest_at(self) -> datetime | None:
        """Up to when the period is covered.

        Not until now: a listing stored a moment later may bear an earlier time, and must not fall between two periods.
        """
        return max((paper.first_seen_at for paper in self.new), default=None)

    def earlier(self, since: datetime) -> list[Paper]:
        """The papers first seen after `since` and before the period."""
        return [paper for paper in self._earlier if paper.first_seen_at > since]

    def chosen(self, picks: Sequence[Pick]) -> tuple[ShownPick, ...]:
        """Picks of `offered` as they are shown."""
        return tuple(self._shown(pick, RISING if pick.paper_id in self.rising else "") for pick in picks)

    def missed(self, picks: Sequence[Pick]) -> tuple[ShownPick, ...]:
        return tuple(self._shown(pick, MISSED) for pick in picks)

    def revised(self, paper_ids: Sequence[int]) -> tuple[ShownPick, ...]:
        """Revisions were not ranked: the reader knows these papers, and that is the whole reason."""
        return tuple(self._shown(Pick(paper_id, 0.0, ()), REVISED) for paper_id in paper_ids)

    def facts(self, paper_id: int, marker: str = "") -> Facts:
        key = paper_id, marker
        if key not in self._facts:
            self._facts[key] = facts_of(led(self._by_id[paper_id]), marker)
        return self._facts[key]

    def _shown(self, pick: Pick, marker: str) -> ShownPick:
        facts = self.facts(pick.paper_id, marker)
        return ShownPick(facts, pick.score, pick.reasons, pick.interest, pick.is_exploration, pick.ranker)
