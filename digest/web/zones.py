"""Time zones by name, as people write them."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from digest.errors import UsageError

_LEFT_OUT = ("Etc/", "posix/", "right/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")


@cache
def offered() -> tuple[str, ...]:
    """The zones that a form offers: regions with a city, and UTC; others are understood as well."""
    named = {name for name in available_timezones() if "/" in name and not name.startswith(_LEFT_OUT)}
    return ("UTC", *sorted(named))


@cache
def _known() -> dict[str, str]:
    """What may be written, without regard to case: whole names, and cities alone."""
    names = sorted(available_timezones() - {"localtime", "posixrules"}, reverse=True)
    cities = {name.rpartition("/")[2].casefold(): name for name in names}
    return {**cities, **{name.casefold(): name for name in names}}


def named(text: str) -> str:
    """The IANA name of what somebody wrote: "europe/berlin", "Berlin", "new york".

    Raises:
        UsageError: there is no such zone; the text names near ones.
    """
    wanted = "_".join(text.split()).casefold()
    known = _known()
    if wanted in known:
        return known[wanted]
    near = [known[one] for one in get_close_matches(wanted, known, n=2, cutoff=0.75)]
    hint = f" Did you mean {' or '.join(near)}?" if near else " Write a name such as Europe/Berlin."
    raise UsageError(f"There is no time zone “{text}”.{hint}")
