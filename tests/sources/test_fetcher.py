"""The fetcher against a real server on loopback: politeness, caps, redirects, refusals."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import ConfigError
from digest.sources import FeedState, Fetched, NotModified, Outcome, Request, Unavailable
from digest.sources.fetcher import Fetcher, Limits, Network, fresh_for, retry_after, usable_validator, user_agent
from tests.support.http_server import Answer, Asked, HttpServer, Route

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
LIMITS = Limits()
AGENT = "digest/0 (+https://digest.example.org; mailto:admin@example.org)"


class Sleeps:
    """Sleeping that takes no time, on a clock of its own."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.at = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, Route]], HttpServer]]:
    started: list[HttpServer] = []

    def start(routes: dict[str, Route]) -> HttpServer:
        started.append(HttpServer(routes).__enter__())
        return started[-1]

    yield start
    for server in started:
        server.__exit__(None, None, None)


def fetcher(server: HttpServer, limits: Limits = LIMITS, proxy: str | None = None) -> Fetcher:
    sleeps = Sleeps()
    network = Network(allow_hosts=(server.host,), proxy=proxy)
    return Fetcher(AGENT, network=network, limits=limits, sleep=sleeps.sleep, monotonic=sleeps.monotonic)


def fetch(server: HttpServer, path: str, state: FeedState | None = None, limits: Limits = LIMITS) -> Outcome:
    return asyncio.run(fetcher(server, limits).fetch(Request(server.url(path)), state))


def body_of(outcome: Outcome) -> bytes:
    assert isinstance(outcome, Fetched), outcome
    return outcome.response.body


def reason_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Unavailable), outcome
    return outcome.reason


Serve = Callable[[dict[str, Route]], HttpServer]


def test_a_first_fetch_is_unconditional_and_says_who_asks(serve: Serve) -> None:
    server = serve({"/feed": Answer(200, {"ETag": "abc"}, b"<rss/>")})
    outcome = fetch(server, "/feed")
    assert body_of(outcome) == b"<rss/>"
    assert isinstance(outcome, Fetched)
    assert outcome.response.headers["etag"] == "abc"
    asked = server.asked[0]
    assert asked.headers["user-agent"] == AGENT
    assert "if-none-match" not in asked.headers
    assert "if-modified-since" not in asked.headers


def test_validators_go_back_as_they_came(serve: Serve) -> None:
    server = serve({"/feed": Answer(304)})
    state = FeedState(etag="no-quotes", last_modified="yesterday-ish")
    assert fetch(server, "/feed", state) == NotModified()
    assert server.asked[0].headers["if-none-match"] == "no-quotes"
    assert server.asked[0].headers["if-modified-since"] == "yesterday-ish"


def test_a_304_without_a_prior_is_a_failure_and_no_news(serve: Serve) -> None:
    """Fault row 22: a 304 without a prior."""
    assert "304" in reason_of(fetch(serve({"/feed": Answer(304)}), "/feed", FeedState()))


def test_the_body_of_a_400_goes_to_the_parser(serve: Serve) -> None:
    outcome = fetch(serve({"/feed": Answer(400, {}, b"Feed error")}), "/feed")
    assert isinstance(outcome, Fetched)
    assert outcome.response.status == 400


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 502])
def test_other_errors_are_unavailable(serve: Serve, status: int) -> None:
    assert str(status) in reason_of(fetch(serve({"/feed": Answer(status)}), "/feed"))


@pytest.mark.parametrize(
    ("wish", "waits"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("315360000", timedelta(hours=24)),
        ("9" * 400, timedelta(hours=24)),
        ("Mon, 20 Apr 2026 13:00:00 GMT", timedelta(hours=1)),
        ("Sun, 20 Apr 2036 13:00:00 GMT", timedelta(hours=24)),
        ("Mon, 20 Apr 2026 11:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(wish: str, waits: timedelta | None) -> None:
    """Fault row 26: seconds, a date, garbage, ten years."""
    assert retry_after({"retry-after": wish}, NOW) == waits


def test_a_retry_date_is_measured_from_the_servers_own_clock() -> None:
    headers = {"retry-after": "Mon, 20 Apr 2026 13:00:00 GMT", "date": "Mon, 20 Apr 2026 12:50:00 GMT"}
    assert retry_after(headers, NOW + timedelta(days=400)) == timedelta(minutes=10)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_time_gets_it(serve: Serve, status: int) -> None:
    """Fault row 26: 429 and 503."""
    outcome = fetch(serve({"/feed": Answer(status, {"Retry-After": "3600"})}), "/feed")
    assert isinstance(outcome, Unavailable)
    assert outcome.retry_after == timedelta(hours=1)


def test_gzip_is_unpacked(serve: Serve) -> None:
    packed = gzip.compress(b"<rss/>" * 100)
    server = serve({"/feed": Answer(200, {"Content-Encoding": "gzip"}, packed)})
    assert body_of(fetch(server, "/feed")) == b"<rss/>" * 100
    assert server.asked[0].headers["accept-encoding"] == "gzip"


def test_a_gzip_bomb_stops_at_the_cap(serve: Serve) -> None:
    """Fault row 23: a gzip bomb."""
    bomb = gzip.compress(b"\0" * 30_000_000)
    server = serve({"/feed": Answer(200, {"Content-Encoding": "gzip"}, bomb)})
    assert "larger than 1 MB" in reason_of(fetch(server, "/feed", limits=Limits(size=1_000_000)))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"<rss/>" * 100, mtime=0)[:-20]), ("gzip", b"plain"), ("br", b"xx"), ("gzip, gzip", b"xx")],
)
def test_a_body_that_cannot_be_unpacked_is_unavailable(serve: Serve, encoding: str, body: bytes) -> None:
    assert reason_of(fetch(serve({"/feed": Answer(200, {"Content-Encoding": encoding}, body)}), "/feed"))


def test_deflate_is_understood_though_not_asked_for(serve: Serve) -> None:
    server = serve({"/feed": Answer(200, {"Content-Encoding": "deflate"}, zlib.compress(b"<rss/>"))})
    assert body_of(fetch(server, "/feed")) == b"<rss/>"


def test_an_endless_body_stops_at_the_cap(serve: Serve) -> None:
    """Fault row 23: 100 MB and more."""

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 65536

    server = serve({"/feed": Answer(chunks=endless())})
    assert "larger than" in reason_of(fetch(server, "/feed", limits=Limits(size=500_000)))


def test_an_announced_length_above_the_cap_is_not_read(serve: Serve) -> None:
    server = serve({"/feed": Answer(200, {}, b"x" * 2000)})
    assert "larger than" in reason_of(fetch(server, "/feed", limits=Limits(size=1000)))


def test_a_byte_at_a_time_runs_into_the_time_cap(serve: Serve) -> None:
    """Fault row 23: a byte at a time."""
    server = serve({"/feed": Answer(chunks=(b"x" for _ in range(100)), pause=0.05)})
    assert "within 0.2 s" in reason_of(fetch(server, "/feed", limits=Limits(seconds=0.2)))


def test_a_transfer_that_breaks_off_is_unavailable(serve: Serve) -> None:
    server = serve({"/feed": Answer(200, {"Content-Length": "100"}, chunks=[b"x" * 10])})
    assert "ProtocolError" in reason_of(fetch(server, "/feed"))


def test_redirects_are_followed_also_relative_ones(serve: Serve) -> None:
    server = serve({"/a": Answer(301, {"Location": "/b/c"}), "/b/c": Answer(302, {"Location": "d"}), "/b/d": Answer()})
    outcome = fetch(server, "/a")
    assert isinstance(outcome, Fetched)
    assert outcome.response.url == server.url("/b/d")


def test_five_redirects_are_followed_and_a_loop_ends(serve: Serve) -> None:
    """Fault row 24: a redirect loop."""
    hops: dict[str, Route] = {f"/{n}": Answer(302, {"Location": f"/{n + 1}"}) for n in range(5)}
    assert isinstance(fetch(serve({**hops, "/5": Answer()}), "/0"), Fetched)
    loop = serve({"/loop": Answer(302, {"Location": "/loop"})})
    assert "more than 5 redirects" in reason_of(fetch(loop, "/loop"))
    assert len(loop.asked) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://127.1/",
        "http://localhost:1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
    ],
)
def test_redirects_to_private_places_are_refused(serve: Serve, target: str) -> None:
    """Fault row 24: link-local, loopback, 0x7f000001, file:, before connecting."""
    server = serve({"/feed": Answer(302, {"Location": target})})
    assert reason_of(fetch(server, "/feed")).startswith("refused")
    assert len(server.asked) == 1


@pytest.mark.parametrize("target", ["http://[::1", "http://example.org:99999/", "http://"])
def test_an_address_that_is_none_is_unavailable(serve: Serve, target: str) -> None:
    assert reason_of(fetch(serve({"/feed": Answer(302, {"Location": target})}), "/feed"))


def test_loopback_is_refused_unless_allowed_by_name(serve: Serve) -> None:
    server = serve({"/feed": Answer()})
    outcome = asyncio.run(Fetcher(AGENT).fetch(Request(server.url("/feed")), None))
    assert "allow_hosts" in reason_of(outcome)
    assert server.asked == []


def test_a_refused_connection_is_unavailable() -> None:
    with HttpServer() as server:
        closed = fetcher(server)
        url = server.url("/feed")
    assert "ConnectError" in reason_of(asyncio.run(closed.fetch(Request(url), None)))


def test_rebinding_finds_only_the_checked_address(serve: Serve) -> None:
    """Fault row 24. The name answers with a public address first and with loopback ever after."""
    server = serve({"/feed": Answer()})
    port = int(server.host.partition(":")[2])
    answers = iter([["10.0.0.7"], ["127.0.0.1"]])
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    polite = Fetcher(AGENT, network=Network(resolve=rebinding))
    outcome = asyncio.run(polite.fetch(Request(f"http://feeds.example.org:{port}/feed"), None))
    assert "feeds.example.org is not a public address" in reason_of(outcome)
    assert asked == ["feeds.example.org"]
    assert server.asked == []


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    async def split(_host: str, _port: int) -> list[str]:
        return ["93.184.215.14", "192.168.1.1"]

    polite = Fetcher(AGENT, network=Network(resolve=split))
    outcome = asyncio.run(polite.fetch(Request("http://feeds.example.org/"), None))
    assert reason_of(outcome).startswith("refused")


def test_an_allowed_name_is_connected_to_wherever_it_points(serve: Serve) -> None:
    server = serve({"/feed": Answer(200, {}, b"ok")})

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    port = server.host.partition(":")[2]
    network = Network(allow_hosts=("mirror.example.org",), resolve=resolve)
    outcome = asyncio.run(
        Fetcher(AGENT, network=network).fetch(Request(f"http://mirror.example.org:{port}/feed"), None)
    )
    assert body_of(outcome) == b"ok"
    assert server.asked[0].headers["host"] == f"mirror.example.org:{port}"


def test_a_proxy_is_asked_for_the_whole_address(serve: Serve) -> None:
    proxy = serve({"http://feeds.example.org/feed": Answer(200, {}, b"by proxy")})
    polite = Fetcher(AGENT, network=Network(proxy=proxy.url()))
    assert body_of(asyncio.run(polite.fetch(Request("http://feeds.example.org/feed"), None))) == b"by proxy"
    refused = asyncio.run(polite.fetch(Request("http://169.254.169.254/"), None))
    assert reason_of(refused).startswith("refused")


def test_a_proxy_that_cannot_be_one_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="only http and https proxies"):
        Fetcher(AGENT, network=Network(proxy="socks5://127.0.0.1:1"))
    with pytest.raises(ConfigError, match="not the address of a proxy"):
        Fetcher(AGENT, network=Network(proxy="http://[::1"))


def test_a_ca_file_without_certificates_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"fetch\.ca_file"):
        Fetcher(AGENT, network=Network(ca_file="/nowhere/ca.pem"))


def test_one_request_per_host_at_a_time(serve: Serve) -> None:
    def slow(_asked: Asked) -> Answer:
        return Answer(chunks=[b"x", b"y"], pause=0.01)

    server = serve({f"/{n}": slow for n in range(5)})
    polite = fetcher(server)

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(*(polite.fetch(Request(server.url(f"/{n}")), None) for n in range(5)))

    assert [body_of(outcome) for outcome in asyncio.run(all_at_once())] == [b"xy"] * 5
    assert server.most_at_once == 1


def test_the_agent_names_page_and_contact_and_cannot_break_the_header() -> None:
    assert user_agent("1.2", "https://d.example.org", "a@example.org", "digest") == (
        "digest/1.2 (+https://d.example.org; mailto:a@example.org)"
    )
    assert user_agent("1.2", None, None, "digest") == "digest/1.2"
    assert user_agent("1.2", None, "a\r\nX: y(é)", "digest") == "digest/1.2 (mailto:aX: y)"


def test_validators_that_cannot_be_sent_back_are_forgotten() -> None:
    assert usable_validator('W/"abc"') == 'W/"abc"'
    assert usable_validator("a\nb") is None
    assert usable_validator("é") is None
    assert usable_validator("x" * 600) is None
    assert usable_validator(None) is None


def test_freshness_is_read_from_cache_control() -> None:
    assert fresh_for({"cache-control": "public, max-age=3600"}) == timedelta(hours=1)
    assert fresh_for({"cache-control": "max-age=99999999"}) == timedelta(hours=24)
    assert fresh_for({"cache-control": "max-age=x, no-store"}) == timedelta(0)
    assert fresh_for({}) == timedelta(0)
