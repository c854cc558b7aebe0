"""Why a paper was picked, as a person would say it; only what truly carried the score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    ReasonKind.MEANING: "in meaning it is near “{}”, which you liked",
    ReasonKind.AUTHOR: "you follow {}",
    ReasonKind.INSTITUTION: "it is from {}, which you follow",
    ReasonKind.CATEGORY: "you read {}",
    ReasonKind.TREND: "it is trending ({})",
    ReasonKind.RECENT: "it came out on {}",
}
_WITHOUT_WORDS = {
    ReasonKind.MEANING: "in meaning it is near what you like",
    ReasonKind.INTEREST: "it also fits your main interest",  # which has no name
}
_ONE_TITLE = (ReasonKind.LIKED, ReasonKind.MEANING)
_QUOTES = '"“”„«»'
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
        return _WITHOUT_WORDS.get(kind, "")
    match kind:
        case ReasonKind.KEYWORD:
            return _met(words)
        case ReasonKind.INTEREST:
            return f"it also fits your interest{'s' if len(words) > 1 else ''} in {_listed(words)}"
        case ReasonKind.RECENT:
            words = [_day(words[0])]
    return _SENTENCES.get(kind, "{}").format(words[0] if kind in _ONE_TITLE else ", ".join(words))


def _met(keywords: Sequence[str]) -> str:
    """A paper says a phrase and meets a condition, each in the words that the reader gave it."""
    phrases = [f"“{keyword[1:-1]}”" for keyword in keywords if _is_phrase(keyword)]
    conditions = [f"“{keyword}”" for keyword in keywords if not _is_phrase(keyword)]
    parts = [f"{verb} {_listed(some)}" for verb, some in (("says", phrases), ("meets", conditions)) if some]
    return f"it {_listed(parts)}"


def _is_phrase(keyword: str) -> bool:
    inside = keyword[1:-1]
    return bool(inside) and keyword[0] in _QUOTES and keyword[-1] in _QUOTES and not any(q in inside for q in _QUOTES)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _day(word: str) -> str:
    """The ranker names a day as 2026-04-17; a person says Friday, 17 April."""
    try:
        return weekday_date(date.fromisoformat(word))
    except ValueError:
        return word
