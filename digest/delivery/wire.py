"""The form in which a message crosses the wire (RFC 5321 sections 2.3.8 and 4.5.2)."""

from __future__ import annotations


def is_canonical(message: bytes) -> bool:
    """Whether every line ends with CRLF and neither CR nor LF stands alone.

    A lone one would be read as a line's end by some servers and not by others, which lets a message's text end
    the message and speak SMTP (CVE-2023-51764 and its kin).
    """
    ends = message.count(b"\r\n")
    return message.endswith(b"\r\n") and message.count(b"\n") == ends and message.count(b"\r") == ends


def stuffed(message: bytes) -> bytes:
    """A canonical message with the dots at its lines' starts doubled."""
    message = message.replace(b"\r\n.", b"\r\n..")
    return b"." + message if message.startswith(b".") else message
