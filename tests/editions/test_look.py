"""An operator's name, picture, colour and words in the mails, readable whatever is chosen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.look import (
    ACCENT,
    DARK_GROUND,
    LIGHT_GROUND,
    Look,
    check_accent,
    coloured,
    contrast,
    dark_accent,
    mixed,
)
from digest.editions.render import render_digest
from tests.support.editions import READER, edition, pick

BLUE = "#1f4e8c"


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345", "#GGGGGG", "1f4e8c", "#1f4e8c; }"])
def test_an_accent_is_six_digits(colour: str) -> None:
    assert "six digits" in str(check_accent(colour))


def test_a_pale_accent_is_refused_with_one_that_would_do() -> None:
    problem = str(check_accent("#ffcc00"))
    assert "has a contrast of 1.4" in problem
    (better,) = re.findall(r"(#[0-9a-f]{6}) would do", problem)
    assert check_accent(better) is None


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
def test_every_accent_that_is_accepted_is_readable_on_light_and_dark_ground(colour: str) -> None:
    if check_accent(colour) is None:
        assert contrast(colour, LIGHT_GROUND) >= 4.5
        assert contrast(colour, "#ffffff") >= 4.5  # as the ground of a button's words
        assert contrast(dark_accent(colour), DARK_GROUND) >= 4.5


def test_mixing_goes_from_one_to_the_other() -> None:
    assert [mixed("#000000", "#ffffff", share) for share in (0, 0.5, 1)] == ["#000000", "#808080", "#ffffff"]


def test_the_accent_is_everywhere_the_built_in_one_was() -> None:
    plain, blue = (
        render_digest(edition(pick()), replace(READER, look=Look(accent=accent))).html for accent in (ACCENT, BLUE)
    )
    assert ACCENT in plain
    assert ACCENT not in blue
    assert blue.count(BLUE) >= plain.count(ACCENT)
    assert dark_accent(BLUE) in blue
    assert coloured("a { color: #9a3412 }", BLUE) == "a { color: #1f4e8c }"


def test_the_organisation_stands_beside_the_name_in_both_parts() -> None:
    rendered = render_digest(edition(pick()), replace(READER, look=Look(organisation="Example <Library>")))
    assert rendered.text.startswith("Trending Papers · Example <Library>\n")
    assert "Example &lt;Library&gt;" in rendered.html
    assert "<img" not in rendered.html


def test_a_logo_has_words_for_those_who_do_not_see_it() -> None:
    look = Look(organisation="Example Library", logo="https://www.example.org/logo.png")
    html = render_digest(edition(pick()), replace(READER, look=look)).html
    (image,) = re.findall(r"<img[^>]*>", html)
    assert 'alt="Example Library"' in image
    assert 'src="https://www.example.org/logo.png"' in image
    assert ">Trending Papers<" in html
    unsafe = replace(look, logo="javascript:alert(1)")
    assert "<img" not in render_digest(edition(pick()), replace(READER, look=unsafe)).html


@pytest.mark.parametrize(
    ("privacy", "in_html", "in_text"),
    [
        (
            "We keep your address and nothing else.",
            ">We keep your address and nothing else.</p>",
            "We keep your address",
        ),
        ("https://example.org/privacy", 'href="https://example.org/privacy"', "Privacy: https://example.org/privacy"),
    ],
)
def test_what_is_said_of_privacy_is_a_line_or_a_link(privacy: str, in_html: str, in_text: str) -> None:
    rendered = render_digest(edition(pick()), replace(READER, look=Look(privacy=privacy)))
    assert in_html in rendered.html
    assert in_text in rendered.text
