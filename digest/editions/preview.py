"""A page that lists rendered editions, to be opened from a folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from digest.editions.dates import long_date
from digest.editions.plain import clean
from digest.editions.templates import environment
from digest.model import ReasonKind, ShownPick

_WORDS_SHOWN = 6
_LABEL = 200
# What a reader chose comes first; words such as "120 upvotes" sum up nothing.
_SUMMED = (
    ReasonKind.TERMS,
    ReasonKind.KEYWORD,
    ReasonKind.AUTHOR,
    ReasonKind.INSTITUTION,
    ReasonKind.CATEGORY,
)


@dataclass(frozen=True, slots=True)
class PreviewEntry:
    """One rendered edition; `link` is relative to the page, `reasons` may come from `reasons_summary`."""

    who: str
    day: date
    papers: int
    reasons: str
    link: str


def render_preview_index(
    entries: Sequence[PreviewEntry],
    *,
    heading: str = "Today’s editions",
    note: str = "",
    name: str = "Trending Papers",
    overrides: Path | None = None,
) -> str:
    """The page's HTML, complete in itself."""
    shown = [
        {
            "who": clean(entry.who, _LABEL),
            "day": long_date(entry.day),
            "papers": "1 paper" if entry.papers == 1 else f"{entry.papers} papers",
            "reasons": clean(entry.reasons, _LABEL),
            "link": entry.link,
        }
        for entry in entries
    ]
    template = environment(overrides).get_template("preview/index.html")
    return template.render(entries=shown, heading=heading, note=note, name=name)


def reasons_summary(picks: Iterable[ShownPick]) -> str:
    """The words that carried an edition, heaviest first: "grounding, retrieval, Jane Doe"."""
    weights: dict[str, float] = {}
    for pick in picks:
        for reason in pick.reasons:
            for word in reason.words if reason.kind in _SUMMED else ():
                weights[word] = weights.get(word, 0.0) + reason.share / len(reason.words)
    heaviest = sorted(weights, key=lambda word: (-weights[word], word))
    return ", ".join(heaviest[:_WORDS_SHOWN])
