"""An edition as a mail's subject, text and HTML, by the templates of `templates/digest/`.

What does not depend on the reader is rendered once per paper and day; a mail is those fragments joined with its own
first lines, reasons and footer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from jinja2 import Template
from markupsafe import escape

from digest.editions.language import ENGLISH, Language
from digest.editions.look import BUILT_IN, Look
from digest.editions.plain import clean, excerpt, https_link, wrap
from digest.editions.reasons import because
from digest.editions.sections import Section, sections, summary
from digest.editions.select import RISING
from digest.editions.templates import Style, kept_by
from digest.editions.view import card_view, paper_view
from digest.model import AuthorCard, Edition, Facts, Reason, ReasonKind

# Where a reader's own lines go into a kept fragment. Cleaned text holds no control characters: nobody can forge them.
SLOT, VOTE = "\x00", "\x06"

_TITLE, _LABEL, LINE = 300, 120, 200
_SUBJECT_TITLE = 70
PREHEADER_TITLES = 3


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads an edition, and what the mail says of itself to them.

    `unsubscribe_url` is the https page, `unsubscribe_mailto` the same by mail (a whole mailto: link); either may
    be missing. `imprint` is the operator's postal or legal line. `manage_url` is the page that mails a link to one's
    preferences, `votes_url` the address before each paper's number where the reader votes on this edition.
    """

    address: str
    unsubscribe_url: str | None = None
    unsubscribe_mailto: str | None = None
    sender_name: str = "Trending Papers"
    home_url: str | None = None
    imprint: str = ""
    manage_url: str | None = None
    votes_url: str | None = None
    language: Language = ENGLISH
    look: Look = BUILT_IN

    @property
    def unsubscribe_link(self) -> str | None:
        return self.unsubscribe_url or self.unsubscribe_mailto

    def style(self, overrides: Path | None = None) -> Style:
        return Style(self.language, overrides, self.look)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words. The parts are whole lines: joined they are the text, and each may be encoded by itself."""

    subject: str
    text_parts: tuple[str, ...]
    html_parts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(self.text_parts)

    @property
    def html(self) -> str:
        return "".join(self.html_parts)


def render_digest(edition: Edition, reader: Reader, *, overrides: Path | None = None) -> Rendered:
    """The edition as `reader` gets it; the same values always give the same words.

    Raises:
        jinja2.TemplateError: a template (or an override of one) breaks; only this mail is concerned.
    """
    style = reader.style(overrides)
    parts = sections(edition.picks, reader.language)
    words = frame_words(edition, parts, reader)
    env = style.environment
    forms = {
        form: _joined(env.get_template(f"digest/body.{form}"), words, _papers(edition, parts, form, reader, style))
        for form in ("txt", "html")
    }
    subject = clean(env.get_template("digest/subject.txt").render(words), LINE)
    return Rendered(subject, forms["txt"], forms["html"])


def reader_words(reader: Reader) -> dict[str, object]:
    """What the templates of all mails to readers may say of the mail itself."""
    return {
        "sender_name": clean(reader.sender_name, _LABEL),
        "address": clean(reader.address, LINE),
        "unsubscribe_link": reader.unsubscribe_link,
        "manage_url": reader.manage_url,
        "home_url": reader.home_url,
        "imprint": clean(reader.imprint, LINE),
        **look_words(reader.look),
    }


def look_words(look: Look) -> dict[str, object]:
    """What the templates of all mails may say of who sends them. A link to what is said of privacy is no text."""
    privacy_url = https_link(look.privacy) if look.privacy.startswith("https://") else None
    return {
        "organisation": clean(look.organisation, _LABEL),
        "logo": https_link(look.logo),
        "privacy": "" if privacy_url else clean(look.privacy, 2 * LINE),
        "privacy_url": privacy_url,
    }


def frame_words(edition: Edition, parts: Sequence[Section], reader: Reader) -> dict[str, object]:
    """What the templates around the papers may say."""
    shown = [pick for part in parts for pick in part.picks]
    titles = [shown_title(pick.facts) for pick in shown[:PREHEADER_TITLES]]
    language = reader.language
    return reader_words(reader) | {
        "papers": SLOT,
        "count": len(edition.picks),
        "scanned": language.number(edition.scanned),
        "summary": summary(parts, edition.scanned, language),
        "day": edition.day,
        "long_date": language.long_date(edition.day),
        "weekday_date": language.weekday_date(edition.day),
        "first_title": short_title(titles[0]) if titles else "",
        "preheader": " · ".join(titles),
    }


def shown_title(facts: Facts) -> str:
    """A paper's title in the preheader."""
    return clean(facts.title, _TITLE)


def short_title(title: str) -> str:
    """The title of the first paper in the subject."""
    return excerpt(title, _SUBJECT_TITLE)


def followed_authors(reasons: Sequence[Reason]) -> tuple[str, ...]:
    """The authors for whose sake a paper is there, spelt as the paper does."""
    for reason in reasons:
        if reason.kind is ReasonKind.AUTHOR:
            return reason.words
    return ()


# ── papers ───────────────────────────────────────────────────────────────────────────────────────


def _papers(edition: Edition, parts: Sequence[Section], form: str, reader: Reader, style: Style) -> Iterator[str]:
    for part in parts:
        if part.heading:
            yield heading_lines(part.heading, form, style)
        for pick in part.picks:
            reason = because(pick.reasons, style.language, is_rising=pick.facts.marker == RISING)
            cut = Cut(pick.facts, edition.day, followed_authors(pick.reasons), bool(reason), bool(reader.votes_url))
            before, after = _fragment(cut, form, style)
            vote = vote_link(reader.votes_url or "", pick.facts.paper_id)
            yield before.replace(VOTE, vote)
            if reason:
                yield reason_lines(reason, form, style.language)
            yield after.replace(VOTE, vote)
    if edition.authors:
        yield card_lines(edition.authors, reader.home_url, form, style)


def vote_link(votes_url: str, paper_id: int) -> str:
    """The page where a reader votes on a paper; templates add what is to be shown first."""
    return f"{votes_url}/{paper_id}"


def heading_lines(heading: str, form: str, style: Style) -> str:
    """The heading of a section in whole lines; `form` is "txt" or "html"."""
    return _whole_lines(style.environment.get_template(f"digest/section.{form}").render(heading=heading))


def card_lines(cards: Sequence[AuthorCard], home_url: str | None, form: str, style: Style) -> str:
    """The followed authors in whole lines."""
    shown = [card_view(card, home_url, style.language) for card in cards]
    return _whole_lines(style.environment.get_template(f"digest/authors.{form}").render(authors=shown))


def reason_lines(reason: str, form: str, language: Language = ENGLISH) -> str:
    """Why a paper is there, in whole lines."""
    return f"{escape(reason)!s}\n" if form == "html" else f"{wrap(f'{reason_label(language)} {reason}')}\n"


def reason_label(language: Language) -> str:
    """What stands before a reason."""
    return language.gettext("Because:")


@dataclass(frozen=True, slots=True)
class Cut:
    """What the lines of one paper depend on."""

    facts: Facts
    day: date
    followed: tuple[str, ...] = ()
    has_reason: bool = False
    has_votes: bool = False


@lru_cache(maxsize=256)
def _fragment(cut: Cut, form: str, style: Style) -> tuple[str, str]:
    return paper_lines(cut, form, style)


kept_by(_fragment.cache_clear)


def paper_lines(cut: Cut, form: str, style: Style) -> tuple[str, str]:
    """One paper in whole lines, around the line of its reason; where a link to vote comes, they hold `VOTE`."""
    paper = paper_view(
        cut.facts, cut.day, style.language, followed=cut.followed, has_html_link=style.look.has_html_links
    )
    template = style.environment.get_template(f"digest/paper.{form}")
    reason, vote = SLOT if cut.has_reason else "", VOTE if cut.has_votes else ""
    before, _, after = template.render(paper=paper, reason=reason, vote=vote).partition(SLOT)
    return before, _whole_lines(after.removeprefix("\n")) if after else ""


def _joined(template: Template, words: dict[str, object], papers: Iterable[str]) -> tuple[str, ...]:
    head, _, foot = template.render(words).partition(SLOT)
    return (_whole_lines(head), *papers, _whole_lines(foot.removeprefix("\n")))


def _whole_lines(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
