"""The AI Score: 0–100 from named parts, each between 0 and 1 and each shown beside it.

    AI Score = 100 · Σ weight · part / Σ weight, over the parts that are known

    attention  .35   a / (1 + a)            a = upvotes / 20 + comments / 10 + stars / 200
    novelty    .25   percentile / 100       see `novelty`
    code       .15   1 with code, else 0
    standing   .25   mean of h / (20 + h) and c / (2000 + c), of the author who has most; h-index and citations

Each part never falls when its figure grows, so neither does the score. A part nobody knows is left out and the other
weights count for all: nothing known against a paper is not nothing. The half-way figures (20 upvotes, h-index 20, …)
are stated choices, not measured ones; so are the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

WEIGHTS: Mapping[str, float] = {"attention": 0.35, "novelty": 0.25, "code": 0.15, "standing": 0.25}
"""Of the parts, by their names; they sum to 1."""

HALF_WAY: Mapping[str, float] = {
    "upvotes": 20.0,
    "comments": 10.0,
    "stars": 200.0,
    "h_index": 20.0,
    "citations": 2000.0,
}
"""The figure at which a part is a half, if it is the only one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The parts of a score, each in 0..1, None where it is not known."""

    attention: float | None = None
    novelty: float | None = None
    code: float | None = None
    standing: float | None = None

    @property
    def parts(self) -> dict[str, float]:
        """The known parts by name."""
        return {name: part for name in WEIGHTS if (part := getattr(self, name)) is not None}

    @property
    def known_weight(self) -> float:
        """How much of the whole the known parts are."""
        return sum(WEIGHTS[name] for name in self.parts)

    @property
    def score(self) -> int | None:
        """The AI Score; None where nothing is known."""
        parts = self.parts
        if not parts:
            return None
        # Rounded first: .35 + .15 is not quite .5 in binary, and a half must not fall now up, now down.
        points = 100 * sum(WEIGHTS[name] * part for name, part in parts.items()) / self.known_weight
        return int(round(points, 6) + 0.5)


def attention(signals: Mapping[str, int]) -> float | None:
    """Of the latest readings; None where nobody counted."""
    counted = [max(value, 0) / HALF_WAY[name] for name, value in signals.items() if name in HALF_WAY]
    return _damped(sum(counted)) if counted else None


def author_standing(h_index: int | None, citations: int | None) -> float | None:
    """Of one author's figures; None where neither is known."""
    figures = (("h_index", h_index), ("citations", citations))
    known = [_damped(max(value, 0) / HALF_WAY[name]) for name, value in figures if value is not None]
    return fmean(known) if known else None


def paper_standing(
    signals: Mapping[str, int], novelty: float | None, has_code: bool, authors: Iterable[float | None] = ()
) -> Standing:
    """A paper's parts: `novelty` is its percentile, `authors` are their standings, of which the highest counts."""
    return Standing(
        attention=attention(signals),
        novelty=None if novelty is None else novelty / 100,
        code=float(has_code),
        standing=max((one for one in authors if one is not None), default=None),
    )


def mean_standing(papers: Iterable[Standing], own: float | None) -> Standing:
    """An author's parts: the means of their papers' known parts, and the author's own standing."""
    some = list(papers)
    return Standing(
        attention=_mean(one.attention for one in some),
        novelty=_mean(one.novelty for one in some),
        code=_mean(one.code for one in some),
        standing=own,
    )


def _mean(parts: Iterable[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return fmean(known) if known else None


def _damped(amount: float) -> float:
    return amount / (1 + amount)
