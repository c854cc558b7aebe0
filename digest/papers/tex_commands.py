"""What each TeX command that is more than a symbol does with its arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from digest.papers import tex_math
from digest.papers.tex_symbols import (
    BLACKBOARD,
    DROPPED,
    GREEK,
    MATH_ACCENTS,
    SILENT,
    SPACES,
    TEXTUAL,
)

if TYPE_CHECKING:
    from digest.papers.tex import Reader

Command = Callable[["Reader", str], str]

_GLUED_GREEK = re.compile("(" + "|".join(sorted(GREEK, key=len, reverse=True)) + ")(?=[A-Z])")
_ESCAPED = re.compile(r"\\([%#&_~{}$])")
_LONGEST_FORMULA = 2000  # characters; a bracket that does not close by then was no math
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def sign(reader: Reader, char: str) -> str:
    r"""A backslash before anything but a letter: blanks, breaks, math brackets and escaped characters."""
    if char in "([":
        return _bracketed_math(reader, ")" if char == "(" else "]")
    if char == "\\":
        reader.option()
        return " "
    if char.isspace() or char in ",;:>":
        return " "
    return {"!": "", "-": "", "/": "", "@": "", ")": "", "]": "", "|": "‖"}.get(char, char)


def _bracketed_math(reader: Reader, close: str) -> str:
    end = reader.text.find("\\" + close, reader.at, min(reader.end, reader.at + _LONGEST_FORMULA))
    if end < 0:
        return ""
    start, reader.at = reader.at, end + 2
    return reader.inner(start, end, in_math=True)


def unknown(reader: Reader, name: str) -> str:
    """A command of the author's own: its arguments, else its name."""
    if name in DROPPED:
        reader.option()
        reader.raw_group()
        return " "
    arguments: list[str] = []
    while (argument := reader.group()) is not None:
        if argument.strip():
            arguments.append(argument)
    return _spaced(reader, " ".join(arguments) or _own_name(name))


def _own_name(name: str) -> str:
    glued = _GLUED_GREEK.match(name)  # \LambdaCDM
    return GREEK[glued.group(1)] + name[glued.end() :] if glued else name


def _spaced(reader: Reader, word: str) -> str:
    """In math a word stands apart from the letters before it: "n\\log n" reads "n log n"."""
    return " " + word if reader.in_math and reader.last.isalnum() and word[:1].isalpha() else word


def _blank(_reader: Reader, _name: str) -> str:
    return " "


def _silent(reader: Reader, name: str) -> str:
    if name in ("left", "right", "middle") and reader.follows("."):
        reader.at += 1
        return ""
    content = reader.group(in_math=False if name in TEXTUAL else None)
    if content is None and reader.at < reader.end and reader.text[reader.at].isspace():
        reader.at += 1
    return content or ""


def _cased(reader: Reader, name: str) -> str:
    content = reader.group() or ""
    return content.lower() if "lower" in name.lower() else content.upper()


def _math_accent(reader: Reader, name: str) -> str:
    content = reader.argument()
    if len(content) != 1 or not content.isalpha():
        return content
    from digest.papers.tex import accented

    return accented(content, MATH_ACCENTS[name])


def _blackboard(reader: Reader, _name: str) -> str:
    content = reader.argument()
    return BLACKBOARD.get(content, content)


def _fraction(reader: Reader, _name: str) -> str:
    above = reader.argument().strip()
    return tex_math.fraction(above, reader.argument().strip())


def _binomial(reader: Reader, _name: str) -> str:
    above = reader.argument().strip()
    return f"C({above},{reader.argument().strip()})"


def _root(reader: Reader, _name: str) -> str:
    degree = reader.option()
    return tex_math.root(reader.argument().strip(), degree.strip())


def _stacked(reader: Reader, _name: str) -> str:
    above = reader.argument().strip()
    return f"{reader.argument().strip()} {above}".strip()


def _script(reader: Reader, name: str) -> str:
    return tex_math.script("^" if name == "textsuperscript" else "_", (reader.group() or "").strip())


def _negated(reader: Reader, _name: str) -> str:
    content = reader.argument()
    return content[:1] + "\u0338" + content[1:] if content else ""


def _verbatim(reader: Reader, _name: str) -> str:
    return _ESCAPED.sub(r"\1", reader.raw_group() or "").strip()


def _link(reader: Reader, name: str) -> str:
    url = _verbatim(reader, name)
    shown = (reader.group(in_math=False) or "").strip()
    if not shown or shown == url:
        return url
    return f"{shown} ({url})" if url else shown


def _aside(reader: Reader, _name: str) -> str:
    content = (reader.group(in_math=False) or "").strip()
    return f" ({content})" if content else ""


def _citation(reader: Reader, _name: str) -> str:
    reader.option()
    reader.option()
    keys = (reader.raw_group() or "").strip()
    return f"[{keys}]" if keys else ""


def _coloured(reader: Reader, _name: str) -> str:
    reader.option()
    reader.raw_group()
    return reader.group() or ""


def _ion(reader: Reader, _name: str) -> str:
    element, stage = (reader.group() or "").strip(), (reader.group() or "").strip()
    number = int(stage) if stage.isascii() and stage.isdigit() and len(stage) < 3 else 0
    return f"{element} {_ROMAN[number] if 0 < number < len(_ROMAN) else stage}".strip()


def _code_point(reader: Reader, _name: str) -> str:
    written = (reader.raw_group() or "").strip().lower().lstrip("u+")
    try:
        return chr(int(written[1:], 16) if written.startswith("x") else int(written))
    except (ValueError, OverflowError):
        return written


def _commands() -> dict[str, Command]:
    table: dict[str, Command] = {}
    for names, command in (
        (SPACES, _blank),
        (SILENT, _silent),
        (MATH_ACCENTS, _math_accent),
        (("lowercase", "uppercase", "MakeLowercase", "MakeUppercase"), _cased),
        (("mathbb", "mathds"), _blackboard),
        (("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"), _fraction),
        (("binom", "dbinom", "tbinom"), _binomial),
        (("sqrt",), _root),
        (("stackrel", "overset", "underset"), _stacked),
        (("textsuperscript", "textsubscript"), _script),
        (("not",), _negated),
        (("url", "path", "nolinkurl"), _verbatim),
        (("href",), _link),
        (("footnote", "thanks"), _aside),
        (("cite", "citep", "citet", "citealp", "citealt", "ref", "eqref", "autoref", "cref"), _citation),
        (("textcolor", "colorbox"), _coloured),
        (("ion",), _ion),
        (("unicode", "symbol"), _code_point),
    ):
        table.update(dict.fromkeys(names, command))
    return table


COMMANDS: dict[str, Command] = _commands()
