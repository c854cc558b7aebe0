"""What mails and pages say is said in every language that there is, and said the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir

from digest import assets
from digest.editions.language import ENGLISH, codes, language, own_names, read_catalog
from digest.editions.render import render_digest
from digest.editions.templates import environment
from tests.support.editions import READER, edition, pick

_PROJECT = Path(__file__).resolve().parents[2]
_METHODS = [
    ("digest/**.py", "python"),
    ("templates/page/topics.toml", "digest.editions.extract:topics"),
    ("templates/**.html", "jinja2"),
    ("templates/**.txt", "jinja2"),
    ("templates/**.xml", "jinja2"),
]
_OPTIONS = {pattern: {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"} for pattern, _ in _METHODS}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%|%")

DAY = date(2026, 4, 20)


def _said() -> Catalog:
    """Everything that the source marks as said to readers."""
    found = Catalog()
    for _file, _line, message, _comments, context in extract_from_dir(_PROJECT, _METHODS, _OPTIONS):
        found.add(message, context=context)
    return found


def _key(message: Message) -> tuple[str | None, str | tuple[str, ...]]:
    return message.context, message.id if isinstance(message.id, str) else tuple(message.id)


def _forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text) if isinstance(text, (tuple, list)) else ()


@pytest.mark.parametrize("code", [code for code in codes() if code != "en"])
def test_every_message_is_translated_and_none_is_left_over(code: str) -> None:
    catalog = read_catalog(assets.templates() / "locale" / code / "LC_MESSAGES" / "digest.po")
    said, known = ({_key(message) for message in one if message.id} for one in (_said(), catalog))
    assert said - known == set()
    assert known - said == set()
    for message in catalog:
        assert all(_forms(message.string)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("code", [code for code in codes() if code != "en"])
def test_a_translation_has_the_placeholders_of_its_message(code: str) -> None:
    catalog = read_catalog(assets.templates() / "locale" / code / "LC_MESSAGES" / "digest.po")
    for message in catalog:
        if not message.id:
            continue
        wanted = set(_PLACEHOLDER.findall(_forms(message.id)[-1]))
        for number, form in enumerate(_forms(message.string)):
            found = set(_PLACEHOLDER.findall(form))
            is_one = number == 0 and not isinstance(message.id, str)
            assert found == wanted or (is_one and found == wanted - {"num"}), form


def test_german_is_set_as_german_is() -> None:
    catalog = read_catalog(assets.templates() / "locale" / "de" / "LC_MESSAGES" / "digest.po")
    for message in catalog:
        for form in _forms(message.string) if message.id else ():
            assert "“" not in re.sub(r"„[^„“]*“", "", form), form
            assert " — " not in form, form
            assert not re.search(r"\b(du|dein|dir|dich)\b", form, re.IGNORECASE), form


_HIDDEN = re.compile(r"\{#.*?#\}|\{%-?\s*trans\b.*?endtrans\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_UNSAID = re.compile(r"<style>.*?</style>|<script>.*?</script>|<!--.*?-->|<!DOCTYPE[^>]*>|&\w+;", re.DOTALL)
_SAID_IN = re.compile(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"')
_FOLDERS = (
    "digest",
    "note",
    "letter",
    "confirmation",
    "welcome",
    "goodbye",
    "access",
    "move",
    "moved",
    "test",
    "alert",
    "page",
)
# Words that are the same in every language: what a mail provider writes, formats, examples of what to enter.
_TERMS = re.compile(r"\b(?:spf|dkim|dmarc)=pass\b|\b(?:BibTeX|RIS|CSL-JSON)\b|name@example\.org|cs\.CV eess\.IV")


def _literals(source: str) -> Iterator[str]:
    """Words of a template that no catalog knows."""
    shown = _UNSAID.sub(" ", _HIDDEN.sub(" ", source))
    shown = _TERMS.sub(" ", shown)
    for text in (*_SAID_IN.findall(shown), re.sub(r"<[^>]*>", " ", shown)):
        yield from (line for line in text.splitlines() if re.search(r"[A-Za-z]{2}", line))


@pytest.mark.parametrize("folder", _FOLDERS)
def test_no_template_says_anything_that_cannot_be_translated(folder: str) -> None:
    files = [path for ending in ("html", "txt") for path in (assets.templates() / folder).glob(f"*.{ending}")]
    assert files
    assert [(path.name, line) for path in files for line in _literals(path.read_text("utf-8"))] == []


def test_dates_and_numbers_are_written_as_the_language_does() -> None:
    german = language("de")
    assert (ENGLISH.long_date(DAY), german.long_date(DAY)) == ("Monday, 20 April 2026", "Montag, 20. April 2026")
    assert (ENGLISH.weekday_date(DAY), german.weekday_date(DAY)) == ("Monday, 20 April", "Montag, 20. April")
    assert (ENGLISH.short_date(DAY, 2026), german.short_date(DAY, 2025)) == ("20 Apr", "20. Apr. 2026")
    assert (ENGLISH.number(1412), german.number(1412), german.number(2.4)) == ("1,412", "1.412", "2,4")


def test_one_and_many_are_told_apart() -> None:
    told = [language(code).ngettext("%(num)s upvote", "%(num)s upvotes", n) for code in ("en", "de") for n in (1, 1200)]
    assert told == ["1 upvote", "1,200 upvotes", "1 Stimme", "1.200 Stimmen"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("de", "de"), ("de-AT", "de"), ("de_CH", "de"), ("", "en"), ("xx", "en"), ("../../etc", "en"), ("DE", "de")],
)
def test_a_language_without_a_catalog_is_english(asked: str, found: str) -> None:
    assert language(asked).code == found
    assert language(asked) is language(asked)


def test_the_languages_are_named_by_themselves() -> None:
    assert own_names() == {"en": "English", "de": "Deutsch"}


_OWN = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Unsubscribe"
msgstr "{}"
"""


def _written(folder: Path, code: str, word: str) -> None:
    file = folder / "locale" / code / "LC_MESSAGES" / "digest.po"
    file.parent.mkdir(parents=True)
    file.write_text(_OWN.format(word), "utf-8")


def test_an_operators_catalog_wins_and_the_built_in_one_says_the_rest(tmp_path: Path) -> None:
    _written(tmp_path, "de", "Kündigen")
    _written(tmp_path, "nl", "Afmelden")
    german, dutch = language("de", tmp_path), language("nl", tmp_path)
    assert (german.gettext("Unsubscribe"), german.gettext("Welcome")) == ("Kündigen", "Willkommen")
    assert (dutch.gettext("Unsubscribe"), dutch.gettext("Welcome")) == ("Afmelden", "Welcome")
    assert list(own_names(tmp_path)) == ["en", "de", "nl"]
    assert language("nl").code == "en"


def test_what_a_translation_is_given_is_escaped_in_html_alone() -> None:
    source = '{% autoescape IS_HTML %}{{ _("Welcome to %(name)s", name=name) }}{% endautoescape %}'

    def rendered(is_html: bool) -> str:
        template = environment(None, language("de")).from_string(source.replace("IS_HTML", str(is_html).lower()))
        return template.render(name="<b>%s & Co</b>")

    assert rendered(False) == "Willkommen bei <b>%s & Co</b>"
    assert rendered(True) == "Willkommen bei &lt;b&gt;%s &amp; Co&lt;/b&gt;"


def test_a_german_digest_has_no_english_left_but_the_papers() -> None:
    german = render_digest(edition(pick()), replace(READER, language=language("de")))
    assert 'lang="de"' in german.html
    for part in (" ".join(german.text.split()), german.html):
        for words in (
            "Montag, 20. April",
            "Ein Artikel für Sie, aus 1.412 durchgesehenen",
            "Abbestellen",
            "128 Stimmen",
        ):
            assert words in part
        for word in ("Unsubscribe", "upvotes", "Because", "paper for", "You get this mail", "et al."):
            assert word not in part
