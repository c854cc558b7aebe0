from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Bar, Interest, Options, Paper, Pick, Profile, ReasonKind
from digest.ranking.alike import ALIKE
from digest.ranking.choose import RISING_SHARE, SAME
from digest.ranking.pool import pool_of
from digest.ranking.rank import Ranker, Request
from digest.ranking.trace import Step
from tests.support.ranking import NOW, corpus_of, ids, paper, rank, wanting

WORDS = 40  # of each topic
TOPICS = 12


def topical(number: int, topic: int, chance: random.Random, *, length: int = 40, on: float = 0.5) -> Paper:
    """A paper that says its topic's words, about so many of a hundred, among words of all topics."""
    words = [
        f"t{topic}w{chance.randrange(WORDS)}x" if chance.random() < on else f"common{chance.randrange(300)}x"
        for _ in range(length)
    ]
    return paper(number, f"Paper {number} {' '.join(words[:4])}", " ".join(words), authors=(f"Author {number % 7}",))


def library(seed: int = 1, each: int = 30) -> list[Paper]:
    chance = random.Random(seed)
    return [topical(topic * 1000 + i, topic, chance) for topic in range(1, TOPICS + 1) for i in range(each)]


LIBRARY = library()
KNOWN = {one.id: one for one in LIBRARY}
RANKER = Ranker(corpus_of(LIBRARY))
NEW = [one for one in LIBRARY if one.id % 1000 >= 6]
NEW_IDS = [one.id for one in NEW]
OFF = Options(bar=Bar.OFF)


def liking(topic: int, name: str = "", count: int = 5) -> Interest:
    return Interest(name, likes=tuple(topic * 1000 + i for i in range(count)))


def picks_of(profile: Profile, papers: Sequence[Paper] = NEW, limit: int = 10, subscriber: int = 1) -> tuple[Pick, ...]:
    (picks,) = RANKER.rank_batch([Request(subscriber, profile, limit)], papers, KNOWN, NOW)
    return picks


def topics(picks: Sequence[Pick]) -> list[int]:
    return [pick.paper_id // 1000 for pick in picks]


# ── interests side by side ───────────────────────────────────────────────────────────────────────


def test_two_unrelated_interests_are_both_served_and_named() -> None:
    picks = picks_of(Profile((liking(1), liking(2, "second"))))
    assert set(topics(picks)) == {1, 2}
    assert set(topics(picks[:2])) == {1, 2}  # each before any is served twice
    assert all((pick.paper_id // 1000 == 2) == (pick.interest == "second") for pick in picks)
    liked = {KNOWN[i].title for i in liking(1).likes}
    named = {
        word for pick in picks if pick.interest for r in pick.reasons if r.kind is ReasonKind.LIKED for word in r.words
    }
    assert not named & liked


@given(st.lists(st.integers(1, TOPICS), min_size=1, max_size=5, unique=True))
@settings(max_examples=15)
def test_every_interest_with_a_fitting_paper_is_served_before_any_is_served_twice(some: list[int]) -> None:
    picks = picks_of(Profile(tuple(liking(topic, str(topic)) for topic in some)), limit=len(some))
    assert sorted(topics(picks)) == sorted(some)


def test_a_paper_that_fits_two_interests_gets_a_little_of_the_second_one() -> None:
    alone, both = (
        picks_of(Profile(some, options=OFF), limit=300) for some in ((liking(1),), (liking(1), liking(1, "b", 4)))
    )
    scores = {pick.paper_id: pick.score for pick in alone}
    shared = [pick for pick in both if any(reason.kind is ReasonKind.INTEREST for reason in pick.reasons)]
    assert shared
    assert all(pick.score > scores[pick.paper_id] for pick in shared if pick.interest == "")
    assert all(
        r.words == ("b",) for p in shared if p.interest == "" for r in p.reasons if r.kind is ReasonKind.INTEREST
    )


# ── diversity ────────────────────────────────────────────────────────────────────────────────────


def test_the_same_paper_is_shown_once_whatever_its_id_and_small_changes() -> None:
    twins = [replace(one, id=one.id + 500, key=f"p:{one.id + 500}", abstract=one.abstract + " revised") for one in NEW]
    picks = picks_of(wanting(likes=liking(1).likes), [*NEW, *twins])
    assert len({pick.paper_id % 500 for pick in picks}) == len(picks) > 3


def test_no_two_picks_are_nearly_the_same() -> None:
    pool = pool_of(NEW, corpus_of(LIBRARY), NOW)
    picks = picks_of(wanting(likes=liking(1).likes), limit=30)
    places = [pool.places[pick.paper_id] for pick in picks]
    among = pool.alike[places].toarray()[:, places]
    assert among.max() < SAME
    assert (among.diagonal() == 0).all()


def test_a_flood_of_one_topic_lets_others_pass_where_the_limit_cuts() -> None:
    chance = random.Random(3)
    flood = [topical(50_000 + i, 1, chance, on=0.9) for i in range(20)]
    others = [topical(60_000 + i, 2, chance, on=0.7) for i in range(3)]
    papers = [*LIBRARY, *flood, *others]
    (picks,) = Ranker(corpus_of(papers)).rank_batch(
        [Request(1, Profile((Interest(likes=(1000, 1001, 1002, 1003, 2000)),)), 8)], [*flood, *others], KNOWN, NOW
    )
    assert {pick.paper_id // 10_000 for pick in picks} == {5, 6}


def test_the_score_of_a_pick_is_not_changed_by_what_is_beside_it() -> None:
    few, many = (picks_of(wanting(likes=liking(1).likes), limit=limit) for limit in (3, 20))
    scores = {pick.paper_id: pick.score for pick in many}
    assert all(scores[pick.paper_id] == pick.score for pick in few if pick.paper_id in scores)


# ── the bar ──────────────────────────────────────────────────────────────────────────────────────


def test_a_higher_bar_lets_fewer_papers_pass_and_no_others() -> None:
    profile = wanting(likes=liking(1).likes)
    found = [set(ids(picks_of(replace(profile, options=Options(bar=bar)), limit=300))) for bar in Bar]
    assert [len(some) for some in found] == sorted((len(some) for some in found), reverse=True)
    assert all(found[i + 1] <= found[i] for i in range(3))


def test_a_day_with_nothing_that_fits_gives_no_picks() -> None:
    elsewhere = [one for one in NEW if one.id // 1000 != 1]
    assert picks_of(wanting(likes=liking(1).likes), elsewhere) == ()
    assert len(topics(picks_of(wanting(likes=liking(1).likes), limit=24))) >= 20


def test_a_clear_profile_gets_its_topic_and_nothing_else() -> None:
    assert set(topics(picks_of(wanting(likes=liking(4).likes), limit=300))) == {4}


def test_the_bar_does_not_depend_on_the_papers_of_the_day() -> None:
    profile = wanting(likes=liking(1).likes)
    alone = [one.id for one in NEW if picks_of(profile, [one])]
    assert set(alone) == set(ids(picks_of(profile, limit=300)))


def test_a_followed_author_is_above_any_bar() -> None:
    profile = replace(wanting(likes=liking(1).likes, authors=("Author 3",)), options=Options(bar=Bar.HIGH))
    followed = {one.id for one in NEW if "Author 3" in one.authors}
    assert followed <= set(ids(picks_of(profile, limit=300)))


def test_attention_lifts_nothing_over_the_bar() -> None:
    elsewhere = [replace(one, signals={"upvotes": 500 * (one.id % 5)}) for one in NEW if one.id // 1000 != 1]
    assert picks_of(wanting(likes=liking(1).likes), elsewhere) == ()


# ── exploration and what rises ───────────────────────────────────────────────────────────────────


@given(
    st.integers(1, 50),
    st.sets(st.sampled_from(range(2, TOPICS + 1)), max_size=8),
    st.frozensets(st.sampled_from(NEW_IDS)),
)
@settings(max_examples=25)
def test_exploration_is_the_last_pick_from_outside_and_never_muted_or_known(
    subscriber: int, muted: set[int], excluded: frozenset[int]
) -> None:
    words = tuple(f"t{topic}w{i}x" for topic in sorted(muted) for i in range(WORDS))
    profile = Profile((liking(1),), muted=words, options=Options(explores=True))
    (picks,) = RANKER.rank_batch([Request(subscriber, profile, 5, excluded)], NEW, KNOWN, NOW)
    explored = [pick for pick in picks if pick.is_exploration]
    assert explored == [pick for pick in picks[-1:] if pick.is_exploration]
    assert len(picks) <= 5
    assert not excluded & set(ids(picks))
    for pick in explored:
        assert not set(words) & set(KNOWN[pick.paper_id].abstract.split())
        assert pick.paper_id // 1000 != 1
        assert pick.score == math.fsum(reason.share for reason in pick.reasons)


def test_exploration_is_the_same_for_a_day_and_differs_between_days_and_subscribers() -> None:
    profile = Profile((liking(1),), options=Options(explores=True))

    def explored(subscriber: int, days: int) -> int:
        (picks,) = RANKER.rank_batch([Request(subscriber, profile, 5)], NEW, KNOWN, NOW + timedelta(days=days))
        return picks[-1].paper_id

    assert explored(1, 0) == explored(1, 0)
    assert len({explored(subscriber, days) for subscriber in range(4) for days in range(4)}) > 8


def test_nobody_explores_who_did_not_ask_for_it_or_has_nothing_to_read() -> None:
    assert not any(pick.is_exploration for pick in picks_of(Profile((liking(1),))))
    elsewhere = [one for one in NEW if one.id // 1000 != 1]
    assert picks_of(Profile((liking(1),), options=Options(explores=True)), elsewhere) == ()


def test_few_of_the_picks_are_rising() -> None:
    rising = [one.id for one in NEW if one.id // 1000 == 1][:12]
    (picks,) = RANKER.rank_batch([Request(1, Profile((liking(1),)), 20)], NEW, KNOWN, NOW, rising)
    assert len(set(ids(picks)) & set(rising)) == RISING_SHARE


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────

interests = st.builds(
    Interest,
    name=st.just(""),
    categories=st.lists(st.sampled_from(["cs.CV", "math"]), max_size=1).map(tuple),
    keywords=st.lists(st.sampled_from(["t1w1x", "t2w3x t2w4x", "unheard-of"]), max_size=2).map(tuple),
    authors=st.lists(st.sampled_from(["Author 1", "Nobody"]), max_size=1).map(tuple),
    likes=st.lists(st.sampled_from([one.id for one in LIBRARY]), max_size=6, unique=True).map(tuple),
    dislikes=st.lists(st.sampled_from([one.id for one in LIBRARY]), max_size=2, unique=True).map(tuple),
)
profiles = st.builds(
    Profile,
    interests=st.lists(interests, max_size=3).map(
        lambda some: tuple(replace(one, name=f"i{i}" if i else "") for i, one in enumerate(some))
    ),
    muted=st.lists(st.sampled_from(["t1w1x", "common7x"]), max_size=1).map(tuple),
    options=st.builds(Options, bar=st.sampled_from(Bar), explores=st.booleans()),
)


@given(profiles, st.integers(0, 25))
@settings(max_examples=40, deadline=None)
def test_shares_sum_to_the_score_and_the_trace_tells_the_same_of_every_paper(profile: Profile, limit: int) -> None:
    request = Request(1, profile, limit)
    (picks,) = RANKER.rank_batch([request], NEW, KNOWN, NOW)
    by_id = {pick.paper_id: pick for pick in picks}
    for pick in picks:
        assert abs(math.fsum(reason.share for reason in pick.reasons) - pick.score) <= 1e-9
    for told in RANKER.trace(request, [one.id for one in NEW], NEW, KNOWN, NOW):
        assert told.score is not None
        assert abs(math.fsum(reason.share for reason in told.reasons) - told.score) <= 1e-9
        words = math.fsum(r.share for r in told.reasons if r.kind in (ReasonKind.TERMS, ReasonKind.LIKED))
        assert math.fsum(points for _, points in told.terms) == pytest.approx(words, abs=1e-9)
        assert (told.step is None) == (told.paper_id in by_id)
        assert told.note or told.step is None
        if told.step is None and not by_id[told.paper_id].is_exploration:
            assert told.reasons == by_id[told.paper_id].reasons
            assert told.rank == ids(picks).index(told.paper_id) + 1


@given(profiles, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_papers_and_of_other_requests_never_matters(profile: Profile, chance: random.Random) -> None:
    shuffled = NEW.copy()
    chance.shuffle(shuffled)
    mine, other = Request(7, profile, 10), Request(8, Profile((liking(3), liking(4, "b"), liking(5, "c"))), 20)
    (alone,) = RANKER.rank_batch([mine], NEW, KNOWN, NOW)
    _, together = Ranker(corpus_of(LIBRARY)).rank_batch([other, mine], shuffled, KNOWN, NOW)
    assert ids(together) == ids(alone)


@given(profiles, st.sampled_from(["t1w1x", "common7x", "t2w3x"]))
@settings(max_examples=25, deadline=None)
def test_a_mute_always_wins(profile: Profile, word: str) -> None:
    picks = picks_of(replace(profile, muted=(word,)))
    assert not any(word in KNOWN[pick.paper_id].abstract.split() for pick in picks)


@given(st.integers(1, TOPICS), st.integers(1, 5), st.integers(6, 29))
@settings(max_examples=30, deadline=None)
def test_a_like_never_lowers_the_rank_of_a_paper_like_it(topic: int, count: int, number: int) -> None:
    """Like it: the very same words under another id."""
    liked = KNOWN[topic * 1000 + number]
    same = replace(liked, id=99_999, key="p:99999", title=f"Other {liked.title}")
    offered = [*(one for one in NEW if one.id != liked.id), same]
    before = liking(topic % TOPICS + 1, count=count)
    after = replace(before, likes=(*before.likes, liked.id))
    ranks = []
    for interest in (before, after):
        (order,) = RANKER.order_batch([Request(1, Profile((interest,)), len(offered))], offered, KNOWN, NOW)
        ranks.append(order.index(same.id))
    assert ranks[1] <= ranks[0]


# ── the trace ────────────────────────────────────────────────────────────────────────────────────


def test_the_trace_names_the_step_that_dropped_a_paper() -> None:
    twin = replace(KNOWN[1010], id=77_000, key="p:77000", abstract=KNOWN[1010].abstract + " revised")
    rising = [one.id for one in NEW if one.id // 1000 == 1 and one.id >= 1020]
    profile = Profile((liking(1),), muted=("t1w1x",))
    request = Request(1, profile, 8, frozenset({1006}))
    papers = [*NEW, twin]
    told = {
        one.paper_id: one for one in RANKER.trace(request, [*(p.id for p in papers), 5], papers, KNOWN, NOW, rising)
    }
    assert told[5].step is Step.OFFERED
    assert (told[1006].step, told[1006].note) == (Step.KNOWN, "known: mailed before, read, saved or your own")
    muted = next(one for one in NEW if one.id // 1000 == 1 and one.id != 1006 and "t1w1x" in one.abstract.split())
    assert (told[muted.id].step, told[muted.id].note) == (Step.MUTED, "muted: “t1w1x”")
    assert told[5010].step is Step.BAR
    assert "below your bar ." in told[5010].note
    assert {Step.LIMIT, None} <= {one.step for one in told.values()}
    assert Step.ALIKE in {told[1010].step, told[77_000].step}


def test_the_trace_says_what_was_not_asked_for() -> None:
    papers = [replace(one, categories=("cs.CV" if one.id % 2 else "math.CO",)) for one in NEW]
    (told,) = RANKER.trace(Request(1, wanting(categories=("cs",)), 8), [1006], papers, KNOWN, NOW)
    assert (told.step, told.note) == (Step.WANTED, "not asked for: no category, author or institution of yours")


# ── odd profiles ─────────────────────────────────────────────────────────────────────────────────


def test_one_rare_word_gives_the_papers_that_say_it() -> None:
    rare = [*NEW, paper(90_001, "Kolmogorov turbulence", "common1x common2x")]
    (picks,) = Ranker(corpus_of([*LIBRARY, rare[-1]])).rank_batch(
        [Request(1, wanting(keywords=("kolmogorov",)), 20)], rare, KNOWN, NOW
    )
    assert ids(picks) == [90_001]


def test_an_empty_profile_gets_the_newest_papers_without_a_bar() -> None:
    dated = [replace(one, published_on=date(2026, 4, 1 + one.id % 19)) for one in NEW]
    picks = picks_of(Profile(), dated)
    assert len(picks) == 10
    assert all(pick.reasons[0].kind is ReasonKind.RECENT for pick in picks)


@pytest.mark.parametrize("bar", Bar)
def test_somebody_who_likes_everything_still_gets_an_edition(bar: Bar) -> None:
    likes = tuple(one.id for one in LIBRARY if one.id % 1000 < 25)
    new = [one for one in LIBRARY if one.id % 1000 >= 25]
    assert len(picks_of(replace(wanting(likes=likes), options=Options(bar=bar)), new, limit=20)) >= 10


def test_somebody_with_a_single_like_gets_enough_to_vote_on() -> None:
    assert len(picks_of(Profile((liking(1, count=1),), options=Options(bar=Bar.NORMAL)))) >= 5


def test_a_profile_in_chinese_gets_what_is_written_in_chinese() -> None:
    papers = [*LIBRARY, paper(91_001, "基于深度学习的医学图像分割"), paper(91_002, "机器人抓取的强化学习方法")]
    (picks,) = Ranker(corpus_of(papers)).rank_batch(
        [Request(1, wanting(keywords=("医学图像",)), 20)], papers, KNOWN, NOW
    )
    assert ids(picks) == [91_001]


def test_papers_of_one_title_are_nearly_the_same_and_short_texts_are_not_compared() -> None:
    same = [paper(i, "A title of more than four words", f"abstract{i}x") for i in (1, 2)]
    short = [paper(i, "Editorial", "") for i in (3, 4)]
    pool = pool_of([*same, *short], corpus_of([*same, *short]), NOW)
    found = pool.alike.toarray()
    assert found[0, 1] == found[1, 0] == 1
    assert found[2, 3] == 0
    assert ALIKE < SAME < 1


def test_a_corpus_of_a_few_papers_has_no_bar() -> None:
    papers = [paper(1, "protein folding"), paper(2, "protein design"), paper(3, "speech")]
    assert ids(rank(papers, replace(wanting(likes=(1,)), options=Options(bar=Bar.HIGH)))) == [2]
