"""Authors' names as they are shown: given names first, suffixes last."""

from __future__ import annotations

import re
from collections.abc import Iterable

from digest.papers.text import readable_name

_SUFFIX = re.compile(r"(?:jr|sr|i{2,3}|iv)\.?", re.IGNORECASE)
_OTHERS = re.compile(r"(?:others|et\.? al\.?|\.{3}|…|anonymous)", re.IGNORECASE)


def shown(names: Iterable[str]) -> tuple[str, ...]:
    """The names that are names, readable, each once and in their order."""
    found = (readable_name(name) for name in names)
    return tuple(dict.fromkeys(name for name in found if name and not _OTHERS.fullmatch(name)))


def given_first(name: str) -> str:
    """ "Last, First" and "Last, First, Jr." as "First Last Jr."; a comma at the end marks a name that is one piece."""
    name = " ".join(name.split())
    if name.endswith(","):
        return name[:-1].strip()
    family, *others = [part.strip() for part in name.split(",")]
    given = [part for part in others if part and not _SUFFIX.fullmatch(part)]
    suffixes = [part for part in others if _SUFFIX.fullmatch(part)]
    return " ".join(part for part in (*given, family, *suffixes) if part)


def family_first(name: str) -> tuple[str, str]:
    """Family and given names by the last blank: the inverse of reading "Last, First". "" where it is one piece."""
    if "," in name:
        return name, ""
    given, _, family = name.rpartition(" ")
    return family, given
