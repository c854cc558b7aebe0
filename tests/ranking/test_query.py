from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.index import Mask
from digest.ranking.pool import pool_of
from digest.ranking.query import Part, check, met, only_rules_out, parse, turned_away, words
from tests.support.ranking import NOW, corpus_of, paper

WORDS = ("ant", "bee", "cat")
TEXTS = tuple(frozenset(word for i, word in enumerate(WORDS) if number >> i & 1) for number in range(8))


@dataclass(frozen=True)
class Wish:
    """A condition as text, and the texts (sets of words) that meet it by plain logic."""

    text: str
    met: frozenset[int]

    def __str__(self) -> str:
        return self.text


EVERYWHERE = frozenset(range(len(TEXTS)))
said = st.sampled_from(WORDS).map(lambda word: Wish(word, frozenset(i for i, t in enumerate(TEXTS) if word in t)))
quoted = said.map(lambda wish: Wish(f'"{wish}"', wish.met))


def larger(smaller: st.SearchStrategy[Wish]) -> st.SearchStrategy[Wish]:
    return st.one_of(
        st.builds(lambda a, b: Wish(f"({a} AND {b})", a.met & b.met), smaller, smaller),
        st.builds(lambda a, b: Wish(f"({a} {b})", a.met & b.met), smaller, smaller),
        st.builds(lambda a, b: Wish(f"({a} OR {b})", a.met | b.met), smaller, smaller),
        st.builds(lambda a: Wish(f"NOT {a}", EVERYWHERE - a.met), smaller),
        st.builds(lambda a: Wish(f"-({a})", EVERYWHERE - a.met), smaller),
    )


wishes = st.recursive(quoted | said, larger, max_leaves=8)


def saying(phrase: str) -> Mask:
    return np.array([phrase in text for text in TEXTS])


def condition(text: object) -> Part:
    found = parse(f"({text}) AND ({text})").condition
    assert found is not None
    return found


def holding(text: object) -> frozenset[int]:
    return frozenset(np.flatnonzero(met(condition(text), saying)).tolist())


@given(wishes)
def test_a_condition_is_met_as_logic_has_it(wish: Wish) -> None:
    assert check(str(wish)) is None
    assert holding(wish) == wish.met


@given(wishes, wishes)
def test_the_laws_of_de_morgan_hold(one: Wish, other: Wish) -> None:
    assert parse(f"NOT ({one} AND {other})").condition == parse(f"NOT {one} OR NOT {other}").condition
    assert holding(f"NOT ({one} OR {other})") == holding(f"NOT {one} AND NOT {other}")
    assert holding(f"NOT NOT {one}") == holding(one)


@given(wishes, wishes)
def test_the_order_of_parts_does_not_matter(one: Wish, other: Wish) -> None:
    for operator in ("AND", "OR"):
        forth, back = condition(f"{one} {operator} {other}"), condition(f"{other} {operator} {one}")
        assert met(forth, saying).tolist() == met(back, saying).tolist()
        assert turned_away(forth, saying).tolist() == turned_away(back, saying).tolist()


@given(wishes)
def test_what_is_turned_away_does_not_meet_the_condition_and_says_what_was_not_wanted(wish: Wish) -> None:
    away = turned_away(condition(wish), saying)
    assert not (away & met(condition(wish), saying)).any()
    assert not away.any() or "NOT" in str(wish) or "-" in str(wish)


@given(wishes)
def test_a_condition_only_rules_out_if_a_text_about_anything_else_meets_it(wish: Wish) -> None:
    assert only_rules_out(condition(wish)) == (TEXTS.index(frozenset()) in wish.met)


SIGNS = st.sampled_from(["AND", "OR", "NOT", "-", "(", ")", '"', "“", "”", "「", "」", " ", "ant", "蚂蚁", "&", "\x00"])


@given(st.text(max_size=60) | st.lists(SIGNS, max_size=40).map("".join) | st.lists(SIGNS, max_size=40).map(" ".join))
def test_no_text_is_unreadable(text: str) -> None:
    query = parse(text)
    assert query.words == words(text)
    complaint = check(text)
    assert complaint is None or (query.condition is None and "\n" not in complaint)


def test_depth_does_not_exhaust_the_reader() -> None:
    assert words("(" * 100_000 + "ant AND bee") == "ant bee"
    assert words("NOT " * 100_000 + "ant") == "ant"
    assert check("(" * 30 + "ant AND bee" + ")" * 30) == "parentheses stand 20 deep: split it into several keywords"


@pytest.mark.parametrize(
    "keyword",
    [
        "diffusion models",
        "search and rescue",
        "this or that not those",
        "vision-language",
        "LiDAR - camera",
        "O(n) sorting",
        "Gaussian splatting (3DGS)",
        "C++",
        "",
    ],
)
def test_plain_words_are_no_condition(keyword: str) -> None:
    query = parse(keyword)
    assert query.condition is None
    assert query.words == keyword
    assert check(keyword) is None


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ('"world model"', "world model"),
        ("“world model” robots", "world model robots"),
        ("「世界模型」 OR 机器人", "世界模型 机器人"),
        ("segmentation AND NOT medical", "segmentation"),
        ("robots -medical -survey", "robots"),
        ('robots -"case study"', "robots"),
        ("NOT medical", ""),
        ("-(medical OR clinical)", ""),
        ("NOT medical AND NOT clinical", ""),
        ("robots OR NOT medical", ""),
        ("robots AND (robots OR arms)", "robots arms"),
        ("NOT NOT robots", "robots"),
    ],
)
def test_the_taste_reads_only_what_is_wanted(keyword: str, expected: str) -> None:
    assert words(keyword) == expected
    assert parse(keyword).condition is not None


@pytest.mark.parametrize(
    ("keyword", "complaint", "left"),
    [
        ('"world model', "the quote before “world model” has no end", "world model"),
        ('robots AND ""', "there are no words between two quotes", "robots"),
        ("(robots AND arms", "a “(” is never closed", "robots arms"),
        ("robots) AND arms", "a “)” has no “(” before it", "robots arms"),
        ("robots AND", "nothing stands behind “AND”: write a word there", "robots"),
        ("OR robots", "nothing stands before “OR”: write a word there", "robots"),
        ("robots AND OR arms", "nothing stands behind “AND”", "robots arms"),
        ("robots AND ()", "nothing stands in the parentheses", "robots"),
        ("robots NOT", "nothing stands behind “NOT”", "robots"),
        ("NOT (medical", "a “(” is never closed", ""),
    ],
)
def test_what_cannot_be_read_is_plain_words_and_is_told(keyword: str, complaint: str, left: str) -> None:
    query = parse(keyword)
    assert query.condition is None
    assert query.words == left
    assert (check(keyword) or "").startswith(complaint)


def test_a_query_finds_its_places_in_a_pool() -> None:
    papers = [paper(1, "Robots that walk"), paper(2, "Medical robots"), paper(3, "Medical images")]
    pool = pool_of(papers, corpus_of(papers), NOW)

    def ids(keyword: str) -> set[int] | None:
        places = parse(keyword).places(pool)
        return None if places is None else {pool.papers[place].id for place in places}

    assert ids("robots AND NOT medical") == {1}
    assert ids('"medical robot"') == {2}
    assert ids("robot OR image") == {1, 2, 3}
    assert ids("robots") is None
