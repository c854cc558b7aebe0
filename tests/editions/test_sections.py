"""The parts of a digest: interests side by side, what came from outside, what was missed, what was revised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.editions.message import build
from digest.editions.reasons import because
from digest.editions.render import render_digest
from digest.editions.sections import MAIN, NEWER_VERSIONS, OUTSIDE, TRENDING, YOU_MISSED, sections, summary
from digest.editions.select import MISSED, REVISED, facts_of
from digest.editions.view import paper_view
from digest.model import Edition, Reason, ReasonKind, ShownPick
from tests.support.editions import DAY, HEADERS, PAPER, READER, REASONS, edition, pick


def shown(number: int, interest: str = "", marker: str = "", *, explores: bool = False) -> ShownPick:
    paper = replace(PAPER, id=number, key=f"arxiv:2604.{number:05}", title=f"Study {number} of lamps", version=2)
    reasons = () if marker == REVISED else REASONS
    return ShownPick(facts_of(paper, marker), 4.0, reasons, interest, explores)


def headings(*picks: ShownPick) -> list[str]:
    return [section.heading for section in sections(picks)]


def everything() -> Edition:
    return edition(
        shown(1, "3D"),
        shown(2, "Robotics"),
        shown(3, "3D", "rising"),
        shown(4, explores=True),
        shown(5, "Robotics", MISSED),
        shown(6, marker=REVISED),
    )


def test_one_interest_needs_no_headings() -> None:
    assert headings(shown(1), shown(2)) == [""]
    rendered = render_digest(edition(shown(1), shown(2)), READER)
    assert 'class="g"' not in rendered.html


def test_several_interests_stand_apart_in_the_order_of_their_best_papers() -> None:
    found = sections([shown(1, "3D"), shown(2), shown(3, "Robotics"), shown(4, "3D")])
    assert [section.heading for section in found] == ["3D", MAIN, "Robotics"]
    assert [pick.facts.paper_id for pick in found[0].picks] == [1, 4]


def test_what_is_special_comes_last_and_says_so() -> None:
    assert headings(*everything().picks[::-1]) == ["Robotics", "3D", TRENDING, OUTSIDE, YOU_MISSED, NEWER_VERSIONS]
    assert headings(shown(1), shown(2, marker="rising")) == ["", TRENDING]
    assert headings(shown(1), shown(2, marker=MISSED)) == ["", YOU_MISSED]


def test_both_parts_show_every_section_and_marker() -> None:
    rendered = render_digest(everything(), READER)
    for heading in ("3D", "Robotics", TRENDING, OUTSIDE, YOU_MISSED, NEWER_VERSIONS):
        assert rendered.html.count(f">{heading}</h2>") == 1
        assert rendered.text.count(f"\n{heading.upper()}\n") == 1
    for part in (rendered.html, rendered.text):
        assert "4 papers for you, from 1,412 scanned; 1 you missed, 1 revised." in part
        for marker in ("rising", "missed", "revised (v2)"):
            assert f" · {marker} · " in part
    order = [rendered.text.index(f"Study {number} of") for number in (1, 2, 3, 4, 5, 6)]
    assert order == sorted(order)


def test_a_name_of_an_interest_is_shown_as_text() -> None:
    rendered = render_digest(edition(shown(1, "<b>3D</b>"), shown(2, "x")), READER)
    assert "&lt;b&gt;3D&lt;/b&gt;</h2>" in rendered.html


def test_a_revision_names_its_version_where_there_is_one() -> None:
    assert paper_view(facts_of(replace(PAPER, version=2), REVISED), DAY).marker == "revised (v2)"
    assert paper_view(facts_of(replace(PAPER, version=None), REVISED), DAY).marker == "revised"


def test_a_digest_of_nothing_new_says_what_else_is_in_it() -> None:
    only = sections([shown(1, marker=MISSED), shown(2, marker=MISSED)])
    assert summary(only, 412) == "Nothing above your bar today; 412 papers scanned; 2 you missed."


def test_twenty_papers_in_every_section_make_a_mail_below_80_kilobytes() -> None:
    abstract = "We ask what a lighthouse attends to, and measure it in earnest. " * 12
    loud = replace(PAPER, abstract=abstract, title="A " + "Rather Long Title of a Paper " * 3)
    usual = [
        replace(pick(replace(loud, id=number)), interest=f"interest {number % 3}", is_exploration=number == 12)
        for number in range(1, 13)
    ]
    missed = [replace(one, facts=replace(one.facts, marker=MISSED)) for one in usual[:5]]
    revised = [replace(one, facts=replace(one.facts, marker=REVISED), reasons=()) for one in usual[:3]]
    raw = build(render_digest(edition(*usual, *missed, *revised), READER), HEADERS)
    assert len(raw) < 80_000


# ── reasons in words ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "words", "told"),
    [
        (ReasonKind.MEANING, ("Lamps of the Sea",), "in meaning it is near “Lamps of the Sea”, which you liked"),
        (ReasonKind.MEANING, (), "in meaning it is near what you like"),
        (ReasonKind.KEYWORD, ('"graph neural network"',), "it says “graph neural network”"),
        (ReasonKind.KEYWORD, ("segmentation AND NOT medical",), "it meets “segmentation AND NOT medical”"),
        (ReasonKind.KEYWORD, ('"a b"', "“c d”", "x OR y"), "it says “a b” and “c d” and meets “x OR y”"),
        (ReasonKind.KEYWORD, ('"a" AND "b"',), 'it meets “"a" AND "b"”'),
        (ReasonKind.INSTITUTION, ("Coast Institute",), "it is from Coast Institute, which you follow"),
        (ReasonKind.INTEREST, ("Robotics",), "it also fits your interest in Robotics"),
        (ReasonKind.INTEREST, ("Robotics", "3D", "lamps"), "it also fits your interests in Robotics, 3D and lamps"),
        (ReasonKind.INTEREST, ("",), "it also fits your main interest"),
    ],
)
def test_every_kind_of_reason_is_a_sentence(kind: ReasonKind, words: tuple[str, ...], told: str) -> None:
    assert because([Reason(kind, words, 1.0)]) == told
    terms = Reason(ReasonKind.TERMS, ("lamps",), 2.0)
    assert because([Reason(kind, words, 1.0), terms]) == f"lamps — and {told}"
