"""Reports from before RFC 3464, and of those who never took to it: text for people.

What they share: a recipient stands at a line's start, and what follows, up to the next recipient, is about them. What
stands behind the mark of the returned message is not read. `flufl.bounce` knows formats that this does not find.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from email import message_from_bytes

from digest.delivery.received import Headers, Received, fields_of
from digest.delivery.verdicts import Finding, Told, judge

_ADDRESS = r"[^\s<>@,;:\"'()\[\]]{1,128}@[^\s<>@,;:\"'()\[\]]{1,255}"
_LINE = re.compile(
    rf"^[\s>*-]{{0,12}}(?:(?:original |failed |recipient )?(?:address|recipient)\s*:\s*)?[<\"]{{0,2}}({_ADDRESS})",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(rf"<({_ADDRESS})>|\bto\s+({_ADDRESS})", re.IGNORECASE)
_FORWARDED = re.compile(rf"\((?:expanded|generated)\s+from\s+<?({_ADDRESS})>?\)", re.IGNORECASE)
_INTRODUCES_SENDER = re.compile(r"\b(?:sent|written)\s+by\W*$|\bsender\W*$|\bfrom\W*$", re.IGNORECASE)
_MARK = re.compile(
    r"^[\s-]*(?:.{0,40}\b(?:copy|headers?) of (?:the|your) (?:original )?message\b|message headers follow"
    r"|original message(?: headers| follows)?\s*(?::|-{2,}|$)|(?:returned|unsent) message\b|text of message\b)"
    r"|^(?:reporting-mta|received|return-path|dkim-signature|x-google-smtp-source|mime-version)\s?:",
    re.IGNORECASE,
)
_ACTION_LINE = re.compile(r"\bthis is (?:a warning (?:message )?only|only a (?:notification|temporary))", re.IGNORECASE)
_MAX_RECIPIENTS = 10_000
_MAX_PASSAGE = 4_000
_MAX_LEVELS = 40
_MAX_FLUFL = 100_000  # bytes: some of its detectors are slow on long messages
_LEVEL = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)


def split_report(text: str) -> tuple[str, Headers]:
    """What a report says itself, and the headers of the message that it quotes below."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _MARK.match(line[:200]):
            below = "\n".join(lines[number:])
            return "\n".join(lines[:number]), _quoted(below)
    return text, Headers()


def notes(report: str, others: Iterable[str]) -> dict[str, str]:
    """What a report says of whom, by address in lower case; "" has the whole.

    `others` are addresses that are no recipients: the sender of the message, who gets this report, and who writes it.
    """
    return {"": report[:_MAX_PASSAGE], **{address.lower(): text for address, text in _passages(report, others)}}


def findings(received: Received, report: str, others: Iterable[str], raw: bytes) -> list[Finding]:
    """What a report in words says of each recipient; at least one finding, if need be of nobody."""
    action = "delayed" if _ACTION_LINE.search(report) else ""
    told: dict[str, str] = {}
    for address, text in _passages(report, others):
        told.setdefault(address.lower(), text)
    if not told:
        told = dict.fromkeys(_named(received, report, others, raw), report[:_MAX_PASSAGE])
    if not told:
        return [judge(None, Told(report[:_MAX_PASSAGE], action=action))]
    # Where all stand in one list, the reason is what follows the list.
    last = next(reversed(told.values()))
    return [judge(one, Told(text if _says_more(text) else last, action=action)) for one, text in told.items()]


def _passages(report: str, others: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each recipient at a line's start, as written, with the text up to the next."""
    passed = {address.lower() for address in others}
    address, lines, before, count = "", list[str](), "", 0
    for line in report.split("\n"):
        found = _LINE.match(line[:500])
        named = found[1].rstrip(".") if found else ""
        if named and named.lower() not in passed and not _INTRODUCES_SENDER.search(before[-80:]):
            if address:
                yield _passage(address, lines)
                count += 1
            if count == _MAX_RECIPIENTS:
                return
            address, lines = named, []
        lines.append(line)
        before = line if line.strip() else before
    if address:
        yield _passage(address, lines)


def _passage(address: str, lines: list[str]) -> tuple[str, str]:
    text = "\n".join(lines).partition(address)[2][:_MAX_PASSAGE].lstrip('>" :')
    forwarded = _FORWARDED.search(" ".join(text.split())[:600])
    return (forwarded[1] if forwarded else address), text


def _says_more(text: str) -> bool:
    return len(text.strip(" \t\n<>:;,.")) > 3


def _named(received: Received, report: str, others: Iterable[str], raw: bytes) -> list[str]:
    """Recipients that stand nowhere at a line's start."""
    passed = {address.lower() for address in others}
    failed = re.findall(_ADDRESS, " ".join(received.headers.all("x-failed-recipients"))[:100_000])
    inside = [a or b for a, b in _ANYWHERE.findall(report[:_MAX_PASSAGE])]
    found = failed or [one.rstrip(".") for one in inside if one.lower().rstrip(".") not in passed] or _by_flufl(raw)
    return list(dict.fromkeys(found))[:_MAX_RECIPIENTS]


def _by_flufl(raw: bytes) -> list[str]:
    """Recipients in formats that only flufl.bounce knows. It finds whom, not why: that is read from the words."""
    if len(_LEVEL.findall(raw[:_MAX_FLUFL])) > _MAX_LEVELS:  # its parser recurses into every level
        return []
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(message_from_bytes(raw[:_MAX_FLUFL]))
    except Exception:  # noqa: BLE001  # heuristics of others over a stranger's bytes: no recipient is found then
        return []
    found = sorted({*temporary, *permanent})
    texts = [one.decode("utf-8", "replace") for one in found]
    return [one for one in texts if re.fullmatch(_ADDRESS, one)]


def _quoted(below: str) -> Headers:
    """The headers of the message quoted in a text: the first run of fields that has a sender or a recipient."""
    for block in re.split(r"\n[ \t]*\n", below)[:6]:
        start = re.search(r"^[A-Za-z][\w-]{1,60}\s?:\s?\S", block, re.MULTILINE)
        fields = fields_of(block[start.start() :])[0] if start else Headers()
        if fields.has("from") or fields.has("message-id"):
            return fields
    return Headers()


def addresses_in(values: Iterable[str]) -> Mapping[str, None]:
    """The addresses in header fields, in their order, each once."""
    return dict.fromkeys(found for value in values for found in re.findall(_ADDRESS, value[:20_000]))
