"""What single publishers do to their feeds, as data: a table of quirks, each with the reason shown to whoever asks.

TITLES      put before the title, part of none                         ─► cut off
CITATIONS   a description that is the citation or a heading            ─► no abstract
LEADS       the citation or the byline, and the abstract after it      ─► cut off, the byline names the authors
TEASERS     what stands before a teaser of one line                    ─► a summary, no abstract
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirk:
    """A habit of publishers: what it looks like, and what is made of it."""

    of: str
    pattern: re.Pattern[str]
    why: str


TITLES = (
    Quirk("ACS", re.compile(r"\[ASAP\]\s+"), "'[ASAP]' is no part of the title"),
    Quirk(
        "MDPI", re.compile(r"[A-Z][\w ,&-]{2,80}, Vol\. \d+, Pages? [\w-]+: "), "the citation before the title is cut"
    ),
    Quirk(
        "Elsevier", re.compile(r"\[(?:Articles?|Review|Correspondence|Comment|Editorial)\]\s+"), "its section is cut"
    ),
)

_WHERE = r"(?:Volume \d+|Vol\.? \d+|EarlyView|Early View|Ahead of Print|Just Accepted)"
CITATIONS = (
    Quirk(
        "Science, PNAS, ACM, Wiley",
        re.compile(rf"(?:[A-Z][^\n]{{2,200}}?, )?{_WHERE}\b[^\n]{{0,200}}\.?"),
        "a citation is no abstract",
    ),
    Quirk("ACS", re.compile(r"[A-Z][^\n]{2,150}?\s*DOI: 10\.\d{4,9}/\S+"), "a citation is no abstract"),
    Quirk("MDPI", re.compile(r"Abstract\.?"), "a heading is no abstract"),
)

# On the HTML as it came: once its paragraphs are blanks, nothing says where a citation or a byline ends.
LEADS = (
    Quirk(
        "ACM and others on Atypon",
        re.compile(rf"\s*(?:<p>)?(?:[A-Z][^<\n]{{2,200}}?, )?{_WHERE}\b[^<\n]{{0,120}}\.\s*(?:</p>|<br ?/?>)\s*(?=\S)"),
        "the citation before the abstract is cut",
    ),
    Quirk(
        "PLOS",
        re.compile(r"\s*<p>\s*by (?P<authors>[^<]{2,4000}?)\s*</p>\s*(?=\S)"),
        "the byline before the abstract names the authors and is cut",
    ),
)

TEASERS = (
    Quirk(
        "Nature",
        re.compile(r"[A-Z][^\n]{2,150}?, Published online: \d{1,2} \w+ \d{4}; ?doi:\s?10\.\d{4,9}/\S+?(?=[A-Z\s]|$)"),
        "a teaser of one line is a summary, no abstract",
    ),
)


def first(quirks: Iterable[Quirk], text: str, *, is_whole: bool = False) -> Quirk | None:
    """The first quirk that `text` begins with, or that it is where `is_whole`."""
    found = (quirk for quirk in quirks if (quirk.pattern.fullmatch(text) if is_whole else quirk.pattern.match(text)))
    return next(found, None)


def without(quirks: Iterable[Quirk], text: str) -> str:
    """`text` without the first quirk it begins with."""
    quirk = first(quirks, text)
    return quirk.pattern.sub("", text, count=1) if quirk else text


def byline(raw: str) -> str:
    """The authors that a description begins with, "" where it begins otherwise."""
    quirk = first(LEADS, raw)
    found = quirk.pattern.match(raw) if quirk else None
    return found.groupdict().get("authors", "") if found else ""


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
