"""Where a title ends and its authors begin, on pages that put them on one line without a blank between.

    "…Exploring Emergent BehaviorsWeize Chen, Yusheng Su et al. · tsinghua"

Every place where a name could begin is weighed by what the rest of the page says: a title's last word is usually
written elsewhere on the page, and so is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_AFFILIATIONS = re.compile(r"\s*[·•]\s*(?P<affiliations>[^·•]*)$")
_ET_AL = re.compile(r",?\s*\bet\.? al\b\.?$")
_PARTICLES = re.compile(
    "al|bin|bint|da|das|de|del|della|den|der|di|dos|du|el|ibn|la|le|st|ten|ter|van|von|y|zu|zur", re.IGNORECASE
)
_INNER_CAPITAL = re.compile(r"(?:Mc|Mac|Fitz|De|Di|Du|La|Le|Van|Von|O['’]|D['’]|L['’])[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SCOTTISH = re.compile(r"(?:Mc|Mac|Fitz)$")
_LAST_WORD = re.compile(_WORD.pattern + "$")
_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Byline:
    """The authors as a page shows them."""

    authors: tuple[str, ...]
    is_complete: bool
    affiliations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a page's other lines say: its words as written and in lower case, and names that stand free."""

    written: frozenset[str]
    words: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str], names: Iterable[str]) -> Vocabulary:
        words = {word for text in texts for word in _WORD.findall(text)}
        words |= {part for word in words for part in word.split("-")}
        return cls(frozenset(words), frozenset(map(str.lower, words)), frozenset(names))


def byline(text: str) -> Byline | None:
    """The authors of a line that holds nothing else; None for any other line."""
    names, is_complete, affiliations = _tail(text)
    parts = _names(names)
    if not parts or not all(is_name(part) for part in parts) or len(names) > 1200:
        return None
    return Byline(tuple(parts), is_complete, affiliations)


def names_after_the_first(text: str) -> list[str]:
    """The names of a glued line that cannot be glued to the title: those at its end."""
    parts = _names(_tail(text)[0])
    free: list[str] = []
    while len(parts) > 1 and is_name(parts[-1]) and not _starts(parts[-1]):
        free.append(parts.pop())
    return free


def split_title(text: str, page: Vocabulary) -> tuple[str, Byline] | None:
    """The title and the authors of a line that holds both; None where no name begins anywhere."""
    names, is_complete, affiliations = _tail(text)
    weighed: list[tuple[tuple[bool, bool, bool, int], int, list[str]]] = []
    for at in _starts(names):
        authors = _names(names[at:])
        if not authors or not all(map(is_name, authors)) or not _is_clean(authors[0], page):
            continue
        if names[at].islower() and _last_word(names[:at]) not in page.words:
            continue  # "van", "el" also end names
        if " " in authors[0] or len(authors) > 1 or not is_complete or affiliations or authors[0] in page.names:
            weighed.append((_weight(names, at, authors, page), at, authors))
    if not weighed:
        return None
    _, at, authors = max(weighed)
    return names[:at].strip(), Byline(tuple(authors), is_complete, affiliations)


def shows_authors(text: str) -> bool:
    """Whether a line ends as author lines do: "et al.", affiliations."""
    _, is_complete, affiliations = _tail(text)
    return not is_complete or bool(affiliations)


def _weight(text: str, at: int, authors: list[str], page: Vocabulary) -> tuple[bool, bool, bool, int]:
    """Is the name known, is the title's last word one, is it a full name; then the shorter name of a person
    ("ChatDev|Chen Qian"), the longer one of a group ("Report|DeepSeek-AI").
    """
    name, last = authors[0], _last_word(text[:at])
    is_full = " " in name
    is_known = name in page.names or (not is_full and name.partition("-")[0] in page.written)
    is_word = not last or last in page.words or last.rpartition("-")[2] in page.words
    return is_known, is_word, is_full, at if is_full else -at


def _last_word(text: str) -> str:
    """The word a text ends with, in lower case; "" where it ends with something else."""
    found = _LAST_WORD.search(text)
    return found.group().lower() if found else ""


def _tail(text: str) -> tuple[str, bool, tuple[str, ...]]:
    """The line without affiliations and "et al.", whether there was no "et al.", and the affiliations."""
    found = _AFFILIATIONS.search(text)
    shown = found["affiliations"] if found else ""
    affiliations = tuple(dict.fromkeys(part.strip() for part in shown.split(",") if part.strip()))
    rest, hidden = _ET_AL.subn("", text[: found.start()].strip() if found else text.strip())
    return rest.strip(" ,"), not hidden, affiliations


def _names(text: str) -> list[str]:
    return [part.strip() for part in re.split(r",\s*(?:and\s+)?|\s+and\s+", text) if part.strip()]


def _starts(text: str) -> list[int]:
    """Where a capital follows something that is no blank, so that a name could be glued on."""
    return [at for at in range(1, len(text) - 1) if _is_start(text, at)]


def _is_start(text: str, at: int) -> bool:
    before, first, after = text[at - 1], text[at], text[at + 1]
    if before.isspace() or before in "-‐–—/'’.(\"“[&":
        return before in "'’\"." and _ends_a_title(text, at) and first.isupper()
    if not first.isupper():
        return _is_unlike(before, first) or _starts_with_particle(text, at)
    if _SCOTTISH.search(text, max(at - 6, 0), at):
        return False
    return after.islower() or after in ".'’- " or not before.isupper()


def _ends_a_title(text: str, at: int) -> bool:
    """A quote or full stop that closes a title, and no initial ("J.K. Doe") and no O'Brien."""
    return at > 2 and (text[at - 2].islower() or text[at - 2] in "?!") and text[at - 1] in '".’'


def _starts_with_particle(text: str, at: int) -> bool:
    found = re.match(r"([a-z]+) (?:[a-z]+ )?[A-Z]", text[at : at + 24])
    return found is not None and _PARTICLES.fullmatch(found.group(1)) is not None


def _is_unlike(before: str, first: str) -> bool:
    """A letter without case (Chinese, Hebrew) after one that has it, or the other way round."""
    return first.isalpha() and not first.islower() and not first.isupper() and (before.isupper() or before.islower())


def is_name(text: str) -> bool:
    """Whether a text could be somebody's name: up to five capitalised words, particles between them."""
    words = text.split()
    if not 0 < len(words) <= _MOST_WORDS or not any(word[0].isupper() or not word[0].islower() for word in words):
        return False
    return all(_is_name_word(word) for word in words)


def _is_name_word(word: str) -> bool:
    if _PARTICLES.fullmatch(word):
        return True
    letters = word.replace("-", "").replace("'", "").replace("’", "").replace(".", "")
    return letters.isalpha() and not word[0].islower()


def _is_clean(name: str, page: Vocabulary) -> bool:
    """Whether no title hides in a name: "ReportJane Doe" is not clean, "Alex McDonald" and "DeepSeek-AI" are."""
    first = name.split(maxsplit=1)[0].lower()
    if first in page.words or first.partition("-")[0] in page.words:
        return True
    for at in _starts(name):
        glued = name[:at].rsplit(maxsplit=1)[-1]
        is_inner = _INNER_CAPITAL.match(name[at - len(glued) :]) is not None
        if glued.lower() in page.words and not is_inner and name not in page.names:
            return False
    return True
