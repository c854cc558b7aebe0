"""BibTeX's braces: those that only group (and keep capitals) go before the text is read as TeX."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\\[A-Za-z]+\*?\s*|\\.\s*|\$(?:\\.|[^$\\])*\$|[{}]|[^\\{}$]+|[\\$]", re.DOTALL)
_TAKES_NOTHING = frozenset("{}$&%#_,;:!/ ")
_APART = re.compile(r"(\{\\[\"'^`~=.])\s+(?=\w\})")  # {\" o} is {\"o}
_URL = re.compile(r"\\(?:url|path|nolinkurl)\s*\{([^{}]*)\}|\\href\s*\{([^{}]*)\}\s*\{[^{}]*\}")
_ESCAPED = re.compile(r"\\([_&#%$~{}])")


def without_groups(text: str) -> str:
    r"""`{{BERT}: Pre-training}` as `BERT: Pre-training`; the braces of `\textbf{a}`, `{\bf b}` and `$x^{2}$` stay."""
    if "{" not in text:
        return text
    pieces = _PIECE.findall(_APART.sub(r"\1", text))
    opened: list[tuple[int, bool]] = []
    dropped: set[int] = set()
    takes = False
    for place, part in enumerate(pieces):
        if part == "{":
            opened.append((place, not takes and not _is_declaration(pieces, place + 1)))
            takes = False
        elif part == "}" and opened:
            start, is_group = opened.pop()
            if is_group:
                dropped |= {start, place}
            takes = not is_group and start > 0 and pieces[start - 1].startswith("\\")
        else:
            takes = _takes_argument(part)
    return "".join(part for place, part in enumerate(pieces) if place not in dropped)


def _is_declaration(pieces: list[str], place: int) -> bool:
    """Whether the group begins with a command that works until its end, or is an accent and its letter."""
    return place < len(pieces) and pieces[place].startswith("\\") and pieces[place][1:2] not in _TAKES_NOTHING


def _takes_argument(part: str) -> bool:
    if part.startswith("\\") and len(part) > 1:
        return part[1] not in _TAKES_NOTHING
    return part[-1] in "^_"


def plain(text: str) -> str:
    r"""A field that holds no prose (an address, an identifier): `\url{…}`, escapes and braces taken off."""
    text = _URL.sub(lambda found: f" {found[1] or found[2]} ", text)
    text = _ESCAPED.sub(r"\1", text.replace(r"\textasciitilde{}", "~").replace(r"\textasciitilde", "~"))
    return "\n".join(" ".join(line.split()) for line in text.replace("{", "").replace("}", "").split("\n")).strip()
