"""A paper as the templates see it: strangers' words made harmless, and what is known of it in few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from digest.editions.language import ENGLISH, N_, Language
from digest.editions.plain import clean, excerpt, https_link
from digest.editions.select import MISSED, REVISED, RISING
from digest.editions.sparkline import sparkline
from digest.model import AuthorCard, Facts

# In bytes of UTF-8.
_TITLE, _ABSTRACT, _LABEL = 300, 420, 120
_NEW_FOR_DAYS = 7

_MARKERS = {RISING: N_("rising"), MISSED: N_("missed"), REVISED: N_("revised")}
_LINKS = N_("Abstract"), N_("PDF"), N_("HTML"), N_("Code"), N_("Discussion")

# arXiv makes HTML of what was submitted from December 2023 on (https://info.arxiv.org/about/accessible_HTML.html).
_HAS_HTML = re.compile(r"arxiv:((?:2312|2[4-9]\d\d|[3-8]\d\d\d)\.\d{5})").fullmatch


@dataclass(frozen=True, slots=True)
class AuthorName:
    """One of the authors of a paper; `before` is what stands between them and the one before."""

    name: str
    is_followed: bool = False
    before: str = ""


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
    names: tuple[AuthorName, ...]  # the first few, and followed ones
    others: str  # "et al." or nothing
    affiliations: str
    abstract: str
    code_url: str | None
    code_label: str  # "Code", "Code ★ 1.2k" or nothing
    links: tuple[tuple[str, str], ...]  # (label, https link)

    @property
    def authors(self) -> str:
        """The names as one line."""
        return "".join(f"{one.before}{one.name}" for one in self.names) + (f" {self.others}" if self.others else "")


@dataclass(frozen=True, slots=True)
class CardView:
    """A followed author as the templates see them."""

    name: str
    url: str | None
    figures: str  # "h-index 41 · 120 papers · AI Score 64"


def paper_view(
    facts: Facts,
    day: date,
    language: Language = ENGLISH,
    *,
    followed: Sequence[str] = (),
    has_html_link: bool = False,
) -> PaperView:
    """`facts` in the words of an edition of `day`; `followed` are authors of the paper whom the reader follows."""
    code_url = https_link(facts.code_url)
    names = _names(facts, followed)
    return PaperView(
        title=clean(facts.title, _TITLE) or language.gettext("(untitled)"),
        url=https_link(facts.url) or https_link(facts.pdf_url) or https_link(facts.discussion_url),
        category=clean(facts.category or "", _LABEL),
        date=language.short_date(facts.published_on, day.year) if facts.published_on else "",
        marker=_marker(facts, day, language),
        upvotes=language.ngettext("%(num)s upvote", "%(num)s upvotes", facts.upvotes) if facts.upvotes else "",
        sparkline=sparkline(facts.series) if facts.upvotes else "",
        names=names,
        others=language.gettext("et al.") if names and not _is_all(facts) else "",
        affiliations=", ".join(clean(name, _LABEL) for name in facts.affiliations),
        abstract=excerpt(clean(facts.summary or facts.abstract), _ABSTRACT),
        code_url=code_url,
        code_label=_code_label(facts, language) if code_url or facts.has_code else "",
        links=_links(facts, code_url, language, has_html_link=has_html_link),
    )


def card_view(card: AuthorCard, home_url: str | None, language: Language = ENGLISH) -> CardView:
    """An author's figures in a line; the name links the author's page where there are pages."""
    name = clean(card.name, _LABEL)
    figures = (
        clean(card.category or "", _LABEL),
        "" if card.h_index is None else language.gettext("h-index %(number)s", number=language.number(card.h_index)),
        language.ngettext("%(num)s paper", "%(num)s papers", card.papers) if card.papers else "",
        language.ngettext("%(num)s citation", "%(num)s citations", card.citations) if card.citations else "",
        "" if card.novelty is None else language.gettext("novelty %(number)s %%", number=language.number(card.novelty)),
        "" if card.ai_score is None else language.gettext("AI Score %(number)s", number=language.number(card.ai_score)),
    )
    url = f"{home_url.rstrip('/')}/a/{quote(name, safe='')}" if home_url else None
    return CardView(name, url, " · ".join(figure for figure in figures if figure))


def _marker(facts: Facts, day: date, language: Language) -> str:
    version = f"v{facts.version}" if facts.version is not None and facts.version > 1 else ""
    told = _MARKERS.get(facts.marker)
    marker = language.gettext(told) if told else clean(facts.marker, _LABEL)
    if facts.marker == REVISED and version:
        return f"{marker} ({version})"
    if marker or version:
        return marker or version
    is_recent = facts.published_on is None or (day - facts.published_on).days <= _NEW_FOR_DAYS
    return language.gettext("new") if is_recent else ""


def _names(facts: Facts, followed: Sequence[str]) -> tuple[AuthorName, ...]:
    """The first authors, then those whom the reader follows for the sake of whom they may get the paper."""
    first = [name for raw in facts.authors if (name := clean(raw, _LABEL))]
    known = {name for raw in followed if (name := clean(raw, _LABEL))}
    found = [AuthorName(name, name in known, ", " if place else "") for place, name in enumerate(first)]
    later = [name for raw in followed if (name := clean(raw, _LABEL)) and name not in first]
    found += [AuthorName(name, True, ", " if place or not first else ", …, ") for place, name in enumerate(later)]
    return tuple(found)


def _is_all(facts: Facts) -> bool:
    return facts.author_count is not None and facts.author_count <= len(facts.authors)


def _code_label(facts: Facts, language: Language) -> str:
    label = language.gettext("Code")
    return f"{label} ★ {_short_count(facts.stars, language)}" if facts.stars else label


def _links(
    facts: Facts, code_url: str | None, language: Language, *, has_html_link: bool
) -> tuple[tuple[str, str], ...]:
    urls = (
        https_link(facts.url),
        https_link(facts.pdf_url),
        html_edition(facts.key) if has_html_link else None,
        code_url,
        https_link(facts.discussion_url),
    )
    return tuple((language.gettext(label), url) for label, url in zip(_LINKS, urls, strict=True) if url)


def html_edition(key: str) -> str | None:
    """arXiv's own HTML of a paper, where it makes one."""
    found = _HAS_HTML(key)
    return f"https://arxiv.org/html/{found[1]}" if found else None


def _short_count(count: int, language: Language) -> str:
    if count < 1_000:
        return str(count)
    thousands = count // 100 / 10 if count < 10_000 else count // 1_000
    return language.gettext("%(number)sk", number=language.number(thousands))
