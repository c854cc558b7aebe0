"""A digest's words: complete, the same in both parts, and harmless whatever a paper says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError, UndefinedError

from digest import assets
from digest.editions.render import Reader, Rendered, render_digest
from digest.editions.select import facts_of
from digest.editions.templates import inline
from digest.editions.view import paper_view
from digest.model import Facts, Reason, ReasonKind, ShownPick
from tests.support.editions import DAY, PAPER, READER, REASONS, edition, edition_of, pick
from tests.support.shared import shared


class Page(HTMLParser):
    """Tags, links and visible text of a page, as a browser would read them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._hidden = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.links += [value or "" for name, value in attrs if name == "href"]
        self._hidden = tag if tag in ("style", "title") else ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data

    def handle_endtag(self, _tag: str) -> None:
        self._hidden = ""


def _links(text: str) -> set[str]:
    return {link.rstrip(".") for link in re.findall(r"https://\S+", text)}


def test_both_parts_show_everything_of_a_paper() -> None:
    rendered = render_digest(edition(pick()), READER)
    html = " ".join(Page(rendered.html).text.split())
    text = " ".join(rendered.text.split()).replace("*Ada Lumen*", "Ada Lumen")
    for part in (html, text):
        for fact in (
            "Monday, 20 April",
            "One paper for you, from 1,412 scanned",
            "cs.CV",
            "17 Apr · new",
            "128 upvotes",
            "Code ★ 2.4k",
            PAPER.title,
            "Ada Lumen, Björn Fyr, Chandra Deepak et al.",
            "University of Sampletown, Coast Institute",
            PAPER.abstract,
            "Because: attention maps, grounding — and you follow Ada Lumen",
            "jane.doe@example.org is subscribed to Trending Papers",
            "Example Society, 1 Library Road, Sampletown",
        ):
            assert fact in part


def test_both_parts_have_the_same_links() -> None:
    rendered = render_digest(edition(pick(), pick(replace(PAPER, id=2, key="doi:10.1000/x", code_url=None))), READER)
    assert set(Page(rendered.html).links) == _links(rendered.text)
    assert "https://papers.example.org/lamps" in rendered.text


def test_the_unsubscribe_link_is_near_the_top_and_at_the_end() -> None:
    rendered = render_digest(edition_of([PAPER] * 20), READER)
    link = READER.unsubscribe_url
    assert link is not None
    for part, head in ((rendered.text, 300), (rendered.html, 5_000)):
        assert part.count(link) == 2
        assert part.index(link) < head
        assert part.rindex(link) > 0.9 * len(part)


def test_without_an_unsubscribe_link_nothing_pretends_to_be_one() -> None:
    rendered = render_digest(edition(pick()), Reader("a@example.org"))
    assert "nsubscribe" not in rendered.text + Page(rendered.html).text


def test_without_a_page_the_mailto_link_stands_in() -> None:
    reader = Reader("a@example.org", unsubscribe_mailto="mailto:inbox@example.org?subject=unsubscribe%20T")
    rendered = render_digest(edition(pick()), reader)
    assert "mailto:inbox@example.org?subject=unsubscribe%20T" in rendered.text
    assert Page(rendered.html).links.count("mailto:inbox@example.org?subject=unsubscribe%20T") == 2


def test_the_subject_tells_how_many_and_what_comes_first() -> None:
    assert render_digest(edition(pick()), READER).subject == PAPER.title
    two = edition(pick(), pick(replace(PAPER, id=2)))
    assert render_digest(two, READER).subject == f"2 papers for Monday, 20 April: {PAPER.title}"


def test_an_empty_edition_says_how_many_were_scanned() -> None:
    rendered = render_digest(edition(), READER)
    assert rendered.subject == "Nothing above your bar on Monday, 20 April"
    assert "Nothing above your bar today; 1,412 papers scanned." in rendered.text
    assert "Nothing above your bar today; 1,412 papers scanned." in Page(rendered.html).text


def test_the_year_is_shown_only_where_it_is_another_one() -> None:
    assert paper_view(facts_of(PAPER), DAY).date == "17 Apr"
    assert paper_view(facts_of(replace(PAPER, published_on=date(2025, 12, 3))), DAY).date == "3 Dec 2025"
    assert paper_view(facts_of(replace(PAPER, published_on=None)), DAY).date == ""


@pytest.mark.parametrize(
    ("version", "published_on", "marker"),
    [
        (1, date(2026, 4, 17), "new"),
        (None, None, "new"),
        (2, date(2026, 4, 17), "v2"),
        (1, date(2026, 3, 1), ""),
        (12, None, "v12"),
    ],
)
def test_the_marker_tells_new_papers_from_revisions_and_old_ones(
    version: int | None, published_on: date | None, marker: str
) -> None:
    facts = facts_of(replace(PAPER, version=version, published_on=published_on))
    assert paper_view(facts, DAY).marker == marker


@pytest.mark.parametrize(
    ("stars", "label"),
    [(None, "Code"), (0, "Code"), (999, "Code ★ 999"), (2400, "Code ★ 2.4k"), (31_000, "Code ★ 31k")],
)
def test_the_code_badge_counts_stars(stars: int | None, label: str) -> None:
    facts = facts_of(replace(PAPER, signals={} if stars is None else {"stars": stars}))
    assert paper_view(facts, DAY).code_label == label


def test_known_code_without_a_link_has_a_badge_and_no_link() -> None:
    rendered = render_digest(edition(pick(replace(PAPER, code_url=None))), READER)
    assert "Code" in Page(rendered.html).text
    assert not any("github" in link for link in Page(rendered.html).links)


def test_et_al_stands_only_where_names_are_missing() -> None:
    three = replace(PAPER, authors=PAPER.authors[:3])
    assert not paper_view(facts_of(three), DAY).authors.endswith("et al.")
    assert paper_view(facts_of(replace(three, is_authors_complete=False)), DAY).authors.endswith("et al.")
    assert paper_view(facts_of(replace(PAPER, authors=())), DAY).authors == ""


def test_a_summary_stands_in_for_the_abstract() -> None:
    assert paper_view(facts_of(replace(PAPER, summary="In short: lamps.")), DAY).abstract == "In short: lamps."


def test_lines_of_the_text_part_are_at_most_78_columns() -> None:
    rendered = render_digest(edition_of([PAPER] * 3), READER)
    assert max(len(line) for line in rendered.text.split("\n")) <= 78


def test_the_same_edition_gives_the_same_words() -> None:
    assert render_digest(edition(pick()), READER) == render_digest(edition(pick()), READER)


def test_fragments_kept_for_one_reader_do_not_leak_into_anothers_mail() -> None:
    other = replace(READER, address="max@example.org", unsubscribe_url="https://digest.example.org/u/OTHER")
    render_digest(edition(pick()), READER)
    rendered = render_digest(edition(pick(reasons=())), other)
    assert "jane.doe" not in rendered.text + rendered.html
    assert "Because" not in rendered.text + rendered.html
    assert str(READER.unsubscribe_url) not in rendered.text + rendered.html


HOSTILE = (
    '</style></title><script>alert(1)</script><img src=x onerror="a()">{{ 7*7 }}{% raw %}\u202e\x00\ud800\r\nBcc: x'
)


def _hostile() -> ShownPick:
    """Facts as an old or broken database might hold them, past what `facts_of` cleans."""
    clean = facts_of(PAPER)
    facts = Facts(
        paper_id=1,
        key=HOSTILE,
        title=HOSTILE,
        abstract=HOSTILE * 3,
        authors=(HOSTILE,),
        author_count=1,
        affiliations=(HOSTILE,),
        category=HOSTILE,
        published_on=clean.published_on,
        version=1,
        url='https://example.org/"onmouseover="x',
        pdf_url="javascript:alert(1)",
        code_url="https://example.org/<script>",
        has_code=True,
        discussion_url="data:text/html,<script>",
        summary=None,
        upvotes=3,
        stars=4,
    )
    return ShownPick(facts, 1.0, (Reason(ReasonKind.TERMS, (HOSTILE,), 1.0),))


def test_hostile_papers_are_shown_as_text() -> None:
    harmless, hostile = (render_digest(edition(shown), READER) for shown in (pick(), _hostile()))
    page = Page(hostile.html)
    assert set(page.tags) <= set(Page(harmless.html).tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    for part in (hostile.subject, hostile.text, hostile.html):
        assert not re.search("[\x00\u202e\ud800-\udfff\r]", part)
        part.encode()
    assert not [link for link in page.links if not link.startswith("https://")]
    assert "\n" not in hostile.subject


def test_a_title_of_a_megabyte_makes_a_mail_of_the_usual_size() -> None:
    facts = replace(facts_of(PAPER), title="A very long title " * 60_000, abstract="words " * 200_000)
    rendered = render_digest(edition(ShownPick(facts, 1.0, REASONS)), READER)
    assert len(rendered.html) < 12_000
    assert len(rendered.subject) < 220


@settings(max_examples=60, deadline=None)
@given(
    title=st.text(alphabet=st.characters(exclude_categories=()), max_size=60),
    abstract=st.text(alphabet=st.characters(exclude_categories=()), max_size=200),
    name=st.text(alphabet=st.characters(exclude_categories=()), max_size=30),
)
def test_no_text_of_a_paper_changes_the_tags_of_the_mail(title: str, abstract: str, name: str) -> None:
    facts = replace(facts_of(PAPER), title=title, abstract=f"a {abstract}", authors=(f"a {name}",))
    rendered = render_digest(edition(ShownPick(facts, 1.0, REASONS)), READER)
    expected = render_digest(
        edition(ShownPick(replace(facts, title="t", abstract="a", authors=("a",)), 1.0, REASONS)), READER
    )
    assert Page(rendered.html).tags == Page(expected.html).tags
    rendered.html.encode()


def test_a_template_that_breaks_raises_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "digest").mkdir()
    (tmp_path / "digest" / "paper.html").write_text("{{ paper.nothing_of_that_name }}")
    with pytest.raises(UndefinedError):
        render_digest(edition(pick()), READER, overrides=tmp_path)
    (tmp_path / "digest" / "subject.txt").write_text("{{ nothing }}")
    with pytest.raises(TemplateError):
        render_digest(edition(pick()), READER, overrides=tmp_path)


def test_an_operators_templates_come_first(tmp_path: Path) -> None:
    (tmp_path / "digest").mkdir()
    (tmp_path / "digest" / "subject.txt").write_text("{{ count }} for {{ sender_name }}\n")
    rendered = render_digest(edition(pick()), READER, overrides=tmp_path)
    assert rendered.subject == "1 for Trending Papers"
    assert PAPER.title in rendered.text


def test_styles_are_inlined_and_templates_tags_survive_it() -> None:
    source = '{# note #}<table>{% for a in b %}<tr><td class="x">{{ a }}</td></tr>{% endfor %}</table>'
    inlined = inline(source, ".x{color:red}")
    assert 'class="x"' in inlined
    assert "color" in inlined
    assert [tag for tag in ("{% for a in b %}", "{{ a }}", "{% endfor %}") if tag not in inlined] == []
    assert "note" not in inlined


def _screens() -> Iterator[tuple[str, str]]:
    """Every colour of text with the background it stands on, in light and in dark."""
    folder = assets.templates() / "digest"
    css = (folder / "style.css").read_text() + "\n" + (folder / "screens.css").read_text()
    light, dark = css.split("prefers-color-scheme: dark", 1)
    for scheme in (light, dark):
        page = re.search(r"\.page \{[^}]*background-color: (#\w+)", scheme)
        assert page is not None
        # Left out: the preheader is hidden, the dots between links are ornament.
        for names, rules in re.findall(r"^\s*(\.[^{@]+?) \{([^}]*)\}", scheme, re.MULTILINE):
            ink = re.search(r"(?<![\w-])color: (#\w+)", rules)
            if ink and names not in (".pre", ".l"):
                own = re.search(r"background-color: (#\w+)", rules)
                yield ink[1], own[1] if own else page[1]


def test_every_text_has_the_contrast_of_wcag_aa() -> None:
    pairs = list(_screens())
    assert len(pairs) > 15
    for ink, ground in pairs:
        lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ink, ground)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_mail_has_what_screen_readers_and_mail_programs_need() -> None:
    html = render_digest(edition_of([PAPER] * 2), READER).html
    page = Page(html)
    assert page.tags.count("table") == page.attributes.count(("role", "presentation")) == 3
    assert (page.tags.count("h1"), page.tags.count("h2")) == (1, 2)
    assert not {"img", "form", "script", "link", "iframe"} & set(page.tags)
    assert 'lang="en"' in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert html.index('<meta charset="utf-8">') < 200


def test_a_real_day_renders_and_stays_readable() -> None:
    day = json.loads(shared("samples/arxiv_days/2026-04-20.json").read_text())
    papers = [
        replace(
            PAPER,
            key=f"arxiv:{found['arxiv_id']}",
            title=found["title"],
            abstract=found["abstract"],
            authors=tuple(found["authors"]),
            categories=tuple(found["categories"]),
        )
        for found in day["papers"]
    ]
    rendered: Rendered = render_digest(edition_of(papers), READER)
    assert rendered.subject.startswith(f"{day['count']} papers for Monday, 20 April: ")
    assert Page(rendered.html).tags.count("h2") == day["count"]
