"""Feedback → taste: which words a subscriber's papers say more than papers in general.

    taste = mean of the likes, the keywords being one more − ½ · mean of the dislikes − 1.5 · mean of all papers

Each part is a BM25 vector, so a taste is one sparse weight per word: no training, no other subscriber's data. The mean
of all papers is cut to half the length of the rest: for somebody who likes a bit of everything the two are nearly
parallel, and what is common there is the taste.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from digest.model import Interest, Paper
from digest.ranking.corpus import Corpus, squared_norms
from digest.ranking.counts import Floats

DISLIKE_WEIGHT = 0.5
"""How much the mean of the dislikes counts against the mean of the likes."""

BASELINE_WEIGHT = 1.5
"""How much the mean of all papers counts against it: words that every paper says are nobody's taste."""

_LONGEST_BASELINE = 0.5  # of the length of the taste


@dataclass(frozen=True, slots=True)
class Tastes:
    """The tastes of some interests, one row each, before the baseline that all share is taken off.

    `scale` brings points to the same size for everybody (1 ≈ a paper that says exactly what the likes say, 0 where
    nothing is said of taste). `baseline` is the weight of the mean of all papers, 0 where nothing is liked or asked
    for. A row of `mixture` says how much of which rows of `vectors` makes up a taste.
    """

    weights: sp.csr_array
    scale: Floats
    baseline: Floats
    mixture: sp.csr_array
    vectors: sp.csr_array
    liked_ids: tuple[int | None, ...]  # which paper a row of `vectors` is, None for keywords


def paper_text(paper: Paper) -> str:
    """What is read of a paper."""
    return f"{paper.title}\n{paper.abstract}"


def keyword_text(interest: Interest) -> str:
    """Keywords and free text as the words of one more liked paper."""
    return "\n".join((*interest.keywords, interest.text)).strip()


def tastes_of(interests: Sequence[Interest], corpus: Corpus, liked: Mapping[int, Paper]) -> Tastes:
    """One taste for each interest. Likes and dislikes are read from the corpus, else from `liked`, else passed over."""
    known, papers = _papers_used(interests, corpus, liked)
    keywords = sorted({text for interest in interests if (text := keyword_text(interest))})
    vectors = _stacked(corpus, known, [paper_text(liked[i]) for i in papers], keywords)
    ids = [*known, *papers]
    row_of_paper = {paper_id: row for row, paper_id in enumerate(ids)}
    row_of_keywords = {text: len(ids) + row for row, text in enumerate(keywords)}
    mixture = _mixture([_parts(interest, row_of_paper, row_of_keywords) for interest in interests], vectors.shape[0])
    weights = sp.csr_array(mixture @ vectors)
    norms = np.sqrt(squared_norms(weights))
    scale = np.divide(1 / corpus.statistics.norm, norms, out=np.zeros_like(norms), where=norms > 0)
    baseline = _baseline(interests, scale, norms, corpus.statistics.mean_norm)
    return Tastes(weights, scale, baseline, mixture, vectors, (*ids, *(None for _ in keywords)))


def _baseline(interests: Sequence[Interest], scale: Floats, norms: Floats, mean_norm: float) -> Floats:
    wishes = np.array([interest.has_taste for interest in interests], bool)
    longest = _LONGEST_BASELINE * norms / (mean_norm or 1.0)
    capped: Floats = scale * wishes * np.minimum(BASELINE_WEIGHT, longest)
    return capped


def _papers_used(
    interests: Sequence[Interest], corpus: Corpus, liked: Mapping[int, Paper]
) -> tuple[list[int], list[int]]:
    used = sorted({paper_id for interest in interests for paper_id in (*interest.likes, *interest.dislikes)})
    return [i for i in used if i in corpus], [i for i in used if i not in corpus and i in liked]


def _stacked(corpus: Corpus, known: list[int], texts: list[str], keywords: list[str]) -> sp.csr_array:
    learnt = corpus.vectors(known)
    if not texts and not keywords:
        return learnt
    asked = corpus.query_vectors(keywords)
    lengths = np.sqrt(squared_norms(asked))
    # Five keywords have few words, but together they say as much as one like.
    as_paper = np.divide(corpus.statistics.norm, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    pseudo_likes = sp.csr_array(sp.diags_array(as_paper) @ asked)
    return sp.csr_array(sp.vstack([learnt, corpus.vectors_of(texts), pseudo_likes], format="csr"))


def _parts(interest: Interest, papers: Mapping[int, int], keywords: Mapping[str, int]) -> dict[int, float]:
    """The row and weight of everything that a taste is made of."""
    disliked = sorted({papers[i] for i in interest.dislikes if i in papers})
    # Sorted, so that the order of likes cannot move a rounding error.
    liked = sorted({papers[i] for i in interest.likes if i in papers})
    if (text := keyword_text(interest)) in keywords:
        liked.append(keywords[text])
    parts = dict.fromkeys(liked, 1 / max(len(liked), 1))
    for row in disliked:
        parts[row] = parts.get(row, 0.0) - DISLIKE_WEIGHT / len(disliked)
    return parts


def _mixture(parts: list[dict[int, float]], width: int) -> sp.csr_array:
    columns = np.array([row for part in parts for row in part], np.int32)
    weights = np.array([weight for part in parts for weight in part.values()], np.float64)
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int32)
    return sp.csr_array((weights, columns, starts), shape=(len(parts), width))
