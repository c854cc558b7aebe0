"""Text as people should read it: TeX, entities and mark-up become Unicode; words are never lost.

    raw ─► controls out ─► entities ─► HTML tags ─► TeX ─► quotes, dashes, blanks ─► (again until nothing changes)

Plain text passes: "n<m and $a<b$" keeps its signs, "costs $5 and $10" its dollars, "<SEG>" its brackets.
"""

from __future__ import annotations

import html
import re
import unicodedata

from digest.papers.authors import split_names
from digest.papers.tex import from_tex
from digest.papers.tex_math import script

__all__ = ["clean_html", "excerpt", "readable", "readable_name", "split_authors"]

# Controls, zero-width characters, what turns the direction of text, lone surrogates, non-characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPECIAL = re.compile(r"[\\${}<&`~]|--|[\x00-\x08\x0e-\x1b\x7f]")
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_SCRIPT_TAG = re.compile(r"<(su[bp])>\s*([^<>]{1,24})\s*</\1>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)((?:jats:|mml:)?[a-zA-Z][a-zA-Z0-9]*)(\s[^<>]*)?/?>")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _words("p br hr div li ul ol dl dt dd table tr td th blockquote section article h1 h2 h3 h4 h5 h6 pre img")
_INLINE = _words("a b i em strong u tt sub sup small big span font code abbr cite q mark title sec italic bold")
_ACTIVE = _words("script style iframe object embed svg link meta form input button html body head")
_QUOTED = re.compile(r"``(?=\S)(.{1,400}?)''", re.DOTALL)
_SINGLE_QUOTED = re.compile(r"(?<![\w`])`(?=[^\s`'])([^`']{1,80})'(?![\w'])")
_DASHES = re.compile(r"(https?://\S+)|(?<=[\w.%)\]\"'”’°×])(-{2,3})(?=[^\s>\-,;:.!?)])|(?<=\s)(-{2,3})(?=\s)")
_TIE = re.compile(r"(?<!\\)~")
_PASSES = 8
_FLAT = re.compile(r"[\\${}<&`~]|--+")
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s)")


def readable(raw: str) -> str:
    """The text as it should be shown: one line, NFC, no TeX, mark-up or controls. Idempotent; never raises."""
    text = raw if raw.isascii() else unicodedata.normalize("NFC", _UNSEEN.sub("", raw))
    for _ in range(_PASSES):
        if not _is_special(text):
            return " ".join(text.split())
        before, text = text, _read_once(text)
        if text == before:
            return text
    return " ".join(unicodedata.normalize("NFC", _FLAT.sub(" ", text)).split())  # nested beyond all sense


_SIGNS = ("\\", "$", "{", "}", "<", "&", "`", "~", "--")


def _is_special(text: str) -> bool:
    """Whether `_SPECIAL` finds something: eight looks for one sign each cost a tenth of one look for eight."""
    for sign in _SIGNS:
        if sign in text:
            return True
    return not text.isprintable() and _SPECIAL.search(text) is not None


def _read_once(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if "<" in text:
        text = _without_tags(text)
    if "\\" in text or "$" in text or "{" in text or "~" in text:
        text = from_tex(text)
    if "`" in text:
        text = _SINGLE_QUOTED.sub(r"‘\1’", _QUOTED.sub(r"“\1”", text).replace("``", "“"))
    if "--" in text:
        text = _DASHES.sub(_dash, text)
    return " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", text)).split())


def _entity(found: re.Match[str]) -> str:
    decoded = html.unescape(f"&{found.group(1)};")
    return found.group() if decoded.startswith("&") and len(decoded) > 1 else decoded


def _dash(found: re.Match[str]) -> str:
    if found.group(1):
        return found.group()  # an address keeps its hyphens
    return "—" if len(found.group(2) or found.group(3)) == 3 else "–"


def _without_tags(text: str) -> str:
    text = _SCRIPT_TAG.sub(lambda m: script("^" if m.group(1).lower() == "sup" else "_", m.group(2)), text)
    closed = {m.group(2).lower() for m in _TAG.finditer(text) if m.group(1)}

    def replaced(found: re.Match[str]) -> str:
        """Only tags of HTML go, and inline ones only in pairs: "<b>" alone may be somebody's token."""
        name = found.group(2).lower().removeprefix("jats:")
        if name in _BLOCKS:
            return " "
        is_tag = name in _ACTIVE or name.startswith("mml:") or (name in _INLINE and (name in closed or found.group(3)))
        return "" if is_tag else found.group()

    return _TAG.sub(replaced, text)


def readable_name(raw: str) -> str:
    """An author's name as it should be shown: accents from TeX, ties as blanks, single blanks."""
    return readable(_TIE.sub(" ", raw) if "~" in raw else raw).strip(" ,;")


def split_authors(creator: str) -> tuple[tuple[str, ...], bool]:
    """The names in an author line ("A. B. One (Lab, City), C. Two Jr, et al."), readable, and whether they are all.

    Affiliations go, suffixes stay with their name, collaborations are authors. An empty line names nobody: False.
    """
    return split_names(readable_name(creator))


def clean_html(markup: str) -> str:
    """The text of an HTML fragment: tags, scripts and styles gone, paragraphs parted by blanks, entities decoded.

    Text that holds no HTML tag only has its entities decoded; a "<" that opens no tag stays.
    """
    import nh3

    markup = _UNSEEN.sub("", markup)
    opened = {m.group(2).lower() for m in _TAG.finditer(markup)}
    if not opened & (_BLOCKS | _INLINE | _ACTIVE):
        return html.unescape(markup) if "&" in markup else markup
    kept = re.sub(r"<(?!/?[a-zA-Z][a-zA-Z0-9:]*(?:\s[^<>]*)?/?>|!--)", "&lt;", markup)
    parted = _TAG.sub(lambda m: f" {m.group()}" if m.group(2).lower() in _BLOCKS else m.group(), kept)
    text = nh3.clean(parted, tags=set(), clean_content_tags={"script", "style"})
    return " ".join(html.unescape(text).split())


def excerpt(text: str, limit: int) -> str:
    """At most `limit` characters of the text, cut after a sentence (in the last two fifths) or a word, then "…"."""
    if len(text) <= limit:
        return text
    head = text[: max(limit - 1, 0)]
    sentences = [found.end() for found in _SENTENCE_END.finditer(text, 0, len(head))]
    if sentences and limit * 3 <= sentences[-1] * 5 and sentences[-1] + 2 <= limit:
        return head[: sentences[-1]] + " …"
    words = head if text[len(head) : len(head) + 1].isspace() else head.rpartition(" ")[0]
    return (words.rstrip(" ,;:–—-(") or head) + "…" if limit > 0 else ""
