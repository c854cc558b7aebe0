"""From bytes to text, and from what a field holds to words: what all readers share."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(
    rb"""\A\s*(?:<\?xml\b[^>]*?\bencoding\s*=\s*["']|%\s*Encoding:\s*)([A-Za-z0-9._-]{1,40})""", re.IGNORECASE
)
_JABREF = re.compile(rb"^%\s*Encoding:\s*([A-Za-z0-9._-]{1,40})", re.IGNORECASE | re.MULTILINE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_KNOWN = re.compile(r"iso8859-\d+|cp\d{3,4}|koi8-[rtu]|gb2312|gbk|gb18030|big5|shift_jis|euc_(jp|kr)|mac-\w+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")


def decoded(body: bytes) -> str:
    """Text by byte-order mark, as UTF-8, else as the file itself says (XML, JabRef), else as Windows-1252.

    UTF-8 comes before what a file says: JabRef's line outlives a conversion, and no other encoding looks like UTF-8.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body.decode(name, "replace").lstrip("\ufeff")
    for name in ("utf-8", *_said(body)):
        try:
            return _lines(body.decode(name))
        except UnicodeDecodeError:
            continue
    return _lines(body.decode("cp1252", "replace"))


def _said(body: bytes) -> list[str]:
    found = _DECLARED.search(body[:400]) or _JABREF.search(body[:2000])
    try:
        name = codecs.lookup(found[1].decode("ascii").replace("ISO8859_", "ISO8859-")).name if found else ""
    except LookupError:
        return []
    # What calls itself Latin-1 holds the curly quotes of Windows.
    return ["cp1252"] if name == "iso8859-1" else [name] if _KNOWN.fullmatch(name) else []


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(value: object) -> str:
    """Text with its wraps joined, without what no database takes; "" for what is no text."""
    return " ".join(_UNSTORABLE.sub("", value).split()) if isinstance(value, str) else ""


def year_of(*texts: object) -> int | None:
    """The first year (1400–2099) in dates of whatever form: 2016, "2016/12//", "Dec 2016", "2011-05-25~"."""
    for text in texts:
        if found := _YEAR.search(str(text) if isinstance(text, int) else one_line(text)):
            return int(found[1])
    return None


def keywords_of(*texts: object) -> tuple[str, ...]:
    """Keywords in one field, parted by semicolons where there are any, else by commas."""
    parts = [part for text in map(one_line, texts) for part in text.split(";" if ";" in text else ",")]
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
