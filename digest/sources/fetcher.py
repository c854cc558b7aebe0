"""One polite HTTP client for every source: conditional, paced, capped, guarded; each attempt ends in an Outcome.

fetch ─► guard the address ─► wait for the host's turn ─► connect to a checked address ─► stream within the caps
           ▲                                                             │
           └──────────────── redirect (at most five) ◄───────────────────┘
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from digest import clock
from digest.sources import FeedState, Fetched, NotModified, Outcome, Request, Response, Unavailable
from digest.sources.guard import Guard, Refused, Resolve, resolve
from digest.sources.pace import Pace, Turns
from digest.sources.transport import TooBig, check_proxy, client, read_body, tls_context

LONGEST_WAIT = timedelta(hours=24)

_MOVED = frozenset({301, 302, 303, 307, 308})
# arXiv and Hugging Face say in the body of a 400 what was wrong with the category or the date; it goes to `parse`.
_SPEAKING = 400
_FAILURES = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost: bytes after decompression, seconds of all its requests together, redirects."""

    size: int = 20_000_000
    seconds: float = 60.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Network:
    """How to get out: a proxy (`http://host:port`), a file of further CA certificates, hosts exempt from the guard."""

    proxy: str | None = None
    ca_file: str | None = None
    allow_hosts: tuple[str, ...] = ()
    resolve: Resolve = resolve


def user_agent(version: str, url: str | None, contact: str | None, name: str = "trending-papers-digest") -> str:
    """`name/version (+URL; mailto:contact)`: arXiv and others turn away clients that do not say who they are."""
    parts = [f"+{url}" if url else "", f"mailto:{contact}" if contact else ""]
    words = "; ".join(part for part in parts if part)
    shown = "".join(c for c in words if " " <= c <= "~" and c not in "()")
    return f"{name}/{version} ({shown})" if shown else f"{name}/{version}"


class Fetcher:
    """Shared by the whole process, so that the pace is; ConfigError where a proxy or CA file cannot be used."""

    def __init__(
        self,
        agent: str,
        *,
        network: Network = Network(),
        limits: Limits = Limits(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = clock.monotonic,
        turns: Turns | None = None,
    ) -> None:
        self._agent = agent
        self._network = network
        self._limits = limits
        self._guard = Guard(network.allow_hosts)
        self._pace = Pace(sleep, monotonic, turns)
        self._tls = tls_context(network.ca_file)
        check_proxy(network.proxy)

    async def fetch(self, request: Request, state: FeedState | None) -> Outcome:
        """One attempt, redirects followed; every failure that can be expected is an `Unavailable`."""
        try:
            return await self._follow(request, state)
        except Refused as error:
            return Unavailable(f"refused: {error}")
        except TooBig:
            return Unavailable(f"the answer is larger than {self._limits.size / 1_000_000:g} MB: not read further")
        except TimeoutError:
            return Unavailable(f"no whole answer within {self._limits.seconds:g} s")
        except _FAILURES as error:
            return Unavailable(f"{type(error).__name__}: {_one_line(error)}")

    async def _follow(self, request: Request, state: FeedState | None) -> Outcome:
        url, left = request.url, self._limits.seconds
        for _ in range(self._limits.redirects + 1):
            self._guard.check_url(url)
            headers = self._headers(request, url, state)
            async with self._pace.turn(urlsplit(url).hostname or "", is_ours=self._is_ours(url)):
                began = asyncio.get_running_loop().time()
                async with asyncio.timeout(left):
                    outcome = await self._once(url, headers, request)
                left -= asyncio.get_running_loop().time() - began
            if not isinstance(outcome, str):
                return outcome
            url = urljoin(url, outcome)
        return Unavailable(f"more than {self._limits.redirects} redirects, the last one to {url}")

    def _is_ours(self, url: str) -> bool:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return self._guard.is_allowed_by_name(parts.hostname or "", port)

    def _headers(self, request: Request, url: str, state: FeedState | None) -> dict[str, str]:
        own = request.headers if _is_safe_for(request.url, url) else {}
        headers = {"User-Agent": self._agent, "Accept-Encoding": "gzip", **own}
        if state and state.etag:
            headers["If-None-Match"] = state.etag
        if state and state.last_modified:
            headers["If-Modified-Since"] = state.last_modified
        return headers

    async def _once(self, url: str, headers: Mapping[str, str], request: Request) -> Outcome | str:
        """One request; a redirect is returned as its target, but a POST is not sent elsewhere."""
        method = "GET" if request.body is None else "POST"
        async with (
            client(self._guard, self._network.resolve, self._network.proxy, self._tls) as http,
            http.stream(method, url, headers=dict(headers), content=request.body) as answer,
        ):
            if answer.status_code in _MOVED and "location" in answer.headers and request.body is None:
                return answer.headers["location"]
            if answer.is_success or answer.status_code == _SPEAKING or answer.status_code in request.speaking:
                body = await read_body(answer, self._limits.size)
                return Fetched(Response(answer.status_code, url, dict(answer.headers), body))
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                was_asked = {"If-None-Match", "If-Modified-Since"} & headers.keys()
                return NotModified() if was_asked else Unavailable("HTTP 304, though nothing was fetched before")
            return _unavailable(answer)


def _is_safe_for(asked: str, url: str) -> bool:
    """Whether a redirect's target may see the request's own headers, which may hold a key: same host, as private."""
    was, now = urlsplit(asked), urlsplit(url)
    return was.netloc == now.netloc and (was.scheme, now.scheme) != ("https", "http")


def _unavailable(answer: httpx.Response) -> Unavailable:
    words = [f"HTTP {answer.status_code} {answer.reason_phrase}".strip()]
    if answer.headers.get("cf-mitigated") == "challenge":
        words.append("a challenge page for browsers; this feed cannot be read by programs")
    return Unavailable(": ".join(words), retry_after(answer.headers, clock.now()))


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The wish of RFC 9110 §10.2.3, seconds or a date, at most 24 hours; None where there is none or it is garbage.

    A date is measured from the answer's own `Date` where it has one, so that our clock need not be right.
    """
    wish = headers.get("retry-after", "").strip()
    if wish.isdecimal():
        return min(timedelta(seconds=min(int(wish[:12]), 10**9)), LONGEST_WAIT)
    until, since = _date(wish), _date(headers.get("date", "")) or now
    return min(max(until - since, timedelta(0)), LONGEST_WAIT) if until else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else None


def usable_validator(value: str | None) -> str | None:
    """An ETag or Last-Modified that can be sent back as it came; others are not worth remembering."""
    return value if value and len(value) <= 512 and all(" " <= c <= "~" for c in value) else None


def fresh_for(headers: Mapping[str, str]) -> timedelta:
    """How long `Cache-Control: max-age` calls the answer fresh, at most 24 hours; 0 where it says nothing."""
    wishes: Iterable[str] = headers.get("cache-control", "").lower().split(",")
    for name, _, value in (wish.strip().partition("=") for wish in wishes):
        if name == "max-age" and value.strip('" ').isdecimal():
            return min(timedelta(seconds=int(value.strip('" ')[:9])), LONGEST_WAIT)
    return timedelta(0)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or "connection failed"
