"""What single publishers do to their feeds, as data where it can be."""

from __future__ import annotations

import re

TITLE_PREFIXES = re.compile(
    r"\[ASAP\]\s+"  # American Chemical Society
    r"|[A-Z][\w ,&-]{2,80}, Vol\. \d+, Pages? [\w-]+: "  # MDPI
)
"""Put before the title, part of none."""

CITATION = re.compile(
    r"(?:[A-Z][^\n]{2,200}?, )?(?:Volume \d+|Vol\.? \d+|EarlyView|Ahead of Print)\b[^\n]{0,200}\.?"
    r"|Abstract\.?"
    r"|[A-Z][^\n]{2,150}?\s*DOI: 10\.\d{4,9}/\S+"
)
"""A description that is the citation (Science, PNAS, Wiley, ACS) or a heading (MDPI), and no abstract."""

TEASER = re.compile(r"[A-Z][^\n]{2,150}?, Published online: \d{1,2} \w+ \d{4}; ?doi:\s?10\.\d{4,9}/\S+?(?=[A-Z\s]|$)")
"""Nature: what stands before a teaser of one line, which is no abstract either."""

_VERSION = re.compile(r"10\.\d{4,9}/[^\s?#]*?(?:(?<=\d)|/)v([1-9]\d{0,2})(?=$|[?#.])")
_CGI_VERSION = re.compile(r"(?:bio|med)rxiv\.org/\S*\d{4}\.\d\d\.\d\d\.\d+v([1-9]\d{0,2})(?=$|[?#.])")


def version_in(*links: str) -> int | None:
    """The version a preprint's link or DOI ends in: bioRxiv's `…726321v2`, ChemRxiv's `…/v3`."""
    for link in links:
        found = _VERSION.search(link) or _CGI_VERSION.search(link)
        if found:
            return int(found[1])
    return None


_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]{0,2}){1,5}")


def pairs(creator: str) -> tuple[str, ...] | None:
    """bioRxiv's "Last, F., Last, F. M." as names, initials first; None where it is another form."""
    words = [word.strip() for word in creator.strip().rstrip(",").split(",")]
    if len(words) < 2 or len(words) % 2 or not all(map(_INITIALS.fullmatch, words[1::2])):
        return None
    return tuple(f"{first} {last}" for last, first in zip(words[::2], words[1::2], strict=True))
