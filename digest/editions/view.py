"""A paper as the templates see it: strangers' words made harmless, and what is known of it in few words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from digest.editions.dates import short_date
from digest.editions.plain import clean, excerpt, https_link
from digest.editions.select import REVISED
from digest.editions.sparkline import sparkline
from digest.model import Facts

# In bytes of UTF-8.
_TITLE, _ABSTRACT, _LABEL = 300, 420, 120
_NEW_FOR_DAYS = 7


@dataclass(frozen=True, slots=True)
class PaperView:
    """What a template may show; empty text where nothing is known."""

    title: str
    url: str | None
    category: str
    date: str
    marker: str  # "new", "rising", "missed", "revised (v2)", "v2" or nothing
    upvotes: str
    sparkline: str  # the upvotes' course: "▁▂▅▇"
    authors: str
    affiliations: str
    abstract: str
    code_url: str | None
    code_label: str  # "Code", "Code ★ 1.2k" or nothing
    links: tuple[tuple[str, str], ...]  # (label, https link)


def paper_view(facts: Facts, day: date) -> PaperView:
    """`facts` in the words of an edition of `day`."""
    code_url = https_link(facts.code_url)
    return PaperView(
        title=clean(facts.title, _TITLE) or "(untitled)",
        url=https_link(facts.url) or https_link(facts.pdf_url) or https_link(facts.discussion_url),
        category=clean(facts.category or "", _LABEL),
        date=short_date(facts.published_on, day.year) if facts.published_on else "",
        marker=_marker(facts, day),
        upvotes=_counted(facts.upvotes, "upvote"),
        sparkline=sparkline(facts.series) if facts.upvotes else "",
        authors=_authors(facts),
        affiliations=", ".join(clean(name, _LABEL) for name in facts.affiliations),
        abstract=excerpt(clean(facts.summary or facts.abstract), _ABSTRACT),
        code_url=code_url,
        code_label=_code_label(facts) if code_url or facts.has_code else "",
        links=_links(facts, code_url),
    )


def _marker(facts: Facts, day: date) -> str:
    version = f"v{facts.version}" if facts.version is not None and facts.version > 1 else ""
    if facts.marker == REVISED and version:
        return f"{REVISED} ({version})"
    if facts.marker or version:
        return clean(facts.marker, _LABEL) or version
    is_recent = facts.published_on is None or (day - facts.published_on).days <= _NEW_FOR_DAYS
    return "new" if is_recent else ""


def _authors(facts: Facts) -> str:
    names = ", ".join(clean(name, _LABEL) for name in facts.authors)
    is_all = facts.author_count is not None and facts.author_count <= len(facts.authors)
    return names if is_all or not names else f"{names} et al."


def _code_label(facts: Facts) -> str:
    return f"Code ★ {_short_count(facts.stars)}" if facts.stars else "Code"


def _links(facts: Facts, code_url: str | None) -> tuple[tuple[str, str], ...]:
    links = (
        ("Abstract", https_link(facts.url)),
        ("PDF", https_link(facts.pdf_url)),
        ("Code", code_url),
        ("Discussion", https_link(facts.discussion_url)),
    )
    return tuple((label, url) for label, url in links if url)


def _counted(count: int | None, noun: str) -> str:
    if not count:
        return ""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _short_count(count: int) -> str:
    if count < 1_000:
        return str(count)
    return f"{count / 1_000:.1f}k" if count < 10_000 else f"{count // 1_000}k"
