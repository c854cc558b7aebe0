"""Words of strangers stay words: in headers, in HTML, in templates, in addresses; on every page and in the mails."""

from __future__ import annotations

import email
import email.policy
import re

import httpx
import pytest

from digest.editions import assemble
from digest.editions.assemble import mail
from digest.editions.letter import Letter
from digest.model import OutboxKind
from digest.store import asked, editions, profiles, subscribers
from digest.store.database import Database
from digest.store.outbox import Message
from tests.support.private import (
    HEAD,
    Asked,
    add_edition,
    answer_requests,
    archive_page,
    ask,
    get_one,
    link_in,
    mails,
    own_page,
    post,
    private_site,
    vote_page,
    words_of,
)
from tests.support.public import fill, get, paper, site, store
from tests.support.web import NOW, add_jane

HTML = '"><img src=x onerror=alert(1)></title></style><script>alert(2)</script>'
TEMPLATE = "{{7*7}}{% if 1 %}{{ config }}{% endif %}{# hidden #}${7*7}%(name)s"
BREAKS = "ada@example.org\r\nBcc: everybody@example.org\r\n\r\nBody"


def _hostile(database: Database, words: str) -> tuple[int, list[str]]:
    """A reader who writes such words everywhere, and papers that hold them; the reader, and every page of theirs."""
    fill(database)
    store(
        database,
        paper(
            "2604.00009",
            f"Splatting {words}",
            abstract_raw=f"Abstract {words}",
            authors=(f"Ada {words}", "Grace Hopper"),
            affiliations=(f"Institute {words}",),
            categories=("cs.CR",),
        ),
    )
    reader = add_jane(database)
    edition, (number,) = add_edition(database, reader, "arxiv:2604.00009")
    database.run_sync(
        profiles.set_profile,
        reader,
        keywords=(words,),
        authors=(words,),
        institutions=(words,),
        muted=(words,),
        text=words,
    )
    own, archive = own_page(reader), archive_page(reader)
    vote = vote_page(reader, number, edition)
    for path, fields in ((f"{own}/add", {"name": words[:60]}), (vote, {"do": "save"}), (vote, {"do": "author:0"})):
        assert post(private_site(database), path, **fields).status_code in (200, 303, 422)
    return reader, [
        *("/", "/c/cs.CR", "/search?q=splatting", "/p/arxiv:2604.00009", "/a/Grace%20Hopper"),
        *("/feeds/c/cs.CR.atom", "/sample?topic=3d-vision", own, f"{own}/erase", f"{own}/saved.bib", vote),
        *(archive, f"{archive}/{edition}"),
    ]


def _mailed(database: Database, reader: int) -> tuple[str, str]:
    """HTML and text of the latest digest of a reader."""
    (number,) = [one.edition_id for one in database.run_sync(editions.history, reader)]
    edition = database.run_sync(editions.load_editions, [number])[number]
    message = email.message_from_bytes(mail(HEAD, edition, "jane.doe@example.org"), policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return html.get_content(), text.get_content()


def _shown(database: Database, paths: list[str]) -> list[httpx.Response]:
    asked_for: list[Asked] = [("GET", path, None) for path in paths]
    answers = ask(private_site(database), *asked_for)
    assert {answer.status_code for answer in answers} == {200}
    return answers


def test_html_of_strangers_and_readers_is_text_on_every_page_and_in_the_mail(sqlite_database: Database) -> None:
    reader, paths = _hostile(sqlite_database, HTML)
    pages = [answer.text for answer in _shown(sqlite_database, paths) if "html" in answer.headers["content-type"]]
    assert len(pages) == len(paths) - 2
    html, _ = _mailed(sqlite_database, reader)
    for page in (*pages, html):
        assert not re.search(r"<script|<img|<(?:[^>\"]|\"[^\"]*\")*\sonerror=", page, re.DOTALL)
    posted = post(private_site(sqlite_database), f"{paths[7]}/interest", keywords=f"({HTML}", name=HTML, text=HTML)
    for page in (
        posted.text,
        *(one.text for one in get(site(sqlite_database), "/search?q=%3Cscript%3E%22", "/a/%3Cscript")),
    ):
        assert not re.search(r"<script|<img|<(?:[^>\"]|\"[^\"]*\")*\sonerror=", page)


def test_templates_of_strangers_and_readers_are_text_on_every_page_and_in_the_mail(sqlite_database: Database) -> None:
    reader, paths = _hostile(sqlite_database, TEMPLATE)
    pages = _shown(sqlite_database, paths)
    html, text = _mailed(sqlite_database, reader)
    for said in (*(page.text for page in pages), html, text):
        assert "49" not in re.sub(
            r"#?[\dA-Za-z_+/=-]*49[\dA-Za-z_+/=-]*", lambda found: "" if found[0] != "49" else "49", said
        )
    assert "{{7*7}}" in pages[3].text
    assert "{{7*7}}" in html
    assert "{{7*7}}" in text
    refused = post(private_site(sqlite_database), "/subscribe", email=TEMPLATE)
    assert refused.status_code == 422
    assert "{{7*7}}" in refused.text


@pytest.mark.parametrize("path", ["/subscribe", "/manage", "OWN/address"])
def test_ends_of_lines_in_an_address_begin_no_header(sqlite_database: Database, path: str) -> None:
    reader = add_jane(sqlite_database)
    application = private_site(sqlite_database)
    answer = post(application, path.replace("OWN", own_page(reader)), email=BREAKS)
    assert answer.status_code == 422
    assert "bcc" not in answer.headers
    assert sqlite_database.run_sync(asked.unanswered, 10) == []


def test_ends_of_lines_in_names_and_redirects_begin_no_header(sqlite_database: Database) -> None:
    fill(sqlite_database)
    reader = add_jane(sqlite_database)
    sqlite_database.run_sync(subscribers.edit, reader, name="Jane\r\nBcc: everybody@example.org")
    application = private_site(sqlite_database)
    breaks = "%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a%E5%98%8A%E5%98%8D"
    answers = ask(
        application,
        ("GET", f"/search?q=2604.00001{breaks}", None),
        ("GET", f"/p/2604.00001v1{breaks}", None),
        ("GET", f"/{breaks}", None),
        ("GET", f"{own_page(reader)}?done=muted{breaks}", None),
        ("POST", f"{own_page(reader)}/muted?done={breaks}", {"muted": "x\r\nSet-Cookie: a=b"}),
    )
    for answer in answers:
        assert "set-cookie" not in answer.headers
        assert answer.status_code < 500
    post(application, "/manage", email="jane.doe@example.org")
    answer_requests(sqlite_database)
    message = email.message_from_bytes(
        _letter(mails(sqlite_database, OutboxKind.ACCESS)[0]), policy=email.policy.default
    )
    assert message["Bcc"] is None
    assert message["To"] == "jane.doe@example.org"


def _letter(latest: Message) -> bytes:
    assert latest.content is not None
    whom = latest.subscriber_id, latest.recipient, latest.occasion
    return assemble.letter(HEAD, Letter(latest.kind, *whom, "<a@example.org>", latest.composed_at, latest.content))


EVIL = (
    "//evil.example",
    "https://evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "@evil.example",
)


@pytest.mark.parametrize("prefix", ["", "/papers"])
def test_no_redirect_and_no_link_leads_to_another_site(sqlite_database: Database, prefix: str) -> None:
    fill(sqlite_database)
    reader = add_jane(sqlite_database)
    application = private_site(sqlite_database, public_url=f"https://digest.example.org{prefix}")
    own = own_page(reader)
    post(application, "/subscribe", email="ada@example.net")
    answer_requests(sqlite_database)
    confirm = link_in(sqlite_database, OutboxKind.CONFIRMATION)
    requests: list[Asked] = []
    for evil in EVIL:
        said = httpx.QueryParams({"next": evil, "done": evil, "url": evil, "q": evil, "topic": evil, "do": evil})
        requests += [
            ("GET", f"{place}?{said}", None) for place in ("/", "/search", "/subscribe", own, confirm, "/sample")
        ]
        requests += [("GET", f"/{evil}", None), ("GET", f"/p/{evil}/2604.00001", None), ("GET", f"/papers{evil}", None)]
        requests += [
            ("POST", f"{own}/feed?{said}", {"next": evil}),
            ("POST", f"/manage?{said}", {"next": evil, "email": ""}),
        ]
    for answer in ask(application, *requests, X_Forwarded_Host="evil.example", X_Forwarded_Prefix="//evil.example"):
        location = answer.headers.get("location", f"{prefix}/")
        assert location.startswith(f"{prefix}/")
        assert not location.startswith(("//", "/\\"))
        assert not re.search(r'(?:href|action|content)="(?:https?:)?[/\\]{2}(?:[^"/]*@)?evil', answer.text)


def test_links_of_mails_come_from_the_configuration_and_not_from_who_asked(sqlite_database: Database) -> None:
    application = private_site(sqlite_database)
    asked_for: Asked = ("POST", "/subscribe", {"email": "ada@example.net"})
    ask(application, asked_for, Host="evil.example", X_Forwarded_Host="evil.example", Origin="https://evil.example")
    answer_requests(sqlite_database)
    (question,) = mails(sqlite_database, OutboxKind.CONFIRMATION)
    assert b"evil" not in _letter(question)
    page = get_one(application, link_in(sqlite_database, OutboxKind.CONFIRMATION))
    assert "Subscribe?" in words_of(page)
    assert question.composed_at == NOW
