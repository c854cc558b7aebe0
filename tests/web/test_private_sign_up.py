"""Signing up over real HTTP and both databases: double opt-in, the same answer for everybody, caps."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from starlette.types import ASGIApp

from digest.editions.links import CONFIRM, PREFERENCES, sign, sign_until
from digest.errors import NotFound
from digest.model import OutboxKind, SubscriberState
from digest.store import asked, profiles, subscribers, subscriptions, suppressions
from digest.store.asked import Caps
from digest.store.database import Database
from digest.web import SignUp
from digest.web.topics import topics
from tests.support.private import (
    Asked,
    answer_requests,
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
from tests.support.web import KEYS, NOW, add_jane

ADA = "ada@example.net"
TITLES = [one.title for name in ("robotics", "3d-vision") for one in topics() if one.name == name]


def _state(database: Database, address: str = ADA) -> SubscriberState:
    return database.run_sync(subscribers.get, address).state


def _signed_up(database: Database, application: ASGIApp, **fields: object) -> str:
    """Ask for a subscription; the path of the link that was mailed."""
    assert post(application, "/subscribe", email=ADA, **fields).status_code == 200
    answer_requests(database)
    return link_in(database, OutboxKind.CONFIRMATION)


def test_a_sign_up_is_asked_by_mail_confirmed_by_a_button_and_opens_the_preferences(database: Database) -> None:
    site = private_site(database)
    link = _signed_up(database, site, topics=["robotics", "3d-vision"])
    assert _state(database) is SubscriberState.PENDING

    looked = get_one(site, link)
    assert "Subscribe?" in words_of(looked)
    assert looked.headers["cache-control"] == "no-store"
    assert _state(database) is SubscriberState.PENDING

    confirmed = post(site, link, confirm="yes")
    assert "You are subscribed" in words_of(confirmed)
    assert _state(database) is SubscriberState.ACTIVE
    profile = database.run_sync(profiles.get_profile, database.run_sync(subscribers.get, ADA).id)
    assert [one.name for one in profile.interests] == ["", *TITLES]
    assert any("gaussian splatting" in one.keywords for one in profile.interests)
    assert len(mails(database, OutboxKind.WELCOME)) == 1

    path = confirmed.text.split('class="go" href="')[1].split('"')[0]
    assert path.startswith("/preferences/")
    assert ADA in get_one(site, path).text


def test_one_topic_becomes_the_main_interest(database: Database) -> None:
    site = private_site(database)
    post(site, _signed_up(database, site, topics="robotics"))
    profile = database.run_sync(profiles.get_profile, database.run_sync(subscribers.get, ADA).id)
    assert [one.name for one in profile.interests] == [""]
    assert profile.interests[0].categories


def test_who_signs_up_in_german_gets_german_mails(database: Database) -> None:
    site = private_site(database)
    (asked_for,) = ask(site, ("POST", "/subscribe", {"email": ADA}), accept_language="de")
    assert asked_for.status_code == 200
    answer_requests(database)
    (confirmation,) = mails(database, OutboxKind.CONFIRMATION)
    assert (confirmation.content or {}).get("language") == "de"
    post(site, link_in(database, OutboxKind.CONFIRMATION))
    (welcome,) = mails(database, OutboxKind.WELCOME)
    assert (welcome.content or {}).get("language") == "de"
    assert database.run_sync(profiles.chosen_language, database.run_sync(subscribers.get, ADA).id) == "de"


def test_everybody_gets_the_same_answer_and_nothing_is_looked_up_for_it(database: Database) -> None:
    add_jane(database)
    database.run_sync(suppressions.suppress, "gone@example.org", "bounced", "bounce", NOW)
    site = private_site(database, sign_up=SignUp(caps=Caps(network=9)))
    addresses = ("jane.doe@example.org", "gone@example.org", "nobody@example.org")
    for path in ("/subscribe", "/manage"):
        answers = [post(site, path, email=one) for one in addresses]
        assert {answer.status_code for answer in answers} == {200}
        texts = {answer.text.replace(one, "ADDRESS") for answer, one in zip(answers, addresses, strict=True)}
        assert len(texts) == 1
    # Each left exactly one row, whoever it was about; only the job finds out.
    assert len(database.run_sync(asked.unanswered, 100)) == 6
    with pytest.raises(NotFound):
        database.run_sync(subscribers.get, "nobody@example.org")
    answer_requests(database)
    assert {one.recipient for one in mails(database, OutboxKind.CONFIRMATION)} == {"nobody@example.org"}
    assert {one.recipient for one in mails(database, OutboxKind.ACCESS)} == {"jane.doe@example.org"}


def test_an_address_is_asked_once_a_day_and_three_times_in_all(database: Database) -> None:
    for hours in (0, 1, 25, 50, 75, 100):
        now = NOW + timedelta(hours=hours)
        post(private_site(database, now=now), "/subscribe", email=ADA)
        answer_requests(database, now)
    assert len(mails(database, OutboxKind.CONFIRMATION)) == 3


def test_a_link_works_once_and_for_three_days(database: Database) -> None:
    site = private_site(database)
    link = _signed_up(database, site)
    late = private_site(database, now=NOW + timedelta(hours=72))
    assert [page.status_code for page in ask(late, ("GET", link, None), ("POST", link, {}))] == [410, 410]
    assert _state(database) is SubscriberState.PENDING
    first, second = ask(site, ("POST", link, {}), ("POST", link, {}))
    assert (first.status_code, second.status_code) == (200, 410)
    assert "Confirmed already" in words_of(second)
    assert "/preferences/" not in second.text  # a link that was used opens nothing
    assert len(mails(database, OutboxKind.WELCOME)) == 1


def test_looking_at_a_link_a_hundred_times_confirms_nothing(database: Database) -> None:
    site = private_site(database)
    link = _signed_up(database, site)
    answers = at_once(site, 100, lambda client, number: client.request("HEAD" if number % 2 else "GET", link))
    assert {answer.status_code for answer in answers} == {200}
    assert _state(database) is SubscriberState.PENDING


def test_a_hundred_confirmations_at_once_welcome_once(database: Database) -> None:
    site = private_site(database)
    link = _signed_up(database, site)
    answers = at_once(site, 100, lambda client, _: client.post(link, data={"confirm": "yes"}))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 99
    assert len(mails(database, OutboxKind.WELCOME)) == 1


def test_a_wrong_token_is_answered_as_any_unknown_page(sqlite_database: Database) -> None:
    reader = add_jane(sqlite_database)
    site = private_site(sqlite_database)
    good = sign_until(KEYS, PREFERENCES, reader, NOW + timedelta(hours=1))
    wrong = [
        f"/confirm/{sign(KEYS, CONFIRM, 12345)}",
        f"/confirm/{sign(KEYS, 'unsubscribe', reader)}",
        f"/preferences/{sign(KEYS, 'unsubscribe', reader)}",
        f"/preferences/{sign_until(KEYS, 'archive', reader, NOW + timedelta(hours=1))}",
        f"/preferences/{sign_until({1: b'x' * 32}, PREFERENCES, reader, NOW + timedelta(hours=1))}",
        f"/preferences/{good[:-1]}",
        f"/preferences/{good}/schedule/more",
        f"/archive/{good}",
        f"/v/{good}",
        f"/feeds/{good}.atom",
        "/confirm/%00",
        "/v/" + "A" * 3000,
    ]
    answers = ask(
        site,
        *(("GET", path, None) for path in wrong),
        ("POST", wrong[0], {}),
        ("POST", f"{wrong[4]}/erase", {}),
        ("POST", wrong[8], {}),
    )
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert _state(sqlite_database, "jane.doe@example.org") is SubscriberState.ACTIVE


def test_who_fills_in_the_field_that_nobody_sees_is_answered_and_forgotten(sqlite_database: Database) -> None:
    answer = post(private_site(sqlite_database), "/subscribe", email=ADA, website="https://spam.example")
    assert answer.status_code == 200
    assert sqlite_database.run_sync(asked.unanswered, 10) == []


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "a b@example.org", "ada@example.org\r\nBcc: x@example.org", "\x00@x"]
)
def test_what_is_no_address_is_said_and_not_stored(sqlite_database: Database, address: str) -> None:
    for path in ("/subscribe", "/manage"):
        answer = post(private_site(sqlite_database), path, email=address)
        assert answer.status_code == 422
        assert "address" in words_of(answer)
    assert sqlite_database.run_sync(asked.unanswered, 10) == []


def test_hostile_input_comes_back_as_text(sqlite_database: Database) -> None:
    hostile = '"><script>alert(1)</script>{{ 7*7 }}{% raw %}@x'
    answer = post(private_site(sqlite_database), "/subscribe", email=hostile)
    assert "<script" not in answer.text
    assert "{{ 7*7 }}" in answer.text
    assert "location" not in answer.headers


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["closed", "invitation"])
def test_where_sign_up_is_not_open_nobody_can_but_invitations_work(database: Database, mode: str) -> None:
    site = private_site(database, sign_up=SignUp(mode))  # type: ignore[arg-type]  # one of the modes
    assert post(site, "/subscribe", email=ADA).status_code == 403
    assert 'action="/subscribe"' not in get_one(site, "/").text
    database.run_sync(
        subscriptions.begin, ADA, subscriptions.Wishes(consent="invited"), NOW, "example.org", is_invited=True
    )
    assert post(site, link_in(database, OutboxKind.CONFIRMATION)).status_code == 200
    assert _state(database) is SubscriberState.ACTIVE


def test_only_addresses_of_the_domains_named_may_subscribe(sqlite_database: Database) -> None:
    site = private_site(sqlite_database, sign_up=SignUp(domains=("example.net",)))
    codes = [post(site, "/subscribe", email=one).status_code for one in (ADA, "a@cs.Example.NET", "a@notexample.net")]
    assert codes == [200, 200, 422]


def test_who_needs_approval_waits_for_it_and_is_welcomed_then(database: Database) -> None:
    site = private_site(database, sign_up=SignUp("approval"))
    answer = post(site, _signed_up(database, site, topics="robotics"))
    assert "approves each subscription" in words_of(answer)
    assert _state(database) is SubscriberState.PENDING
    assert [one.address for one in database.run_sync(subscriptions.waiting)] == [ADA]
    assert not mails(database, OutboxKind.WELCOME)
    approved = database.run_sync(subscriptions.approve, ADA, NOW, "example.org")
    assert approved.state is SubscriberState.ACTIVE
    assert database.run_sync(profiles.get_profile, approved.id).interests[0].keywords
    assert len(mails(database, OutboxKind.WELCOME)) == 1
    assert database.run_sync(subscriptions.waiting) == []


def test_without_a_public_address_no_link_is_promised(sqlite_database: Database) -> None:
    site = private_site(sqlite_database, sender="")
    codes = [post(site, path, email=ADA).status_code for path in ("/subscribe", "/manage")]
    assert codes == [403, 403]
    assert sqlite_database.run_sync(asked.unanswered, 10) == []


# ── how often ────────────────────────────────────────────────────────────────────────────────────

CAPS = Caps(network=3, region=5, domain=7, total=9)
PROXY = ("127.0.0.1",)


def _from(site: ASGIApp, client: str, *addresses: str) -> list[int]:
    requests: list[Asked] = [("POST", "/subscribe", {"email": one}) for one in addresses]
    return [answer.status_code for answer in ask(site, *requests, X_Forwarded_For=client)]


def test_caps_hold_for_a_network_a_region_a_domain_and_in_all(database: Database) -> None:
    site = private_site(database, sign_up=SignUp(caps=CAPS), proxies=PROXY)
    assert _from(site, "192.0.2.1", *(f"a{n}@d{n}.example" for n in range(4))) == [200, 200, 200, 429]
    assert _from(site, "192.0.2.99", *(f"b{n}@d{n}.example" for n in range(3))) == [200, 200, 429]  # the same /24
    assert _from(site, "2001:db8:1:2::1", *(f"c{n}@e{n}.example" for n in range(2))) == [200, 200]
    assert _from(site, "2001:db8:1:2::ffff", "c8@e8.example", "c9@e9.example") == [200, 429]  # the same /64
    assert _from(site, "198.51.100.1", "x@y.example", "z@y.example") == [200, 429]  # nine in all
    later = private_site(database, now=NOW + timedelta(hours=1), sign_up=SignUp(caps=CAPS), proxies=PROXY)
    assert _from(later, "192.0.2.1", "again@d1.example") == [200]


def test_a_cap_holds_for_one_mail_domain_whoever_asks(database: Database) -> None:
    site = private_site(database, sign_up=SignUp(caps=Caps(domain=2)), proxies=PROXY)
    codes = [_from(site, f"192.0.{n}.1", f"a{n}@one.example")[0] for n in range(3)]
    assert codes == [200, 200, 429]


def test_caps_hold_when_all_ask_at_once(database: Database) -> None:
    site = private_site(database, sign_up=SignUp(caps=Caps(network=5)))
    answers = at_once(site, 40, lambda client, n: client.post("/subscribe", data={"email": f"a{n}@d{n}.example"}))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 35
    assert len(database.run_sync(asked.unanswered, 100)) == 5
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "3600"
    assert "try again later" in words_of(refused)


@pytest.mark.parametrize(
    ("proxies", "said", "is_one"),
    [
        ((), "203.0.113.{n}", True),  # nobody is trusted: whatever they say, it is one client
        (PROXY, "203.{n}.113.9", False),
        (PROXY, "203.{n}.113.9, 198.51.100.7", True),  # what the client itself wrote does not count
        (PROXY, "garbage, 198.51.{n}.7", False),
        (("127.0.0.0/8", "10.0.0.0/8"), "203.{n}.113.9, 10.1.1.1", False),
        (PROXY, "unknown", True),
    ],
)
def test_forwarded_addresses_count_only_where_a_proxy_of_ours_wrote_them(
    sqlite_database: Database, proxies: tuple[str, ...], said: str, is_one: bool
) -> None:
    site = private_site(sqlite_database, sign_up=SignUp(caps=Caps(network=1, region=1)), proxies=proxies)
    codes = [_from(site, said.format(n=n), f"a{n}@d{n}.example")[0] for n in range(3)]
    assert codes == ([200, 429, 429] if is_one else [200, 200, 200])


def test_posts_are_limited_by_the_minute_for_pages_of_every_kind(sqlite_database: Database) -> None:
    reader = add_jane(sqlite_database)
    site = private_site(sqlite_database)
    path = f"{own_page(reader)}/feed"
    codes = [answer.status_code for answer in at_once(site, 260, lambda client, _: client.post(path))]
    assert codes.count(303) == 240
    assert codes.count(429) == 20


def test_requests_are_deleted_after_a_day_though_nobody_asks_again(database: Database) -> None:
    post(private_site(database), "/subscribe", email=ADA)
    assert answer_requests(database) == 1
    tomorrow = NOW + timedelta(hours=24)
    assert answer_requests(database, tomorrow - timedelta(minutes=1)) == 0
    assert answer_requests(database, tomorrow) == 1
    site = private_site(database, sign_up=SignUp(caps=Caps(window=timedelta(days=9), total=1)))
    assert post(site, "/subscribe", email="c@example.net").status_code == 200  # none is left to count


def test_fresh_links_are_mailed_now_and_then_only(database: Database) -> None:
    add_jane(database)
    for minutes in (0, 1, 9, 11, 25, 40, 60, 80, 100):
        now = NOW + timedelta(minutes=minutes)
        post(
            private_site(database, now=now, sign_up=SignUp(caps=Caps(network=99))),
            "/manage",
            email="jane.doe@example.org",
        )
        answer_requests(database, now)
    assert len(mails(database, OutboxKind.ACCESS)) == 5
    link = link_in(database, OutboxKind.ACCESS)
    asked_at = max(one.composed_at for one in mails(database, OutboxKind.ACCESS))
    in_time, late = asked_at + timedelta(minutes=119), asked_at + timedelta(minutes=121)
    assert get_one(private_site(database, now=in_time), link).status_code == 200
    expired = get_one(private_site(database, now=late), link)
    assert expired.status_code == 410
    assert 'action="/manage"' in expired.text


def test_the_log_names_no_token_and_no_address(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    site = private_site(database)
    link = _signed_up(database, site)
    post(site, link)
    own = [record.getMessage() for record in caplog.records if record.name.startswith(("digest", "uvicorn"))]
    assert not [line for line in own if ADA in line or link.rpartition("/")[2] in line]
    assert "POST /confirm/… 200" in own


def test_no_page_sets_a_cookie_or_lets_anything_be_loaded(sqlite_database: Database) -> None:
    reader = add_jane(sqlite_database)
    site = private_site(sqlite_database)
    paths = ("/subscribe", "/manage", "/sample", own_page(reader), f"{own_page(reader)}/erase")
    for page in ask(site, *(("GET", path, None) for path in paths)):
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "<script" not in page.text
        assert len(page.content) < 50_000
        assert page.headers["cache-control"] == "no-store"
