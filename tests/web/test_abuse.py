"""What strangers and their programs may try: scanners, guesses at who is subscribed, spoofed addresses."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import httpx
import pytest
from sqlalchemy import Connection, event

from digest.editions.assemble import mail
from digest.model import OutboxKind, SubscriberState
from digest.store import asked, editions, profiles, subscribers, suppressions
from digest.store.asked import Caps
from digest.store.database import Database
from digest.store.tables import metadata
from digest.web import SignUp
from tests.support.private import (
    HEAD,
    add_edition,
    answer_requests,
    ask,
    get_one,
    link_in,
    mails,
    own_page,
    post,
    private_site,
    words_of,
)
from tests.support.public import HOSTILE, fill, paper, store
from tests.support.web import NOW, add_jane, serve

SPLAT = "arxiv:2604.00001"


def _rows(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table."""
    return {table.name: sorted(map(repr, connection.execute(table.select()).all())) for table in metadata.sorted_tables}


def _links(database: Database, *keys: str) -> list[str]:
    """The path and query of every link of a digest as it is mailed, its headers' included."""
    reader = add_jane(database)
    number, _ = add_edition(database, reader, *keys)
    edition = database.run_sync(editions.load_editions, [number])[number]
    message = email.message_from_bytes(mail(HEAD, edition, "jane.doe@example.org"), policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    said = f"{message['List-Unsubscribe']}\n{text.get_content()}\n{unescape(html.get_content())}"
    return sorted(set(re.findall(r'https://digest\.example\.org(/[^\s<>"]*)', said)))


def test_a_hundred_scanners_of_every_link_of_a_mail_change_nothing(database: Database) -> None:
    fill(database)
    links = _links(database, SPLAT, "arxiv:2604.00002")
    kinds = {link.split("/")[1] for link in links}
    assert {"u", "v", "manage"} <= kinds
    assert len(links) >= 8
    before = database.run_sync(_rows)

    async def scan() -> set[int]:
        site = private_site(database)
        async with serve(site) as base, httpx.AsyncClient(base_url=base, timeout=120, follow_redirects=True) as client:
            turns = [client.request("HEAD" if n % 4 == 3 else "GET", links[n % len(links)]) for n in range(100)]
            return {answer.status_code for answer in await asyncio.gather(*turns)}

    assert asyncio.run(scan()) == {200}
    assert database.run_sync(_rows) == before


@contextmanager
def _counted(database: Database) -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile."""
    said: list[str] = []

    def note(*told: object) -> None:
        said.append(str(told[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/subscribe", "/manage"])
def test_the_work_is_the_same_for_known_unknown_and_suppressed_addresses(database: Database, path: str) -> None:
    """Not the time is measured, which others share, but what takes it: the questions to the database."""
    add_jane(database)
    database.run_sync(suppressions.suppress, "gone@example.org", "bounced", "bounce", NOW)
    site = private_site(database, sign_up=SignUp(caps=Caps(network=99)))
    work = []
    for address in ("jane.doe@example.org", "nobody@example.org", "gone@example.org"):
        with _counted(database) as said:
            answer = post(site, path, email=address)
        shown = answer.text.replace(address, "ADDRESS")
        work.append((answer.status_code, shown, sorted(answer.headers), said[-6:]))
        assert not [one for one in said if "FROM subscribers" in one or "suppressions" in one]
    assert work[0] == work[1] == work[2]


def test_who_is_no_proxy_of_ours_cannot_say_to_be_others(sqlite_database: Database) -> None:
    site = private_site(sqlite_database, sign_up=SignUp(caps=Caps(network=2)), proxies=["10.0.0.0/8"])
    codes = [
        ask(site, ("POST", "/subscribe", {"email": f"a{n}@d{n}.example"}), X_Forwarded_For=f"203.0.{n}.1")[
            0
        ].status_code
        for n in range(4)
    ]
    assert codes == [200, 200, 429, 429]


def test_the_field_that_nobody_sees_is_answered_as_a_person_is(sqlite_database: Database) -> None:
    site = private_site(sqlite_database)
    trapped = post(site, "/subscribe", email="ada@example.net", website="https://spam.example")
    assert sqlite_database.run_sync(asked.unanswered, 10) == []
    person = post(site, "/subscribe", email="ada@example.net")
    assert (trapped.status_code, trapped.text) == (person.status_code, person.text)


@pytest.mark.parametrize("address", ["ada@localhost", "ada@LOCALHOST", "ada@intranet"])
def test_an_address_that_no_other_machine_reaches_is_refused(sqlite_database: Database, address: str) -> None:
    reader = add_jane(sqlite_database)
    site = private_site(sqlite_database)
    for path in ("/subscribe", "/manage", f"{own_page(reader)}/address"):
        answer = post(site, path, email=address)
        assert answer.status_code == 422
        assert "is no complete domain name, such as example.org" in words_of(answer)
    assert sqlite_database.run_sync(asked.unanswered, 10) == []


def test_the_address_that_was_left_is_told_and_not_where_to(database: Database) -> None:
    reader = add_jane(database)
    site = private_site(database)
    post(site, f"{own_page(reader)}/address", email="new@example.net")
    answer_requests(database)
    assert mails(database, OutboxKind.MOVED) == []
    link = link_in(database, OutboxKind.MOVE)
    for _ in range(2):
        post(site, link)
    (told,) = mails(database, OutboxKind.MOVED)
    assert told.recipient == "jane.doe@example.org"
    assert "new@example.net" not in str(told.content)
    assert database.run_sync(subscribers.get_by_id, reader).address == "new@example.net"
    assert database.run_sync(subscribers.get_by_id, reader).state is SubscriberState.ACTIVE


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("cs.VC", "arXiv has no category “cs.VC”. Did you mean cs.CV"),
        ("cs.ZZZZ", "arXiv has no category “cs.ZZZZ”: arxiv.org/category_taxonomy lists them."),
    ],
)
def test_a_category_that_arxiv_does_not_have_is_told_with_near_ones(
    sqlite_database: Database, written: str, said: str
) -> None:
    reader = add_jane(sqlite_database)
    site = private_site(sqlite_database)
    fields = {"interest": "categories", "muted": "muted_categories"}
    for part, field in fields.items():
        answer = post(site, f"{own_page(reader)}/{part}", **{field: written})
        assert answer.status_code == 422
        assert said in words_of(answer)
    profile = sqlite_database.run_sync(profiles.get_profile, reader)
    assert profile.is_empty
    assert profile.muted_categories == ()


def test_categories_are_kept_as_arxiv_spells_them_and_others_as_they_are(sqlite_database: Database) -> None:
    reader = add_jane(sqlite_database)
    site = private_site(sqlite_database)
    post(site, f"{own_page(reader)}/interest", categories="CS.cv, stat.ml Neuroscience cs.CV")
    profile = sqlite_database.run_sync(profiles.get_profile, reader)
    assert profile.interests[0].categories == ("cs.CV", "stat.ML", "Neuroscience")


def test_hostile_papers_in_a_mail_lead_nowhere_else(sqlite_database: Database) -> None:
    fill(sqlite_database)
    store(sqlite_database, paper("2604.00009", HOSTILE, url="javascript:alert(1)", pdf_url="//evil.example/x"))
    for link in _links(sqlite_database, "arxiv:2604.00003", "arxiv:2604.00009"):
        answer = get_one(private_site(sqlite_database), link)
        assert answer.status_code in (200, 302, 303)
        assert "<script" not in answer.text
        assert not re.search(r'href="(javascript|//|https?://evil)', answer.text)
