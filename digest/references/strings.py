"""BibTeX's concatenations, `"Proc. of " # icml # { 2024}`, which bibtexparser leaves as they are."""

from __future__ import annotations

from collections.abc import Mapping

from bibtexparser.library import Library
from bibtexparser.middlewares.middleware import LibraryMiddleware


class JoinStrings(LibraryMiddleware):
    """Joins the parts of a value; the strings they name are those defined before. Runs before bibtexparser's own."""

    def transform(self, library: Library) -> Library:
        """The same library, its concatenations in braces."""
        known: dict[str, str] = {}
        for string in library.strings:
            known[string.key.casefold()] = string.value = joined(str(string.value), known)
        for entry in library.entries:
            for field in entry.fields:
                field.value = joined(str(field.value), known)
        return library


def joined(value: str, known: Mapping[str, str]) -> str:
    """The value as it stands where it is in one piece, else its parts in one pair of braces."""
    parts = _parts(value) if "#" in value else [value]
    if len(parts) < 2:
        return value
    return "{" + "".join(_bare(known.get(part.casefold(), part)) for part in parts) + "}"


def _parts(value: str) -> list[str]:
    """The value, cut at the # that stand outside of braces and quotes."""
    parts, depth, is_quoted, start = [], 0, False, 0
    for place, sign in enumerate(value):
        if sign in "{}" and value[place - 1 : place] != "\\":
            depth += 1 if sign == "{" else -1
        elif sign == '"' and depth == 0:
            is_quoted = not is_quoted
        elif sign == "#" and depth == 0 and not is_quoted:
            parts.append(value[start:place].strip())
            start = place + 1
    return [*parts, value[start:].strip()]


def _bare(part: str) -> str:
    return part[1:-1] if part[:1] + part[-1:] in ('""', "{}") and len(part) > 1 else part
