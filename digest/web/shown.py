"""A paper as the pages show it: harmless text, few words, every link either ours or https."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from digest.editions.language import N_, Language
from digest.editions.plain import clean, excerpt, https_link
from digest.editions.select import facts_of
from digest.editions.view import paper_view
from digest.model import Paper

_NAME = 80  # bytes
_FIRST = 3  # authors of a paper in a list
_NEW = 2  # days for which a paper is new
_RISING = 0.8  # twice the usual attention, see digest.ranking.attention.RISING
_LONGEST_KEY = 300

Link = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a page of its own."""

    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper in a list; empty text where nothing is known."""

    key: str
    link: str
    title: str
    abstract: str
    authors: tuple[Named, ...]  # the first few
    rest: str  # "et al." or ""
    category: Named | None
    date: str
    marker: str  # "new", "rising" or "", in the language of the page
    upvotes: str
    sparkline: str
    code_url: str | None
    code_label: str
    links: tuple[tuple[str, str], ...]  # (label, https link)
    note: str = ""


def shown(paper: Paper, now: datetime, link: Link, language: Language, *, trend: float = 0.0, note: str = "") -> Shown:
    """`paper` as of `now`; `link` makes addresses of paths."""
    facts = paper_view(facts_of(paper), now.date(), language)
    day = paper.published_on or paper.first_seen_day
    names = [clean(name, _NAME) for name in paper.authors[:_FIRST]]
    is_all = paper.is_authors_complete and len(paper.authors) <= _FIRST
    return Shown(
        key=paper.key,
        link=link(paper_path(paper)),
        title=facts.title,
        abstract=facts.abstract,
        authors=tuple(author(name, link) for name in names if name),
        rest="" if is_all or not names else language.gettext("et al."),
        category=category(paper.categories[0], link) if paper.categories else None,
        date=language.short_date(day, now.year) if day else "",
        marker=_marker(paper, now, trend, language),
        upvotes=facts.upvotes,
        sparkline=facts.sparkline,
        code_url=facts.code_url,
        code_label=facts.code_label,
        links=links(paper, language),
        note=note,
    )


def links(paper: Paper, language: Language) -> tuple[tuple[str, str], ...]:
    """Where the paper is elsewhere: label and https address."""
    facts = facts_of(paper)
    found = (
        (N_("Abstract"), facts.url),
        (N_("PDF"), facts.pdf_url),
        (N_("Code"), https_link(paper.code_url)),
        (N_("Discussion"), facts.discussion_url),
    )
    return tuple((language.gettext(label), url) for label, url in found if url)


def paper_path(paper: Paper) -> str:
    """The path of a paper's page; a key that no address should hold gives way to the number."""
    return f"/p/{paper.key}" if len(paper.key) <= _LONGEST_KEY else f"/p/p:{paper.id}"


def author(name: str, link: Link) -> Named:
    return Named(name, link(f"/a/{name}"))


def authors(names: Iterable[str], link: Link) -> tuple[Named, ...]:
    return tuple(author(one, link) for name in names if (one := clean(name, _NAME)))


def category(name: str, link: Link) -> Named:
    shown_name = clean(name, _NAME)
    return Named(shown_name, link(f"/c/{shown_name}"))


def whole_abstract(paper: Paper) -> str:
    return clean(paper.abstract, 20_000)


def summary(paper: Paper, limit: int = 200) -> str:
    """What a preview of a link says."""
    return excerpt(clean(paper.summary or paper.abstract), limit)


def _marker(paper: Paper, now: datetime, trend: float, language: Language) -> str:
    if (now - paper.first_seen_at).days < _NEW and _is_recent(paper, now):
        return language.gettext("new")
    return language.gettext("rising") if trend >= _RISING else ""


def _is_recent(paper: Paper, now: datetime) -> bool:
    return paper.published_on is None or (now.date() - paper.published_on).days <= _NEW + 5
