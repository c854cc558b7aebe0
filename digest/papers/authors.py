"""Author lines: the names that stand in one string."""

from __future__ import annotations

import re
from itertools import pairwise

_BRACKETS = re.compile(r"[()]")
_HIDDEN = re.compile(r"additional authors? not shown", re.IGNORECASE)
_ET_AL = re.compile(r"(?:[,;&]|\band\b)?\s*\b(?:et\.?\s*al\b\.?|and (?:\d+ )?others\b\.?)", re.IGNORECASE)
_GROUP = re.compile(r"^(?:for|on behalf of|and)\s+(?:the\s+)?(?=\w)|^the\s+(?=.*\bcollaboration\b)")
_GROUP_WORDS = ("for", "on", "and", "the")
_COLON = re.compile(r"(\b(?:collaboration|team|consortium|group)\b[^,:;]*):", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[,;]\s*(?:(?:and|&)\s+)?|\s+(?:and|&)\s+")
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV)\.?")
_LONGEST_SUFFIX = 4
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[ -]?){1,4}")


def split_names(line: str) -> tuple[tuple[str, ...], bool]:
    """The names in a readable author line, and whether they are all; see `digest.papers.text.split_authors`."""
    folded = line.casefold()  # a look for a word costs a tenth of one for a pattern, and few lines have any
    is_complete = "shown" not in folded or not _HIDDEN.search(line)
    line = _without_affiliations(line)
    line, hidden = _ET_AL.subn(",", line) if "al" in folded or "others" in folded else (line, 0)
    names: list[str] = []
    for part in _BETWEEN.split(_COLON.sub(r"\1,", line) if ":" in line else line):
        name = part.strip(" .:&") + ("." if part.rstrip().endswith(".") else "")
        name = (_GROUP.sub("", name) if name.startswith(_GROUP_WORDS) else name).strip()
        if len(name) <= _LONGEST_SUFFIX and _SUFFIX.fullmatch(name) and names:
            names[-1] = f"{names[-1]} {name}"
        elif name.strip("."):
            names.append(name)
    names = _paired(names)
    return tuple(names), is_complete and not hidden and bool(names)


def _without_affiliations(line: str) -> str:
    """The line without what stands in brackets; a bracket that has no other half hides no names."""
    if "(" not in line and ")" not in line:
        return " ".join(line.split()).replace(" ,", ",")
    opened: list[int] = []
    spans: list[tuple[int, int]] = []
    for found in _BRACKETS.finditer(line):
        if found.group() == "(":
            opened.append(found.start())
        elif opened:
            start = opened.pop()
            while spans and spans[-1][0] > start:
                spans.pop()
            spans.append((start, found.end()))
    kept = [line[end:start] for (_, end), (start, _) in pairwise([(0, 0), *spans, (len(line), 0)])]
    return " ".join(_BRACKETS.sub(" ", "".join(kept)).split()).replace(" ,", ",")


def _paired(names: list[str]) -> list[str]:
    """ "LAPALU, N., SIMON, A." (bioRxiv) puts a comma inside every name: every second part is initials then."""
    families, initials = names[::2], names[1::2]
    is_paired = len(names) > 1 and len(families) == len(initials) and all(map(_is_initials, initials))
    if not is_paired or any(map(_is_initials, families)):
        return names
    return [f"{given} {family}" for family, given in zip(families, initials, strict=True)]


def _is_initials(name: str) -> bool:
    return bool(_INITIALS.fullmatch(name)) and name.upper() == name and ("." in name or len(name) <= 2)
