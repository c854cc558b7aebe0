"""Computed figures as commands show them: an AI Score never without the parts it is made of."""

from __future__ import annotations

from digest.ranking.standing import WEIGHTS, Standing
from digest.store.authors import Work


def figures(work: Work) -> str:
    """A paper's novelty and score in one line."""
    novelty = "" if work.novelty is None else f"Novelty {work.novelty:.0f} % · "
    parts = ", ".join(f"{name} {part:.2f}" for name, part in work.standing.parts.items())
    return f"{novelty}AI Score {work.standing.score} ({parts})"


def figure_facts(work: Work) -> dict[str, object]:
    """The same for JSON."""
    return {"novelty": work.novelty, **score_facts(work.standing)}


def score_facts(standing: Standing) -> dict[str, object]:
    """An AI Score with everything it is made of; a part that nobody knows is null."""
    parts = {name: {"weight": weight, "value": standing.parts.get(name)} for name, weight in WEIGHTS.items()}
    return {"ai_score": standing.score, "ai_score_parts": parts}
