"""TeX to Unicode, one reading: what an author typed for a TeX page becomes what that page would show.

    text ─► runs of plain text · commands · groups · math · scripts ─► readable pieces ─► one string

Titles and abstracts come from many hands, so nothing here is an error: what is not TeX stays as it is, and an
unknown command shows its argument, or its name where it has none ("\\framework" reads "framework").
Behaviour follows arXiv's own pages where they convert; they leave math to the browser, this does not.
"""

from __future__ import annotations

import re
import unicodedata

from digest.papers import tex_commands
from digest.papers.tex_cursor import Cursor, pairs_of
from digest.papers.tex_math import is_math, script
from digest.papers.tex_symbols import ACCENTS, GREEK, LETTERS, SYMBOLS

_TEXT_RUN = re.compile(r"(?:https?://[^\s\\${}<>]+|[^\\${}~])+")
_MATH_RUN = re.compile(r"[^\\${}~^_]+")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)\*?", re.DOTALL)
_DOLLAR = re.compile(r"\\.|\$", re.DOTALL)
_LETTER_NEXT = re.compile(r"\s(?:[A-Za-z0-9]|\\(?:" + "|".join(GREEK) + r")(?![A-Za-z]))")
_LETTER_COMMAND = re.compile(r"\\(?:" + "|".join(LETTERS) + r")(?![A-Za-z])")
_FLAT = str.maketrans("\\${}", "    ")
_BLANK = re.compile(r"\s")
# Plain text keeps the braces of {0, 1}, {"key": 1} and {(a+b)/2}; those of {BERT} and 2{,}000 are for TeX only.
_SET = re.compile(r"[\w\"'\])]\s*[,:;]\s*[\w\"'\[(]|[()\[\]+*/=|<>]")
_DEEPEST = 24  # groups in groups; what lies deeper is read flat


def from_tex(text: str) -> str:
    """Read `text` once. Never raises, takes time proportional to the length of the text."""
    return Reader(text, 0, len(text), pairs_of(text)).read()


def accented(base: str, mark: str) -> str:
    """The first letter of `base` with a combining mark; dotless i and j get their dots' place back."""
    letter = {"ı": "i", "ȷ": "j"}.get(base[0], base[0])
    return unicodedata.normalize("NFC", letter + mark) + base[1:]


class Reader(Cursor):
    """Reads text[at:end], in text or in math; commands call back for their arguments."""

    __slots__ = ("depth", "in_math")

    def __init__(
        self, text: str, at: int, end: int, pairs: dict[int, int], *, in_math: bool = False, depth: int = 0
    ) -> None:
        super().__init__(text, at, end, pairs)
        self.in_math, self.depth = in_math, depth

    def read(self) -> str:
        run = _MATH_RUN if self.in_math else _TEXT_RUN
        while self.at < self.end:
            found = run.match(self.text, self.at, self.end)
            if found:
                self.parts.append(found.group())
                self.at = found.end()
            else:
                self.parts.append(self._special(self.text[self.at]))
        return "".join(self.parts)

    def inner(self, at: int, end: int, *, in_math: bool | None = None) -> str:
        """The reading of a part of the text."""
        if self.depth >= _DEEPEST:
            return self.text[at:end].translate(_FLAT)
        math = self.in_math if in_math is None else in_math
        return Reader(self.text, at, end, self.pairs, in_math=math, depth=self.depth + 1).read()

    # ── arguments ────────────────────────────────────────────────────────────────────────────────

    def argument(self, *, in_math: bool | None = None) -> str:
        """The next group, command or character, read; "" where none is left."""
        self.skip_blanks()
        group = self.group(in_math=in_math)
        if group is not None:
            return group
        if self.at >= self.end or self.text[self.at] in "}$":
            return ""
        if self.follows("\\"):
            return self._nested_command()
        self.at += 1
        return self.text[self.at - 1]

    def _nested_command(self) -> str:
        if self.depth >= _DEEPEST:
            return ""
        self.depth += 1
        read = self._command()
        self.depth -= 1
        return read

    def group(self, *, in_math: bool | None = None) -> str | None:
        """The group that opens here, read; None where none does."""
        span = self.span()
        return None if span is None else self.inner(*span, in_math=in_math)

    # ── what is not plain text ───────────────────────────────────────────────────────────────────

    def _special(self, char: str) -> str:
        match char:
            case "\\":
                return self._command()
            case "{":
                return self._braces()
            case "$":
                return self._dollar()
            case "~":
                return self._tie()
        self.at += 1
        if char == "}":
            return "" if self.in_math else char
        return self._scripted(char)

    def _braces(self) -> str:
        start = self.at
        content = self.group()
        if content is None:
            self.at += 1
            return "" if self.in_math else "{"
        raw = self.text[start + 1 : self.at - 1]
        is_plain = not self.in_math and "\\" not in raw and "$" not in raw
        return f"{{{content}}}" if is_plain and len(raw) > 1 and _SET.search(raw) else content

    def _tie(self) -> str:
        """A tie is a blank between words, "about" before a number ("~20 s") and itself in "1.5~1.8"."""
        before = self.last
        self.at += 1
        after = self.text[self.at] if self.at < self.end else ""
        joins = (before.isalnum() or before in ".,;:)]}") and (after.isalnum() or after in "([{\\$")
        both_digits = before.isdigit() and after.isdigit()
        return " " if self.in_math or (before and after and joins and not both_digits) else "~"

    def _scripted(self, mark: str) -> str:
        if self.parts:
            self.parts[-1] = self.parts[-1].rstrip()
        read = script(mark, self.argument().strip())
        glued = read[:1] in ("^", "_") and self.at < self.end and self.text[self.at].isalnum()
        return read + " " if glued else read

    def _dollar(self) -> str:
        opening = 2 if self.text.startswith("$$", self.at, self.end) else 1
        start = self.at + opening
        close = self._closing_dollar(start)
        if self.in_math or (close == start and opening == 1):
            self.at += 1
            return ""
        if close < 0:
            return self._unclosed(start)
        if not is_math(self.text[start:close]):
            self.at += 1
            return "$"
        self.at = min(close + opening, self.end)
        return self.inner(start, close, in_math=True)

    def _closing_dollar(self, start: int) -> int:
        return next((m.start() for m in _DOLLAR.finditer(self.text, start, self.end) if m.group() == "$"), -1)

    def _unclosed(self, start: int) -> str:
        """Math that was never closed reads to the next blank; any other lone dollar sign is money."""
        if start >= self.end or (self.text[start].isascii() and self.text[start] not in "\\^_"):
            self.at += 1
            return "$"
        blank = _BLANK.search(self.text, start, self.end)
        self.at = blank.start() if blank else self.end
        return self.inner(start, self.at, in_math=True)

    # ── commands ─────────────────────────────────────────────────────────────────────────────────

    def _command(self) -> str:
        found = _COMMAND.match(self.text, self.at, self.end)
        if not found:
            self.at = self.end
            return ""
        name = found.group(1)
        self.at = found.end() if name.isalpha() else self.at + 2
        if name in ACCENTS and not (self.in_math and not name.isalpha()):
            return self._accent(name)
        if not (name.isascii() and name.isalpha()):
            return tex_commands.sign(self, name)
        if name in SYMBOLS and name not in tex_commands.COMMANDS:
            return self._symbol(name)
        return tex_commands.COMMANDS.get(name, tex_commands.unknown)(self, name)

    def _symbol(self, name: str) -> str:
        r"""A symbol eats one blank after it, as on arXiv's pages: "\AE ther" is Æther."""
        if self.at < self.end and self.text[self.at].isspace() and self._eats_blank(name):
            self.at += 1
        return SYMBOLS[name]

    def _eats_blank(self, name: str) -> bool:
        """In math a letter binds to the next one ("Δν"), an operator stands as it was typed ("5 × 10", "z≃6")."""
        if not self.in_math:
            return True
        if name in GREEK:
            return _LETTER_NEXT.match(self.text, self.at, self.end) is not None
        return not self.last.isspace()

    def _accent(self, name: str) -> str:
        start = self.at
        base = self.argument() if self._has_base(name) else ""
        if name + base in GREEK:
            return GREEK[name + base]  # "\b{eta}": a tool put braces where \beta stood
        if base and base[0].isalpha():
            return accented(base, ACCENTS[name])
        if base:
            return base
        self.at = start
        empty = self.raw_group() if self.pairs.get(start) == start + 1 else None
        return name if empty is None or name.isalpha() else ("" if name in "=." else name)

    def _has_base(self, name: str) -> bool:
        at = self.at
        while name.isalpha() and at < self.end and self.text[at].isspace():
            at += 1
        char = self.text[at] if at < self.end else ""
        if char == "\\":
            return _LETTER_COMMAND.match(self.text, at, self.end) is not None
        return char.isalpha() or char == "{"
