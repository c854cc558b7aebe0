"""A library in Zotero's Web API (version 3): what to ask, and what an answer says. Whoever calls does the fetching.

    first ─► Request ─► Response ─► read_page ─► Page(library, following Request, …) ─► … until nothing follows

www.zotero.org/support/dev/web_api/v3/basics: pages of at most 100, `Link: rel="next"`, `Total-Results`; after a
`Backoff` header clients wait so many seconds before they ask again, `Retry-After` comes with 429 and 503.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from digest.errors import DigestError, UsageError
from digest.exchange import Request, Response
from digest.references import Library
from digest.references.draft import library_of
from digest.references.json_items import drafts

BASE_URL = "https://api.zotero.org"
PAGE = 100  # items; as many as the service gives at once
_SPEAKING = frozenset({403, 404})
_ACCOUNT = re.compile(r"(user|group)s?[:/](\d{1,12})(?:[:/]([A-Z0-9]{8}))?")
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')
_LONGEST_WAIT = 3600
_KEYS = "https://www.zotero.org/settings/keys"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose library: a user's or a group's, or one collection of it."""

    kind: str
    number: int
    collection: str = ""

    @property
    def path(self) -> str:
        within = f"/collections/{self.collection}" if self.collection else ""
        return f"/{self.kind}s/{self.number}{within}/items/top"


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read. `items` counts whatever was on it, `total` is what the library holds by its own word."""

    library: Library
    items: int
    total: int | None
    following: Request | None
    wait: timedelta


def account(text: str) -> Account:
    """`user:475425`, `group:2386895`, or with a collection: `group:2386895:JX7PSIGS`.

    Raises:
        UsageError: it is none of these.
    """
    found = _ACCOUNT.fullmatch(text.strip())
    if not found:
        raise UsageError(
            f"--zotero {text!r}: write user:NUMBER or group:NUMBER (a user's is shown at {_KEYS}, a group's in its "
            "address), with :KEY of one collection after it where not all is wanted"
        )
    return Account(found[1], int(found[2]), found[3] or "")


def first(whose: Account, key: str = "", base_url: str = BASE_URL) -> Request:
    """The first page. The oldest items come first, so that what is added meanwhile does not move the others."""
    query = urlencode({"format": "json", "sort": "dateAdded", "direction": "asc", "limit": PAGE, "start": 0})
    headers = {"Zotero-API-Version": "3", "Accept": "application/json"}
    if key:
        headers["Zotero-API-Key"] = key
    url = f"{base_url.rstrip('/')}{whose.path}?{query}"
    return Request(url, headers, f"{whose.kind}:{whose.number}", speaking=_SPEAKING)


def read_page(request: Request, response: Response) -> Page:
    """What an answer holds and what to ask next.

    Raises:
        DigestError: the key may not read this library, there is none, or the answer is no list of items.
    """
    if response.status == 403:
        raise DigestError(f"Zotero does not let this key read {request.feed}: make one that may at {_KEYS}")
    if response.status == 404:
        raise DigestError(f"Zotero knows no library {request.feed}, or no such collection in it")
    items = _items(request, response)
    return Page(
        library=library_of(f"zotero {request.feed}", drafts(items)),
        items=len(items),
        total=_number(response.headers, "total-results"),
        following=_following(request, response.headers, len(items)),
        wait=timedelta(seconds=min(_number(response.headers, "backoff") or 0, _LONGEST_WAIT)),
    )


def _items(request: Request, response: Response) -> list[object]:
    try:
        found: object = json.loads(response.body)
    except (ValueError, RecursionError):
        found = None
    if response.status >= 400 or not isinstance(found, list):
        said = " ".join(response.body[:120].decode("utf-8", "replace").split())
        raise DigestError(f"Zotero's answer for {request.feed} is no list of items: HTTP {response.status} {said}")
    return found


def _following(request: Request, headers: Mapping[str, str], items: int) -> Request | None:
    """By the Link header, else by counting; only on the same host, which is the one that may see the key."""
    found = _NEXT.search(headers.get("link", ""))
    here = urlsplit(request.url)
    if found:
        there = urlsplit(found[1])
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise DigestError(f"Zotero's next page is on another host ({there.netloc}): not followed")
        url = found[1]
    else:
        total = _number(headers, "total-results")
        query = {name: values[-1] for name, values in parse_qs(here.query).items()}
        start = int(query.get("start", "0")) + items
        if not items or total is None or start >= total:
            return None
        url = here._replace(query=urlencode({**query, "start": start})).geturl()
    is_new = url != request.url and items > 0
    return Request(url, request.headers, request.feed, speaking=_SPEAKING) if is_new else None


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value[:12]) if value.isdecimal() else None
