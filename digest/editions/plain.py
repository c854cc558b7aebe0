"""Strangers' text made harmless: one line, no control characters, cut to a length; links that are https or none."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import idna

# C0 and C1 controls, zero-width and bidi formatting, lone surrogates, tags, noncharacters.
# U+200C and U+200D stay: scripts such as Persian and Hindi spell with them.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffc\ufffe\uffff\U000e0000-\U000e007f]"
)
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])(?<!\bal\.)(?<!\bvs\.)(?<!e\.g\.)(?<!i\.e\.)\s")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*", re.IGNORECASE)
_URL_LIMIT = 400


def clean(text: str, limit: int = 2_000) -> str:
    """`text` on one line with single blanks, at most `limit` bytes of UTF-8, without control or bidi characters."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # almost every text; the rest of this function for all of them costs a tenth of a mail
    # Cut twice: the first keeps a megabyte away from the regular expression.
    return cut(" ".join(_UNWANTED.sub("", text[: 4 * limit]).split()), limit)


def cut(text: str, limit: int) -> str:
    """`text` ended at a word with "…" where its UTF-8 is longer than `limit` bytes.

    Bytes, not characters: they are what a mail pays for, and a CJK character says about as much as three letters.
    """
    raw = text.encode()
    if len(raw) <= limit:
        return text
    short = raw[: limit - len("…".encode())].decode(errors="ignore")
    word_end = short.rfind(" ")
    return (short[:word_end] if word_end > len(short) // 2 else short).rstrip(" ,;:–—-") + "…"


def excerpt(text: str, limit: int) -> str:
    """The sentences that fit into `limit` bytes of UTF-8, when they fill most of it; else cut at a word."""
    short = cut(text, limit)
    if short == text:
        return text
    ends = [match.start() for match in _SENTENCE_END.finditer(short)]
    return f"{short[: ends[-1]]}\u00a0…" if ends and ends[-1] > 0.7 * len(short) else short


def https_link(url: str | None) -> str | None:
    """`url` as an https link of ASCII, None for every other scheme, bare addresses, users and overlong ones.

    Plain http is upgraded: old feeds still write arXiv and DOI links so, and a host without https is rare by now.
    """
    if not url or len(url) > _URL_LIMIT or len(url.split()) != 1:
        return None
    try:
        parts = urlsplit(_UNWANTED.sub("", url.strip()))
        host = parts.hostname or ""
        host = host if host.isascii() else idna.encode(host, uts46=True).decode()
        port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("https", "http") or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    link = f"https://{host}{port}{quote(parts.path, safe=_SAFE)}"
    link += f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    link += f"#{quote(parts.fragment, safe=_SAFE)}" if parts.fragment else ""
    return link if len(link) <= _URL_LIMIT else None


_SAFE = "/%:@!$&()*+,;=~?-._"


def wrap(text: str, width: int = 76, indent: str = "") -> str:
    """`text` in lines of at most `width` columns, each after `indent`; a longer word (a link) keeps its own line."""
    if len(text) <= width - len(indent) and "\n" not in text:
        return indent + text
    lines: list[str] = []
    room = width - len(indent)
    is_tidy = text.isprintable() and "  " not in text  # of all white space only the blank is printable
    rest = text.strip() if is_tidy else " ".join(text.split())
    while len(rest) > room:
        end = rest.rfind(" ", 0, room + 1)
        end = end if end >= 0 else rest.find(" ", room)
        if end < 0:
            break
        lines.append(indent + rest[:end])
        rest = rest[end + 1 :]
    if rest:
        lines.append(indent + rest)
    return "\n".join(lines)
