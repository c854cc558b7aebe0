"""What reaches the feed parser: decoded, safe, whole."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import Unreadable, syndication
from digest.sources.charset import decoded
from digest.sources.markup import MOST_ITEMS, document
from tests.support.shared import shared

ITEM = "<item><title>One</title></item>"


def feed(inside: str, before: str = "") -> bytes:
    return f'{before}<rss version="2.0"><channel><title>F</title>{inside}</channel></rss>'.encode()


def titles(body: bytes, content_type: str = "") -> list[str]:
    return [item.text("title") for item in syndication.read(body, content_type).items]


# ── encodings ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("utf-8", "utf-8"),
        ("windows-1252", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("iso-8859-15", "iso8859-15"),
        ("koi8-r", "koi8-r"),
        ("gb2312", "gb18030"),
        ("shift_jis", "shift_jis"),
        ("utf-16", "utf-16"),
    ],
)
def test_declared_encodings_are_read(declared: str, codec: str) -> None:
    word = {"koi8-r": "Привет", "gb2312": "汉字", "shift_jis": "論文", "iso-8859-15": "5 €"}.get(
        declared, "Schrödinger’s"
    )
    text = f'<?xml version="1.0" encoding="{declared}"?>' + feed(f"<item><title>{word}</title></item>").decode()
    assert titles(text.encode(codec)) == [word]


def test_http_outranks_the_declaration() -> None:
    inside = feed("<item><title>née</title></item>").decode()
    body = ('<?xml version="1.0" encoding="utf-8"?>' + inside).encode("cp1252")
    assert titles(body, "text/xml; charset=windows-1252") == ["née"]


def test_text_xml_without_a_charset_is_not_ascii() -> None:
    assert titles(feed("<item><title>née</title></item>"), "text/xml") == ["née"]


def test_one_stray_byte_spoils_no_other_word() -> None:
    body = feed("<item><title>Müller</title></item><item><title>n?e</title></item>").replace(b"n?e", b"n\xe9e")
    assert titles(body) == ["Müller", "née"]


def test_a_download_cut_inside_a_character_is_no_other_encoding() -> None:
    body = feed("<item><title>Müller</title></item><item><title>Gödel</title></item>")
    cut = body[: body.index("Gö".encode()) + 2]
    assert titles(cut) == ["Müller"]


@pytest.mark.parametrize("name", ["idna", "punycode", "unicode_escape", "zlib", "utf-7", "no-such-codec"])
def test_codecs_that_are_no_text_of_the_web_are_ignored(name: str) -> None:
    assert "One" in decoded(f'<?xml version="1.0" encoding="{name}"?>'.encode() + feed(ITEM))


@given(st.binary(max_size=200), st.sampled_from(["", "text/xml; charset=utf-16", "x; charset=big5", "x; charset=0"]))
def test_any_bytes_decode_and_no_parse_fails_otherwise_than_unreadable(body: bytes, content_type: str) -> None:
    """Fault row 22: wrong charsets and garbage."""
    assert isinstance(decoded(body, content_type), str)
    for whole in (body, b"<rss><channel><item>" + body + b"</item></channel></rss>"):
        with contextlib.suppress(Unreadable):
            syndication.read(whole, content_type)


# ── what is no feed ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<!DOCTYPE html><html><body>Maintenance</body></html>", "HTML page"),
        (b"<?xml version='1.0'?>\n<!-- x --><html xmlns='x'/>", "HTML page"),
        (b"<html><title>Just a moment...</title></html>", "challenge"),
        (b"<opml version='2.0'/>", "root element is <opml>"),
        (b"Too many requests", "line 1"),
        (b'{"error": "x"}', "line 1"),
    ],
)
def test_what_is_no_feed_says_so(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        document(body)


def test_a_recorded_challenge_page_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="challenge page"):
        document(shared("samples/journals/cloudflare_challenge_instead_of_feed.html").read_bytes())


# ── truncation and damage ────────────────────────────────────────────────────────────────────────


def test_a_cut_feed_keeps_its_whole_items_and_says_where_it_broke() -> None:
    body = feed(f"{ITEM}\n<item><title>Two")
    found = syndication.read(body[: body.index(b"Two") + 2])
    assert [item.text("title") for item in found.items] == ["One"]
    assert found.cut is not None
    assert found.cut.line == 2
    assert found.head.text("title") == "F"


def test_a_feed_cut_between_items_is_not_whole_either() -> None:
    body = feed(ITEM)
    assert syndication.read(body[: body.index(b"</channel>")]).cut is not None


def test_nothing_whole_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="cut off"):
        document(feed(ITEM)[:60])


@given(st.integers(min_value=0, max_value=400))
def test_wherever_a_feed_is_cut_only_whole_items_are_read(length: int) -> None:
    """Fault row 22: truncated anywhere."""
    body = feed("".join(f"<item><title>Paper {n}</title></item>" for n in range(8)))
    try:
        found = syndication.read(body[:length])
    except Unreadable:
        return
    assert [item.text("title") for item in found.items] == [f"Paper {n}" for n in range(len(found.items))]
    assert (found.cut is None) == (length >= len(body))


def test_stray_ampersands_html_names_and_control_characters_are_mended() -> None:
    body = feed("<item><title>R&D &nbsp;at &eacute;cole\x0b &unknown; &#0; &#xD800;&amp;&lt;</title></item>")
    found = syndication.read(body)
    assert found.cut is None
    assert found.items[0].text("title") == "R&D \xa0at école &unknown;  &<"


def test_mending_leaves_cdata_alone() -> None:
    body = feed("<item><title><![CDATA[R&D &nbsp;]]></title></item><item><title>A & B</title></item>")
    assert titles(body) == ["R&D &nbsp;", "A & B"]


def test_damage_in_the_middle_keeps_what_is_before_it() -> None:
    found = syndication.read(feed(f"{ITEM}\n<item><title></wrong></item>{ITEM}"))
    assert len(found.items) == 1
    assert found.cut is not None
    assert "mismatched tag" in found.cut.reason


def test_more_items_than_the_cap_are_left_out() -> None:
    """Fault row 23: more than 10,000 items."""
    found = syndication.read(feed("<item><title>x</title></item>" * (MOST_ITEMS + 1)))
    assert len(found.items) == MOST_ITEMS
    assert found.has_too_many_items
    assert found.cut is None


# ── attacks ──────────────────────────────────────────────────────────────────────────────────────

LAUGHS = (
    '<!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "body",
    [
        feed("<item><title>&j;</title></item>", LAUGHS),
        feed(f"<item><title>{'&a;' * 50000}</title></item>", f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50000}">]>'),
        feed("<item><title>&x;</title></item>", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        feed("<item/>", '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]>'),
        feed(f"<item>{'<a>' * 20000}{'</a>' * 20000}</item>"),
        feed("<item><a " + " ".join(f"x{n}='1'" for n in range(50000)) + "/></item>"),
        feed(f"<item>{''.join(f'<category>{n}</category>' for n in range(8000))}</item>"),
        feed(f"<item><author>{'a' * 60000}</author></item>"),
        feed("<item>" + "<a/>" * 500_000 + "</item>"),
    ],
    ids=["laughs", "quadratic", "external", "parameter", "deep", "attributes", "categories", "name", "siblings"],
)
def test_attacks_are_refused_unparsed(body: bytes) -> None:
    """Fault row 25: bombs, external entities and 20,000 levels, refused by one pass that builds nothing."""
    with pytest.raises(Unreadable, match="refused unparsed"):
        syndication.read(body)


def test_a_doctype_without_entities_is_fine() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://example.org/rss-0.91.dtd">'
    assert titles(feed(ITEM, doctype)) == ["One"]


def test_a_document_is_never_taken_for_a_files_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("x") / "feed.xml"
    path.write_bytes(feed(ITEM))
    with pytest.raises(Unreadable):
        syndication.read(str(path).encode())


# ── what nobody reads ────────────────────────────────────────────────────────────────────────────


def test_an_items_licence_is_left_out_and_nothing_else() -> None:
    item = "<item><title>Ö</title><dc:rights a='>'>free <b>of</b> all</dc:rights><link>L</link></item>"
    assert document(feed(item + ITEM)).body == feed(f"<item><title>Ö</title><link>L</link></item>{ITEM}")


@pytest.mark.parametrize("licence", ["<rights/>", "<x><rights>a</rights></x>", "<![CDATA[<rights>a</rights>]]>"])
def test_a_licence_that_stands_elsewhere_stays(licence: str) -> None:
    body = feed(f"<item><title>One {licence}</title></item>")
    assert document(body).body == body


def test_licences_within_licences_go_with_the_outermost() -> None:
    nested = "<rights><item><rights>a</rights></item></rights>"
    assert document(feed(f"<item>{nested}<title>One</title></item>")).body == feed(ITEM)


def test_a_cut_feed_is_whole_without_its_licences() -> None:
    whole = "<item><title>One</title><rights>a</rights></item>"
    assert titles(feed(whole + "<item><rights>b</rights><title>Tw")[: -len("</channel></rss>")]) == ["One"]
