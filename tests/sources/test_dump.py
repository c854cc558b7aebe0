"""Text dumps of listing pages: the shared ones, and invented pages for every oddity and every damage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import UnreadableFile
from digest.model import AuthorCard, Change, Listing
from digest.papers.diff import KnownPaper, classify, count, known_of, unite
from digest.papers.forms import form, identity, is_same_work
from digest.sources.dump import looks_like_dump, parse_dump
from digest.sources.dump_names import Vocabulary, split_title
from tests.support.shared import shared

AS_OF = date(2026, 4, 20)


def dump(number: str) -> Path:
    return next(shared("dumps").glob(f"{number}_*.txt"))


def read(text: str, path: str = "page.txt") -> Listing:
    return parse_dump(text, path, AS_OF)


def shared_listing(number: str) -> Listing:
    path = dump(number)
    return parse_dump(path.read_text(encoding="utf-8"), str(path), AS_OF)


# ── the shared pages ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("number", "papers"), [("000", 23), ("002", 119), ("004", 31)])
def test_every_paper_of_a_shared_page_is_read(number: str, papers: int) -> None:
    text = dump(number).read_text(encoding="utf-8")
    listing = read(text, f"some/folder/{number}.txt")
    assert looks_like_dump(text)
    assert len(listing.entries) == papers
    assert listing.feed == read(text, "another-name.txt").feed
    assert re.fullmatch(r"page [0-9a-f]{16}", listing.feed)
    assert listing.day is None
    assert all(entry.title_raw and entry.abstract_raw for entry in listing.entries)


@pytest.mark.parametrize("number", ["000", "002", "004"])
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\r\n", "\r\n\r\n", " \t\n", "\n \t \n\n"])
def test_blank_lines_and_line_ends_mean_nothing(number: str, gap: str) -> None:
    lines = [line for line in dump(number).read_text(encoding="utf-8").splitlines() if line.strip()]
    changed = "\ufeff" + gap.join(lines) + gap
    assert parse_dump(changed, dump(number).name, AS_OF) == shared_listing(number)


def lines_of(number: str) -> list[str]:
    return [line for line in dump(number).read_text(encoding="utf-8").splitlines() if line.strip()]


def test_titles_and_authors_glued_together_are_parted_as_the_page_meant_them() -> None:
    """Every author line of the page has a capital after a letter where the names begin: seen by eye, and here."""
    listing = shared_listing("000")
    glued = lines_of("000")[1::3]
    for entry, line in zip(listing.entries, glued, strict=True):
        shown = line.partition(" et al.")[0]
        assert entry.title_raw + ", ".join(entry.authors) == shown
        assert len(entry.authors) == 3
        assert not entry.is_authors_complete
        assert all(re.fullmatch(r"[A-Z][\w-]+ [A-Z]\w+", author) for author in entry.authors)
        assert re.fullmatch(r"[A-Z].*[A-Za-z]", entry.title_raw)
    samuel = next(entry for line, entry in zip(glued, listing.entries, strict=True) if "Schmidgall" in line)
    assert samuel.authors[0].split()[0] == "Samuel"
    assert listing.entries[0].affiliations == ("tsinghua",)


def test_titles_above_the_authors_may_be_glued_to_them_just_as_well() -> None:
    lines, expected = lines_of("004"), shared_listing("004")
    start = lines.index("31 Papers") + 1
    records = [lines[at : at + 4] for at in range(start, len(lines), 4)]
    glued = [*lines[:start], *(line for a, b, c, d in records for line in (a, b + c, d))]
    assert parse_dump("\n".join(glued), dump("004").name, AS_OF) == expected
    for record, entry in zip(records, expected.entries, strict=True):  # also where the rest of the page is no help
        head, title, authors, abstract = record
        alone = read("\n".join([head, title + authors, abstract])).entries[0]
        assert (alone.title_raw, alone.authors) == (title, tuple(a for a in entry.authors if a in authors))


def test_the_card_is_read_and_its_author_belongs_to_every_paper_of_the_page() -> None:
    listing = shared_listing("004")
    assert listing.card is not None
    assert listing.card.name == lines_of("004")[0]
    assert listing.card == AuthorCard(listing.card.name, "cs.CL", 33, 31, 24036, 51, 49)
    assert all(listing.card.name in entry.authors for entry in listing.entries)
    hidden = [entry for entry in listing.entries if len(entry.authors) == 4]
    assert hidden
    assert all(entry.authors[-1] == listing.card.name and not entry.is_authors_complete for entry in hidden)
    assert [entry.is_authors_complete for entry in listing.entries].count(True) == 1


def test_a_page_without_a_card_names_no_owner() -> None:
    assert shared_listing("000").card is None
    assert max(len(entry.authors) for entry in shared_listing("000").entries) == 3


def test_headings_give_category_date_and_code() -> None:
    by_line = dict(zip(lines_of("000")[::3], shared_listing("000").entries, strict=False))
    entry = by_line["SEJul 16, 2023Code"]
    assert (entry.categories, entry.published_on, entry.has_code) == (("cs.SE",), date(2023, 7, 16), True)
    entry = by_line["HCJan 8, 2025"]
    assert (entry.categories, entry.published_on, entry.has_code) == (("cs.HC",), date(2025, 1, 8), False)
    categories = {category for entry in shared_listing("004").entries for category in entry.categories}
    assert categories == {"cs.CL", "cs.CV", "cs.SE", "eess.AS", "math.OC"}


def test_code_links_are_taken_from_abstracts_and_split_ones_repaired() -> None:
    split = next(entry for entry in shared_listing("004").entries if "AMR-enhanced" in entry.title_raw)
    assert split.code_url == "https://github.com/PKUnlp-icler/TSAR"
    assert split.abstract_raw.endswith("https://github.com/PKUnlp-icler/TSAR.")
    assert split.has_code
    assert shared_listing("000").entries[0].code_url == "https://github.com/OpenBMB/AgentVerse"


def test_the_first_title_loses_the_button_in_front_of_it() -> None:
    listing = shared_listing("002")
    assert listing.entries[0].title_raw == lines_of("002")[2].removeprefix("Subscribe")
    assert not any(entry.authors or entry.is_authors_complete for entry in listing.entries)


def test_three_pages_are_172_papers_and_again_173_times_unchanged() -> None:
    catalog: dict[str, KnownPaper] = {}
    sighted: set[tuple[str, str]] = set()

    def change(listing: Listing) -> Iterator[Change]:
        for formed in map(form, listing.entries):
            here, known = (listing.feed, formed.title_hash), catalog.get(formed.title_hash)
            if known:
                known = replace(known, was_sighted_here=here in sighted)
            yield classify(formed, known)
            catalog[formed.title_hash] = unite(known, formed) if known else known_of(formed)
            sighted.add(here)

    listings = [shared_listing(number) for number in ("000", "002", "004")]
    first = count(one for listing in listings for one in change(listing))
    assert (first.seen, first.new, first.merged, len(catalog)) == (173, 172, 1, 172)
    again = count(one for listing in listings for one in change(listing))
    assert (again.seen, again.unchanged) == (173, 173)


def test_the_paper_on_two_pages_is_one_by_equal_title_and_abstract() -> None:
    with_authors = {form(entry).title_form: form(entry) for entry in shared_listing("000").entries}
    twice = [form(e) for e in shared_listing("002").entries if form(e).title_form in with_authors]
    assert len(twice) == 1
    other = with_authors[twice[0].title_form]
    assert is_same_work(identity(twice[0]), identity(other))
    united = unite(known_of(twice[0]), other)
    assert united.authors == other.authors
    assert united.categories == ("cs.CL",)


# ── invented pages ───────────────────────────────────────────────────────────────────────────────

TRENDING = """\
Get trending papers in your email inbox once a day!
Get trending papers in your email inbox!
Subscribe
On Counting Sheep
We count sheep. It works well.
Do Sheep Count?
They do not. Code is at https://github.com/ flock/counter .
"""

AUTHOR = """\
CLAug 21, 2023Code
On Counting SheepAnn Shepherd, Bo Lamb et al. · barn, meadow
We count sheep with large models. It works well.
XXDec 3
Do Sheep Count?Ann Shepherd
They do not.
"""


def titles(listing: Listing) -> list[str]:
    return [entry.title_raw for entry in listing.entries]


def test_an_invented_trending_page_is_read() -> None:
    listing = read(TRENDING)
    assert titles(listing) == ["On Counting Sheep", "Do Sheep Count?"]
    assert listing.entries[1].code_url == "https://github.com/flock/counter"


def test_an_invented_authors_page_is_read() -> None:
    first, second = read(AUTHOR).entries
    assert (first.title_raw, first.authors) == ("On Counting Sheep", ("Ann Shepherd", "Bo Lamb"))
    assert (first.affiliations, first.is_authors_complete, first.has_code) == (("barn", "meadow"), False, True)
    assert (second.title_raw, second.authors, second.is_authors_complete) == (
        "Do Sheep Count?",
        ("Ann Shepherd",),
        True,
    )
    assert (second.categories, second.published_on) == (("XX",), date(2025, 12, 3))


FURNITURE = [
    "Daily Papers\nnew\n" + TRENDING,
    "Daily Papersnew" + TRENDING,
    TRENDING.replace("Subscribe\n", "Subscribe"),
    TRENDING.replace("inbox!\nSubscribe\n", "inbox!Subscribe"),
    TRENDING.replace("Subscribe\n", "Subscribe\nby Ann Shepherd and the research community\n"),
    TRENDING.replace("Subscribe\n", "Subscribe\nby\n\nAnn Shepherd\n\nand the research community\n"),
    TRENDING.replace("Do Sheep", "new\n12\nDo Sheep") + "Load more\n",
]


@pytest.mark.parametrize("text", FURNITURE)
def test_the_furniture_of_a_page_is_no_paper(text: str) -> None:
    assert looks_like_dump(text)
    assert titles(read(text)) == titles(read(TRENDING))


@pytest.mark.parametrize("heading", ["Mar 13", "March 13", "Fri, Mar 13", "Mar 13, 2026"])
def test_a_day_heading_is_the_day_of_the_listing(heading: str) -> None:
    text = TRENDING.replace("Subscribe\n", f"by Ann and the research community\n{heading}\nSubscribe\n")
    assert read(text).day == date(2026, 3, 13)
    assert read(text).entries == read(TRENDING).entries
    assert read(f"{heading}\nnew\nSubscribe\n{AUTHOR}").day == date(2026, 3, 13)


def test_a_second_day_heading_is_the_day_of_what_follows() -> None:
    listing = read(TRENDING.replace("On Count", "Mar 13\nOn Count").replace("Do Sheep", "Mar 12\nDo Sheep"))
    assert listing.day == date(2026, 3, 13)
    assert [entry.day for entry in listing.entries] == [None, date(2026, 3, 12)]


YEARLESS = [
    ("Apr 20", date(2026, 4, 20)),
    ("Apr 21", date(2025, 4, 21)),
    ("Dec 31", date(2025, 12, 31)),
    ("Feb 29", date(2024, 2, 29)),
]


@pytest.mark.parametrize(("heading", "day"), YEARLESS)
def test_a_date_without_a_year_is_the_latest_not_after_the_day_of_reading(heading: str, day: date) -> None:
    assert read(f"{heading}\n{TRENDING}").day == day
    assert read(AUTHOR.replace("XXDec 3", f"XX{heading}")).entries[1].published_on == day


@given(st.dates(date(1905, 1, 1), date(2090, 1, 1)), st.dates(date(2000, 1, 1), date(2000, 12, 31)))
@settings(max_examples=100, deadline=None)
def test_a_yearless_date_is_never_after_the_day_of_reading(as_of: date, day: date) -> None:
    found = parse_dump(f"{day:%b} {day.day}\n{TRENDING}", "page", as_of).day
    assert found is not None
    assert found <= as_of
    assert (found.month, found.day) == (day.month, day.day)
    assert (as_of - found).days <= 8 * 366


CARD = "Ann Shepherd\n\nLG\nh-index12\n3papers\n1,024citations\nNovelty51%\nAI Score49\n\n3 Papers\n\n"


def test_a_card_is_optional_and_any_of_its_figures_may_be_missing() -> None:
    assert read(CARD + AUTHOR).card == AuthorCard("Ann Shepherd", "cs.LG", 12, 3, 1024, 51, 49)
    assert read("Ann Shepherd\nh-index 12\n" + AUTHOR).card == AuthorCard("Ann Shepherd", h_index=12)
    assert read("3 Papers\n" + AUTHOR).card is None


def test_the_cards_author_is_not_added_twice_under_initials() -> None:
    page = CARD + AUTHOR.replace("SheepAnn Shepherd, Bo Lamb et al.", "SheepA. Shepherd, Bo Lamb et al.")
    assert read(page).entries[0].authors == ("A. Shepherd", "Bo Lamb")


def test_the_cards_author_is_added_where_et_al_hides_the_name() -> None:
    first, second = read(CARD.replace("Ann Shepherd", "Cy Ram") + AUTHOR).entries
    assert (first.authors, first.is_authors_complete) == (("Ann Shepherd", "Bo Lamb", "Cy Ram"), False)
    assert (second.authors, second.is_authors_complete) == (("Ann Shepherd", "Cy Ram"), False)


def test_bare_category_codes_are_mapped_only_where_one_archive_has_them() -> None:
    def category(code: str) -> str:
        return read(AUTHOR.replace("XX", code)).entries[1].categories[0]

    certain = {"CL": "cs.CL", "CV": "cs.CV", "LG": "cs.LG", "SE": "cs.SE", "AI": "cs.AI", "HC": "cs.HC", "RO": "cs.RO"}
    assert {code: category(code) for code in certain} == certain
    assert [category(code) for code in ("IT", "NA", "SI", "CO", "cs.IT")] == ["IT", "NA", "SI", "CO", "cs.IT"]


GLUED = [
    ("Are Large Language ModelsAnn Lee", "Are Large Language Models", ("Ann Lee",)),
    ("Scaling LLMsAnn Lee, Alex McDonald et al.", "Scaling LLMs", ("Ann Lee", "Alex McDonald")),
    ("What Is Attention?Jean-Luc Berger and Ann O'Neil", "What Is Attention?", ("Jean-Luc Berger", "Ann O'Neil")),
    ("A Benchmark (v2)Łukasz Nowak, Émile Roux · mit", "A Benchmark (v2)", ("Łukasz Nowak", "Émile Roux")),
    ("Thoughts on GPT-4J. K. Lee, Bo Li", "Thoughts on GPT-4", ("J. K. Lee", "Bo Li")),
    ("On BERTJane Doe et al.", "On BERT", ("Jane Doe",)),
    ("Better ModelsLeAnn Smith, B. Li", "Better Models", ("LeAnn Smith", "B. Li")),
    ("Graphs, Trees, and ModelsJohn Doe", "Graphs, Trees, and Models", ("John Doe",)),
    ("State of the ArtMarie van den Berg, Bo Yang", "State of the Art", ("Marie van den Berg", "Bo Yang")),
    ("Modelsvan der Berg, A. Li et al.", "Models", ("van der Berg", "A. Li")),
    ("A Technical ReportOpenLab, Sam Hill et al.", "A Technical Report", ("OpenLab", "Sam Hill")),
    ('Do Models Learn "Code"Bo Li et al.', 'Do Models Learn "Code"', ("Bo Li",)),
    ("Introducing ChatFlockChen Qi, Bo Li", "Introducing ChatFlock", ("Chen Qi", "Bo Li")),
    ("In-Context Learning in ICLMacKenzie Smith", "In-Context Learning in ICL", ("MacKenzie Smith",)),
    ("Language Models张三, 李四 et al.", "Language Models", ("张三", "李四")),
    ("Agents as Research AssistantsSamuel Hill, Bo Li", "Agents as Research Assistants", ("Samuel Hill", "Bo Li")),
]


@pytest.mark.parametrize(("line", "title", "authors"), GLUED)
def test_a_glued_line_is_parted_where_the_names_begin(line: str, title: str, authors: tuple[str, ...]) -> None:
    page = Vocabulary.of(["large language models are learners, says the report; code for trees and the art"], [])
    parted = split_title(line, page)
    assert parted is not None
    assert (parted[0], parted[1].authors) == (title, authors)


DAMAGED = [
    ("", None, "empty"),
    (" \n\t\r\n", None, "empty"),
    ("<!DOCTYPE html>\n<html><body>Get trending papers in your email inbox</body></html>", 1, "plain text"),
    ("some notes\nof mine\n", 1, "no listing"),
    ("Get trending papers in your email inbox!\n\x00\x01\x02\x03", 2, "binary"),
    ("\x89PNG\n\x1a\n" + "\ufffd" * 40, 2, "binary"),
    ("Get trending papers in your email inbox!\nSubscribe\n", 2, "without any paper"),
    (TRENDING + "A Third Title\n", 8, "no abstract follows the title “A Third Title”"),
    (TRENDING.replace("We count sheep. It works well.\n", ""), 4, "no abstract follows the title “On Counting Sheep”"),
    (TRENDING.replace("Do Sheep Count?\n", ""), 6, "no abstract follows"),
    (TRENDING + "A Third Title\nThis abstract breaks off in the mid", 9, "breaks off"),
    (AUTHOR + "CLMar 1, 2024\n", 7, "no title follows the heading"),
    (AUTHOR + "CLMar 1, 2024\nA Third TitleAnn Shep", 8, "no abstract follows the title"),
    (AUTHOR + "CLMar 1, 2024\nA Third Title\nAnn Shepherd, Bo Lamb et al.", 9, "no abstract follows the title"),
    (AUTHOR + "CLMar 1, 2024\nA Third TitleAnn Shepherd\nThis abstract breaks off in the mid", 9, "breaks off"),
    (AUTHOR + "CLMa", 7, "neither a heading nor part of an abstract"),
    (AUTHOR.replace("Aug 21", "Feb 30"), 1, "no such day"),
    ("Who are you?\n" + AUTHOR, 1, "not understood"),
    (AUTHOR.rstrip() + "\ufffd", 6, "inside a character"),
]


@pytest.mark.parametrize(("text", "line", "reason"), DAMAGED)
def test_a_damaged_or_unknown_file_is_refused_with_its_line(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(text, "in/page.txt")
    assert (refused.value.path, refused.value.line) == ("in/page.txt", line)
    assert reason in refused.value.reason
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("in/page.txt")


@pytest.mark.parametrize("number", ["000", "002", "004"])
def test_a_page_cut_anywhere_is_refused_or_ends_with_a_whole_paper(number: str) -> None:
    text, whole = dump(number).read_text(encoding="utf-8"), shared_listing(number)
    refused = 0
    for end in range(1, len(text), 997):
        try:
            listing = parse_dump(text[:end], dump(number).name, AS_OF)
        except UnreadableFile:
            refused += 1
        else:  # cut at the end of a sentence, or inside an address
            titles_read = [entry.title_raw for entry in listing.entries]
            assert titles_read == [entry.title_raw for entry in whole.entries[: len(titles_read)]]
    assert refused / len(range(1, len(text), 997)) > 0.9


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    for page in (text, f"{TRENDING}{text}", f"{AUTHOR}{text}", f"CLMar 1\n{text}"):
        try:
            listing = read(page)
        except UnreadableFile:
            continue
        assert all(entry.title_raw and entry.abstract_raw for entry in listing.entries)


def test_other_payloads_do_not_look_like_dumps() -> None:
    for text in ("", "{}", '<?xml version="1.0"?><rss/>', "words\nand more\n"):
        assert not looks_like_dump(text)
