"""What an entry means to a catalog."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Alias, AliasKind, Announcement, Change, DiffCounts, Entry
from digest.papers.diff import KnownPaper, classify, count, known_of, unite
from digest.papers.forms import form

ID = Alias(AliasKind.ARXIV, "2604.00001")
ENTRY = Entry(
    title_raw="A Title", abstract_raw="Some words.", aliases=(ID,), announcement=Announcement.NEW, version=1,
    authors=("Ada One", "Bo Two"), categories=("cs.CL",),
)  # fmt: skip


def change(entry: Entry, known: KnownPaper | None) -> Change:
    return classify(form(entry), known)


KNOWN = known_of(form(ENTRY))


def test_an_unknown_paper_is_new_but_an_unknown_replacement_is_revised() -> None:
    assert change(ENTRY, None) is Change.NEW
    assert change(replace(ENTRY, announcement=Announcement.CROSS), None) is Change.NEW
    assert change(replace(ENTRY, announcement=Announcement.REPLACE, version=3), None) is Change.REVISED
    assert change(replace(ENTRY, announcement=Announcement.REPLACE_CROSS), None) is Change.REVISED


def test_the_same_entry_again_changes_nothing() -> None:
    assert change(ENTRY, KNOWN) is Change.UNCHANGED


def test_a_higher_version_is_a_revision_and_brings_its_words() -> None:
    later = form(replace(ENTRY, version=2, title_raw="Another Title", comment="v2", announcement=Announcement.REPLACE))
    assert classify(later, KNOWN) is Change.REVISED
    united = unite(KNOWN, later)
    assert (united.title, united.version, united.comment) == ("Another Title", 2, "v2")
    assert classify(later, united) is Change.UNCHANGED


def test_a_lower_version_never_takes_words_back() -> None:
    known = replace(KNOWN, version=2)
    stale = form(replace(ENTRY, title_raw="An Old Title"))
    assert classify(stale, known) is Change.MERGED  # one more title to be found by
    assert unite(known, stale).title == "A Title"


def test_other_words_under_the_same_version_are_a_revision_where_the_feed_showed_it_before() -> None:
    other = replace(ENTRY, abstract_raw="Quite other words.")
    assert change(other, KNOWN) is Change.REVISED
    assert change(other, replace(KNOWN, was_sighted_here=False)) is Change.MERGED
    assert change(replace(ENTRY, title_raw="A  {T}itle"), KNOWN) is Change.UNCHANGED


def test_sources_without_versions_never_revise() -> None:
    other = form(replace(ENTRY, version=None, title_raw="A Title, as others write it", abstract_raw="Other."))
    assert classify(other, KNOWN) is Change.MERGED
    assert unite(KNOWN, other).abstract == "Some words."


def test_whatever_a_listing_adds_is_a_merge() -> None:
    doi = Alias(AliasKind.DOI, "10.1000/x")
    added = [
        replace(ENTRY, aliases=(ID, doi)),
        replace(ENTRY, affiliations=("tsinghua",)),
        replace(ENTRY, categories=("cs.CL", "cs.LG")),
        replace(ENTRY, code_url="https://github.com/a/b"),
        replace(ENTRY, has_code=True),
        replace(ENTRY, published_on=date(2026, 4, 20)),
        replace(ENTRY, summary="Short."),
        replace(ENTRY, discussion_url="https://huggingface.co/papers/2604.00001"),
    ]
    assert {change(entry, KNOWN) for entry in added} == {Change.MERGED}
    assert change(ENTRY, replace(KNOWN, was_sighted_here=False)) is Change.MERGED


def test_a_page_that_names_nobody_gets_the_authors_of_one_that_does() -> None:
    nameless = known_of(form(replace(ENTRY, authors=(), is_authors_complete=False)))
    some = form(replace(ENTRY, authors=("Ada One",), is_authors_complete=False))
    united = unite(nameless, some)
    assert (united.authors, united.is_authors_complete) == (("Ada One",), False)
    complete = unite(united, form(ENTRY))
    assert (complete.authors, complete.is_authors_complete) == (("Ada One", "Bo Two"), True)
    assert unite(complete, some) == complete


def test_two_incomplete_author_lists_are_united() -> None:
    first = known_of(form(replace(ENTRY, authors=("A A", "B B", "C C"), is_authors_complete=False)))
    second = form(replace(ENTRY, authors=("A A", "B B", "D D"), is_authors_complete=False))
    assert unite(first, second).authors == ("A A", "B B", "C C", "D D")


def test_the_union_keeps_the_earlier_date_and_appends_affiliations_in_order() -> None:
    known = replace(KNOWN, published_on=date(2026, 4, 20), affiliations=("mit", "pku"))
    entry = form(replace(ENTRY, published_on=date(2026, 4, 18), affiliations=("cmu", "mit")))
    united = unite(known, entry)
    assert united.published_on == date(2026, 4, 18)
    assert united.affiliations == ("mit", "pku", "cmu")


def test_an_empty_revision_never_empties_a_paper() -> None:
    united = unite(KNOWN, form(replace(ENTRY, version=2, abstract_raw="", authors=())))
    assert (united.abstract, united.authors) == (KNOWN.abstract, KNOWN.authors)


words = st.sampled_from(["", "One", "Two", "$x^2$"])
optional = st.sampled_from([None, "", "https://a.example/1", "https://a.example/2"])
names = st.lists(st.sampled_from(["Ada One", "Bo Two", "One, A.", "Cy Three"]), max_size=3, unique=True).map(tuple)
entries = st.builds(
    Entry,
    title_raw=words,
    abstract_raw=words,
    aliases=st.sampled_from([(Alias(AliasKind.ARXIV, f"2604.0000{n}"),) for n in (1, 2, 3)]),
    announcement=st.sampled_from(Announcement),
    version=st.sampled_from([None, 1, 2]),
    authors=names,
    is_authors_complete=st.booleans(),
    affiliations=st.sampled_from([(), ("mit",), ("pku", "mit")]),
    categories=st.sampled_from([(), ("cs.CL",), ("cs.CL", "cs.CL", "cs.LG")]),
    primary_category=st.sampled_from([None, "cs.CL"]),
    published_on=st.sampled_from([None, date(2026, 1, 1), date(2026, 1, 2)]),
    url=optional,
    pdf_url=optional,
    code_url=optional,
    discussion_url=optional,
    has_code=st.booleans(),
    comment=optional,
    summary=optional,
)


def diff(catalog: dict[Alias, KnownPaper], listing: list[Entry]) -> list[Change]:
    """A catalog of one dict: what the store does in tables."""
    changes: list[Change] = []
    for entry in listing:
        formed, key = form(entry), entry.aliases[0]
        known = catalog.get(key)
        changes.append(classify(formed, known))
        catalog[key] = unite(known, formed) if known else known_of(formed)
    return changes


@given(st.lists(entries, max_size=6))
@settings(max_examples=150, deadline=None)
def test_the_diff_partitions_a_listing(listing: list[Entry]) -> None:
    counts = count(diff({}, listing))
    assert counts.seen == len(listing)
    assert counts == DiffCounts(counts.new, counts.revised, counts.merged, counts.unchanged)


@given(st.lists(entries, max_size=6, unique_by=lambda entry: entry.aliases))
@settings(max_examples=150, deadline=None)
def test_the_same_listing_again_is_unchanged(listing: list[Entry]) -> None:
    catalog: dict[Alias, KnownPaper] = {}
    diff(catalog, listing)
    before = dict(catalog)
    assert set(diff(catalog, listing)) <= {Change.UNCHANGED}
    assert catalog == before


def test_a_numbered_source_brings_its_words_to_a_paper_known_without_a_version() -> None:
    known = replace(KNOWN, version=None, abstract="Cut short…", abstract_hash="another", was_sighted_here=False)
    assert change(ENTRY, known) is Change.MERGED
    assert unite(known, form(ENTRY)).abstract == "Some words."


@given(entries, entries, st.booleans())
@settings(max_examples=200, deadline=None)
def test_uniting_twice_is_uniting_once(first: Entry, second: Entry, sighted: bool) -> None:
    known, formed = replace(known_of(form(first)), was_sighted_here=sighted), form(second)
    once = unite(known, formed)
    assert unite(once, formed) == once
    assert classify(formed, once) is Change.UNCHANGED
