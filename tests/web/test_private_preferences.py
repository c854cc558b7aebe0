"""A reader's own page over real HTTP and both databases: every form, and the way out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest
from starlette.types import ASGIApp

from digest.editions.links import FEED, sign_numbers
from digest.errors import NotFound
from digest.model import Bar, Days, Options, OutboxKind, Profile, Schedule, Subscriber, SubscriberState, WhenEmpty
from digest.store import asked, catalog, liking, profiles, shelf, subscribers
from digest.store.account import PAGE
from digest.store.database import Database
from digest.store.liking import LIKED
from digest.store.rewind import rewind
from digest.store.shelf import Kind
from tests.support.private import (
    add_edition,
    answer_requests,
    archive_page,
    ask,
    at_once,
    get_one,
    link_in,
    mails,
    own_page,
    post,
    private_site,
    words_of,
)
from tests.support.public import fill, paper, store
from tests.support.web import KEYS, NOW, add_jane

SPLAT = "arxiv:2604.00001"
SCHEDULE = {"time_zone": "Europe/Berlin", "hour": "6", "days": "weekdays", "limit": "12"}
OPTIONS = {"bar": "high", "when_empty": "note", "language": "de", "explores": "yes", "is_text_only": "yes"}


@pytest.fixture
def reader(database: Database) -> int:
    return add_jane(database)


@pytest.fixture
def site(database: Database) -> ASGIApp:
    return private_site(database)


def _person(database: Database, reader: int) -> Subscriber:
    return database.run_sync(subscribers.get_by_id, reader)


def _profile(database: Database, reader: int) -> Profile:
    return database.run_sync(profiles.get_profile, reader)


def _saved(answer: httpx.Response, part: str) -> bool:
    return answer.status_code == 303 and answer.headers["location"].endswith(f"?done={part}")


def test_the_schedule_is_changed_by_the_name_of_a_zone_or_of_a_city(
    database: Database, site: ASGIApp, reader: int
) -> None:
    assert _saved(post(site, f"{own_page(reader)}/schedule", **SCHEDULE), "schedule")
    person = _person(database, reader)
    assert person.schedule == Schedule("Europe/Berlin", 6, Days.WEEKDAYS)
    assert person.limit == 12
    assert person.edition_at == datetime(2026, 4, 21, 4, tzinfo=UTC)
    post(site, f"{own_page(reader)}/schedule", **{**SCHEDULE, "time_zone": "new york"})
    assert _person(database, reader).schedule.time_zone == "America/New_York"
    page = get_one(site, f"{own_page(reader)}?done=schedule")
    assert "Saved. Your next digest knows it." in words_of(page)
    assert 'value="America/New_York"' in page.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("time_zone", "Europe/Berln", "Did you mean Europe/Berlin"),
        ("time_zone", "", "no time zone"),
        ("time_zone", "../../etc/passwd", "no time zone"),
        ("hour", "24", "from 0 to 23"),
        ("hour", "-1", "from 0 to 23"),
        ("limit", "0", "1 to 100"),
        ("limit", "9" * 30, "1 to 100"),
        ("days", "never", "on which days"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_and_nothing_is_changed(
    database: Database, site: ASGIApp, reader: int, field: str, value: str, said: str
) -> None:
    before = _person(database, reader)
    answer = post(site, f"{own_page(reader)}/schedule", **{**SCHEDULE, field: value})
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert _person(database, reader) == before


def test_a_pause_ends_by_itself_and_survives_a_restart_and_a_new_hour(
    database: Database, site: ASGIApp, reader: int
) -> None:
    assert _saved(post(site, f"{own_page(reader)}/pause", until="2026-06-01"), "pause")
    person = _person(database, reader)
    assert (person.state, person.edition_at) == (SubscriberState.ACTIVE, datetime(2026, 6, 1, 7, tzinfo=UTC))
    assert "paused until Monday, 1 June" in words_of(get_one(site, own_page(reader)))
    database.run_sync(rewind, NOW)
    assert _person(database, reader).edition_at == person.edition_at
    post(site, f"{own_page(reader)}/schedule", **{**SCHEDULE, "time_zone": "UTC", "days": "daily"})
    assert _person(database, reader).edition_at == datetime(2026, 6, 1, 6, tzinfo=UTC)
    assert _saved(post(site, f"{own_page(reader)}/pause", resume="yes"), "pause")
    assert _person(database, reader).edition_at == datetime(2026, 4, 21, 6, tzinfo=UTC)


def test_a_pause_without_an_end_waits_for_the_button(database: Database, site: ASGIApp, reader: int) -> None:
    post(site, f"{own_page(reader)}/pause", until="")
    assert _person(database, reader).state is SubscriberState.PAUSED
    assert "Send digests again" in get_one(site, own_page(reader)).text
    post(site, f"{own_page(reader)}/pause", resume="yes")
    assert _person(database, reader).state is SubscriberState.ACTIVE


@pytest.mark.parametrize("until", ["2026-04-20", "1999-01-01", "2028-01-01", "9999-12-31", "tomorrow", "0001-01-01"])
def test_a_pause_ends_on_a_day_to_come(database: Database, site: ASGIApp, reader: int, until: str) -> None:
    before = _person(database, reader)
    assert post(site, f"{own_page(reader)}/pause", until=until).status_code == 422
    assert _person(database, reader) == before


def test_options_are_taken_as_they_are_ticked(database: Database, site: ASGIApp, reader: int) -> None:
    assert _saved(post(site, f"{own_page(reader)}/options", **OPTIONS), "options")
    wanted = Options(Bar.HIGH, WhenEmpty.NOTE, explores=True, has_cross_lists=False, language="de", is_text_only=True)
    assert _profile(database, reader).options == wanted
    assert post(site, f"{own_page(reader)}/options", **{**OPTIONS, "language": "../de"}).status_code == 422
    assert _profile(database, reader).options == wanted


def test_interests_are_added_changed_renamed_and_removed(database: Database, site: ASGIApp, reader: int) -> None:
    own = own_page(reader)
    wishes = {
        "name": "",
        "keywords": 'splatting\r\n"novel view"\r\nscenes AND NOT medical\r\n',
        "categories": "cs.CV, eess.IV",
        "authors": "Ada Lovelace\nGrace Hopper",
        "institutions": "MIT",
        "text": "One paragraph.\r\n\r\nAnother.",
    }
    assert _saved(post(site, f"{own}/interest", **wishes), "interest")
    (main,) = _profile(database, reader).interests
    assert main.keywords == ("splatting", '"novel view"', "scenes AND NOT medical")
    assert main.categories == ("cs.CV", "eess.IV")
    assert main.authors == ("Ada Lovelace", "Grace Hopper")
    assert main.text == "One paragraph.\n\nAnother."
    assert _saved(post(site, f"{own}/add", topic="robotics", name="Arms"), "add")
    assert _profile(database, reader).interests[1].keywords
    post(site, f"{own}/interest", name="Arms", new_name="Legs", keywords="walking")
    assert [one.name for one in _profile(database, reader).interests] == ["", "Legs"]
    again = post(site, f"{own}/add", name="legs")
    assert again.status_code == 422
    assert "There is an interest" in words_of(again)
    post(site, f"{own}/interest", name="Legs", remove="yes")
    assert [one.name for one in _profile(database, reader).interests] == [""]


def test_every_keyword_that_cannot_be_read_is_named(database: Database, site: ASGIApp, reader: int) -> None:
    answer = post(site, f"{own_page(reader)}/interest", keywords='a AND\n"open\nfine\n(b OR c')
    assert answer.status_code == 422
    said = words_of(answer)
    assert all(one in said for one in ("“a AND”", '“"open”', "“(b OR c”"))
    assert "“fine”" not in said
    assert "(b OR c</textarea>" in answer.text  # nothing that was written is lost
    assert _profile(database, reader).is_empty


def test_too_much_is_refused(database: Database, site: ASGIApp, reader: int) -> None:
    answer = post(site, f"{own_page(reader)}/interest", keywords="\n".join(f"word{n}" for n in range(101)))
    assert "Keywords: at most 100, and there are 101." in words_of(answer)
    assert "is too long." in words_of(post(site, f"{own_page(reader)}/muted", muted="x" * 300))
    assert post(site, f"{own_page(reader)}/interest", text="x" * 70_000).status_code == 413
    assert _profile(database, reader).is_empty


def test_what_is_muted_can_be_undone_from_the_list_of_changes(database: Database, site: ASGIApp, reader: int) -> None:
    own = own_page(reader)
    post(site, f"{own}/muted", muted="survey\nbenchmark", muted_authors="Nobody Atall", muted_categories="cs.CR")
    assert _profile(database, reader).muted == ("survey", "benchmark")
    page = get_one(site, own)
    number = page.text.split('name="change" value="')[1].split('"')[0]
    assert _saved(post(site, f"{own}/undo", change=number), "undo")
    assert _profile(database, reader).muted == ()
    assert post(site, f"{own}/undo", change=number).status_code == 422
    assert post(site, f"{own}/undo", change="-1").status_code == 422


def test_votes_and_saved_papers_are_listed_taken_back_and_taken_along(
    database: Database, site: ASGIApp, reader: int
) -> None:
    fill(database)
    paper = database.run_sync(catalog.find, SPLAT)
    database.run_sync(profiles.like, reader, [paper.id], NOW)
    database.run_sync(shelf.mark, reader, [paper.id], Kind.SAVED, NOW)
    own = own_page(reader)
    page = get_one(site, own)
    assert page.text.count("Gaussian splatting for moving scenes</a>") == 2
    bib, ris, csl, other = ask(site, *(("GET", f"{own}/saved.{form}", None) for form in ("bib", "ris", "json", "exe")))
    assert "Gaussian splatting" in bib.text
    assert bib.headers["content-disposition"] == 'attachment; filename="saved-papers.bib"'
    assert "TI  - Gaussian splatting" in ris.text
    assert json.loads(csl.text)[0]["title"] == "Gaussian splatting for moving scenes"
    assert other.status_code == 404
    post(site, f"{own}/vote", paper=paper.id)
    post(site, f"{own}/saved", paper=paper.id)
    assert _profile(database, reader).likes == ()
    assert database.run_sync(shelf.saved, reader) == []


def test_a_new_address_counts_once_its_owner_has_confirmed_it(database: Database, site: ASGIApp, reader: int) -> None:
    assert _saved(post(site, f"{own_page(reader)}/address", email="new@example.net"), "address")
    answer_requests(database)
    assert [one.recipient for one in mails(database, OutboxKind.MOVE)] == ["new@example.net"]
    assert _person(database, reader).address == "jane.doe@example.org"
    link = link_in(database, OutboxKind.MOVE)
    assert "Get your digest at this address?" in words_of(get_one(site, link))
    assert _person(database, reader).address == "jane.doe@example.org"
    assert "Your address is changed" in words_of(post(site, link))
    assert _person(database, reader).address == "new@example.net"
    assert post(site, link).status_code == 410


def test_the_address_of_somebody_else_is_not_asked_and_nobody_learns_why(
    database: Database, site: ASGIApp, reader: int
) -> None:
    other = database.run_sync(subscribers.add, "john@example.org", "", Schedule(), 20, "admin", NOW, NOW)
    own = own_page(reader)
    free, taken = (post(site, f"{own}/address", email=one) for one in ("free@example.org", other.address))
    assert (free.status_code, free.headers["location"]) == (taken.status_code, taken.headers["location"])
    answer_requests(database)
    assert [one.recipient for one in mails(database, OutboxKind.MOVE)] == ["free@example.org"]


def test_the_data_of_a_reader_is_complete_and_theirs_alone(database: Database, site: ASGIApp, reader: int) -> None:
    fill(database)
    database.run_sync(subscribers.add, "john@example.org", "", Schedule(), 20, "admin", NOW, NOW)
    add_edition(database, reader, SPLAT)
    post(site, f"{own_page(reader)}/muted", muted="survey")
    answer = get_one(site, f"{own_page(reader)}/data.json")
    assert "john@" not in answer.text
    found = json.loads(answer.text)
    assert found["subscriber"]["address"] == "jane.doe@example.org"
    assert found["subscriber"]["consent"] == "admin"
    assert found["subscriber"]["muted"] == ["survey"]
    assert found["editions"][0]["papers"][0]["key"] == SPLAT
    assert found["changes"][0]["from"] == "web"


def test_erasing_asks_once_more_and_then_leaves_nothing(database: Database, site: ASGIApp, reader: int) -> None:
    fill(database)
    add_edition(database, reader, SPLAT)
    own = own_page(reader)
    post(site, "/manage", email="jane.doe@example.org")
    assert "Erase everything?" in words_of(get_one(site, f"{own}/erase"))
    assert post(site, f"{own}/erase").status_code == 422
    assert _person(database, reader).state is SubscriberState.ACTIVE
    erased = post(site, f"{own}/erase", erase="yes")
    assert "Everything is erased" in words_of(erased)
    with pytest.raises(NotFound):
        _person(database, reader)
    assert database.run_sync(asked.unanswered, 10) == []
    assert {
        answer.status_code for answer in ask(site, ("GET", own, None), ("POST", f"{own}/erase", {"erase": "yes"}))
    } == {404}


def test_nothing_but_a_post_changes_anything(database: Database, site: ASGIApp, reader: int) -> None:
    own = own_page(reader)
    before, profile = _person(database, reader), _profile(database, reader)
    parts = ("", "/erase", "/schedule?hour=3", "/pause?until=2026-06-01", "/muted?muted=x", "/data.json", "/saved.bib")
    answers = at_once(
        site, 100, lambda client, n: client.request("HEAD" if n % 2 else "GET", own + parts[n % len(parts)])
    )
    assert {answer.status_code for answer in answers} <= {200, 405}
    assert (_person(database, reader), _profile(database, reader)) == (before, profile)


def test_a_link_opens_for_two_hours_and_then_leads_to_a_fresh_one(site: ASGIApp, reader: int) -> None:
    old = own_page(reader, NOW - timedelta(hours=1))
    answers = ask(
        site, ("GET", old, None), ("POST", f"{old}/muted", {"muted": "x"}), ("POST", f"{old}/erase", {"erase": "yes"})
    )
    assert {answer.status_code for answer in answers} == {410}
    assert 'action="/manage"' in answers[0].text


def test_who_left_still_sees_what_is_kept(database: Database, site: ASGIApp, reader: int) -> None:
    database.run_sync(subscribers.unsubscribe, reader, NOW)
    post(site, "/manage", email="jane.doe@example.org")
    answer_requests(database)
    page = get_one(site, link_in(database, OutboxKind.ACCESS))
    assert "no digests come" in words_of(page)
    assert post(site, f"{own_page(reader)}/pause", until="").status_code == 422
    assert _person(database, reader).state is SubscriberState.UNSUBSCRIBED


def test_past_digests_are_shown_as_they_were(database: Database, site: ASGIApp, reader: int) -> None:
    fill(database)
    edition, _ = add_edition(database, reader, SPLAT, "arxiv:2604.00003")
    stranger = database.run_sync(subscribers.add, "john@example.org", "", Schedule(), 20, "admin", NOW, NOW).id
    listed, shown, other, none = ask(
        site,
        ("GET", archive_page(reader), None),
        ("GET", f"{archive_page(reader)}/{edition}", None),
        ("GET", f"{archive_page(stranger)}/{edition}", None),
        ("GET", f"{archive_page(reader)}/{10**30}", None),
    )
    assert "2 papers" in words_of(listed)
    assert "Why: splatting, scenes" in words_of(shown)
    assert "<script" not in shown.text
    assert (other.status_code, none.status_code) == (404, 404)


def test_the_private_feed_has_the_picks_until_its_address_is_ended(
    database: Database, site: ASGIApp, reader: int
) -> None:
    fill(database)
    add_edition(database, reader, SPLAT)
    path = f"/feeds/{sign_numbers(KEYS, FEED, reader, 0)}.atom"
    assert path in get_one(site, own_page(reader)).text
    feed = get_one(site, path)
    assert "Gaussian splatting for moving scenes" in feed.text
    assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert feed.headers["cache-control"] == "no-store"
    assert _saved(post(site, f"{own_page(reader)}/feed"), "feed")
    assert get_one(site, path).status_code == 404
    assert get_one(site, f"/feeds/{sign_numbers(KEYS, FEED, reader, 1)}.atom").status_code == 200
    database.run_sync(subscribers.unsubscribe, reader, NOW)
    assert get_one(site, f"/feeds/{sign_numbers(KEYS, FEED, reader, 1)}.atom").status_code == 404


def test_hostile_words_stay_words(database: Database, site: ASGIApp, reader: int) -> None:
    own = own_page(reader)
    hostile = "</textarea></style><script>alert(1)</script>\u202e{{ 7*7 }}\x00"
    post(site, f"{own}/interest", keywords=hostile, authors=hostile, text=hostile, categories="<b>")
    post(site, f"{own}/muted", muted=hostile, muted_authors=hostile)
    post(site, f"{own}/add", name="<i>\r\nSet-Cookie: a=b")
    page = get_one(site, own)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "\u202e" not in page.text
    assert "{{ 7*7 }}" in page.text
    assert "set-cookie" not in page.headers


@pytest.mark.parametrize("where", ["https://evil.example", "//evil.example", "\r\nLocation: https://evil.example"])
def test_no_field_leads_anybody_elsewhere(database: Database, site: ASGIApp, reader: int, where: str) -> None:
    own = own_page(reader)
    fields = {**SCHEDULE, "next": where, "done": where, "redirect": where}
    answer = post(site, f"{own}/schedule", **fields)
    assert answer.headers["location"] == f"{own}?done=schedule"
    page = ask(site, ("GET", f"{own}?{urlencode({'done': where})}", None))[0]
    assert "evil.example" not in page.text
    assert _person(database, reader).schedule.hour == 6


def test_below_a_folder_every_link_has_its_prefix(database: Database, reader: int) -> None:
    site = private_site(database, public_url="https://example.org/papers")
    own = own_page(reader)
    page = get_one(site, f"/papers{own}")
    assert f'action="/papers{own}/schedule"' in page.text
    assert 'href="/preferences' not in page.text
    assert post(site, f"{own}/schedule", **SCHEDULE).headers["location"] == f"/papers{own}?done=schedule"


def test_a_profile_of_every_kind_fits_a_page_of_50_kb(database: Database, site: ASGIApp, reader: int) -> None:
    for n in range(6):
        post(site, f"{own_page(reader)}/add", name=f"Interest {n}", topic="robotics")
    page = get_one(site, own_page(reader))
    assert len(page.content) < 50_000


def test_a_page_of_votes_and_of_saved_papers_is_light_and_leads_to_the_others(
    database: Database, site: ASGIApp, reader: int
) -> None:
    title = "A title as long as titles of papers are, for a list of many of them"
    store(database, *(paper(f"2604.{number:05}", f"{title}: {number}") for number in range(1, 61)))
    for number in database.run_sync(lambda connection: [one.id for one in catalog.list_papers(connection, limit=100)]):
        at = NOW + timedelta(seconds=number)
        database.run_sync(liking.vote, reader, [number], LIKED, "", at)
        database.run_sync(shelf.mark, reader, [number], Kind.SAVED, at)
    first = get_one(site, own_page(reader))
    assert len(first.content) < 50_000
    assert first.text.count('aria-label="Forget the vote on') == PAGE
    assert "?votes=2#votes" in first.text
    last = get_one(site, f"{own_page(reader)}?votes=3&saved=2")
    assert last.text.count('aria-label="Forget the vote on') == 60 - 2 * PAGE
    assert last.text.count('aria-label="No longer save') == PAGE
    assert "?votes=2#votes" in last.text
    assert "?votes=4" not in last.text
    beyond = get_one(site, f"{own_page(reader)}?votes=9&saved=x")
    assert beyond.status_code == 200
