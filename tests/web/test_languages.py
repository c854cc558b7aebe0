"""Pages are in the language of whoever chose one, else in that of the request, and leave none of another behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from babel.messages.catalog import Message

from digest import assets, clock
from digest.editions.language import SOURCE, codes, language, preferred, read_catalog
from digest.editions.links import FEED, UNSUBSCRIBE, sign, sign_numbers
from digest.editions.look import Look
from digest.model import Options
from digest.store import profiles
from digest.store.database import Database
from digest.web import app, said
from digest.web.pages import Pages
from digest.web.states import STATES, State
from tests.support.private import add_edition, archive_page, ask, own_page, private_site, vote_page
from tests.support.public import fill, get, site
from tests.support.web import KEYS, NOW

OTHERS = [code for code in codes() if code != SOURCE]
GERMAN = "Gefragte neue Artikel in Ihrem Posteingang"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("DE-at", "de"),
        ("en-GB,de", "en"),
        ("en;q=0.4, de;q=0.9", "de"),
        ("fr,de;q=0.2", "de"),
        ("de;q=0", "en"),
        ("*", "en"),
        ("fr, *", "en"),
        ("", "en"),
        (";;,=,de;q=x", "en"),
        ("x" * 10_000, "en"),
        ("de;q=1.000", "de"),
    ],
)
def test_the_most_welcome_language_that_there_is_is_taken(header: str, found: str) -> None:
    assert preferred(header, language()).code == found


def test_without_a_wish_it_is_that_of_the_installation() -> None:
    assert preferred("fr", language("de")).code == "de"
    assert preferred("fr, en;q=0.1", language("de")).code == "en"


@pytest.mark.parametrize("path", ["/", "/topics", "/search?q=x", "/p/arxiv:2604.00001", "/feeds/trending.atom"])
def test_a_public_page_follows_the_request_and_says_so_to_caches(database: Database, path: str) -> None:
    fill(database)
    application = site(database)
    (german,) = get(application, path, accept_language="de-CH, en;q=0.3")
    (english,) = get(application, path)
    assert (german.headers["content-language"], english.headers["content-language"]) == ("de", "en")
    assert german.headers["vary"] == english.headers["vary"] == "Accept-Language"
    assert german.headers["etag"] != english.headers["etag"]
    assert "set-cookie" not in german.headers
    (same,) = get(application, path, accept_language="de", if_none_match=german.headers["etag"])
    assert (same.status_code, same.headers["vary"]) == (304, "Accept-Language")
    (other,) = get(application, path, accept_language="en", if_none_match=german.headers["etag"])
    assert other.status_code == 200


def test_the_page_says_its_language_and_direction(database: Database) -> None:
    (german,) = get(site(database), "/", accept_language="de")
    assert '<html lang="de" dir="ltr">' in german.text
    assert GERMAN in german.text


def choose(database: Database, subscriber_id: int, code: str) -> None:
    database.run_sync(profiles.set_options, subscriber_id, Options(language=code))


def test_own_pages_are_in_the_chosen_language_whatever_the_browser_asks_for(
    database: Database, subscriber_id: int
) -> None:
    choose(database, subscriber_id, "de")
    paths = own_page(subscriber_id), archive_page(subscriber_id), f"/u/{sign(KEYS, UNSUBSCRIBE, subscriber_id)}"
    for page in ask(private_site(database), *(("GET", path, None) for path in paths), accept_language="en"):
        assert (page.status_code, page.headers["content-language"]) == (200, "de")
        assert '<html lang="de"' in page.text
    choose(database, subscriber_id, "")
    (page,) = ask(private_site(database), ("GET", own_page(subscriber_id), None), accept_language="de")
    assert page.headers["content-language"] == "de"


def untranslated(code: str) -> Iterator[str]:
    """What pages would say if they forgot the language: every sentence of ours that the language says otherwise."""
    catalog = read_catalog(assets.templates() / "locale" / code / "LC_MESSAGES" / "digest.po")
    for message in catalog:
        yield from (text for text in _texts(message) if len(text) > 3)


def _texts(message: Message) -> Iterator[str]:
    if not message.id or message.context:
        return
    ours = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    theirs = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    for text, other in zip(ours, theirs, strict=True):
        if text != other and "%(" not in text and "<" not in text:
            yield text


def seen(html: str) -> list[str]:
    """The pieces of text of a page, those of attributes too; what strangers wrote is told by the caller."""
    attributes = re.findall(r'\b(?:aria-label|alt|title|placeholder|content)="([^"]*)"', html)
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return [" ".join(unescape(text).split()) for text in (*attributes, *re.split(r"<[^>]*>", body))]


def left(html: str, code: str) -> set[str]:
    return set(seen(html)) & set(untranslated(code))


@pytest.mark.parametrize("code", OTHERS)
def test_no_page_for_everybody_has_english_left(database: Database, code: str) -> None:
    fill(database)
    paths = [
        *("/", "/topics", "/topics/3d-vision", "/c/cs.CV", "/c/cs.CV?page=2", "/search", "/search?q=splatting"),
        *("/search?q=xyzzy", "/search?q=the", "/p/arxiv:2604.00001", "/p/arxiv:2604.99999"),
        *("/a/Ada Lovelace", "/a/Lovelac"),
        *("/nowhere", "/sample", "/sample?topic=3d-vision", "/subscribe", "/manage", "/feeds/a/Ada Lovelace.atom"),
    ]
    for page in get(private_site(database), *paths, accept_language=code):
        assert left(page.text, code) == set(), page.url
        assert page.headers["content-language"] == code, page.url


@pytest.mark.parametrize("code", OTHERS)
def test_no_page_of_a_reader_has_english_left(database: Database, subscriber_id: int, code: str) -> None:
    fill(database)
    choose(database, subscriber_id, code)
    edition, (first, second) = add_edition(database, subscriber_id, "arxiv:2604.00001", "arxiv:2604.00002")
    own, vote = own_page(subscriber_id), vote_page(subscriber_id, first, edition)
    wrong = {"time_zone": "Europe/Berlim", "hour": "30", "limit": "0", "days": "never"}
    refused = {"name": "", "keywords": '(a\n"b\na NOT', "categories": "cs.CW"}
    pages = ask(
        private_site(database),
        *(("POST", vote, {"do": what}) for what in ("more", "save", "word:0", "author:0")),
        ("POST", vote, {"undo": "word:0"}),
        ("GET", own, None),
        ("GET", f"{own}?done=options", None),
        ("POST", f"{own}/schedule", wrong),
        ("POST", f"{own}/interest", refused),
        ("POST", f"{own}/pause", {"until": "2020-01-01"}),
        ("POST", f"{own}/address", {"email": "a..b@example.org"}),
        ("POST", f"{own}/undo", {"change": "99"}),
        ("GET", f"{own}/erase", None),
        ("POST", f"{own}/erase", {}),
        ("GET", archive_page(subscriber_id), None),
        ("GET", f"{archive_page(subscriber_id)}/{edition}", None),
        ("GET", f"/feeds/{sign_numbers(KEYS, FEED, subscriber_id, 0)}.atom", None),
        ("POST", f"/u/{sign(KEYS, UNSUBSCRIBE, subscriber_id)}", {}),
    )
    for page in pages:
        assert left(page.text, code) == set(), page.url
    assert second


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("state", STATES, ids=[one.name for one in STATES])
def test_no_page_behind_a_button_has_english_left(state: State, code: str) -> None:
    page = Pages("Papers", None).answer(state.page, language(code), state.words)
    assert left(bytes(page.body).decode(), code) == set()


REFUSED = [
    "there is an interest '3D' already",
    "32 interests are the most: remove one first",
    "no interest 'x'; named interests: a, b: 'digest profile EMAIL interest add' makes one",
    "change 3 was followed by change 4 (removed “3D”): undo that one first",
    "'a..b@example.org': a dot stands between two other characters",
]


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("code", OTHERS)
def test_what_the_store_refuses_is_told_in_the_language(text: str, code: str) -> None:
    english, other = said.refusal(text, language()), said.refusal(text, language(code))
    assert english[0] in "TN3A'"
    assert other != english
    assert "digest" not in english


def test_what_was_changed_is_told_in_the_language() -> None:
    german = language("de")
    told = said.action("took back: nothing about “depth” (arxiv:1)", german)
    assert told == "zurückgenommen: nichts über „depth“ (arxiv:1)"
    assert said.action("set keywords", german) == "eine Änderung des Profils"
    assert said.action("set keywords", language()) == "set keywords"


def test_an_operators_look_is_that_of_the_pages(database: Database) -> None:
    look = Look("Example Library", "https://www.example.org/logo.png", "#1f4e8c", "https://www.example.org/privacy")
    application = app(database, lambda: KEYS, clock.fixed(NOW), name="Papers", look=look, imprint="1 Library Road")
    page, icon = get(application, "/", "/favicon.ico")
    linked = 'href="https://www.example.org/privacy"'
    for words in ("1 Library Road", linked, 'alt="Example Library"', "#1f4e8c", "%231f4e8c"):
        assert words in page.text
    assert "img-src data: https://www.example.org;" in page.headers["content-security-policy"]
    assert (icon.headers["content-type"], icon.headers["cache-control"]) == ("image/svg+xml", "public, max-age=86400")
    assert "#1f4e8c" in icon.text
    (plain,) = get(app(database, lambda: KEYS, clock.fixed(NOW), look=replace(look, logo="")), "/")
    assert "· Example Library" in plain.text
    assert "img-src data:;" in plain.headers["content-security-policy"]
