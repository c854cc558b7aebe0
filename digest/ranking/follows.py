"""Followed authors and categories: which papers carry them, however they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from digest.model import Paper
from digest.ranking.terms import fold


@lru_cache(maxsize=1 << 14)
def folded_name(name: str) -> str:
    """A name as it is compared: "Lovelace, Ada" and "ADA  LOVELACE" are "ada lovelace"; no accents or dots."""
    last, comma, first = name.partition(",")
    in_order = f"{first} {last}" if comma else name
    return " ".join("".join(c if c.isalnum() else " " for c in fold(in_order)).split())


def authors_followed(paper: Paper, followed: Iterable[str]) -> tuple[str, ...]:
    """The paper's authors that are among `followed`, spelt as the paper does."""
    wanted = {folded_name(name) for name in followed}
    return tuple(name for name in paper.authors if folded_name(name) in wanted)


def categories_read(paper: Paper, chosen: Iterable[str]) -> tuple[str, ...]:
    """The paper's categories that are chosen; "cs" and "cs.*" choose all of cs."""
    wanted = {folded_category(category) for category in chosen}
    return tuple(category for category in paper.categories if not wanted.isdisjoint(_names(category)))


@lru_cache(maxsize=1 << 10)
def folded_category(category: str) -> str:
    return fold(category).strip().removesuffix(".*")


def index_by_author(papers: Sequence[Paper]) -> dict[str, list[int]]:
    """For each folded name the indices of the papers by it."""
    return _index((folded_name(name), i) for i, paper in enumerate(papers) for name in paper.authors)


def index_by_category(categories: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    """For each folded category, and each archive of categories, the indices of the papers in it, given theirs."""
    return _index((name, i) for i, some in enumerate(categories) for c in some for name in _names(c))


def _names(category: str) -> set[str]:
    whole = folded_category(category)
    return {whole, whole.partition(".")[0]}


def _index(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, i in pairs:
        found.setdefault(name, []).append(i)
    return found
