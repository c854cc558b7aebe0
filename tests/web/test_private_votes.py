"""Votes from a mail over real HTTP and both databases."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from digest.editions.links import VOTE, sign_numbers, vote_token
from digest.model import Schedule
from digest.store import catalog, editions, feedback, profiles, shelf, subscribers
from digest.store.database import Connection, Database
from tests.support.private import add_edition, ask, at_once, get_one, post, private_site, vote_page, words_of
from tests.support.public import fill
from tests.support.web import KEYS, NOW, add_jane

SPLAT = "arxiv:2604.00001"


@pytest.fixture
def reader(database: Database) -> int:
    fill(database)
    return add_jane(database)


@pytest.fixture
def page(database: Database, reader: int) -> str:
    edition, (paper,) = add_edition(database, reader, SPLAT)
    return vote_page(reader, paper, edition)


@pytest.fixture
def site(database: Database) -> ASGIApp:
    return private_site(database)


def test_the_archive_links_the_page_by_a_short_token(reader: int) -> None:
    assert f"/v/{vote_token(KEYS, reader, 2, 3)}" == vote_page(reader, 2, 3)
    assert len(vote_token(KEYS, 2**62, 2**62, 2**62)) <= 64


def test_a_hundred_looks_vote_for_nothing(database: Database, site: ASGIApp, reader: int, page: str) -> None:
    answers = at_once(site, 100, lambda client, n: client.request("HEAD" if n % 2 else "GET", f"{page}?do=more"))
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].headers["cache-control"] == "no-store"
    assert database.run_sync(feedback.history, reader) == []
    assert database.run_sync(profiles.get_profile, reader).is_empty


def test_a_hundred_votes_at_once_are_one(database: Database, site: ASGIApp, reader: int, page: str) -> None:
    answers = at_once(site, 100, lambda client, _: client.post(page, data={"do": "more"}))
    assert {answer.status_code for answer in answers} == {200}
    assert len(database.run_sync(profiles.get_profile, reader).likes) == 1
    (noted,) = database.run_sync(feedback.history, reader)
    assert noted.origin == "mail"


def test_each_button_does_what_it_says_and_takes_it_back(
    database: Database, site: ASGIApp, reader: int, page: str
) -> None:
    def profile() -> tuple[int, int, int]:
        found = database.run_sync(profiles.get_profile, reader)
        return len(found.likes), len(found.dislikes), len(database.run_sync(shelf.saved, reader))

    assert "Noted: more like this" in words_of(post(site, page, do="more"))
    assert profile() == (1, 0, 0)
    post(site, page, do="less")
    assert profile() == (0, 1, 0)
    shown = post(site, page, do="save")
    assert profile() == (0, 1, 1)
    assert shown.text.count('name="undo"') == 2
    for name in ("less", "save", "more"):
        assert post(site, page, undo=name).status_code == 200
    assert profile() == (0, 0, 0)


def test_words_categories_and_authors_of_the_pick_can_be_muted(
    database: Database, site: ASGIApp, reader: int, page: str
) -> None:
    for name in ("word:0", "category", "author:1"):
        assert post(site, page, do=name).status_code == 200
    found = database.run_sync(profiles.get_profile, reader)
    assert (found.muted, found.muted_categories, found.muted_authors) == (("splatting",), ("cs.CV",), ("Grace Hopper",))
    for name in ("word:0", "category", "author:1", "word:0"):
        post(site, page, undo=name)
    found = database.run_sync(profiles.get_profile, reader)
    assert (found.muted, found.muted_categories, found.muted_authors) == ((), (), ())


@pytest.mark.parametrize("name", ["", "word:99", "author:-1", "erase", "more\x00", "<script>"])
def test_other_deeds_are_refused(database: Database, site: ASGIApp, reader: int, page: str, name: str) -> None:
    assert post(site, page, do=name).status_code in (200, 422)
    assert post(site, page, undo=name).status_code in (200, 422)
    assert database.run_sync(profiles.get_profile, reader).muted == ()
    if name != "more\x00":  # which is "more", once cleaned
        assert database.run_sync(feedback.history, reader) == []


def test_a_token_votes_for_its_own_reader_paper_and_edition_only(
    database: Database, site: ASGIApp, reader: int, page: str
) -> None:
    edition, paper = database.run_sync(_numbers, reader)
    other = database.run_sync(subscribers.add, "john@example.org", "", Schedule(), 20, "admin", NOW, NOW).id
    wrong = [
        vote_page(other, paper, edition),
        vote_page(reader, paper + 1, edition),
        vote_page(reader, paper, edition + 1),
        f"/v/{sign_numbers(KEYS, 'feed', reader, paper, edition)}",
        f"/v/{sign_numbers(KEYS, VOTE, reader, paper)}",
        f"/v/{sign_numbers({1: b'x' * 32}, VOTE, reader, paper, edition)}",
        f"{page}x",
    ]
    answers = ask(site, *(("GET", path, None) for path in wrong), *(("POST", path, {"do": "more"}) for path in wrong))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert database.run_sync(profiles.get_profile, reader).likes == ()
    assert database.run_sync(profiles.get_profile, other).likes == ()


def _numbers(connection: Connection, reader: int) -> tuple[int, int]:
    return editions.history(connection, reader)[0].edition_id, catalog.find(connection, SPLAT).id


def test_the_button_that_the_mail_named_comes_first(site: ASGIApp, page: str) -> None:
    text = get_one(site, f"{page}?do=less").text
    assert text.index('value="less"') < text.index('value="more"')
    assert get_one(site, f"{page}?do=<script>").status_code == 200
