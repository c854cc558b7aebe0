"""Whatever anybody sends to any address: an answer that was meant, strict headers, and no change by looking.

The addresses are those of the application's own routes, the fields those of its forms: a new one is tried by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from digest import assets
from digest.delivery.providers import READERS
from digest.editions.links import (
    ARCHIVE,
    CONFIRM,
    FEED,
    PREFERENCES,
    UNSUBSCRIBE,
    VOTE,
    sign,
    sign_numbers,
    sign_until,
)
from digest.jobs import run_due
from digest.jobs.sign_up import SignUp as SignUpJob
from digest.store import migrations
from digest.store.database import Database
from digest.store.tables import confirmations
from digest.web import SignUp, app
from digest.web.guard import Guard
from digest.web.webhooks import Hook
from tests.support.private import SENDER, add_edition
from tests.support.providers import SECRET, generic
from tests.support.public import HOSTILE, fill
from tests.support.web import KEYS, NOW, add_jane
from tests.support.wild import Answer, Fields, Rows, Wild, spoken

_EXAMPLES = 30
_PEOPLE = ("jane.doe@example.org", "ada@example.net", "nobody@example.com")
_PAPER = "arxiv:2604.00001"
_PROXY = "127.0.0.1"


# ── the world that is asked ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class World:
    """An installation with everything switched on, one reader, one edition, one open question by mail."""

    site: ASGIApp
    rows: Rows
    runner: asyncio.Runner
    tokens: dict[str, str]

    def ask(self, wild: Wild) -> Answer:
        return self.runner.run(spoken(self.site, wild))


def _application(database: Database) -> Guard:
    # The minutes go on, or the limit by the minute would be all that is ever seen.
    ticks = itertools.count()

    def clock() -> datetime:
        return NOW + timedelta(seconds=next(ticks) % 3000)

    made = app(
        database,
        lambda: KEYS,
        clock,
        public_url="https://digest.example.org/papers",
        sender=SENDER,
        goodbye_from=SENDER,
        sign_up=SignUp(),
        trusted_proxies=[_PROXY],
        hook=Hook(READERS["generic"], SECRET, SENDER, burst=10**9),
        imprint="Somewhere 1",
    )
    assert isinstance(made, Guard)
    return made


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        path = Path(folder) / "digest.db"
        database = Database(f"sqlite:///{path}")
        migrations.upgrade(database)
        fill(database)
        tokens = _tokens(database)
        site = _application(database)
        rows = Rows(path)
        yield World(site, rows, runner, tokens)
        rows.close()
        database.close()


def _tokens(database: Database) -> dict[str, str]:
    """A genuine token for each purpose."""
    reader = add_jane(database)
    edition, (paper,) = add_edition(database, reader, _PAPER)
    from digest.store import asked
    from digest.store.asked import Asking, Caps, Origin, Request

    wanted = Request(Asking.SUBSCRIBE, "ada@example.net", Origin("192.0.2.1", "192.0.2.0/24"))
    database.run_sync(asked.ask, wanted, Caps(), NOW)
    asyncio.run(run_due(SignUpJob(SENDER), database, lambda: NOW))
    number = database.run_sync(lambda connection: connection.execute(confirmations.select()).one().id)
    later = NOW + timedelta(hours=5)
    return {
        UNSUBSCRIBE: sign(KEYS, UNSUBSCRIBE, reader),
        CONFIRM: sign(KEYS, CONFIRM, number),
        PREFERENCES: sign_until(KEYS, PREFERENCES, reader, later),
        ARCHIVE: sign_until(KEYS, ARCHIVE, reader, later),
        VOTE: sign_numbers(KEYS, VOTE, reader, paper, edition),
        "votes": sign_numbers(KEYS, VOTE, reader, edition),
        FEED: sign_numbers(KEYS, FEED, reader, 0),
    }


def _routes() -> list[Route]:
    inner = _application(Database("sqlite://")).inner
    assert isinstance(inner, Starlette)
    return [route for route in inner.routes if isinstance(route, Route)]


ROUTES = _routes()
ENDPOINTS = sorted({(route.path, method) for route in ROUTES for method in route.methods or () if method != "HEAD"})

# One address of each route that is answered well: fuzzing that only ever meets 404 would prove nothing.
GOOD: dict[str, str] = {path: path for path, _ in ENDPOINTS if "{" not in path} | {
    "/topics/{name}": "/topics/robotics",
    "/c/{category}": "/c/cs.CV",
    "/search": "/search?q=splatting",
    "/p/{key:path}": f"/p/{_PAPER}",
    "/a/{name:path}": "/a/Ada%20Lovelace",
    "/feeds/c/{category}.atom": "/feeds/c/cs.CV.atom",
    "/feeds/topics/{name}.atom": "/feeds/topics/robotics.atom",
    "/feeds/a/{name:path}.atom": "/feeds/a/Ada%20Lovelace.atom",
    "/confirm/{token}": "/confirm/{confirm}",
    "/preferences/{token}": "/preferences/{preferences}",
    "/preferences/{token}/saved.{form}": "/preferences/{preferences}/saved.bib",
    "/preferences/{token}/data.json": "/preferences/{preferences}/data.json",
    "/preferences/{token}/erase": "/preferences/{preferences}/erase",
    "/preferences/{token}/address": "/preferences/{preferences}/address",
    "/preferences/{token}/{part}": "/preferences/{preferences}/muted",
    "/v/{token}": "/v/{vote}",
    "/v/{token}/{paper:number}": "/v/{votes}/1",
    "/v/{token}/{paper:number}/{do}": "/v/{votes}/1/more",
    "/archive/{token}": "/archive/{archive}",
    "/archive/{token}/{number:number}": "/archive/{archive}/1",
    "/feeds/{token}.atom": "/feeds/{feed}.atom",
    "/u/{token}": "/u/{unsubscribe}",
}


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────

NASTY = (
    *("", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\ufffe", "\u202e", "e\u0301" * 500, "\U0010ffff", "🦙"),
    *("²", "٣", "1_0", "１", "-1", "0", "+1", "1e5", "NaN", "inf", "9" * 19, "9" * 5_000, str(2**63), str(2**64)),
    *(
        "NaN-aN-aN",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "2026-W17-1",
        "20260501",
        "2026-05-01T10:00",
        "٢٠٢٦-05-01",
    ),
    *("../../../../etc/passwd", "//evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)"),
    *(HOSTILE, '"><img src=x onerror=alert(1)>', "{{7*7}}", "{% raise %}", "%(name)s {0} %s", "';DROP TABLE papers;--"),
    *("a\r\nBcc: x@example.org", "ada@example.org\r\nX: y", "a@b", "a@localhost", "@", "a@" + "x." * 200 + "y"),
    *("\u2028", "a\tb", "\x1b[31m", "x" * 70_000, "cs.CV\n" * 500, '"' * 300, "(" * 300, "NEAR(a b)", "a* OR", "-a"),
)
KNOWN = (
    *("yes", "more", "less", "save", "word:0", "author:0", "category", "daily", "normal", "note", "nothing", "de"),
    *("Europe/Berlin", "6", "12", "robotics", "3d-vision", "cs.CV", "splatting", "main", "1", "2026-06-01", _PAPER),
    *_PEOPLE,
)
PARTS = "schedule pause options interest add muted vote saved undo feed address erase"
PLACES = {
    "form": st.sampled_from(["bib", "ris", "json"]),
    "part": st.sampled_from(PARTS.split()),
    "paper": st.sampled_from(["1", "2", "99"]),
    "number": st.sampled_from(["1", "2"]),
    "do": st.sampled_from(["more", "less", "save", "word:0"]),
    "name": st.sampled_from(["robotics", "Ada Lovelace", "Jos\u00e9 Mu\u00f1oz"]),
    "category": st.sampled_from(["cs.CV", "cs.CR", "eess.IV"]),
    "key": st.sampled_from([_PAPER, "2604.00003", "p:1", "https://arxiv.org/abs/2604.00001v2", "arxiv:"]),
}
# Every field of every form of ours, and what mailbox providers and spammers send.
_NAME = re.compile(r'name="([a-z_]+)"')
_FORMS = "\n".join(page.read_text("utf-8") for page in sorted((assets.templates() / "page").glob("*.html")))
FIELDS = sorted({*_NAME.findall(_FORMS), "List-Unsubscribe", "website", "next", "q", "page", "topic", "done", "do"})

_text = st.text(st.characters(codec=None), max_size=12)
_value = st.one_of(st.sampled_from(KNOWN), st.sampled_from(NASTY), _text)
_fields = st.lists(st.tuples(st.sampled_from(FIELDS), _value), max_size=8)
_json = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(NASTY[:40]), st.sampled_from(KNOWN)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["reports", "verdict", "recipient", "token", "status", "reply"]), inner),
    ),
    max_leaves=6,
)
_report = st.fixed_dictionaries({}, optional={
    "verdict": st.sampled_from(["hard", "soft", "complaint", "unsubscribe", "", 7, None]),
    "recipient": st.one_of(st.sampled_from(_PEOPLE), st.sampled_from(NASTY)),
    "token": st.sampled_from(NASTY), "message_id": st.sampled_from(NASTY),
    "status": st.sampled_from(["5.1.1", "4.2.2", "x", ""]), "reply": st.sampled_from(NASTY),
})  # fmt: skip
_HEADERS: dict[bytes, list[bytes]] = {
    b"Host": [b"", b"evil.example", b"[::1", b"a b", b"\xff", b"x:99999999", b"digest.example.org, evil"],
    b"X-Forwarded-For": [b"", b"1.2.3.4", b"::1%eth0", b"garbage", b",,,", b"9" * 9000, b"\xff, 10.0.0.1"],
    b"X-Forwarded-Host": [b"evil.example"],
    b"X-Forwarded-Proto": [b"javascript"],
    b"X-Forwarded-Prefix": [b"//evil.example"],
    b"Forwarded": [b"for=1.2.3.4;host=evil.example"],
    b"Accept-Language": [b"de", b"de;q=x", b"\xff\xfe", b"*;q=NaN", b"xx-" * 3000, b"../../de", b"{{7*7}}"],
    b"If-None-Match": [b"*", b'W/"', b"\xff", b'"x", ' * 500, b""],
    b"If-Modified-Since": [b"never", b"Thu, 01 Jan 99999 00:00:00 GMT"],
    b"Range": [b"bytes=0-", b"bytes=-1", b"bytes=9-1", b"lines=1-2", b"bytes=" + b"0-1," * 500],
    b"Content-Length": [b"0", b"-1", b"99999999999999999999", b"abc", b"\xb2"],
    b"Transfer-Encoding": [b"chunked", b"identity"],
    b"Content-Encoding": [b"gzip"],
    b"Cookie": [b"token=1", b"\xff" * 100],
    b"Origin": [b"https://evil.example", b"null"],
    b"Referer": [b"https://evil.example/\r"],
    b"Authorization": [b"Basic", b"Basic \xff", b"Bearer x"],
    b"X-Http-Method-Override": [b"DELETE"],
    b"X-Digest-Signature": [b"t=,v1=", b"t=9" * 400, b"t=\xb2,v1=00", b"\xff", b"t=99999999999999999999,v1=x"],
    b"User-Agent": [b"", b"\x00", b"x" * 20_000],
}  # fmt: skip
_header = st.sampled_from(sorted(_HEADERS)).flatmap(
    lambda name: st.tuples(st.just(name), st.one_of(st.sampled_from(_HEADERS[name]), st.binary(max_size=8)))
)
_kinds = st.sampled_from([
    b"application/x-www-form-urlencoded", b"Application/X-WWW-Form-URLEncoded ; charset=utf-16",
    b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; boundary=b",
    b"application/json", b"text/html; charset=nonsense", b"\xff/\x00", b"", b"x" * 5000,
])  # fmt: skip
_clients = st.one_of(
    st.sampled_from([None, ("", 0), (_PROXY, 1), ("::1%lo", 2), ("nonsense", 3), ("2001:db8::1", 4)]),
    st.integers(0, 250).map(lambda n: (f"198.51.100.{n}", 5)),
)


_FORM: Fields = [(b"Content-Type", b"application/x-www-form-urlencoded")]


def _raw(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass")[:60_000], safe="")


def _encoded(fields: list[tuple[str, str]]) -> bytes:
    return urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in fields]).encode()


def _multipart(fields: list[tuple[str, str]]) -> bytes:
    parts = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + value.encode("utf-8", "surrogatepass")
        + b"\r\n"
        for name, value in fields
    )
    return b"".join(parts) + b"--b--\r\n"


def _token(tokens: dict[str, str], path: str) -> st.SearchStrategy[str]:
    """Mostly the genuine one; else one of another purpose, cut, changed, of other keys, with odd numbers."""
    wanted = re.search(r"\{([a-z]+)\}", GOOD[path])
    genuine = tokens[wanted[1]] if wanted else tokens[UNSUBSCRIBE]
    number = st.sampled_from([0, 1, 2, 99, 2**31, 2**62, 2**63 - 1, 2**63, 2**64 - 1])
    numbers = st.lists(number, min_size=1, max_size=3)
    purpose = st.sampled_from([UNSUBSCRIBE, CONFIRM, PREFERENCES, ARCHIVE, VOTE, FEED])
    place = st.integers(0, len(genuine) - 1)
    wrong = (
        st.sampled_from(sorted(tokens.values())),
        place.map(lambda end: genuine[:end]),
        st.tuples(place, st.sampled_from("Aa-_=.%/é\x00")).map(
            lambda at: genuine[: at[0]] + at[1] + genuine[at[0] + 1 :]
        ),
        st.sampled_from([*NASTY, f"{genuine}A", f"{genuine}==", "A" * 3000]),
        st.builds(lambda what, who: sign(KEYS, what, who), purpose, number),
        st.builds(lambda what, some: sign_numbers(KEYS, what, *some), purpose, numbers),
        purpose.map(lambda what: sign_numbers({1: b"x" * 32}, what, 1, 2)),
    )
    return st.one_of(*wrong, *[st.just(genuine)] * 6)


@st.composite
def _wild(draw: st.DrawFn, tokens: dict[str, str], path: str, method: str) -> Wild:
    def place(found: re.Match[str]) -> str:
        name = found[1]
        if name == "token":
            return _raw(draw(_token(tokens, path)))
        usual = PLACES.get(name)
        return _raw(draw(st.one_of(usual, usual, _value) if usual is not None else _value))

    target = re.sub(r"\{(\w+)(?::\w+)?\}", place, path)
    asked = draw(st.one_of(st.just([]), _fields))
    if asked:
        target += "?" + _encoded(asked).decode()[:60_000]
    if draw(st.booleans()) and path != "/":
        target = "/papers" + target
    headers: Fields = draw(st.lists(_header, max_size=3))
    body, kind = b"", draw(_kinds)
    if method not in ("GET", "HEAD") or draw(st.integers(0, 9)) == 0:
        body, kind, proof = draw(_body(path))
        headers = [*headers, *proof]
    return Wild(method, target.encode("ascii"), [*headers, (b"Content-Type", kind)], body, draw(_clients))


Sent = tuple[bytes, bytes, Fields]


def _body(path: str) -> st.SearchStrategy[Sent]:
    """Body, kind, and the headers that prove a webhook's."""
    urlencoded = st.just(_FORM[0][1])
    whole = st.sampled_from(
        [b"email=" + b"x" * size for size in (65_530, 65_531, 1_000_000)] + [b"topics=3d-vision&" * 999]
    )
    forms = _fields.map(_encoded)
    sent = (
        *[st.tuples(forms, urlencoded)] * 5,
        st.tuples(forms, _kinds),
        st.tuples(_fields.map(_multipart), _kinds),
        st.tuples(_json.map(lambda said: json.dumps(said).encode()), st.just(b"application/json")),
        st.tuples(st.binary(max_size=64), _kinds),
        st.tuples(whole, urlencoded),
    )
    unproved: st.SearchStrategy[Sent] = st.one_of(*sent).map(lambda one: (*one, []))
    if not path.startswith("/hooks"):
        return unproved
    said = st.one_of(_json, st.lists(_report, max_size=4).map(lambda some: {"reports": some}))
    return st.one_of(unproved, said.map(_proved))


def _proved(said: object) -> Sent:
    body, proof = generic(said, NOW)
    return body, b"application/json", [(name.encode(), value.encode()) for name, value in proof.items()]


# ── what has to hold ─────────────────────────────────────────────────────────────────────────────

MEANT = {200, 302, 303, 304, 404, 405, 410, 413, 422, 429}
STRICT = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


def _check(wild: Wild, answer: Answer) -> None:
    assert answer.status in MEANT
    for name, value in STRICT.items():
        assert answer.header(name) == value
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert re.fullmatch(r"no-store|public, max-age=\d+", answer.header("cache-control"))
    assert not {"set-cookie", "server", "access-control-allow-origin"} & {key.decode() for key, _ in answer.fields}
    assert not [value for _, value in answer.fields if re.search(rb"[\r\n\x00]", value)]
    location = answer.header("location")
    assert not location or (location.startswith("/papers/") and "\\" not in location)
    assert b"Traceback" not in answer.body
    if "html" in answer.header("content-type"):
        assert not re.search(rb"<script|<img|(href|action)=\"(javascript|(https?:)?//evil)", answer.body)


def _tried(world: World, wild: Wild) -> Answer:
    world.rows.restore()
    answer = world.ask(wild)
    _check(wild, answer)
    if wild.method != "POST":
        assert not world.rows.have_changed()
    return answer


@pytest.mark.parametrize(("path", "method"), ENDPOINTS)
def test_whatever_is_sent_to_an_address_is_answered_as_meant(world: World, path: str, method: str) -> None:
    _try_many(world, path, method, 15)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), ENDPOINTS)
def test_much_more_of_it_is_answered_as_meant(world: World, path: str, method: str) -> None:
    _try_many(world, path, method, 400)


def _try_many(world: World, path: str, method: str, examples: int) -> None:
    @settings(max_examples=examples, derandomize=True, deadline=None, database=None)
    @given(data=st.data())
    def try_all(data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(["GET", "GET", "HEAD"])) if method == "GET" else method
        _tried(world, data.draw(_wild(world.tokens, path, said)))

    try_all()


@pytest.mark.parametrize(("path", "method"), ENDPOINTS)
def test_each_nasty_value_in_every_place_at_once_is_answered_as_meant(world: World, path: str, method: str) -> None:
    token = re.search(r"/\{(\w+)\}", GOOD[path])
    # Who reads nothing of a request is asked less often.
    for value in NASTY if "{" in path or "z" not in path else NASTY[:3]:
        target = path
        if token is not None:
            target = target.replace("{token}", world.tokens[token[1]])
        target = re.sub(r"\{\w+(?::\w+)?\}", lambda _, value=value: _raw(value), target)  # type: ignore[misc]
        body = _encoded([(name, value) for name in FIELDS])
        if method == "POST":
            turn = NASTY.index(value) % 3
            for part in PARTS.split()[turn::3] if "{part}" in path else [""]:
                whole = path.replace("{part}", part).replace("{token}", world.tokens[token[1]] if token else "")
                _tried(world, Wild("POST", whole.split("{")[0].encode(), _FORM, body))
        query = _encoded([(name, value[:2_000]) for name in FIELDS])
        _tried(world, Wild(method, target.encode() + b"?" + query, _FORM, body if method == "POST" else b""))


@pytest.mark.parametrize(("path", "method"), [one for one in ENDPOINTS if "{token}" in one[0]])
def test_a_genuine_token_with_odd_numbers_breaks_nothing(world: World, path: str, method: str) -> None:
    """Nobody but us can sign one; an older program, or a restored backup, may have."""
    numbers = 0, 99, 2**31, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1
    purposes = UNSUBSCRIBE, CONFIRM, PREFERENCES, ARCHIVE, VOTE, FEED
    odd = [sign(KEYS, purpose, number) for purpose in purposes for number in numbers]
    odd += [sign_numbers(KEYS, purpose, 1, number) for purpose in purposes for number in (2**40, *numbers)]
    odd += [sign_numbers(KEYS, purpose, number, 2**25) for purpose in purposes for number in numbers]
    odd += [
        sign_numbers(KEYS, VOTE, *(number if at == n else 1 for n in range(3))) for number in numbers for at in range(3)
    ]
    for token in odd:
        usual = GOOD[path].format(**dict.fromkeys(world.tokens, token))
        _tried(world, Wild(method, usual.encode(), _FORM, b"do=more&erase=yes"))


@pytest.mark.parametrize("path", sorted({path for path, _ in ENDPOINTS}))
def test_other_methods_are_refused_and_change_nothing(world: World, path: str) -> None:
    allowed = {method for other, method in ENDPOINTS if other == path} | {"HEAD"}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "G\u00c9T"):
        if method not in allowed:
            good = GOOD[path].format(**world.tokens).encode()
            answer = _tried(world, Wild(method, good, [(b"Content-Length", b"9")], b"email=a@b"))
            assert answer.status in (404, 405)  # 404: another route has this address, and knows no such part


def test_every_route_has_an_address_that_is_answered_well(world: World) -> None:
    """A new route has to say one here; so that the fuzzing of each is known to pass its door."""
    assert {path for path, _ in ENDPOINTS} == set(GOOD)
    for path, method in ENDPOINTS:
        fields: dict[str, str] = {"email": _PEOPLE[2], "do": "more", "erase": "yes"}
        headers = [(b"Content-Type", b"application/x-www-form-urlencoded")]
        body = urlencode(fields).encode() if method == "POST" else b""
        if path == "/hooks/bounces":
            body, proof = generic({"reports": []}, NOW)
            headers = [(name.encode(), value.encode()) for name, value in proof.items()]
        good = GOOD[path].format(**world.tokens).encode()
        answer = _tried(world, Wild(method, good, headers, body))
        assert answer.status in (200, 303), (path, method)
