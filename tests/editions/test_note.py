"""The short mail of a day without papers: true, complete in both parts, and with the way out that a digest has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

import pytest

from digest.editions.assemble import Letterhead, note
from digest.editions.note import Note, render_note
from digest.editions.nothing import Cause, Nothing, note_content, note_words
from digest.editions.select import facts_of
from digest.model import Bar
from tests.support.editions import COMPOSED_AT, PAPER, READER

SINCE = datetime(2026, 4, 19, 5, tzinfo=UTC)


def nothing(cause: Cause, scanned: int = 412, bar: Bar = Bar.NORMAL) -> Nothing:
    return Nothing(cause, scanned, SINCE, bar, facts_of(PAPER))


def note_of(one: Nothing) -> Note:
    return Note(7, "jane.doe@example.org", "2026-04-20", COMPOSED_AT, note_content(one) | {"day": "2026-04-20"})


@pytest.mark.parametrize(
    ("cause", "subject", "reason"),
    [
        (Cause.NOTHING_NEW, "Nothing new today: no papers came in", "nothing new: 0 papers since 2026-04-19 05:00 UTC"),
        (
            Cause.BELOW_BAR,
            "Nothing above your bar today: 412 papers scanned",
            "nothing above the bar (normal): 412 papers since 2026-04-19 05:00 UTC",
        ),
        (
            Cause.RULED_OUT,
            "Nothing you do not know today: 412 papers scanned",
            "all that fits is muted, or known to the reader: 412 papers since 2026-04-19 05:00 UTC",
        ),
        (
            Cause.NO_FIT,
            "Nothing that fits today: 412 papers scanned",
            "none of the 412 papers since 2026-04-19 05:00 UTC fits the profile",
        ),
    ],
)
def test_a_note_says_which_kind_of_nothing_it_was(cause: Cause, subject: str, reason: str) -> None:
    one = nothing(cause)
    assert one.reason == reason
    rendered = render_note(note_of(one), READER)
    assert rendered.subject == subject
    for part in (rendered.text, rendered.html):
        assert f"{subject}." in part
        assert note_words(note_content(one))["advice"] in " ".join(part.split())
        assert "subscribed to Trending Papers, with a note on days without papers" in " ".join(part.split())
        assert str(READER.unsubscribe_link) in part


def test_below_the_bar_it_names_what_came_closest_and_what_would_change_it() -> None:
    rendered = render_note(note_of(nothing(Cause.BELOW_BAR)), READER)
    for part in (rendered.text, rendered.html):
        assert PAPER.title in part
        assert "https://arxiv.org/abs/2604.00001" in part
        assert "Your bar is “normal”. With “low” or “off” more would come" in part
    assert "With “off” more" in render_note(note_of(nothing(Cause.BELOW_BAR, bar=Bar.LOW)), READER).text
    assert PAPER.title not in render_note(note_of(nothing(Cause.NO_FIT)), READER).text


def test_a_hostile_title_is_shown_as_text() -> None:
    hostile = nothing(Cause.BELOW_BAR)
    facts = replace(facts_of(PAPER), title="</p><script>alert(1)</script>\u202e", url="javascript:alert(1)")
    rendered = render_note(note_of(replace(hostile, closest=facts)), READER)
    assert "<script>" not in rendered.html
    assert "javascript" not in rendered.html + rendered.text


def test_a_note_has_the_headers_of_a_digest_and_is_the_same_twice() -> None:
    head = Letterhead("Trending Papers <digest@example.org>", {1: b"x" * 32}, "https://digest.example.org")
    raw = note(head, note_of(nothing(Cause.BELOW_BAR)))
    assert raw == note(head, note_of(nothing(Cause.BELOW_BAR)))
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    assert mail["List-Id"] == "Trending Papers <digest.example.org>"
    assert mail["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert ":note:" in mail["Feedback-ID"]
    assert mail.is_multipart()
    assert len(raw) < 20_000
