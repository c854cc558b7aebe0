"""Why a paper was picked, as a person would say it; only what truly carried the score."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from digest.editions.dates import weekday_date
from digest.editions.plain import clean
from digest.model import Reason, ReasonKind

_REASONS_SHOWN = 3
_WORDS_SHOWN = 4
_LABEL = 120
_SENTENCES = {
    ReasonKind.LIKED: "it is close to “{}”, which you liked",
    ReasonKind.AUTHOR: "you follow {}",
    ReasonKind.CATEGORY: "you read {}",
    ReasonKind.TREND: "it is trending ({})",
    ReasonKind.RECENT: "it came out on {}",
}
# A reason below this part of the strongest one would be true and misleading.
_WORTH_SAYING = 0.1


def because(reasons: Iterable[Reason], *, is_rising: bool = False) -> str:
    """The strongest reasons as one line: "vision-language, grounding — and you follow Jane Doe"; "" for none.

    A known paper `is_rising`: without its trend it would not be there, so that is said first, whatever its share.
    """
    ordered = sorted((reason for reason in reasons if reason.share > 0), key=lambda reason: -reason.share)
    if not ordered:
        return ""
    bar = ordered[0].share * _WORTH_SAYING
    worth = [reason for reason in ordered if reason.share >= bar]
    if is_rising:
        trend = [reason for reason in ordered if reason.kind is ReasonKind.TREND]
        worth = [*trend, *(reason for reason in worth if reason not in trend)]
    told = (_clause(reason.kind, reason.words) for reason in worth[:_REASONS_SHOWN])
    parts = [part for part in told if part]
    if len(parts) < 2:
        return "".join(parts)
    return f"{'; '.join(parts[:-1])} — and {parts[-1]}"


@lru_cache(maxsize=4096)
def _clause(kind: ReasonKind, raw_words: tuple[str, ...]) -> str:
    words = [word for raw in raw_words[:_WORDS_SHOWN] if (word := clean(raw, _LABEL))]
    if not words:
        return ""
    if kind is ReasonKind.RECENT:
        words = [_day(words[0])]
    sentence = _SENTENCES.get(kind, "{}")
    return sentence.format(words[0] if kind is ReasonKind.LIKED else ", ".join(words))


def _day(word: str) -> str:
    """The ranker names a day as 2026-04-17; a person says Friday, 17 April."""
    try:
        return weekday_date(date.fromisoformat(word))
    except ValueError:
        return word
