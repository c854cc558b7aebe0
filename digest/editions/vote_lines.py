"""The lines that link the page where a reader votes on a paper, encoded: some for each paper of each mail.

Quoted-printable breaks a line by its length alone as long as there is nothing to escape, so where the breaks fall
depends on how long an address is, and not on which it is: what stands around it is encoded once for each length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from digest.editions.message import quoted
from digest.editions.render import VOTE

Spans = tuple[tuple[int, int], ...]
"""Which pieces of an address stand in a text, where lines are broken within it."""

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
    if VOTE not in lines:
        return Strip(quoted(lines))
    texts: list[str] = []
    spans: list[tuple[int, int]] = []
    for line in lines.split("\n"):
        for text, span in _parts(f"{line}\n", address_length):
            texts.append(text.replace("%", "%%") if span is None else "%s")
            spans += [] if span is None else [span]
    texts[-1] = texts[-1].removesuffix("\r\n")  # lines end with one "\n", after which nothing comes
    return Strip("".join(texts), tuple(spans))


def _parts(line: str, address_length: int) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """The encoded line in turns: what is the same for all addresses, and which piece of one comes then."""
    encoded = quoted(line.replace(VOTE, "A" * address_length))
    other = quoted(line.replace(VOTE, "B" * address_length))
    start = at = 0
    for is_same, run in groupby(zip(encoded, other, strict=True), lambda pair: pair[0] == pair[1]):
        text = "".join(one for one, _ in run)
        if is_same:
            yield text, None
        else:
            # An address that follows another at once would go on here; nobody writes one so.
            start = at % address_length
            yield text, (start, start + len(text))
            at += len(text)
