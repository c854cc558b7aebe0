"""When somebody wants mail: the options of `subscriber add` and `edit`, checked with hints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from zoneinfo import available_timezones

import click

from digest.editions.calendar import zone
from digest.errors import UsageError
from digest.model import Days, Schedule
from digest.plugins import near

F = TypeVar("F", bound=Callable[..., object])

_DAYS = click.Choice([str(days) for days in Days])


def schedule_options(function: F) -> F:
    """`--time-zone`, `--hour`, `--days` and `--limit`; each None where it is not given."""
    for option in (
        click.option("--limit", type=click.IntRange(1, 100), help="Papers per digest at most."),
        click.option("--days", type=_DAYS, help="On which days; weekly means Mondays."),
        click.option("--hour", type=click.IntRange(0, 23), help="The local hour of the digest, 0 to 23."),
        click.option("--time-zone", metavar="ZONE", help="An IANA name such as Europe/Berlin."),
    ):
        function = option(function)
    return function


def schedule(base: Schedule, time_zone: str | None, hour: int | None, days: str | None) -> Schedule:
    """`base` with what is given.

    Raises:
        UsageError: no such time zone; the text names near ones.
    """
    return Schedule(
        checked_zone(time_zone) if time_zone is not None else base.time_zone,
        base.hour if hour is None else hour,
        Days(days) if days is not None else base.days,
    )


def checked_zone(name: str) -> str:
    """The IANA name in its own spelling (`europe/berlin` is understood).

    Raises:
        UsageError: there is no such time zone.
    """
    known = available_timezones()
    folded = {zone_name.casefold(): zone_name for zone_name in known}
    # The city alone is what most people remember.
    cities = {zone_name.rpartition("/")[2].casefold(): zone_name for zone_name in sorted(known, reverse=True)}
    wanted = name.strip().replace(" ", "_").casefold()
    found = folded.get(wanted)
    if found is None:
        hint = f" (did you mean '{cities[wanted]}'?)" if wanted in cities else near(name, known)
        raise UsageError(f"no time zone {name!r}{hint}; use an IANA name such as Europe/Berlin")
    zone(found)
    return found
