"""Subscription lists: OPML as other programs write it, also badly, and as we write it.

    outline with xmlUrl (or url and a feed's type) ─► a feed      outline with others in it ─► a folder
    anything else                                  ─► skipped, with the reason

Entity declarations are refused before anything is read; damage that cannot be mended refuses the whole file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from digest.papers.links import canonical_url
from digest.sources import Unreadable
from digest.sources.charset import decoded
from digest.sources.markup import is_page, mended

_DEEPEST = 100
_MOST = 20_000
_LONGEST_NAME = 40
_FEEDS = frozenset({"", "rss", "atom", "rdf", "pie", "feed"})  # "pie" is Liferea's word for Atom
_LISTS = frozenset({"link", "include"})
_END = re.compile(r"</opml\s*>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*?\?>")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed of a list. `folders` lead to it, the outermost first; `title` may be empty."""

    title: str
    url: str
    folders: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """An outline that is no feed, or one too many."""

    line: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """What a list holds, in its order."""

    feeds: tuple[Subscription, ...]
    skipped: tuple[Skipped, ...]


def parse(body: bytes) -> Subscriptions:
    """The feeds of an OPML file.

    Raises:
        Unreadable: no OPML, damaged, or with entities of its own.
    """
    text = decoded(body)
    if not text.strip():
        raise Unreadable("the file is empty")
    if is_page(text):
        raise Unreadable("line 1: an HTML page, no OPML")
    return _sorted_out(outline for document in _documents(_blanked(text)) for outline in _outlines(document))


def _documents(text: str) -> Iterator[str]:
    """Some programs append one document to another; each keeps its lines."""
    start = 0
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        if start == 0 or "<" in _COMMENT.sub("", text[start:end]):
            yield "\n" * text.count("\n", 0, start) + text[start:end]
        start = end


def _outlines(text: str) -> list[_Outline]:
    try:
        return _Outlines(text).found
    except expat.ExpatError:
        try:
            return _Outlines(mended(text)).found
        except expat.ExpatError as error:
            raise Unreadable(f"line {error.lineno}: {expat.ErrorString(error.code)}") from error


def address(url: str) -> str | None:
    """By what two feeds are told apart; None for what is no http address. Hosts of one word are a house's own."""
    try:
        parts = urlsplit(url)
        is_http = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        return None
    return canonical_url(url) or (url if is_http else None)


def _blanked(text: str) -> str:
    """Without the XML declaration, whose encoding no longer holds; its lines still count."""
    found = _DECLARATION.match(text)
    return "\n" * found[0].count("\n") + text[found.end() :] if found else text


@dataclass(slots=True)
class _Outline:
    line: int
    told: dict[str, str]  # attributes by lower-case name: LiveJournal writes xmlURL
    folders: tuple[str, ...]
    has_parts: bool = False

    @property
    def title(self) -> str:
        return self.told.get("text") or self.told.get("title") or ""

    @property
    def kind(self) -> str:
        return self.told.get("type", "").lower()

    @property
    def url(self) -> str:
        """Where the feed is; some programs call it `url`, which is the list's own address in a link."""
        told = self.told.get("xmlurl", "")
        return told or (self.told.get("url", "") if self.kind in _FEEDS else "")


@dataclass(slots=True)
class _Outlines:
    """One pass over a document that collects its outlines."""

    text: str
    found: list[_Outline] = field(default_factory=list)
    _open: list[_Outline | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = lambda _name: self._open.pop()
        self._parser.EntityDeclHandler = _refuse
        self._parser.Parse(self.text.encode("utf-8", "replace"), True)

    _parser: expat.XMLParserType = field(init=False)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        if not self._open and local != "opml":
            raise Unreadable(f"line {self._parser.CurrentLineNumber}: no OPML, it begins with <{name[:40]}>")
        if len(self._open) >= _DEEPEST or len(self.found) >= _MOST:
            raise Unreadable(f"more than {_MOST} outlines or {_DEEPEST} levels: refused")
        self._open.append(self._outline(attributes) if local == "outline" else None)

    def _outline(self, attributes: dict[str, str]) -> _Outline:
        around = [outline for outline in self._open if outline is not None]
        if around:
            around[-1].has_parts = True
        told = {name.lower(): " ".join(value.split()) for name, value in attributes.items()}
        titles = tuple(outline.title for outline in around if outline.title)
        self.found.append(_Outline(self._parser.CurrentLineNumber, told, titles))
        return self.found[-1]


def _refuse(*_declaration: object) -> None:
    raise Unreadable("the document declares entities of its own, which no list of feeds needs: refused unparsed")


def _sorted_out(outlines: Iterable[_Outline]) -> Subscriptions:
    feeds: dict[str, Subscription] = {}
    skipped: list[Skipped] = []
    for outline in outlines:
        same = address(outline.url)
        if same is None or same in feeds or outline.kind in _LISTS:
            reason = _why_not(outline, feeds.get(same) if same else None)
            skipped += [Skipped(outline.line, outline.title, reason)] if reason else []
        else:
            feeds[same] = Subscription(outline.title, outline.url, outline.folders, outline.line)
    return Subscriptions(tuple(feeds.values()), tuple(skipped))


def _why_not(outline: _Outline, before: Subscription | None) -> str:
    """Why an outline is not taken; "" for a folder, of which nothing is lost."""
    if outline.kind in _LISTS:
        return f"type {outline.kind!r}: another list or a page, which is not followed"
    if before is not None:
        return f"the same feed as on line {before.line}"
    if outline.url:
        return f"{outline.url[:80]!r} is no http address"
    if outline.has_parts:
        return ""
    return "only a page (htmlUrl), no feed" if outline.told.get("htmlurl") else "no address of a feed (xmlUrl)"


# ── names and writing ────────────────────────────────────────────────────────────────────────────


def source_name(title: str, url: str, taken: Iterable[str]) -> str:
    """A name for a feed: its title in lower-case letters, digits and hyphens, else its host; numbered where taken."""
    base = _slug(title) or _slug((urlsplit(url).hostname or "").removeprefix("www.")) or "feed"
    known = set(taken)
    return next(name for n in range(1, len(known) + 2) if (name := base if n == 1 else f"{base}-{n}") not in known)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:_LONGEST_NAME].rstrip("-_")


def write(title: str, feeds: Iterable[tuple[str, str]]) -> bytes:
    """An OPML 2.0 file of (name, address) pairs."""
    lines = [f'    <outline type="rss" text={quoteattr(name)} xmlUrl={quoteattr(url)}/>' for name, url in feeds]
    head = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "  <head>"]
    head += [f"    <title>{quoteattr(title)[1:-1]}</title>", "  </head>", "  <body>"]
    return "\n".join([*head, *lines, "  </body>", "</opml>", ""]).encode()
