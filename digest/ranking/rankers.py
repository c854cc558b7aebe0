"""The built-in kinds of ranker, and two of them taking turns. Each is taught papers, then asked for picks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from digest.model import Paper, Pick
from digest.ranking.corpus import Corpus
from digest.ranking.embeddings import Embeddings, Encoder
from digest.ranking.interleave import team_draft
from digest.ranking.meaning import Ridge
from digest.ranking.rank import Ranker, Request
from digest.ranking.trace import Trace


class Learner(Protocol):
    """What a ranker is; a class of somebody's own needs these two and is made without arguments."""

    def learn(self, papers: Sequence[tuple[int, str]]) -> None:
        """Read more papers: number and text (title, newline, abstract), oldest first."""
        ...

    def rank_batch(
        self,
        requests: Sequence[Request],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[tuple[Pick, ...]]:
        """The picks of each request, best first; the reasons' shares sum to the score."""
        ...


@runtime_checkable
class Tracer(Protocol):
    """A ranker that can tell what became of a paper."""

    def trace(
        self,
        request: Request,
        paper_ids: Sequence[int],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[Trace]: ...


class Bm25(Ranker):
    """By the words."""

    def __init__(self, corpus: Corpus | None = None) -> None:
        self._learnt = Corpus() if corpus is None else corpus
        super().__init__(self._learnt)

    def learn(self, papers: Sequence[tuple[int, str]]) -> None:
        self._learnt.add([paper_id for paper_id, _ in papers], [text for _, text in papers])


class Semantic(Ranker):
    """By the words and, where vectors are known, by what a language model makes of them.

    Where `embeddings` are given they are kept by somebody else; otherwise it embeds the papers it is taught itself.
    """

    def __init__(self, encoder: Encoder, embeddings: Embeddings | None = None, corpus: Corpus | None = None) -> None:
        self._learnt = Corpus() if corpus is None else corpus
        self._encoder, self._own = encoder, Embeddings() if embeddings is None else None
        known = self._own if embeddings is None else embeddings
        assert known is not None, "one of them is there"
        super().__init__(self._learnt, Ridge(known, encoder.encode))

    def learn(self, papers: Sequence[tuple[int, str]]) -> None:
        ids, texts = [paper_id for paper_id, _ in papers], [text for _, text in papers]
        self._learnt.add(ids, texts)
        if self._own is not None and papers:
            self._own.add(ids, self._encoder.encode(texts))


class Interleaved:
    """Two rankers in one edition, by team draft; each pick says whose it is."""

    def __init__(self, first: tuple[str, Learner], second: tuple[str, Learner]) -> None:
        self._teams = (first, second)

    def learn(self, papers: Sequence[tuple[int, str]]) -> None:
        for _, ranker in self._teams:
            ranker.learn(papers)

    def rank_batch(
        self,
        requests: Sequence[Request],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[tuple[Pick, ...]]:
        """Half of the picks of each, in turns; the draw is by subscriber and day (UTC)."""
        found = [(name, one.rank_batch(requests, candidates, liked, now, rising)) for name, one in self._teams]
        return [
            team_draft([(name, picks[row]) for name, picks in found], one.limit, one.subscriber_id, now.date())
            for row, one in enumerate(requests)
        ]

    def trace(
        self,
        request: Request,
        paper_ids: Sequence[int],
        candidates: Sequence[Paper],
        liked: Mapping[int, Paper],
        now: datetime,
        rising: Collection[int] = (),
    ) -> list[Trace]:
        """What became of each paper with the ranker that proposed it, else with the first one that can tell."""
        (picks,) = self.rank_batch([request], candidates, liked, now, rising)
        proposed = {pick.paper_id: pick.ranker for pick in picks}
        able = {name: one for name, one in self._teams if isinstance(one, Tracer)}
        found = []
        for paper_id in paper_ids if able else ():
            ranker = able.get(proposed.get(paper_id, ""), next(iter(able.values())))
            found += ranker.trace(request, [paper_id], candidates, liked, now, rising)
        return found
