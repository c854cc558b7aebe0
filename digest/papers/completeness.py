"""Whether a feed told all it should: its batches by day, the days it must have, and whose silence is no news.

    batches of a feed ─┬─► missing_days   weekdays without a whole batch, to be caught up
                       ├─► overdue_day    an announcement that should be there by now
                       └─► is_near_cut    so many papers that the service may leave some out

arXiv announces on the evenings of Sunday to Thursday, and its feeds change at the midnight after it, so a feed's
days are Monday to Friday of New York (https://info.arxiv.org/help/availability.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
ARXIV_CUT = 2000
"""Papers in a feed at most; what is beyond is left out, the newest first (https://info.arxiv.org/help/rss.html)."""

_A_DAY = timedelta(days=1)
_NEAR = 0.9  # of the number at which a service cuts
# Rebuilt at midnight; by then a late one has come, and polls until 14:00 had their chance.
_DUE_BY = time(14)
_LONGEST_LOOK_BACK = timedelta(days=60)  # further back nobody waits for a paper any more
_PATIENCE = 3  # times the longest usual gap
_LEAST_GAPS = 3  # a rhythm takes four batches to show
_LEAST_SILENCE = timedelta(days=2)
_SUBMITTED_BEFORE = timedelta(days=4)  # Thursday 14:00 is announced on Sunday; a holiday adds a day

_HOLIDAYS: Mapping[int, frozenset[tuple[int, int]]] = {
    2026: frozenset({(1, 1), (1, 19), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25), (12, 29), (12, 31)}),
}
"""Days without announcement, from the page above, which lists one year at a time."""

_EVERY_YEAR = frozenset({(1, 1), (6, 19), (7, 4), (12, 24), (12, 25), (12, 26), (12, 31)})
"""For years whose list we do not have: what is a holiday every year. Others will be asked about by an alert."""


class How(StrEnum):
    """How a batch came to us."""

    POLLED = "polled"
    CAUGHT_UP = "caught-up"


@dataclass(frozen=True, slots=True)
class Batch:
    """What a feed listed on one of its days: of `announced` items `seen` were read.

    `batch` is the identity of its set of ids. `is_whole` is False where the payload was cut off.
    """

    feed: str
    day: date
    batch: str | None
    announced: int | None
    seen: int
    is_whole: bool
    how: How
    first_seen_at: datetime

    @property
    def is_good(self) -> bool:
        """Whether the day needs no second look: caught up, or whole and not empty."""
        return self.how is How.CAUGHT_UP or (self.is_whole and self.seen > 0)


@dataclass(frozen=True, slots=True)
class Silence:
    """A feed that says nothing. A known one is a weekend, a holiday or the source's own rhythm."""

    feed: str
    since: date
    is_known: bool
    reason: str


def is_announcement_day(day: date) -> bool:
    """Whether arXiv's feeds certainly hold papers on this day of New York; False on weekends and about holidays.

    The day after a holiday counts as silent, too: its batch would have been announced on the holiday's evening.
    """
    return day.weekday() < 5 and not is_holiday(day) and not is_holiday(day - _A_DAY)


def is_holiday(day: date) -> bool:
    return (day.month, day.day) in _HOLIDAYS.get(day.year, _EVERY_YEAR)


def missing_days(batches: Iterable[Batch], newest: date) -> tuple[date, ...]:
    """The weekdays before `newest`, since the feed's first batch, that have none or one that is not whole.

    A holiday on which the feed was seen empty is not missing; one nobody looked at costs one request to be sure.
    """
    known = {batch.day: batch for batch in batches}
    if not known:
        return ()
    day = max(min(known), newest - _LONGEST_LOOK_BACK)
    found = []
    while day < newest:
        if day.weekday() < 5 and not _is_settled(known.get(day), day):
            found.append(day)
        day += _A_DAY
    return tuple(found)


def _is_settled(batch: Batch | None, day: date) -> bool:
    return batch is not None and (batch.is_good or (batch.seen == 0 and not is_announcement_day(day)))


def weekdays(since: date, until: date) -> tuple[date, ...]:
    """Monday to Friday, both ends included."""
    days = (since + timedelta(days=n) for n in range((until - since).days + 1))
    return tuple(day for day in days if day.weekday() < 5)


def is_near_cut(seen: int, cut: int | None) -> bool:
    """Whether a feed of so many items is about to be cut, or was, by a service that gives `cut` at most."""
    return cut is not None and seen >= cut * _NEAR


def is_news(published_on: date | None, version: int | None, since: date, covered_from: date | None) -> bool:
    """Whether a paper that nobody saw, found in an archive of days since `since`, can only have come up meanwhile.

    It was submitted after `covered_from`, since when no batch was missed but those now caught up; or shortly
    before `since` and never replaced. Anything older may have been announced before, so it is not sold as new.
    """
    if published_on is None:
        return False
    if covered_from is not None and published_on >= covered_from:
        return True
    return (version or 1) == 1 and published_on >= since - _SUBMITTED_BEFORE


# ── silence ──────────────────────────────────────────────────────────────────────────────────────


def arxiv_silence(feed: str, batches: Sequence[Batch], polled_at: datetime | None) -> Silence | None:
    """The silence of an arXiv feed as last polled at `polled_at`; None where it told what was due by then.

    Only what a poll has had its chance to see is called silence: a daemon that was down is no fault of arXiv's.
    """
    if polled_at is None:
        return None
    local = polled_at.astimezone(NEW_YORK)
    last = max((batch.day for batch in batches if batch.is_good), default=None)
    today = local.date() if local.time() >= _DUE_BY else local.date() - _A_DAY
    if last is None or last >= today:
        return None
    silent = [last + timedelta(days=n) for n in range(1, (today - last).days + 1)]
    unknown = [day for day in silent if is_announcement_day(day)]
    if unknown:
        reason = f"nothing announced on {unknown[0]}, which is no weekend and no holiday; last batch {last}"
        return Silence(feed, unknown[0], is_known=False, reason=reason)
    kind = "weekend" if all(day.weekday() >= 5 for day in silent) else "holiday"
    return Silence(feed, silent[0], is_known=True, reason=f"{kind}; last batch {last}")


def learnt_silence(feed: str, changes: Sequence[datetime], now: datetime) -> Silence | None:
    """The silence of any other feed: three times longer than it ever paused, two days at least.

    `changes` are the instants of its batches. Before it has shown a rhythm, nothing is called silence.
    """
    times = sorted(changes)
    gaps = [after - before for before, after in pairwise(times)]
    if len(gaps) < _LEAST_GAPS:
        return None
    longest, quiet = max(gaps), now - times[-1]
    if quiet <= max(longest * _PATIENCE, _LEAST_SILENCE):
        return None
    reason = f"nothing new for {_days(quiet)}, where it never paused for more than {_days(longest)}"
    return Silence(feed, times[-1].date(), is_known=False, reason=reason)


def _days(span: timedelta) -> str:
    hours = round(span.total_seconds() / 3600)
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
