"""Digests as bytes for whoever makes many: what several readers share is worded and encoded once and kept.

    paper, day ──────────────► fragment ─┐
    templates, day, counts ──► sheet ────┼─ joined with the reader's own lines and reasons ─► bytes
    installation, occasion ──► frame ────┘

The bytes are those of `assemble.mail`, which is the plain way: templates, then `message.build`. An installation with a
subject or a body of its own is served the plain way, because such templates may do with an address what they like.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from digest.editions.assemble import (
    Letterhead,
    digest_headers,
    mail,
    message_id_of,
    reader_of,
    unsubscribe_link,
    unsubscribe_mailto,
)
from digest.editions.language import Language
from digest.editions.library import facts_through
from digest.editions.links import votes_url
from digest.editions.message import PLAIN, Frame, frame_of, quoted, separators
from digest.editions.plain import clean
from digest.editions.reason_lines import ReasonLines
from digest.editions.reasons import because
from digest.editions.render import (
    LINE,
    PREHEADER_TITLES,
    VOTE,
    Cut,
    card_lines,
    followed_authors,
    frame_words,
    heading_lines,
    paper_lines,
    short_title,
    shown_title,
    vote_link,
)
from digest.editions.sections import Section, sections, summary
from digest.editions.select import RISING
from digest.editions.sheet import FILES, Sheet, escaped, own_values, sheet_of
from digest.editions.templates import Style
from digest.editions.vote_lines import Pieces, Strip, is_plain, strip_of
from digest.model import Edition, Facts

_FRAGMENTS, _SHEETS, _FRAMES, _ROOMS = 4096, 64, 64, 8  # kept at most; a fragment is about 5 KB

_Lines = tuple[str, str]

_Papers = tuple[list[str], list[str]]
"""The parts of the text and of the HTML."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A paper on a day, encoded: what goes around the line of its reason, as text and as HTML."""

    facts: Facts
    text: tuple[Strip, Strip]
    html: tuple[Strip, Strip]


class Press:
    """Makes the digests of one installation. Threads may share it: what it keeps is never changed, only dropped."""

    def __init__(self, head: Letterhead) -> None:
        self._head = head
        folder = head.overrides / "digest" if head.overrides else None
        is_overridden = folder is not None and any((folder / name).exists() for name in FILES)
        self._takes_the_plain_way = is_overridden or not is_plain(head.public_url)
        self._rooms: dict[tuple[date, Language], _Room] = {}
        self._sheets: dict[tuple[date, Language, str, int, int], Sheet] = {}
        self._frames: dict[tuple[str, datetime], Frame] = {}

    def digest(self, edition: Edition, address: str, message_id: str | None = None) -> bytes:
        """The message of an edition; `message_id` is the one that it was put into the outbox with, where it was.

        Raises:
            jinja2.TemplateError: a template breaks.
            ValueError: a header cannot be written.
        """
        if self._takes_the_plain_way:
            return mail(self._head, edition, address, message_id)
        message_id = message_id or message_id_of(self._head, edition)
        language = self._head.language_for(edition.language)
        room = self._room(edition.day, language)
        parts = sections(edition.picks, language)
        ways_out = unsubscribe_link, unsubscribe_mailto
        links = [found for way in ways_out if (found := way(self._head, edition.subscriber_id))]
        link = links[0] if links else None
        titles = room.titles(parts)
        own = own_values(clean(address, LINE), link, titles, short_title(titles[0]) if titles else "")
        sheet, frame = self._sheet(edition, parts, address, language), self._frame(edition, address)
        header = frame.filled(address, sheet.subject(own["first_title"]), message_id, links)
        text, html = room.papers(parts, self._votes_url(edition))
        if edition.authors:
            text.append(quoted(card_lines(edition.authors, self._head.public_url, "txt", room.style)))
            html.append(quoted(card_lines(edition.authors, self._head.public_url, "html", room.style)))
        text_part = [sheet.text.head.filled(own), *text, sheet.text.foot.filled(own)]
        if edition.is_text_only:
            return "".join([*header, PLAIN, *text_part]).encode("ascii")
        opening, middle, closing = separators(message_id)
        shown = escaped(own)
        html_part = [sheet.html.head.filled(shown), *html, sheet.html.foot.filled(shown)]
        return "".join([*header, opening, *text_part, middle, *html_part, closing]).encode("ascii")

    def _votes_url(self, edition: Edition) -> str:
        head = self._head
        if not head.public_url or not edition.id:
            return ""
        return votes_url(head.public_url, head.keys, edition.subscriber_id, edition.id)

    def _room(self, day: date, language: Language) -> _Room:
        found = self._rooms.get((day, language))
        if found is None:
            if len(self._rooms) >= _ROOMS:
                self._rooms = {}
            found = self._rooms[day, language] = _Room(self._head, day, language)
        return found

    # ── what stands around the papers ─────────────────────────────────────────────────────────────

    def _sheet(self, edition: Edition, parts: tuple[Section, ...], address: str, language: Language) -> Sheet:
        key = edition.day, language, summary(parts, edition.scanned, language), edition.scanned, len(edition.picks)
        found = self._sheets.get(key)
        if found is None:
            if len(self._sheets) >= _SHEETS:
                self._sheets = {}
            reader = reader_of(self._head, edition.subscriber_id, address, edition.language)
            style = reader.style(self._head.overrides)
            found = self._sheets[key] = sheet_of(frame_words(edition, parts, reader), style)
        return found

    def _frame(self, edition: Edition, address: str) -> Frame:
        key = edition.occasion, edition.composed_at
        found = self._frames.get(key)
        if found is None:
            if len(self._frames) >= _FRAMES:
                self._frames = {}
            found = self._frames[key] = frame_of(digest_headers(self._head, edition, address))
        return found


class _Room:
    """The papers of a day in one language."""

    def __init__(self, head: Letterhead, day: date, language: Language) -> None:
        self._head, self._day, self._language = head, day, language
        self.style = Style(language, head.overrides, head.look)
        self._papers: dict[tuple[int, tuple[str, ...], bool, bool], tuple[Facts, _Lines, _Lines]] = {}
        self._fragments: dict[tuple[int, tuple[str, ...], bool, int], Fragment] = {}
        self._titles: dict[int, tuple[Facts, str]] = {}
        self._headings: dict[str, tuple[str, str]] = {}
        self._reasons = ReasonLines(language)

    def papers(self, parts: tuple[Section, ...], votes: str) -> _Papers:
        """Encoded; `votes` is the address before each paper's number, "" where there is none."""
        text: list[str] = []
        html: list[str] = []
        pieces = Pieces(votes)
        for part in parts:
            if part.heading:
                words, marked_up = self._heading(part.heading)
                text.append(words)
                html.append(marked_up)
            reasons = [because(p.reasons, self._language, is_rising=p.facts.marker == RISING) for p in part.picks]
            for pick, (words, marked_up) in zip(part.picks, self._reasons.lines(reasons), strict=True):
                found = self._fragment(pick.facts, followed_authors(pick.reasons), bool(words), len(votes))
                text += (found.text[0].filled(pieces), words, found.text[1].filled(pieces))
                html += (found.html[0].filled(pieces), marked_up, found.html[1].filled(pieces))
        return text, html

    def titles(self, parts: tuple[Section, ...]) -> list[str]:
        """Of the first papers."""
        facts = [pick.facts for part in parts for pick in part.picks[:PREHEADER_TITLES]]
        return [self._title(one) for one in facts[:PREHEADER_TITLES]]

    def _title(self, facts: Facts) -> str:
        found = self._titles.get(id(facts))
        if found is None or found[0] is not facts:
            if len(self._titles) >= _FRAGMENTS:
                self._titles = {}
            found = self._titles[id(facts)] = facts, shown_title(facts)
        return found[1]

    def _heading(self, heading: str) -> tuple[str, str]:
        found = self._headings.get(heading)
        if found is None:
            if len(self._headings) >= _FRAGMENTS:
                self._headings = {}
            lines = [quoted(heading_lines(heading, form, self.style)) for form in ("txt", "html")]
            found = self._headings[heading] = lines[0], lines[1]
        return found

    def _fragment(self, facts: Facts, followed: tuple[str, ...], has_reason: bool, votes_length: int) -> Fragment:
        """Found by the object, not by what it says: who loads many editions has one object for a paper."""
        key = id(facts), followed, has_reason, votes_length
        found = self._fragments.get(key)
        if found is None or found.facts is not facts:
            if len(self._fragments) >= _FRAGMENTS:
                self._fragments = {}
            text, html = self._rendered(facts, followed, has_reason, has_votes=bool(votes_length))
            found = Fragment(facts, _strips(text, votes_length), _strips(html, votes_length))
            self._fragments[key] = found
        return found

    def _rendered(
        self, facts: Facts, followed: tuple[str, ...], has_reason: bool, *, has_votes: bool
    ) -> tuple[_Lines, _Lines]:
        """The lines before and after a reason, as text and as HTML, with marks where the address of votes comes."""
        key = id(facts), followed, has_reason, has_votes
        found = self._papers.get(key)
        if found is None or found[0] is not facts:
            if len(self._papers) >= _FRAGMENTS:
                self._papers = {}
            cut = Cut(facts_through(self._head.library, facts), self._day, followed, has_reason, has_votes)
            link = vote_link(VOTE, facts.paper_id)
            text, html = (paper_lines(cut, form, self.style) for form in ("txt", "html"))
            found = facts, _linked(text, link), _linked(html, link)
            self._papers[key] = found
        return found[1:]


def _linked(lines: _Lines, link: str) -> _Lines:
    return lines[0].replace(VOTE, link), lines[1].replace(VOTE, link)


def _strips(lines: _Lines, votes_length: int) -> tuple[Strip, Strip]:
    return strip_of(lines[0], votes_length), strip_of(lines[1], votes_length)
