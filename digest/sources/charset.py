"""From bytes to text, whatever a payload says or forgets to say of its encoding."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""\A\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET = re.compile(r"""\bcharset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_KNOWN_CODECS = re.compile(
    r"ascii|utf-(8|16|32)(-[bl]e)?|iso8859-\d+|cp\d{3,4}|koi8-[rtu]|gb2312|gbk|gb18030|big5(hkscs)?|shift_jis|"
    r"euc_(jp|kr)|mac-\w+|tis-620"
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


def decoded(body: bytes, content_type: str = "") -> str:
    """Text by byte-order mark, then HTTP's charset (RFC 7303), then the XML declaration, then UTF-8.

    Bytes that are wrong in UTF-8 are read as Windows-1252, each for itself, so one stray byte spoils no other word.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body.decode(name, "replace").lstrip("\ufeff")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[1] == 0 else "utf-16-be", "replace")
    said = [match[1] for match in (_CHARSET.search(content_type),) if match]
    said += [match[1].decode("ascii") for match in (_DECLARED.search(body[:400]),) if match]
    for name in said:
        codec = _codec(name)
        if codec not in (None, "utf-8", "ascii"):
            try:
                return body.decode(codec)
            except UnicodeDecodeError:
                continue
    return _without_half_character(body).decode("utf-8", "digest-windows-1252")


def _codec(name: str) -> str | None:
    """A codec for text of the web; None for the likes of idna, punycode or unicode_escape."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    if _KNOWN_CODECS.fullmatch(found) is None:
        return None
    # As browsers do: what calls itself Latin-1 holds the curly quotes of Windows, and GB2312 its supersets.
    return {"iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(found, found)


def _without_half_character(body: bytes) -> bytes:
    """A download may end in the middle of a character; that is no sign of another encoding."""
    for length in (1, 2, 3):
        last = body[-length:][:1]
        if last and last[0] >= 0xC0:
            needed = 2 if last[0] < 0xE0 else 3 if last[0] < 0xF0 else 4
            return body[:-length] if needed > length else body
        if last and last[0] < 0x80:
            return body
    return body


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("digest-windows-1252", _as_windows_1252)
