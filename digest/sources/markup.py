"""From bytes to XML that is safe and whole, before a feed parser sees it.

    bytes ─► UTF-8 ─► no page, no entities, not too deep ─► whole? ─┬─► as it came
                                                                    ├─► mended (stray &, control characters)
                                                                    └─► cut after the last whole item

One pass of expat, which builds nothing, answers all of it. So the parser only ever gets well-formed XML: its
lenient mode would take the half of an item for an item, and costs ten times as much on a hostile page.
"""

from __future__ import annotations

import html.entities
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from xml.parsers import expat

from digest.sources import Unreadable
from digest.sources.charset import decoded

MOST_ITEMS = 10_000
# Above these feedparser takes time that grows with the square, or a feed is no feed any more.
_DEEPEST = 200
_MOST_ELEMENTS = 400_000
_MOST_ATTRIBUTES = 100
_MOST_TAGS = 1_000  # categories of one item
_MOST_NAMES = 4_000_000  # bytes of authors in all
_ENDLESS_NAME = re.compile(rb"[\w.+@-]{200}")

_TAGS = frozenset({"category", "subject", "keywords", "tags"})
_PEOPLE = frozenset({"author", "creator", "name", "contributor", "managingEditor", "webMaster", "publisher", "owner"})
_ITEMS = frozenset({"item", "entry"})
_UNREAD = frozenset({"rights"})  # the licence, one of ten elements of an arXiv item, and feedparser's time is theirs
_ROOTS = frozenset({"rss", "feed", "RDF"})
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*?\?>")
_PAGE = re.compile(r"\A(<\?xml[^>]*>)?(\s|<!--.*?-->)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_CHALLENGE = re.compile(r"Just a moment|Attention Required|cf-chl|challenge-platform|Enable JavaScript and cookies")

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_AMPERSAND = re.compile(r"&(?:(#x[0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{0,31});)?")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the XML broke and how; what stood whole before it was kept."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """Well-formed UTF-8 XML without a declaration. `cut` says where the payload was not whole."""

    body: bytes
    cut: Cut | None = None
    has_too_many_items: bool = False


def is_page(text: str) -> bool:
    """Whether this is an HTML page and no feed."""
    return _PAGE.search(text[:2000]) is not None


def document(body: bytes, content_type: str = "") -> Document:
    """The XML of a feed, made safe and whole.

    Raises:
        Unreadable: empty, an HTML page, entities of its own, nested too deep, not a feed, or no whole item in it.
    """
    text = decoded(body, content_type)
    if not text.strip():
        raise Unreadable("the answer is empty")
    if is_page(text):
        raise Unreadable(
            "a challenge page for browsers instead of a feed" if is_challenge(text) else "an HTML page, no feed"
        )
    declared = _DECLARATION.match(text)  # `sub` would look for the beginning at every character
    text = text[declared.end() if declared else 0 :].lstrip()
    first = text.encode("utf-8", "replace")
    scan = _Scan(first)
    if scan.error is None or scan.is_cut_off:
        return scan.document()
    second = _Scan(mended(text).encode("utf-8", "replace"))
    return second.document() if second.error is None or second.whole > scan.whole else scan.document()


def is_challenge(text: str) -> bool:
    """Whether a page is one that asks for a browser."""
    return _CHALLENGE.search(text) is not None


def mended(text: str) -> str:
    """Control characters dropped, a stray `&` and the names of HTML made right; CDATA is left alone."""
    pieces = _CDATA.split(_CONTROLS.sub("", text))
    pieces[::2] = [_AMPERSAND.sub(_reference, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _reference(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "&amp;"
    if name.startswith("#"):
        number = int("0" + name[1:], 0) if name[1] == "x" else int(name[1:])
        is_legal = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF
        return match[0] if is_legal and number not in (0xFFFE, 0xFFFF) else ""
    if name in _XML_NAMES:
        return match[0]
    found = html.entities.html5.get(f"{name};")
    return "".join(f"&#{ord(c)};" for c in found) if found else f"&amp;{name};"


@lru_cache(maxsize=256)
def _local(name: str) -> str:
    """The name without its prefix; a feed has a dozen of them."""
    return name.rpartition(":")[2]


class _Scan:
    """One pass over a document: is it a feed, is it safe, where does its last whole item end."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._open: list[str] = []
        self._around: list[str] = []  # the elements that hold the items
        self._end = 0  # of the last whole item
        self._unread: list[tuple[int, int]] = []  # where elements stand that nobody reads
        self._unread_at = 0
        self.whole = 0
        self.error: Cut | None = None
        self.is_cut_off = False
        self._elements = self._tags = self._names = self._name_at = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._close
        self._parser.EntityDeclHandler = self._entity
        self._run()

    def _run(self) -> None:
        try:
            self._parser.Parse(self._body, True)
        except expat.ExpatError as error:
            self.error = Cut(error.lineno, expat.ErrorString(error.code))
            self.is_cut_off = error.code in _ENDED_EARLY
            if self.is_cut_off:
                self.error = Cut(error.lineno, "the payload is cut off here")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if not self._open and local not in _ROOTS:
            raise Unreadable(f"no RSS, Atom or RDF feed: its root element is <{name[:40]}>")
        if local in _UNREAD and self._is_in_item():
            self._unread_at = self._parser.CurrentByteIndex
        self._open.append(name)
        self._elements += 1
        if len(self._open) > _DEEPEST or self._elements > _MOST_ELEMENTS or len(attributes) > _MOST_ATTRIBUTES:
            raise Unreadable("its elements are nested too deep or too many for a feed: refused unparsed")
        if local in _PEOPLE:
            self._name_at = self._parser.CurrentByteIndex
        elif local in _TAGS:
            self._tags += 1

    def _close(self, name: str) -> None:
        self._open.pop()
        local = _local(name)
        if local in _PEOPLE:
            self._check_name(self._body[self._name_at : self._parser.CurrentByteIndex])
        elif local in _ITEMS and len(self._open) <= 2:
            self._close_item()
        elif local in _UNREAD and self._is_in_item():
            self._leave_out(self._parser.CurrentByteIndex)

    def _is_in_item(self) -> bool:
        """Whether the innermost open element is an item, not one that stands somewhere in another."""
        return 0 < len(self._open) <= 3 and _local(self._open[-1]) in _ITEMS

    def _leave_out(self, closing: int) -> None:
        # Of <rights/> expat names the end already: it stays, and so does what looks like it.
        if not self._body.startswith(b"/>", closing - 2):
            self._unread.append((self._unread_at, self._body.find(b">", closing) + 1))

    def _close_item(self) -> None:
        if self._tags > _MOST_TAGS:
            raise Unreadable(f"an item has {self._tags} categories: refused unparsed")
        self._tags = 0
        self.whole += 1
        if self.whole <= MOST_ITEMS:
            at = self._body.find(b">", self._parser.CurrentByteIndex)
            self._end, self._around = at + 1, list(self._open)

    def _check_name(self, told: bytes) -> None:
        self._names += len(told)
        if self._names > _MOST_NAMES or (len(told) > 200 and _ENDLESS_NAME.search(told)):
            raise Unreadable("an author's name without end: refused unparsed")

    @staticmethod
    def _entity(*_declaration: object) -> None:
        # Billion laughs, quadratic blow-up and external files all begin with a declaration; no feed needs one.
        raise Unreadable("the document declares entities of its own, which no feed needs: refused unparsed")

    def document(self) -> Document:
        """The document, or what is whole of it."""
        if self.error is None and self.whole <= MOST_ITEMS:
            return Document(self._read(len(self._body)))
        if not self.whole and self.error is not None:
            raise Unreadable(f"line {self.error.line}: {self.error.reason}, and no item before it is whole")
        closing = "".join(f"</{name}>" for name in reversed(self._around)).encode()
        return Document(self._read(self._end) + closing, self.error, self.whole > MOST_ITEMS)

    def _read(self, end: int) -> bytes:
        """The body up to `end`, without what nobody reads."""
        unread = [span for span in self._unread if span[1] <= end]
        pieces = [self._body[start:stop] for (_, start), (stop, _) in pairwise([(0, 0), *unread, (end, end)])]
        return b"".join(pieces)


_ENDED_EARLY = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
)
