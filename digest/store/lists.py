"""Lists of words and names as subscribers write them: shown as written, compared without regard to case or spelling."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from digest.errors import NotFound
from digest.papers.identity import fold_name


def plain(word: str) -> str:
    """Single blanks, and no NUL: PostgreSQL has no room for it."""
    return " ".join(word.replace("\x00", "").split())


def distinct(words: Sequence[str]) -> list[str]:
    """The words as they were written, without blanks and repeats in other cases."""
    shown: dict[str, str] = {}
    for word in words:
        if bare := plain(word):
            shown.setdefault(bare.casefold(), bare)
    return list(shown.values())


def distinct_names(people: Sequence[str]) -> list[str]:
    """The names without those that are the same in another spelling."""
    shown: dict[str, str] = {}
    for name in distinct(people):
        shown.setdefault(fold_name(name), name)
    return list(shown.values())


def folded(word: str) -> str:
    """A word as it is compared."""
    return plain(word).casefold()


def without(
    known: Sequence[str],
    gone: Sequence[str],
    done: str,
    nothing: str = "nothing",
    form: Callable[[str], str] = folded,
) -> list[str]:
    """The list without some of it. Raises NotFound for what is not in it; `done` says what is done to its items."""
    forms = {form(name): name for name in gone}
    unknown = [name for one, name in forms.items() if one not in {form(other) for other in known}]
    if unknown:
        raise NotFound(f"not {done}: {', '.join(unknown)}; {done}: {', '.join(known) or nothing}")
    return [name for name in known if form(name) not in forms]
