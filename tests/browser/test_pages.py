"""Every page and the digest as a browser shows them: for everybody, light, on any screen, and asking nobody else."""

from __future__ import annotations

import pytest

from tests.support.tour import Seen

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

_HEAVIEST = 50_000


def test_every_page_answers_as_it_should(seen: list[Seen]) -> None:
    assert [one.name for one in seen if not one.is_right] == []
    assert len(seen) > 20


def test_axe_finds_no_serious_or_critical_issue(seen: list[Seen]) -> None:
    assert {one.name: one.light for one in seen if one.light} == {}


def test_axe_finds_none_in_the_dark_either(seen: list[Seen]) -> None:
    assert {one.name: one.dark for one in seen if one.dark} == {}


def test_every_page_is_below_50_kilobytes(seen: list[Seen]) -> None:
    assert {one.name: one.weight for one in seen if one.weight >= _HEAVIEST} == {}


def test_nobody_else_is_asked_for_anything(seen: list[Seen]) -> None:
    assert {one.name: one.strangers for one in seen if one.strangers} == {}


def test_no_page_breaks_its_own_policy(seen: list[Seen]) -> None:
    assert {one.name: one.complaints for one in seen if one.complaints} == {}


def test_nobody_scrolls_sideways_on_any_screen(seen: list[Seen]) -> None:
    assert {one.name: one.too_wide for one in seen if one.too_wide} == {}
