"""Letters about a subscription: both parts say the same, the links are right, strangers' words stay words."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from digest.editions.assemble import Letterhead, letter, notice
from digest.editions.letter import (
    Content,
    Letter,
    confirmation_content,
    goodbye_content,
    rhythm,
    topics,
    trial_content,
    welcome_content,
)
from digest.editions.links import CONFIRM, verify
from digest.editions.notice import Notice
from digest.model import Days, Interest, OutboxKind, Profile, Schedule

KEYS = {1: b"x" * 32}
HEAD = Letterhead(
    "Trending Papers <digest@example.org>",
    KEYS,
    "https://digest.example.org",
    "admin@example.org",
    "Example Society, 1 Library Road, Sampletown",
)
SCHEDULE = Schedule("Europe/Berlin", 7, Days.WEEKDAYS)
PROFILE = Profile((Interest(categories=("cs.CL",), keywords=("tokenizers",), authors=("Ada Lovelace",)),))
FIRST = datetime(2026, 4, 21, 5, tzinfo=UTC)

CONTENTS: dict[OutboxKind, Content] = {
    OutboxKind.CONFIRMATION: confirmation_content(2**61 + 5, SCHEDULE, 20, is_invited=False),
    OutboxKind.WELCOME: welcome_content(SCHEDULE, 20, PROFILE, FIRST),
    OutboxKind.GOODBYE: goodbye_content(),
    OutboxKind.TEST: trial_content("mail.example.org"),
}
ALL = pytest.mark.parametrize("kind", CONTENTS, ids=str)


def letter_of(kind: OutboxKind, content: Content | None = None) -> Letter:
    at = datetime(2026, 4, 20, 12, tzinfo=UTC)
    told = CONTENTS[kind] if content is None else content
    return Letter(kind, 7, "jane.doe@example.org", "2026-04-20", "<a.1@example.org>", at, told)


def parsed(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> tuple[str, str]:
    """The text, and the HTML as a reader without styles sees it."""
    bodies = [message.get_body(preferencelist=(kind,)) for kind in ("plain", "html")]
    text, page = [str(body.get_content()) for body in bodies if body is not None]
    shown = re.sub(r"<style>.*?</style>|<!--.*?-->|<[^>]+>", " ", page.partition("<body")[2], flags=re.DOTALL)
    return " ".join(text.split()), " ".join(html.unescape(shown).split())


@ALL
def test_the_same_letter_is_the_same_bytes_and_fits_everywhere(kind: OutboxKind) -> None:
    raw = letter(HEAD, letter_of(kind))
    assert raw == letter(HEAD, letter_of(kind))
    assert raw.isascii()
    assert len(raw) < 20_000
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = parsed(raw)
    assert mail["From"] == "Trending Papers <digest@example.org>"
    assert (mail["To"], mail["Message-ID"], mail["Auto-Submitted"]) == (
        "jane.doe@example.org",
        "<a.1@example.org>" if kind is not OutboxKind.WELCOME else mail["Message-ID"],
        "auto-generated",
    )


@ALL
def test_both_parts_name_the_address_the_sender_and_the_imprint(kind: OutboxKind) -> None:
    for part in parts(parsed(letter(HEAD, letter_of(kind)))):
        for words in ("jane.doe@example.org", "Trending Papers", HEAD.imprint):
            assert words in part


@ALL
def test_only_the_welcome_is_a_mail_of_the_list(kind: OutboxKind) -> None:
    mail = parsed(letter(HEAD, letter_of(kind)))
    of_list = [name for name in mail if name.lower().startswith(("list-", "precedence", "feedback-id"))]
    if kind is OutboxKind.WELCOME:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].startswith("<https://digest.example.org/u/")
        assert ":welcome:" in mail["Feedback-ID"]
    else:
        assert of_list == []


def test_a_confirmation_has_its_link_in_both_parts_and_nothing_that_unsubscribes() -> None:
    text, page = parts(mail := parsed(letter(HEAD, letter_of(OutboxKind.CONFIRMATION))))
    (link,) = set(re.findall(r"https://digest\.example\.org/confirm/\S+", text))
    assert link in page
    assert verify(KEYS, CONFIRM, link.rpartition("/")[2]) == 2**61 + 5
    assert mail["Subject"] == "Please confirm: Trending Papers"
    for part in (text, page):
        assert "on weekdays at 07:00 (Europe/Berlin), at most 20 papers" in part
        assert "Somebody, we hope you, asked for" in part
        assert "without your click you are not subscribed" in part
        assert "/u/" not in part


def test_an_invitation_says_who_asks() -> None:
    content = confirmation_content(5, SCHEDULE, 20, is_invited=True)
    for part in parts(parsed(letter(HEAD, letter_of(OutboxKind.CONFIRMATION, content)))):
        assert "Somebody who runs Trending Papers would like to send you" in part


def test_without_a_public_url_a_confirmation_leads_nowhere_and_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs web\.public_url"):
        letter(replace(HEAD, public_url=""), letter_of(OutboxKind.CONFIRMATION))


def test_a_welcome_says_what_comes_and_when() -> None:
    for part in parts(parsed(letter(HEAD, letter_of(OutboxKind.WELCOME)))):
        assert "new papers on weekdays at 07:00 (Europe/Berlin), at most 20 of them" in part
        assert "Your first digest comes on Tuesday, 21 April, 07:00" in part.replace(" . ", ". ")
        assert "tokenizers" in part
        assert "Unsubscribe" in part
    bare = welcome_content(SCHEDULE, 20, Profile(), None)
    for part in parts(parsed(letter(HEAD, letter_of(OutboxKind.WELCOME, bare)))):
        assert "does not know yet what you like" in part
        assert "first digest" not in part


def test_a_goodbye_is_the_last_mail_and_has_no_way_out() -> None:
    for part in parts(parsed(letter(HEAD, letter_of(OutboxKind.GOODBYE)))):
        assert "gets no more digests. This is the last mail." in part
        assert "/u/" not in part


def test_what_a_reader_wrote_is_shown_as_text() -> None:
    hostile = Profile((Interest(keywords=("</p><script>alert(1)</script>\u202e",)),))
    mail = parsed(letter(HEAD, letter_of(OutboxKind.WELCOME, welcome_content(SCHEDULE, 20, hostile, FIRST))))
    page = mail.get_body(preferencelist=("html",))
    assert page is not None
    assert "<script" not in page.get_content()
    assert "\u202e" not in page.get_content()


def test_rhythms_and_topics_in_words() -> None:
    assert rhythm(Schedule()) == "every day at 07:00 (UTC)"
    assert rhythm(Schedule("Asia/Kathmandu", 0, Days.WEEKLY)) == "every Monday at 00:00 (Asia/Kathmandu)"
    many = Profile((Interest(keywords=tuple(f"k{n}" for n in range(30))), Interest(keywords=("k1",))))
    assert topics(many) == [f"k{n}" for n in range(12)]


def test_an_alert_looks_as_the_other_mails_do() -> None:
    at = datetime(2026, 4, 20, 12, tzinfo=UTC)
    told = {"alerts": ["source arxiv: silent", "mails are stuck (3): 'digest outbox list --state stuck'"]}
    mail = parsed(notice(HEAD, Notice(OutboxKind.ALERT, "admin@example.org", "<a.2@example.org>", at, told)))
    for part in parts(mail):
        assert "source arxiv: silent" in part
        assert "digest doctor" in part
    page = mail.get_body(preferencelist=("html",))
    assert page is not None
    assert "font-family" in page.get_content()
