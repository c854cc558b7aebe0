"""Categories as readers write them: arXiv's in its own spelling, those of other sources as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from digest.editions.language import Language
from digest.sources.taxonomy import ARCHIVES, CATEGORIES, canonical

_ARCHIVE = re.compile(rf"(?:{'|'.join(sorted(map(re.escape, ARCHIVES)))})[.].*", re.IGNORECASE)
_LONGEST = 40  # characters of a name of arXiv's
_ALIKE = 0.8
_KNOWN = {name.casefold(): name for name in sorted(ARCHIVES | CATEGORIES)}


def checked(names: Iterable[str], problems: list[str], language: Language) -> tuple[str, ...]:
    """The names, each once; what looks like one of arXiv's and is none is added to `problems`, with near ones."""
    found = []
    for name in names:
        if (problem := _problem(name, language)) is not None:
            problems.append(problem)
        else:
            found.append(_spelt(name))
    return tuple(dict.fromkeys(found))


def _problem(name: str, language: Language) -> str | None:
    if len(name) > _LONGEST or name.casefold() in _KNOWN:
        return None
    near = _near(name.casefold())
    if not near and _ARCHIVE.fullmatch(name) is None:
        return None  # of another source
    told = {"name": name, "near": near[0] if near else "", "other": near[-1] if near else ""}
    if not near:
        return language.gettext("arXiv has no category “%(name)s”: arxiv.org/category_taxonomy lists them.", **told)
    if len(near) == 1:
        return language.gettext("arXiv has no category “%(name)s”. Did you mean %(near)s?", **told)
    return language.gettext("arXiv has no category “%(name)s”. Did you mean %(near)s or %(other)s?", **told)


def _near(folded: str) -> list[str]:
    """The two that are most alike; letters that changed places come first."""
    found = get_close_matches(folded, _KNOWN, n=8, cutoff=_ALIKE)
    found.sort(key=lambda one: sorted(one) != sorted(folded))
    return [_KNOWN[one] for one in found[:2]]


def _spelt(name: str) -> str:
    return canonical(name) if name.casefold() in _KNOWN else name
