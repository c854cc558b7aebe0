"""The bundled listings of the demo: invented, marked, and as the real ones are laid out."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from digest import assets
from digest.model import Announcement, Entry
from digest.sources.files import day_of, read_payload

SAMPLES = sorted(assets.samples().iterdir())
MARK = "Invented sample, not a real paper"


def _entries(path: Path) -> tuple[Entry, ...]:
    listing = read_payload(path, path.read_bytes(), date(2026, 3, 13))
    assert not listing.rejections
    return listing.entries


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_sample_is_dated_marked_and_readable(path: Path) -> None:
    assert day_of(path.name) is not None
    assert MARK in path.read_text(encoding="utf-8")
    for entry in _entries(path):
        assert 70 <= len(entry.abstract_raw.split()) <= 150
        assert entry.authors
        assert all(
            alias.value.startswith(("2603.9", "2602.9", "10.5555/", "https://journal.example/"))
            for alias in entry.aliases
        )


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.suffix == ".xml"], ids=lambda path: path.name)
def test_every_sample_feed_says_so_in_its_title(path: Path) -> None:
    assert b"(sample" in (path.read_bytes().split(b"<title>")[1])
    ET.parse(path)


def test_the_samples_are_five_days_of_some_seventy_papers_with_every_announcement() -> None:
    entries = [entry for path in SAMPLES for entry in _entries(path)]
    assert len({day_of(path.name) for path in SAMPLES}) == 5
    assert 70 <= len({entry.title_raw for entry in entries}) <= 90
    assert {entry.announcement for entry in entries} == {one for one in Announcement if not one.is_caught_up}
    assert any("$" in entry.title_raw for entry in entries)


def test_upvotes_and_stars_of_the_samples_grow_from_day_to_day() -> None:
    series: dict[tuple[str, str], list[int]] = defaultdict(list)
    for path in (path for path in SAMPLES if path.suffix == ".json"):
        for element in json.loads(path.read_text(encoding="utf-8")):
            paper = element["paper"]
            series[paper["id"], "upvotes"].append(paper["upvotes"])
            if "githubStars" in paper:
                series[paper["id"], "stars"].append(paper["githubStars"])
    assert any(len(values) == 5 for values in series.values())
    assert all(values == sorted(set(values)) for values in series.values())
