"""The lines that link the page where a reader votes on a paper, encoded: some for each paper of each mail.

Quoted-printable breaks a line by its length alone as long as there is nothing to escape, so where the breaks fall
depends on how long an address is, and not on which it is: what stands around it is encoded once for each length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from string import ascii_letters, digits

from digest.editions.message import quoted
from digest.editions.render import VOTE

Spans = tuple[tuple[int, int], ...]
"""Which pieces of an address stand in a text, where lines are broken within it."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# No line holds all of them, and quoted-printable leaves them as they are.
_STAND_INS = f"~|{{}}{ascii_letters}{digits}"

is_plain = re.compile(r"[A-Za-z0-9:/._~%+@,!-]*").fullmatch
"""Whether HTML and quoted-printable leave an address as it is."""


class Pieces(dict[Spans, tuple[str, ...]]):
    """The pieces of one address, cut when they are first asked for: all papers of a mail ask for the same."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def __missing__(self, spans: Spans) -> tuple[str, ...]:
        found = self[spans] = tuple([self._address[start:end] for start, end in spans])
        return found


@dataclass(frozen=True, slots=True)
class Strip:
    """Whole lines, encoded; where the address comes in, `text` is a pattern for `%`."""

    text: str
    spans: Spans = ()

    def filled(self, pieces: Pieces) -> str:
        return self.text % pieces[self.spans] if self.spans else self.text


def strip_of(lines: str, address_length: int) -> Strip:
    """Whole lines as they are rendered, with a mark wherever an address of that length comes."""
    texts: list[str] = []
    spans: list[tuple[int, int]] = []
    for has_mark, some in groupby(_LINE.findall(lines), lambda line: VOTE in line):
        if not has_mark:
            texts.append(quoted("".join(some)).replace("%", "%%"))
            continue
        for text, span in (part for line in some for part in _parts(line, address_length)):
            texts.append("%s" if span else text.replace("%", "%%"))
            spans += [span] if span else []
    text = "".join(texts)
    return Strip(text, tuple(spans)) if spans else Strip(text.replace("%%", "%"))


def _parts(line: str, address_length: int) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """The encoded line in turns: what is the same for all addresses, and which piece of one comes then."""
    stand_in = next(character for character in _STAND_INS if character not in line)
    encoded = quoted(line.replace(VOTE, stand_in * address_length))
    at = done = 0
    for found in re.finditer(f"[{stand_in}]+", encoded):
        yield encoded[done : found.start()], None
        start, done = at % address_length, found.end()
        at += len(found[0])
        yield "", (start, start + len(found[0]))
    yield encoded[done:], None
