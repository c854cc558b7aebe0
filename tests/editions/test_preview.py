"""The page that lists rendered editions."""

from __future__ import annotations

from datetime import date

from digest.editions.preview import PreviewEntry, reasons_summary, render_preview_index
from digest.model import Reason, ReasonKind
from tests.support.editions import pick


def test_the_page_lists_who_when_how_many_why_and_where() -> None:
    html = render_preview_index(
        [
            PreviewEntry("Ada Lumen", date(2026, 4, 20), 12, "lamps, lighthouses", "ada/2026-04-20.html"),
            PreviewEntry("<script>Max", date(2026, 4, 20), 1, "", "max.html"),
        ],
        note="These papers are invented.",
    )
    for shown in (
        '<a href="ada/2026-04-20.html">Ada Lumen</a>',
        "Monday, 20 April 2026 · 12 papers",
        "Because: lamps, lighthouses",
        "&lt;script&gt;Max",
        "· 1 paper<",
        "These papers are invented.",
    ):
        assert shown in html
    assert html.count("Because:") == 1


def test_without_editions_it_says_so() -> None:
    assert "No edition yet." in render_preview_index([])


def test_the_summary_names_the_heaviest_words_first() -> None:
    picks = [
        pick(reasons=(Reason(ReasonKind.TERMS, ("lamps", "sea"), 2.0), Reason(ReasonKind.AUTHOR, ("Ada Lumen",), 1.5))),
        pick(reasons=(Reason(ReasonKind.TERMS, ("lamps",), 2.0), Reason(ReasonKind.TREND, ("120 upvotes",), 9.0))),
    ]
    assert reasons_summary(picks) == "lamps, Ada Lumen, sea"
