"""Feedback → taste: which words a subscriber's papers say more than papers in general.

    taste = levelled(mean of the likes − ½ · mean of the dislikes) − 1.5 · mean of all papers

Each part is a BM25 vector, so a taste is one sparse weight per word: no training, no other subscriber's data. Keywords
count as one more like, and so does free text. Levelled is each weight to the power ¾: what many of the likes say is
what somebody reads, but one word of it should not outweigh all others. The mean of all papers is cut to half the length
of the rest: for somebody who likes a bit of everything the two are nearly parallel, and what is common there is the
taste.

A like among few is a poor sample of what somebody reads, so what the nearest papers say (see `kin`) is put beside it:

    like + w · beside, over 1 + w     w = (1/√likes − 1/√20) / (1 − 1/√20), nothing from 20 likes on

An old like counts less than a new one, and never nothing: see `like_weight`. Of the words of many likes the 800
strongest are kept, and of the others what they have of the mean of all papers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import scipy.sparse as sp

from digest.model import Interest, Paper
from digest.ranking.corpus import Corpus, Statistics
from digest.ranking.counts import Floats, row_sums, selected
from digest.ranking.query import words
from digest.ranking.vectors import levelled, product, squared_norms, strongest, with_lengths

DISLIKE_WEIGHT = 0.5
"""How much the mean of the dislikes counts against the mean of the likes."""

BASELINE_WEIGHT = 1.5
"""How much the mean of all papers counts against it: words that every paper says are nobody's taste."""

HALF_LIFE = timedelta(days=365)
"""In this time the part of a like that fades falls to a half. Fading faster ranks worse where tastes do not change."""

LASTING = 0.25
"""The part of a like that never fades."""

WORDS = 800
"""Words that a taste has at most, the strongest, beside those that tie; more take longer and rank no better."""

_MANY = 20  # likes tell a taste without what is beside them
_LONGEST_BASELINE = 0.5  # of the length of the taste


@dataclass(frozen=True, slots=True)
class Tastes:
    """The tastes of some interests, one row each, before the baseline that all share is taken off.

    `scale` brings points to the same size for everybody (1 ≈ a paper that says exactly what the likes say, 0 where
    nothing is said of taste). `baseline` is the weight of the mean of all papers, 0 where nothing is liked or asked
    for. A row of `mixture` says how much of which rows of `vectors` makes up a taste, before it is cut and levelled; a
    row of `vectors` is a like with what is beside it.
    """

    weights: sp.csr_array
    scale: Floats
    baseline: Floats
    mixture: sp.csr_array
    vectors: sp.csr_array
    liked_ids: tuple[int | None, ...]  # which paper a row of `vectors` is, None for keywords and text
    growth: Floats  # what levelling multiplied each of the `weights` by


@dataclass(frozen=True, slots=True)
class _Read:
    """What all likes, dislikes, texts and keywords say: a row of `vectors` for each, and where each stands.

    The keywords come last, from `asked` on.
    """

    vectors: sp.csr_array
    ids: tuple[int | None, ...]
    papers: Mapping[int, int]
    texts: Mapping[str, int]
    keywords: Mapping[str, int]
    asked: int
    learnt: int  # as many of the first rows are papers of the corpus


def paper_text(paper: Paper) -> str:
    """What is read of a paper."""
    return f"{paper.title}\n{paper.abstract}"


def has_taste(interest: Interest) -> bool:
    """Do words say what to look for? A keyword that only rules out (`-medical`) does not."""
    return bool(interest.likes or interest.text.strip() or any(map(words, interest.keywords)))


def keyword_text(interest: Interest) -> str:
    """Keywords and free text together."""
    return "\n".join((_asked(interest), interest.text)).strip()


def tastes_of(
    interests: Sequence[Interest], corpus: Corpus, liked: Mapping[int, Paper], now: datetime | None = None
) -> Tastes:
    """One taste for each interest. Likes and dislikes are read from the corpus, else from `liked`, else passed over.

    Likes fade with their age at `now`; without it, and where nobody knows their age, none does.
    """
    read = _read(interests, corpus, liked)
    parts = [_parts(interest, read, now) for interest in interests]
    vectors, sources, mixture = _with_beside(read, parts, corpus)
    whole = product(mixture.astype(np.float32), vectors)
    flat = levelled(whole)
    norms, lengths = np.sqrt(squared_norms(whole)), np.sqrt(squared_norms(flat))
    stretches = np.divide(norms, lengths, out=np.ones_like(norms), where=lengths > 0)
    # With all that tie: in which order words stand depends on whose tastes are made at once.
    said = _sorted(strongest(whole, WORDS, has_ties=True))
    weights = levelled(said)
    weights.data *= np.repeat(stretches, np.diff(said.indptr)).astype(np.float32)
    growth = np.divide(weights.data, said.data, out=np.zeros_like(weights.data), where=said.data != 0)
    scale = np.divide(1 / corpus.statistics.norm, norms, out=np.zeros_like(norms), where=norms > 0)
    baseline = _baseline(interests, scale, norms, corpus.statistics.mean_norm)
    if whole.nnz > said.nnz:
        baseline -= scale * _cut_off(flat, stretches, weights, corpus.statistics)
    ids = tuple(read.ids[source] for source in sources)
    return Tastes(weights, scale, baseline, mixture, vectors, ids, growth)


def like_weight(liked_at: datetime, now: datetime) -> float:
    """How much a like counts by its age: 1 when new, .625 after a year, never under .25."""
    age = max((now - liked_at) / HALF_LIFE, 0.0)
    return float(LASTING + (1 - LASTING) * 0.5**age)


def beside_weight(likes: int) -> float:
    """How much what is beside a like counts, the like being 1: 1 for somebody's only like, .29 of five, 0 of twenty."""
    return max(0.0, (likes**-0.5 - _MANY**-0.5) / (1 - _MANY**-0.5)) if likes else 0.0


def _asked(interest: Interest) -> str:
    """The words of the keywords; what a condition rules out is not read."""
    return "\n".join(filter(None, map(words, interest.keywords))).strip()


def _baseline(interests: Sequence[Interest], scale: Floats, norms: Floats, mean_norm: float) -> Floats:
    wishes = np.array([has_taste(interest) for interest in interests], bool)
    longest = _LONGEST_BASELINE * norms / (mean_norm or 1.0)
    capped: Floats = scale * wishes * np.minimum(BASELINE_WEIGHT, longest)
    return capped


def _read(interests: Sequence[Interest], corpus: Corpus, liked: Mapping[int, Paper]) -> _Read:
    used = sorted({paper_id for interest in interests for paper_id in (*interest.likes, *interest.dislikes)})
    learnt = [i for i in used if i in corpus]
    others = [i for i in used if i not in corpus and i in liked]
    texts = sorted({text for interest in interests if (text := interest.text.strip())})
    keywords = sorted({text for interest in interests if (text := _asked(interest))})
    ids: tuple[int | None, ...] = (*learnt, *others, *(None for _ in (*texts, *keywords)))
    first = len(learnt) + len(others)
    return _Read(
        vectors=_stacked(corpus, learnt, [paper_text(liked[i]) for i in others], [*texts, *keywords]),
        ids=ids,
        papers={paper_id: row for row, paper_id in enumerate((*learnt, *others))},
        texts={text: first + row for row, text in enumerate(texts)},
        keywords={text: first + len(texts) + row for row, text in enumerate(keywords)},
        asked=first + len(texts),
        learnt=len(learnt),
    )


def _stacked(corpus: Corpus, known: list[int], texts: list[str], asked: list[str]) -> sp.csr_array:
    learnt = corpus.vectors(known)
    if not texts and not asked:
        return learnt
    # Five keywords have few words, but together they say as much as one like.
    pseudo_likes = with_lengths(corpus.query_vectors(asked), np.full(len(asked), corpus.statistics.norm))
    return sp.csr_array(sp.vstack([learnt, corpus.vectors_of(texts), pseudo_likes], format="csr"))


def _parts(interest: Interest, read: _Read, now: datetime | None) -> dict[int, float]:
    """The row and weight of everything that a taste is made of."""
    liked: dict[int, float] = {}
    for paper_id, weight in _weighted_likes(interest, now):
        if paper_id in read.papers:
            row = read.papers[paper_id]
            liked[row] = max(weight, liked.get(row, 0.0))
    # Sorted, so that the order of likes cannot move a rounding error.
    liked = dict(sorted(liked.items()))
    if text := interest.text.strip():
        liked[read.texts[text]] = 1.0
    if text := _asked(interest):
        liked[read.keywords[text]] = 1.0
    total = sum(liked.values())
    parts = {row: weight / total for row, weight in liked.items()}
    disliked = sorted({read.papers[i] for i in interest.dislikes if i in read.papers})
    for row in disliked:
        parts[row] = parts.get(row, 0.0) - DISLIKE_WEIGHT / len(disliked)
    return parts


def _weighted_likes(interest: Interest, now: datetime | None) -> Iterator[tuple[int, float]]:
    if now is None or len(interest.liked_at) != len(interest.likes):
        yield from ((paper_id, 1.0) for paper_id in interest.likes)
        return
    for paper_id, liked_at in zip(interest.likes, interest.liked_at, strict=True):
        yield paper_id, like_weight(liked_at, now)


def _with_beside(
    read: _Read, parts: Sequence[Mapping[int, float]], corpus: Corpus
) -> tuple[sp.csr_array, list[int], sp.csr_array]:
    """Vectors with what is beside those that are likes among few, of which row of what was read each is, the mixture.

    Keywords stand for themselves: they were chosen, word by word. Dislikes too.
    """
    counts = [sum(weight > 0 for weight in part.values()) for part in parts]
    keys = [
        [(row, count if weight > 0 and count < _MANY and row < read.asked else 0) for row, weight in part.items()]
        for part, count in zip(parts, counts, strict=True)
    ]
    if not any(count for some in keys for _, count in some):
        sources = list(range(len(read.ids)))
        return read.vectors, sources, _mixture(parts, [list(part) for part in parts], len(sources))
    rows = sorted({row for some in keys for row, count in some if count})
    beside = _beside(read, rows, corpus)
    kinds = sorted({key for some in keys for key in some})
    column = {kind: i for i, kind in enumerate(kinds)}
    vectors = _blended(read.vectors, beside, kinds, {row: i for i, row in enumerate(rows)})
    columns = [[column[key] for key in some] for some in keys]
    return vectors, [row for row, _ in kinds], _mixture(parts, columns, len(kinds))


def _beside(read: _Read, rows: list[int], corpus: Corpus) -> sp.csr_array:
    """What is beside some rows of what was read; those of the corpus come first."""
    learnt = [paper_id for row in rows if row < read.learnt and (paper_id := read.ids[row]) is not None]
    others = np.array(rows[len(learnt) :], np.int64)
    known = corpus.beside(learnt)
    if not len(others):
        return known
    return sp.csr_array(sp.vstack([known, corpus.beside_of(selected(read.vectors, others))], format="csr"))


def _blended(
    vectors: sp.csr_array, beside: sp.csr_array, kinds: Sequence[tuple[int, int]], place: Mapping[int, int]
) -> sp.csr_array:
    """A row of `vectors` for each kind, (row, likes), blended with its row of `beside`; as it is where likes are 0."""
    count, lengths = vectors.shape[0], np.diff(beside.indptr)
    entries: list[tuple[int, int, float]] = []
    for i, (row, likes) in enumerate(kinds):
        amount = beside_weight(likes) if likes and lengths[place[row]] else 0.0
        entries.append((i, row, 1 / (1 + amount)))
        if amount:
            entries.append((i, count + place[row], amount / (1 + amount)))
    at, sources, amounts = zip(*entries, strict=True)
    blend = sp.csr_array((np.array(amounts, np.float32), (at, sources)), shape=(len(kinds), count + len(place)))
    return sp.csr_array(blend @ sp.vstack([vectors, beside], format="csr"))


def _mixture(parts: Sequence[Mapping[int, float]], columns: Sequence[Sequence[int]], width: int) -> sp.csr_array:
    weights = np.array([weight for part in parts for weight in part.values()], np.float64)
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int32)
    indices = np.array([column for some in columns for column in some], np.int32)
    return sp.csr_array((weights, indices, starts), shape=(len(parts), width))


def _cut_off(flat: sp.csr_array, stretches: Floats, weights: sp.csr_array, statistics: Statistics) -> Floats:
    """How much of the mean of all papers the words have that were cut off: their part along it.

    They are many and weak, so together they say little but what is common; to drop that too would lower all scores.
    """
    whole, kept = (row_sums(one.indptr, one.data * statistics.mean[one.indices]) for one in (flat, weights))
    is_cut = np.diff(flat.indptr) > np.diff(weights.indptr)
    found: Floats = np.where(is_cut, stretches * whole - kept, 0.0) / (statistics.mean_norm**2 or 1.0)
    return found


def _sorted(matrix: sp.csr_array) -> sp.csr_array:
    """Each row's words in the order of the columns: so a product reads what the papers say as it lies in memory.

    By transposing twice, which takes half as long as sorting.
    """
    return sp.csr_array(sp.csc_array(matrix))
