"""The way out by mail: in the header of every mail of the list, beside the page or without one."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes

from digest.delivery import verp
from digest.editions.assemble import Letterhead, mail
from digest.editions.press import Press
from tests.support.editions import edition, pick

KEYS = {1: b"k" * 32}


def mailto(subscriber: int) -> str:
    return "mailto:" + verp.address("bounces@example.org", verp.sign(KEYS, verp.UNSUBSCRIBE, subscriber))


HEAD = Letterhead("Papers <digest@example.org>", KEYS, mailto=mailto)


def test_every_digest_carries_a_link_that_unsubscribes_its_reader_by_mail() -> None:
    one = edition(pick())
    for made in (mail(HEAD, one, "a@example.org"), Press(HEAD).digest(one, "a@example.org")):
        message = message_from_bytes(made)
        (link,) = str(message["List-Unsubscribe"]).strip("<>").split(">, <")
        assert link.startswith("mailto:bounces+")
        assert verp.verify(KEYS, verp.UNSUBSCRIBE, link.partition("+")[2].partition("@")[0]) == one.subscriber_id
        assert message["List-Unsubscribe-Post"] is None


def test_the_page_comes_before_the_mail_where_there_are_both() -> None:
    one = edition(pick())
    head = replace(HEAD, public_url="https://digest.example.org")
    plain, pressed = mail(head, one, "a@example.org"), Press(head).digest(one, "a@example.org")
    assert plain == pressed
    page, by_mail = str(message_from_bytes(plain)["List-Unsubscribe"]).split(", ")
    assert page.startswith("<https://digest.example.org/u/")
    assert by_mail.startswith("<mailto:bounces+")
