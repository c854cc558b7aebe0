"""What the program believes of an interest, in words: the strongest words of its taste, and which paper taught each.

A taste is a mixture of vectors, so a word's weight is a sum over the papers: the one with the largest part taught it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from digest.model import Interest, Paper
from digest.ranking.corpus import Corpus
from digest.ranking.profile import keyword_text, paper_text, tastes_of
from digest.ranking.terms import surfaces, terms

_READ = 40  # terms of a taste that are looked at: neighbours among them are told as one
_EDGES = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, slots=True)
class Belief:
    """Words that an interest cares for, with their part of the taste; None: its own keywords or text taught them.

    `is_beside`: not the paper or text itself says them, but papers of the catalog that are near it (see `kin`).
    """

    words: str
    weight: float
    taught_by: int | None
    is_beside: bool = False


def beliefs(interest: Interest, corpus: Corpus, liked: Mapping[int, Paper], most: int = 8) -> list[Belief]:
    """The strongest first; nothing where there is neither a like nor a word."""
    by_teacher: dict[int | None, dict[str, float]] = {}
    for term, (weight, teacher) in _taught(interest, corpus, liked).items():
        by_teacher.setdefault(teacher, {})[term] = weight
    told: list[Belief] = []
    for teacher, weights in by_teacher.items():
        said = _said_by(teacher, interest, corpus, liked)
        titles = _titles(teacher, interest, liked)
        for is_beside in (False, True):
            some = {term: weight for term, weight in weights.items() if (term not in said) == is_beside}
            told += [Belief(words, weight, teacher, is_beside) for words, weight in _told(some, titles)]
    return sorted(told, key=lambda belief: (-belief.weight, belief.words))[:most]


def _said_by(teacher: int | None, interest: Interest, corpus: Corpus, liked: Mapping[int, Paper]) -> frozenset[str]:
    """The terms of a teacher's own text."""
    if teacher is None:
        return frozenset(terms(keyword_text(interest)))
    if teacher in corpus:
        names = corpus.terms
        return frozenset(names[column] for column in corpus.vectors([teacher]).indices.tolist())
    return frozenset(terms(paper_text(liked[teacher])))


def _taught(interest: Interest, corpus: Corpus, liked: Mapping[int, Paper]) -> dict[str, tuple[float, int | None]]:
    """Term → its weight in the taste and the paper whose part of it is the largest."""
    tastes = tastes_of([interest], corpus, liked)
    mean = corpus.statistics.mean
    taste = tastes.weights[[0], :].toarray().ravel() * tastes.scale[0] - tastes.baseline[0] * mean
    mixture = tastes.mixture[[0], :].toarray().ravel()
    columns = [int(column) for column in np.argsort(-taste, kind="stable")[:_READ] if taste[column] > 0]
    if not columns:
        return {}
    parts = tastes.vectors[:, columns].toarray() * mixture[:, np.newaxis]
    names = corpus.terms
    return {
        names[column]: (float(taste[column]), tastes.liked_ids[int(parts[:, i].argmax())])
        for i, column in enumerate(columns)
    }


def _titles(teacher: int | None, interest: Interest, liked: Mapping[int, Paper]) -> Sequence[str]:
    """The texts in which a teacher's words are looked for, the title first."""
    if teacher is None:
        return [*interest.keywords, keyword_text(interest)]
    paper = liked.get(teacher)
    return [paper.title, paper_text(paper)] if paper else []


def _told(weights: Mapping[str, float], texts: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Terms as they are written; what stands side by side in a title is told as one ("gaussian splatting")."""
    rest = dict(weights)
    for text in texts[:-1]:
        for run in _runs(text, rest):
            own = {term for word in run for term in terms(word) if term in rest}
            if own:
                yield " ".join(run), sum(rest.pop(term) for term in own)
    written = surfaces("\n".join(texts), frozenset(rest))
    joined: dict[str, float] = {}
    for term, weight in rest.items():
        shown = written.get(term, term)
        joined[shown] = joined.get(shown, 0.0) + weight
    yield from joined.items()


def _runs(text: str, weights: Mapping[str, float]) -> Iterator[list[str]]:
    """Neighbouring words of which every term is among the weights, at most four together."""
    run: list[str] = []
    for written in [*text.split(), ""]:
        word = _EDGES.sub("", written)
        said = terms(word)
        if said and all(term in weights for term in said) and len(run) < 4:
            run.append(word)
            continue
        if run:
            yield run
        run = [word] if said and all(term in weights for term in said) else []
