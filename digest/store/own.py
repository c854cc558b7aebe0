"""The names and ORCID iDs under which a subscriber publishes: their own papers are never recommended to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from digest.errors import DigestError, NotFound
from digest.papers.identity import fold_name
from digest.store.lists import distinct_names, without
from digest.store.tables import profiles

_ORCID = re.compile(r"(?:https?://)?(?:www\.)?(?:orcid\.org/)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dxX])/?")


@dataclass(frozen=True, slots=True)
class Own:
    """Names as the subscriber wrote them, and ORCID iDs with hyphens."""

    names: tuple[str, ...] = ()
    orcids: tuple[str, ...] = ()


def own_of(connection: Connection, subscriber_id: int) -> Own:
    """Under what a subscriber publishes. Raises NotFound where there is no such subscriber."""
    columns = select(profiles.c.own_names, profiles.c.own_orcids)
    row = connection.execute(columns.where(profiles.c.subscriber_id == subscriber_id)).one_or_none()
    if row is None:
        raise NotFound(f"no subscriber number {subscriber_id}: see 'digest subscriber list'")
    return Own(tuple(row.own_names), tuple(row.own_orcids))


def set_own(connection: Connection, subscriber_id: int, names: Sequence[str], orcids: Sequence[str]) -> Own:
    """Replace both. Raises DigestError for what is no ORCID iD."""
    values = {"own_names": distinct_names(names), "own_orcids": list(dict.fromkeys(map(orcid, orcids)))}
    connection.execute(update(profiles).where(profiles.c.subscriber_id == subscriber_id).values(values))
    return own_of(connection, subscriber_id)


def own(connection: Connection, subscriber_id: int, added: Sequence[str]) -> Own:
    """Add names and ORCID iDs, each as what it looks like. Raises DigestError for what is no ORCID iD."""
    known = own_of(connection, subscriber_id)
    names, orcids = _sorted_out(added)
    return set_own(connection, subscriber_id, [*known.names, *names], [*known.orcids, *orcids])


def disown(connection: Connection, subscriber_id: int, gone: Sequence[str]) -> Own:
    """Take names and ORCID iDs back. Raises NotFound for what is not there."""
    known = own_of(connection, subscriber_id)
    names, orcids = _sorted_out(gone)
    rest = without(known.names, names, "named", "nobody", fold_name)
    return set_own(connection, subscriber_id, rest, without(known.orcids, [orcid(one) for one in orcids], "named"))


def _sorted_out(given: Sequence[str]) -> tuple[list[str], list[str]]:
    return [one for one in given if not is_orcid(one)], [one for one in given if is_orcid(one)]


def is_orcid(text: str) -> bool:
    """Does the text look like an ORCID iD, right or wrong?"""
    return _ORCID.fullmatch(text.strip()) is not None


def orcid(text: str) -> str:
    """An ORCID iD with hyphens, from the iD or its address.

    The last character is a check digit by ISO 7064 MOD 11-2
    (https://support.orcid.org/hc/en-us/articles/360006897674).

    Raises:
        DigestError: it is none.
    """
    found = _ORCID.fullmatch(text.strip())
    digits = "".join(found.groups()).upper() if found else ""
    if not found or _check_digit(digits[:-1]) != digits[-1]:
        raise DigestError(f"{text!r} is no ORCID iD: four groups of four digits, such as 0000-0002-1825-0097")
    return "-".join(digits[i : i + 4] for i in range(0, 16, 4))


def _check_digit(digits: str) -> str:
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    return "X" if rest == 10 else str(rest)
