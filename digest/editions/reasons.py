"""Why a paper was picked, as a person would say it; only what truly carried the score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from operator import attrgetter

from digest.editions.language import ENGLISH, N_, Language
from digest.editions.plain import clean
from digest.model import Reason, ReasonKind

_REASONS_SHOWN = 3
_WORDS_SHOWN = 4
_LABEL = 120
_SENTENCES = {
    ReasonKind.LIKED: N_("it is close to “%(words)s”, which you liked"),
    ReasonKind.MEANING: N_("in meaning it is near “%(words)s”, which you liked"),
    ReasonKind.AUTHOR: N_("you follow %(words)s"),
    ReasonKind.INSTITUTION: N_("it is from %(words)s, which you follow"),
    ReasonKind.CATEGORY: N_("you read %(words)s"),
    ReasonKind.TREND: N_("it is trending (%(words)s)"),
    ReasonKind.RECENT: N_("it came out on %(words)s"),
}
_WITHOUT_WORDS = {
    ReasonKind.MEANING: N_("in meaning it is near what you like"),
    ReasonKind.INTEREST: N_("it also fits your main interest"),  # which has no name
}
_JOINED = N_("%(first)s — and %(last)s")
_ONE_TITLE = (ReasonKind.LIKED, ReasonKind.MEANING)
_QUOTES = '"“”„«»'
# A reason below this part of the strongest one would be true and misleading.
_WORTH_SAYING = 0.1


def because(reasons: Sequence[Reason], language: Language = ENGLISH, *, is_rising: bool = False) -> str:
    """The strongest reasons as one line: "vision-language, grounding — and you follow Jane Doe"; "" for none.

    A known paper `is_rising`: without its trend it would not be there, so that is said first, whatever its share.
    """
    if len(reasons) == 1:
        return _clause(reasons[0].kind, reasons[0].words, language) if reasons[0].share > 0 else ""
    ordered = _worth_saying(reasons, is_rising=is_rising)
    parts = [part for reason in ordered if (part := _clause(reason.kind, reason.words, language))]
    if len(parts) < 2:
        return "".join(parts)
    return language.gettext(_JOINED) % {"first": "; ".join(parts[:-1]), "last": parts[-1]}


_share = attrgetter("share")
# Words in which there is nothing to clean, which is what a ranker names: by far the most frequent of all reasons.
_ARE_TIDY = re.compile(r"\w[\w-]*(?:,? [\w-]+)*", re.ASCII).fullmatch


def _worth_saying(reasons: Sequence[Reason], *, is_rising: bool) -> list[Reason]:
    ordered = sorted(reasons, key=_share, reverse=True)
    while ordered and ordered[-1].share <= 0:
        ordered.pop()
    if not ordered:
        return ordered
    bar = ordered[0].share * _WORTH_SAYING
    worth = [reason for reason in ordered if reason.share >= bar] if ordered[-1].share < bar else ordered
    if is_rising:
        trend = [reason for reason in ordered if reason.kind is ReasonKind.TREND]
        worth = [*trend, *(reason for reason in worth if reason not in trend)]
    return worth[:_REASONS_SHOWN]


def _clause(kind: ReasonKind, raw_words: tuple[str, ...], language: Language) -> str:
    if kind is ReasonKind.TERMS and _ARE_TIDY(listed := ", ".join(raw_words[:_WORDS_SHOWN])):
        return listed
    return _worded(kind, raw_words, language)


@lru_cache(maxsize=4096)  # names and categories are told to many
def _worded(kind: ReasonKind, raw_words: tuple[str, ...], language: Language) -> str:
    words = [word for raw in raw_words[:_WORDS_SHOWN] if (word := clean(raw, _LABEL))]
    if not words:
        return language.gettext(_WITHOUT_WORDS[kind]) if kind in _WITHOUT_WORDS else ""
    match kind:
        case ReasonKind.KEYWORD:
            return _met(words, language)
        case ReasonKind.INTEREST:
            return language.ngettext(
                "it also fits your interest in %(words)s",
                "it also fits your interests in %(words)s",
                len(words),
                words=language.listed(words),
            )
        case ReasonKind.RECENT:
            words = [_day(words[0], language)]
        case ReasonKind.TREND:
            words = [_reading(word, language) for word in words]
    told = words[0] if kind in _ONE_TITLE else ", ".join(words)
    return language.gettext(_SENTENCES[kind], words=told) if kind in _SENTENCES else told


def _met(keywords: Sequence[str], language: Language) -> str:
    """A paper says a phrase and meets a condition, each in the words that the reader gave it."""
    quotation = language.gettext("“%(words)s”")
    phrases = [quotation % {"words": keyword[1:-1]} for keyword in keywords if _is_phrase(keyword)]
    conditions = [quotation % {"words": keyword} for keyword in keywords if not _is_phrase(keyword)]
    if phrases and conditions:
        said, met = language.listed(phrases), language.listed(conditions)
        return language.gettext("it says %(phrases)s and meets %(conditions)s", phrases=said, conditions=met)
    if phrases:
        return language.gettext("it says %(phrases)s", phrases=language.listed(phrases))
    return language.gettext("it meets %(conditions)s", conditions=language.listed(conditions))


def _is_phrase(keyword: str) -> bool:
    inside = keyword[1:-1]
    return bool(inside) and keyword[0] in _QUOTES and keyword[-1] in _QUOTES and not any(q in inside for q in _QUOTES)


_UPVOTES = re.compile(r"([0-9]{1,9}) upvotes?", re.ASCII).fullmatch


def _reading(word: str, language: Language) -> str:
    """The ranker names a reading as `120 upvotes`."""
    found = _UPVOTES(word.replace(",", ""))
    return language.ngettext("%(num)s upvote", "%(num)s upvotes", int(found[1])) if found else word


def _day(word: str, language: Language) -> str:
    """The ranker names a day as 2026-04-17; a person says Friday, 17 April."""
    try:
        return language.weekday_date(date.fromisoformat(word))
    except ValueError:
        return word
