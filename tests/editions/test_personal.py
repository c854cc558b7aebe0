"""What a digest says to one reader: whom they follow, where they vote, in their language and form."""

from __future__ import annotations

import re
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editions.assemble import Letterhead, letter, mail, note, words
from digest.editions.letter import Letter, manner_content, welcome_content
from digest.editions.links import VOTE, verify_numbers
from digest.editions.look import Look
from digest.editions.message import quoted
from digest.editions.note import Note
from digest.editions.nothing import Cause, Nothing, note_content
from digest.editions.press import Press
from digest.editions.render import VOTE as MARK
from digest.editions.select import facts_of
from digest.editions.specimens import SPECIMENS, Specimen
from digest.editions.view import card_view, html_edition, paper_view
from digest.editions.vote_lines import Pieces, strip_of
from digest.model import AuthorCard, Edition, Options, OutboxKind, Profile, Reason, ReasonKind, Schedule
from tests.support.editions import COMPOSED_AT, DAY, PAPER, edition, edition_of, pick

KEYS = {1: b"k" * 32}
HEAD = Letterhead("Trending Papers <digest@example.org>", KEYS, "https://digest.example.org/papers")
ADDRESS = "jane.doe@example.org"
CARD = AuthorCard("Ada Lumen", "cs.CV", 41, 120, 9_870, 71, 64)


def parsed(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


# ── followed authors ─────────────────────────────────────────────────────────────────────────────


def test_followed_authors_are_marked_in_both_parts() -> None:
    rendered = words(HEAD, edition(pick()), ADDRESS)
    assert re.search(r"<b [^>]*>Ada Lumen</b>, Björn Fyr, Chandra Deepak et al\.", rendered.html)
    assert "*Ada Lumen*, Björn Fyr, Chandra Deepak et al.\n" in rendered.text
    unfollowed = words(HEAD, edition(pick(reasons=(Reason(ReasonKind.TERMS, ("lamps",), 1.0),))), ADDRESS)
    assert "<b " not in unfollowed.html
    assert "*" not in unfollowed.text


def test_a_followed_author_among_218_is_named_though_not_first() -> None:
    crowd = replace(PAPER, authors=(*(f"Author {n}" for n in range(1, 218)), "Ada Lumen"))
    view = paper_view(facts_of(crowd), DAY, followed=("Ada Lumen",))
    assert view.authors == "Author 1, Author 2, Author 3, …, Ada Lumen et al."
    assert [one.is_followed for one in view.names] == [False, False, False, True]
    assert paper_view(facts_of(crowd), DAY).authors == "Author 1, Author 2, Author 3 et al."


def test_cards_of_followed_authors_close_the_digest() -> None:
    rendered = words(HEAD, replace(edition(pick()), authors=(CARD,)), ADDRESS)
    for part in (rendered.text, rendered.html):
        assert "cs.CV · h-index 41 · 120 papers · 9,870 citations · novelty 71 % · AI Score 64" in part
        assert "https://digest.example.org/papers/a/Ada%20Lumen" in part
        assert part.index("h-index") < part.index("You get this mail")
    assert "Authors you follow" not in words(HEAD, edition(pick()), ADDRESS).html


def test_a_card_shows_only_what_is_known_and_nothing_hostile() -> None:
    assert card_view(AuthorCard("A"), None).figures == ""
    assert card_view(AuthorCard("A", h_index=0), None).figures == "h-index 0"
    hostile = AuthorCard("<script>/../x", "</p>")
    rendered = words(HEAD, replace(edition(pick()), authors=(hostile,)), ADDRESS)
    assert "<script>" not in rendered.html
    assert "/a/%3Cscript%3E%2F..%2Fx" in rendered.html


# ── votes ────────────────────────────────────────────────────────────────────────────────────────


def test_every_paper_can_be_voted_on_by_one_signature_for_the_mail() -> None:
    rendered = words(HEAD, edition_of([PAPER] * 3), ADDRESS)
    found = re.findall(r'href="https://digest\.example\.org/papers/v/([\w-]+)/(\d+)/(more|less)"', rendered.html)
    assert [(paper, deed) for _, paper, deed in found] == [(p, d) for p in "123" for d in ("more", "less")]
    (token,) = {token for token, _, _ in found}
    assert verify_numbers(KEYS, VOTE, token, 2) == (7, 1)
    assert set(re.findall(r"https://\S+/v/\S+", rendered.text)) == {
        f"https://digest.example.org/papers/v/{token}/{number}" for number in (1, 2, 3)
    }


def test_without_pages_nobody_is_asked_to_vote() -> None:
    rendered = words(replace(HEAD, public_url=""), edition(pick()), ADDRESS)
    assert "/v/" not in rendered.html + rendered.text
    assert "like this" not in rendered.html


lines = st.lists(
    st.text(st.sampled_from(f'ab =<>"é~.%{MARK}'), max_size=90).map(lambda line: f"{line}\n"), min_size=1, max_size=4
).map(lambda found: re.sub(f"{MARK}+", MARK, "".join(found)))


@settings(max_examples=300)
@given(lines, st.text(st.sampled_from("abz09/:_-"), min_size=1, max_size=120))
def test_a_line_with_a_link_is_encoded_as_quoted_printable_would(text: str, link: str) -> None:
    assert strip_of(text, len(link)).filled(Pieces(link)) == quoted(text.replace(MARK, link))


# ── language and form ────────────────────────────────────────────────────────────────────────────


@given(st.sampled_from(["", "de"]), st.booleans(), st.booleans(), st.booleans(), st.sampled_from([1, 400, 123_456_789]))
@settings(max_examples=40, deadline=None)
def test_the_quick_way_says_it_in_every_language_and_form(
    language: str, is_text_only: bool, has_cards: bool, has_html_links: bool, number: int
) -> None:
    head = replace(HEAD, look=Look("Example", accent="#1f4e8c", has_html_links=has_html_links))
    one = replace(
        edition(pick(replace(PAPER, id=number)), pick(replace(PAPER, id=number + 1), ())),
        language=language,
        is_text_only=is_text_only,
        authors=(CARD,) if has_cards else (),
    )
    assert Press(head).digest(one, ADDRESS) == mail(head, one, ADDRESS)


def _text_only() -> Edition:
    return replace(edition(pick()), is_text_only=True)


def test_who_wants_text_only_gets_one_part() -> None:
    for raw in (mail(HEAD, _text_only(), ADDRESS), Press(HEAD).digest(_text_only(), ADDRESS)):
        message = parsed(raw)
        assert message.get_content_type() == "text/plain"
        assert PAPER.title in str(message.get_content())
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_notes_and_letters_are_written_as_their_reader_wants_them() -> None:
    manner = manner_content(Options(language="de", is_text_only=True))
    content = note_content(Nothing(Cause.NO_FIT, 1, COMPOSED_AT)) | {"day": str(DAY)} | manner
    said = parsed(note(HEAD, Note(7, ADDRESS, str(DAY), COMPOSED_AT, content)))
    assert said["Subject"] == "Heute nichts Passendes: ein Artikel durchgesehen"
    assert said.get_content_type() == "text/plain"
    welcome = welcome_content(Schedule("Europe/Berlin", 7), 20, Profile(), COMPOSED_AT) | manner
    one = Letter(OutboxKind.WELCOME, 7, ADDRESS, str(DAY), "<a@example.org>", COMPOSED_AT, welcome)
    text = " ".join(str(parsed(letter(HEAD, one)).get_content()).split())
    assert "neue Artikel jeden Tag um 07:00 Uhr (Europe/Berlin), höchstens 20 davon" in text
    assert "am Montag, 20. April, 07:00 Uhr" in text


def test_the_installations_language_is_that_of_readers_who_chose_none() -> None:
    german = replace(HEAD, language="de")
    assert "Abbestellen" in words(german, edition(pick()), ADDRESS).text
    assert "Unsubscribe" in words(german, replace(edition(pick()), language="en"), ADDRESS).text


# ── arXiv's HTML ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "link"),
    [
        ("arxiv:2604.00001", "https://arxiv.org/html/2604.00001"),
        ("arxiv:2312.00001", "https://arxiv.org/html/2312.00001"),
        ("arxiv:2311.99999", None),
        ("arxiv:9912.00001", None),
        ("arxiv:hep-th/9901001", None),
        ("doi:10.1000/2604.00001", None),
    ],
)
def test_papers_since_december_2023_have_an_html_edition(key: str, link: str | None) -> None:
    assert html_edition(key) == link


def test_html_links_stand_there_where_they_are_wanted() -> None:
    for wanted in (True, False):
        rendered = words(replace(HEAD, look=Look(has_html_links=wanted)), edition(pick()), ADDRESS)
        assert (">HTML</a>" in rendered.html) is wanted
        assert ("HTML:       https://arxiv.org/html/2604.00001" in rendered.text) is wanted


# ── specimens ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["", "de"])
@pytest.mark.parametrize("one", SPECIMENS, ids=lambda one: one.name)
def test_every_specimen_is_a_mail_below_80_kilobytes_in_every_language(one: Specimen, language: str) -> None:
    head = replace(HEAD, look=Look(has_html_links=True), imprint="Example Society, 1 Library Road, Sampletown")
    raw = one.write(head, language)
    assert raw == one.write(head, language)
    assert len(raw) <= 80_000
    text = parsed(raw).get_body(("plain",))
    assert text is not None
    assert "Sampletown" in str(text.get_content())
