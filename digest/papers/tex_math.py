"""What is math and what is money, and how scripts and fractions read in plain text."""

from __future__ import annotations

import re

from digest.papers.tex_symbols import SUBSCRIPTS, SUPERSCRIPTS

_TEX_SIGNS = re.compile(r"[\\^_{}=<>]")
_PLAIN_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}(?![A-Za-z])")
_RAISED = {"∘": "°", "∗": "*", "⋆": "⋆", "circ": "°"}
_LONGEST_RUN_OF_LETTERS = 2  # "νₘₐₓ" is harder to read than "ν_max"


def is_math(content: str) -> bool:
    """Whether what stands between two dollar signs is math. "costs $5 and $10" is not, "$5$" and "$x$" are."""
    if content[:1].isdigit():
        if "\\" in content:
            return True
        return not (_PLAIN_WORD.search(content) or content[-1] in " \t\n\r-–/(,;.")
    if _TEX_SIGNS.search(content):
        return True
    if content[-1:].isspace() and not content[:1].isspace():
        return False
    return len(_PLAIN_WORD.findall(content)) <= 3


def script(mark: str, content: str) -> str:
    """A superscript ("^") or subscript ("_") in Unicode where that reads well, else `^x`, `_max`, `_(a,b)`."""
    content = content.removeprefix(mark)  # s_{_{NN}}
    if not content:
        return ""
    table = SUPERSCRIPTS if mark == "^" else SUBSCRIPTS
    letters = sum(map(str.isalpha, content))
    if letters <= _LONGEST_RUN_OF_LETTERS and all(char in table for char in content):
        return "".join(map(table.__getitem__, content))
    if mark == "^" and content in _RAISED:
        return _RAISED[content]
    if len(content) == 1 and not content.isalnum():
        return content  # M⊙, x*, f′
    return mark + content if re.fullmatch(r"\w+", content) else f"{mark}({content})"


def fraction(above: str, below: str) -> str:
    """`a/b`, with brackets where a part is more than one word or number."""
    return f"{_bracketed(above)}/{_bracketed(below)}"


def root(content: str, degree: str = "") -> str:
    """`√5`, `∛x`, `√(s_NN)`."""
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree)
    return f"{sign or script('^', degree) + '√'}{_bracketed(content)}"


def _bracketed(content: str) -> str:
    return content if re.fullmatch(r"\d+|\w", content) or not content else f"({content})"
