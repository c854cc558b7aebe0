"""Time zones by name, as people write them."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from digest.editions.language import Language

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


def named(text: str) -> str | None:
    """The IANA name of what somebody wrote: "europe/berlin", "Berlin", "new york"; None where there is no such zone."""
    return _known().get(_written(text))


def unknown(text: str, language: Language) -> str:
    """That there is no such zone, and which ones are near."""
    known = _known()
    near = [known[one] for one in get_close_matches(_written(text), known, n=2, cutoff=0.75)]
    if not near:
        return language.gettext("There is no time zone “%(name)s”. Write a name such as Europe/Berlin.", name=text)
    if len(near) == 1:
        return language.gettext("There is no time zone “%(name)s”. Did you mean %(near)s?", name=text, near=near[0])
    return language.gettext(
        "There is no time zone “%(name)s”. Did you mean %(near)s or %(other)s?", name=text, near=near[0], other=near[1]
    )


def _written(text: str) -> str:
    return "_".join(text.split()).casefold()
