"""The quick way to a digest gives the very bytes of the plain way, whatever stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editions.assemble import Letterhead, mail, words
from digest.editions.library import Library
from digest.editions.plain import wrap
from digest.editions.press import Press
from digest.editions.reason_lines import ReasonLines
from digest.editions.select import MISSED, REVISED, RISING, facts_of
from digest.model import Edition, Reason, ReasonKind, ShownPick
from tests.support.editions import PAPER, edition, edition_of

ADDRESS = "jane.doe+lamps@example.org"
HEAD = Letterhead(
    "Trending Papers <digest@example.org>",
    {1: bytes(32)},
    "https://digest.example.org",
    owner="admin@example.org",
    imprint="Example Society, 1 Library Road, Sampletown, where the lamps stand in a long row & look <at> ships",
)
HEADS = (
    HEAD,
    replace(HEAD, public_url=""),
    replace(HEAD, mailto=lambda number: f"mailto:inbox@example.org?subject=unsubscribe%20{number}"),
    replace(HEAD, public_url="", mailto=lambda number: f"mailto:inbox@example.org?subject=unsubscribe%20{number}"),
    replace(HEAD, library=Library("https://proxy.example.edu/login?url="), sender='"Größe, Ähre" <a@münchen.example>'),
)

anything = st.one_of(
    st.text(max_size=90),
    st.text(st.sampled_from("ab=.~<&\"' é—“\n\t\x01\x05\u2028"), max_size=160),
    st.sampled_from(["~", ".", "=", "a" * 66, "a" * 67, "a b" * 40, "attention maps, grounding", "From me"]),
)
reasons = st.lists(
    st.builds(
        Reason,
        st.sampled_from(ReasonKind),
        st.lists(anything, max_size=5).map(tuple),
        st.floats(-1, 9, allow_nan=False),
    ),
    max_size=4,
).map(tuple)
picks = st.builds(
    lambda number, title, marker, why, interest, explores: ShownPick(
        replace(facts_of(replace(PAPER, id=number, key=f"arxiv:2604.{number:05}"), marker), title=title),
        1.0,
        why,
        interest,
        explores,
    ),
    st.integers(1, 9),
    anything,
    st.sampled_from(["", "", "", RISING, MISSED, REVISED]),
    reasons,
    st.one_of(st.just(""), st.just("Vision"), anything),
    st.booleans(),
)


def _parsed(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def _shared(shown: Sequence[ShownPick]) -> list[Edition]:
    """The same papers for three readers, so that what is kept is used."""
    return [replace(edition(*shown), id=number, subscriber_id=number * 70) for number in range(1, 4)]


@settings(max_examples=150, deadline=None)
@given(shown=st.lists(picks, max_size=6), head=st.sampled_from(HEADS))
def test_whatever_stands_in_an_edition_the_bytes_are_those_of_the_plain_way(
    shown: list[ShownPick], head: Letterhead
) -> None:
    press = Press(head)
    for one in _shared(shown):
        address = f"reader{one.subscriber_id}@example.org"
        assert press.digest(one, address) == mail(head, one, address)


@settings(max_examples=50, deadline=None)
@given(shown=st.lists(picks, max_size=6))
def test_a_message_is_seven_bit_canonical_narrow_and_means_what_was_worded(shown: list[ShownPick]) -> None:
    raw = Press(HEAD).digest(edition(*shown), ADDRESS)
    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(len(line) for line in lines if not line.startswith(b"List-")) <= 78
    message, meant = _parsed(raw), words(HEAD, edition(*shown), ADDRESS)
    for subtype, text in (("plain", meant.text), ("html", meant.html)):
        part = message.get_body((subtype,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n") == text


def test_the_message_means_what_the_standard_library_would_have_written() -> None:
    one = edition_of([PAPER] * 20)
    raw, meant = Press(HEAD).digest(one, ADDRESS), words(HEAD, one, ADDRESS)
    oracle = EmailMessage(policy=default)
    oracle["From"], oracle["To"], oracle["Subject"] = HEAD.sender, ADDRESS, meant.subject
    oracle.set_content(meant.text, cte="quoted-printable")
    oracle.add_alternative(meant.html, subtype="html", cte="quoted-printable")
    ours, theirs = _parsed(raw), _parsed(oracle.as_bytes())
    for header in ("From", "To", "Subject", "MIME-Version"):
        assert str(ours[header]) == str(theirs[header])
    assert _contents(ours) == _contents(theirs) == [meant.text, meant.html]


def _contents(message: EmailMessage) -> list[str]:
    return [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]


def test_the_message_id_is_that_of_the_outbox() -> None:
    message = _parsed(Press(HEAD).digest(edition_of([PAPER]), ADDRESS, "<digest.0123@elsewhere.example>"))
    assert message["Message-ID"] == "<digest.0123@elsewhere.example>"


@pytest.mark.parametrize("name", ["subject.txt", "body.txt", "body.html"])
def test_templates_of_ones_own_may_do_with_an_address_what_they_like(tmp_path: Path, name: str) -> None:
    (tmp_path / "digest").mkdir()
    own = "{% if address.startswith('jane') %}Hello {{ address|upper }}{% endif %}\n{{ papers }}\n"
    (tmp_path / "digest" / name).write_text(own, "utf-8")
    head = replace(HEAD, overrides=tmp_path)
    one = edition_of([PAPER] * 2)
    assert Press(head).digest(one, ADDRESS) == mail(head, one, ADDRESS)
    assert "JANE.DOE" in str(_parsed(Press(head).digest(one, ADDRESS)))


def test_a_paper_of_ones_own_is_used_by_both_ways(tmp_path: Path) -> None:
    (tmp_path / "digest").mkdir()
    (tmp_path / "digest" / "paper.txt").write_text("* {{ paper.title }}\n{{ reason }}\n", "utf-8")
    head = replace(HEAD, overrides=tmp_path)
    one = edition_of([PAPER] * 2)
    assert Press(head).digest(one, ADDRESS) == mail(head, one, ADDRESS)


def test_papers_that_come_and_go_are_never_taken_for_each_other() -> None:
    """Fragments are found by the object, whose place in memory the next one may take."""
    press = Press(HEAD)
    for number in range(300):
        one = edition_of([replace(PAPER, title=f"Lamp {number}.{place}") for place in range(3)])
        assert press.digest(one, ADDRESS) == mail(HEAD, one, ADDRESS)


def test_days_do_not_share_what_they_say_of_a_paper() -> None:
    press, one = Press(HEAD), edition_of([PAPER])
    for day in (one.day, one.day.replace(month=6), one.day):
        other = replace(one, day=day, occasion=str(day))
        assert press.digest(other, ADDRESS) == mail(HEAD, other, ADDRESS)


def test_an_address_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="no address"):
        Press(HEAD).digest(edition_of([PAPER]), "jörg@example.org")


def test_threads_may_share_a_press() -> None:
    press = Press(HEAD)
    many = [replace(edition_of([PAPER] * 5), subscriber_id=number) for number in range(200)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda one: press.digest(one, ADDRESS), many))
    assert made == [mail(HEAD, one, ADDRESS) for one in many]


def test_reasons_that_were_told_long_ago_are_forgotten_without_harm() -> None:
    kept = ReasonLines()
    for start in range(0, 40_000, 1000):
        told = kept.lines([f"reason {number}" for number in range(start, start + 1000)])
        assert told[7] == (f"Because: reason {start + 7}\r\n", f"reason {start + 7}\r\n")
    assert kept.lines(["", "reason 3"]) == [("", ""), ("Because: reason 3\r\n", "reason 3\r\n")]


@given(st.text(), st.integers(2, 80), st.sampled_from(["", "  "]))
def test_wrapping_keeps_the_words_and_the_width(text: str, width: int, indent: str) -> None:
    lines = wrap(text, width + len(indent), indent).split("\n")
    assert " ".join(lines).split() == text.split()
    for line in lines:
        assert len(line) <= width + len(indent) or len(line.split()) == 1 or text in line
