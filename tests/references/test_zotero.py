"""Zotero's Web API: what is asked, what follows, and that the key stays with its host."""

from __future__ import annotations

import pytest

from digest.errors import DigestError, UsageError
from digest.exchange import Response
from digest.references import zotero

_FIRST = zotero.first(zotero.account("group:12"), "secret", "http://127.0.0.1:9/")


def _page(
    headers: dict[str, str], body: bytes = b'[{"key": "A", "data": {"itemType": "book", "title": "T"}}]'
) -> zotero.Page:
    return zotero.read_page(_FIRST, Response(200, "", headers, body))


def test_accounts_are_users_groups_and_collections() -> None:
    assert zotero.account("user:475425").path == "/users/475425/items/top"
    assert zotero.account("groups/12/ABCD2345").path == "/groups/12/collections/ABCD2345/items/top"
    for wrong in ("475425", "user:", "user:12:abc", "group:x", ""):
        with pytest.raises(UsageError, match="write user:NUMBER"):
            zotero.account(wrong)


def test_the_key_is_a_header_and_never_in_the_address() -> None:
    assert _FIRST.headers["Zotero-API-Key"] == "secret"
    assert "secret" not in _FIRST.url
    assert "Zotero-API-Key" not in zotero.first(zotero.account("group:12")).headers


def test_the_next_page_is_the_one_that_the_answer_names_else_the_one_that_counting_gives() -> None:
    link = '<http://127.0.0.1:9/groups/12/items/top?start=1>; rel="next", <http://127.0.0.1:9/>; rel="last"'
    following = _page({"link": link}).following
    assert following is not None
    assert following.url.endswith("/groups/12/items/top?start=1")
    assert following.headers == _FIRST.headers
    counted = _page({"total-results": "2"}).following
    assert counted is not None
    assert "start=1" in counted.url
    assert _page({"total-results": "1"}).following is None
    assert _page({"total-results": "5"}, b"[]").following is None


def test_a_next_page_on_another_host_is_not_followed() -> None:
    with pytest.raises(DigestError, match="another host"):
        _page({"link": '<https://evil.example/x>; rel="next"'})


def test_an_answer_that_is_no_list_is_told() -> None:
    with pytest.raises(DigestError, match="is no list of items: HTTP 200 <html>"):
        _page({}, b"<html>")
    with pytest.raises(DigestError, match="knows no library group:12"):
        zotero.read_page(_FIRST, Response(404, "", {}, b"Not found"))


def test_the_wish_to_wait_is_bounded() -> None:
    assert _page({"backoff": "30"}).wait.total_seconds() == 30
    assert _page({"backoff": "99999999"}).wait.total_seconds() == 3600
    assert _page({"backoff": "soon"}).wait.total_seconds() == 0
