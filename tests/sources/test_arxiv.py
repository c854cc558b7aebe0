"""arXiv's announcement feeds: what is read of them, and when they are polled."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from digest.model import Alias, AliasKind, Announcement, Listing
from digest.sources import FeedState, Request, Response, Unreadable, batch_of
from digest.sources.arxiv import ArxivSource
from tests.support.feeds import Announced, arxiv_atom, arxiv_rss
from tests.support.shared import shared

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 4, 20)
SOURCE = ArxivSource(categories=("cs.CL",))


def parse(body: bytes, category: str = "cs.CL", status: int = 200) -> Listing:
    url = f"https://rss.arxiv.org/rss/{category}"
    return SOURCE.parse(Request(url, feed=category), Response(status, url, {}, body))


def recorded(name: str, category: str = "cs.CV") -> Listing:
    return parse(shared(f"samples/arxiv_rss/{name}").read_bytes(), category)


def ids(listing: Listing) -> list[str]:
    return [entry.aliases[0].value for entry in listing.entries]


# ── options and requests ─────────────────────────────────────────────────────────────────────────


def test_one_request_per_category() -> None:
    source = ArxivSource(categories=("cs.CL", "cs.CV"), base_url="http://127.0.0.1:8080/", format="atom")
    requests = source.requests({}, datetime(2026, 4, 20, tzinfo=UTC))
    assert [(r.url, r.feed) for r in requests] == [
        ("http://127.0.0.1:8080/atom/cs.CL", "cs.CL"),
        ("http://127.0.0.1:8080/atom/cs.CV", "cs.CV"),
    ]


def test_categories_are_tolerated_in_any_case_and_named_once() -> None:
    source = ArxivSource(categories=("CS.cl", "cs.CL", "cond-mat.MES-HALL", "hep-ex", "cs"))
    assert source.categories == ("cs.CL", "cond-mat.mes-hall", "hep-ex", "cs")


@pytest.mark.parametrize(
    ("wrong", "near"), [("cs.CX", "cs.CL"), ("cs-CL", "cs.CL"), ("quantph", "quant-ph"), ("q-bio.NX", "q-bio.NC")]
)
def test_an_unknown_category_names_near_ones(wrong: str, near: str) -> None:
    with pytest.raises(ValidationError, match=f"arXiv has no category '{wrong}'.*{near.partition('.')[0]}"):
        ArxivSource(categories=(wrong,))


@pytest.mark.parametrize("options", [{}, {"categories": []}, {"categories": ["cs.CL"], "category": "cs.CL"},
                                     {"categories": ["cs.CL"], "base_url": "file:///etc"},
                                     {"categories": ["cs.CL"], "format": "json"}])  # fmt: skip
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ArxivSource.model_validate(options)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("write", [arxiv_rss, arxiv_atom])
def test_both_formats_say_the_same(write: object) -> None:
    body = (arxiv_rss if write is arxiv_rss else arxiv_atom)(
        DAY,
        [
            Announced(
                "2604.00001",
                extra="<arxiv:DOI>10.1000/A.1 10.1000/b</arxiv:DOI>",
                creator="Ada B. One (Lab, City), Bo Two Jr",
            )
        ],
    )
    listing = parse(body)
    assert listing.feed == "cs.CL"
    assert listing.day == DAY
    (entry,) = listing.entries
    assert entry.title_raw == "Invented Results on Invented Things"
    assert entry.abstract_raw == "We invent $n<m$ things & show that they hold."
    assert entry.aliases == (
        Alias(AliasKind.ARXIV, "2604.00001"), Alias(AliasKind.DOI, "10.1000/a.1"), Alias(AliasKind.DOI, "10.1000/b")
    )  # fmt: skip
    assert (entry.announcement, entry.version) == (Announcement.NEW, 1)
    assert entry.authors == ("Ada B. One", "Bo Two Jr")
    assert entry.categories == ("cs.CL",)
    assert entry.primary_category == "cs.CL"
    assert entry.published_on == DAY
    assert entry.url == "https://arxiv.org/abs/2604.00001"
    assert entry.pdf_url == "https://arxiv.org/pdf/2604.00001"


@pytest.mark.parametrize("kind", ["new", "cross", "replace", "replace-cross"])
def test_all_four_announce_types_are_read(kind: str) -> None:
    (entry,) = parse(arxiv_rss(DAY, [Announced("2604.00001", kind=kind, version=2)])).entries
    assert entry.announcement == Announcement(kind)
    assert entry.version == 2
    assert entry.published_on is None
    assert (entry.primary_category == "cs.CL") == (kind in ("new", "replace"))


def test_the_order_of_categories_says_nothing_about_the_primary_one() -> None:
    papers = [
        Announced("2604.00001", categories=("math.CO", "cs.CL")),
        Announced("2604.00002", kind="cross", categories=("cs.CL", "math.CO")),
    ]
    first, second = parse(arxiv_rss(DAY, papers)).entries
    assert first.primary_category == "cs.CL"
    assert second.primary_category is None


def test_an_intermediarys_blank_for_the_newline_changes_nothing() -> None:
    body = arxiv_rss(DAY, [Announced("2604.00001")]).replace(b" \nAbstract:", b" Abstract:")
    assert parse(body).entries[0].abstract_raw.startswith("We invent")


def test_a_description_in_another_form_falls_back_on_the_guid() -> None:
    body = arxiv_rss(DAY, [Announced("2604.00001", kind="cross")])
    body = body.replace(b"arXiv:2604.00001v1 Announce Type: cross \nAbstract: ", b"")
    (entry,) = parse(body).entries
    assert entry.announcement is Announcement.CROSS
    assert entry.abstract_raw.startswith("We invent")


@pytest.mark.parametrize(("version", "becomes"), [(1, Announcement.LISTED), (3, Announcement.REPLACE)])
def test_without_any_announce_type_a_later_version_is_no_news(version: int, becomes: Announcement) -> None:
    body = arxiv_rss(DAY, [Announced("2604.00001", version=version)])
    body = body.replace(b"<arxiv:announce_type>new</arxiv:announce_type>", b"").replace(b"Announce Type: new", b"")
    assert parse(body).entries[0].announcement is becomes


def test_a_bad_item_costs_only_itself() -> None:
    papers = [
        Announced("2604.00001"),
        Announced("2604.00002", title=" "),
        Announced("not-an-id"),
        Announced("2604.00004", kind="absonly"),
        Announced("2604.00005", title="x" * 1_000_000),
        Announced("2604.00006", title="</style><script>alert(1)</script>"),
    ]
    listing = parse(arxiv_rss(DAY, papers))
    assert ids(listing) == ["2604.00001", "2604.00006"]
    assert [r.reason[:40] for r in listing.rejections] == [
        "item 2: no title",
        "item 3: no arXiv id in 'oai:arXiv.org:no"[:40],
        "item 4: announce type 'absonly' is not one of"[:40],
        "item 5: a title of 1000000 characters",
    ]
    assert listing.is_complete


def test_a_feed_of_which_no_item_can_be_read_is_a_changed_format_and_no_empty_day() -> None:
    body = arxiv_rss(DAY, [Announced("2604.00001")]).replace(b"oai:arXiv.org:", b"id:").replace(b"/abs/", b"/x/")
    with pytest.raises(Unreadable, match="none of its 1 items can be read; item 1: no arXiv id"):
        parse(body)


def test_a_repeated_id_is_read_once() -> None:
    assert ids(parse(arxiv_rss(DAY, [Announced("2604.00001"), Announced("2604.00001", title="Other")]))) == [
        "2604.00001"
    ]


def test_an_empty_day_is_an_empty_listing() -> None:
    listing = recorded("rss20_weekend_empty.xml", "cs.CL")
    assert (listing.is_empty, listing.is_complete, listing.day, listing.rejections) == (
        True,
        True,
        date(2026, 8, 1),
        (),
    )


def test_an_error_feed_is_unreadable_with_arxivs_reason() -> None:
    body = b"<rss version='2.0'><channel><title>Feed error for query: cs.XX: bad archive</title></channel></rss>"
    with pytest.raises(Unreadable, match="bad archive"):
        parse(body, status=400)


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("Mon, 20 Apr 2026 00:00:00 -0400", date(2026, 4, 20)),
        ("Mon, 20 Apr 2026 04:00:00 GMT", date(2026, 4, 20)),
        ("Mon, 20 Apr 2026 03:59:59 GMT", date(2026, 4, 19)),
        ("Tue, 20 Jan 2026 00:00:00 -0500", date(2026, 1, 20)),
        ("Tue, 20 Jan 2026 05:00:00 GMT", date(2026, 1, 20)),
    ],
)
def test_the_day_is_new_yorks_day_in_the_feed(stamp: str, day: date) -> None:
    body = arxiv_rss(DAY, [Announced("2604.00001")]).replace(b"Mon, 20 Apr 2026 00:00:00 -0400", stamp.encode())
    assert parse(body).day == day


def test_a_whole_archive_at_its_limit_says_that_papers_may_be_missing() -> None:
    listing = parse(arxiv_rss(DAY, [Announced(f"2604.{n:05}") for n in range(1, 2001)]), "cs")
    assert len(listing.entries) == 2000
    assert "ask for its categories one by one" in listing.rejections[0].reason


# ── recorded payloads ────────────────────────────────────────────────────────────────────────────


def test_a_recorded_atom_day_is_read_whole() -> None:
    listing = recorded("atom_csAI_2025-08-20_repaired.xml", "cs.AI")
    assert (len(listing.entries), listing.day, listing.is_complete) == (86, date(2025, 8, 20), True)
    assert Counter(e.announcement.value for e in listing.entries).keys() <= {"new", "cross", "replace", "replace-cross"}
    assert all(e.abstract_raw and not e.abstract_raw.startswith("arXiv:") for e in listing.entries)
    assert all(e.authors and e.version == 1 for e in listing.entries)


@pytest.mark.parametrize(
    ("name", "whole"), [("atom_csAI_2025-08-20_86entries.xml", 86), ("atom_csAI_2025-08-20_4entries.xml", 4)]
)
def test_a_recorded_truncated_day_keeps_what_is_whole_and_is_no_complete_batch(name: str, whole: int) -> None:
    listing = recorded(name, "cs.AI")
    assert len(listing.entries) == whole
    assert not listing.is_complete
    assert "2508.13435" not in ids(listing)
    assert listing.rejections[-1].line is not None


def test_a_recorded_capture_cut_in_its_first_item_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="cut off"):
        recorded("rss20_csCV_2025-09-19_head.xml")


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (20, {"new": 84, "cross": 21, "replace": 59, "replace-cross": 7}),
        (21, {"new": 276, "cross": 48, "replace": 138, "replace-cross": 39}),
        (22, {"new": 106, "cross": 13, "replace": 64, "replace-cross": 16}),
    ],
)
def test_rebuilt_days_count_as_announced(day: int, counts: dict[str, int]) -> None:
    listing = recorded(f"derived/rss20_csCV_2026-04-{day}_DERIVED.xml")
    assert Counter(e.announcement.value for e in listing.entries) == counts
    assert listing.day == date(2026, 4, day)
    assert listing.rejections == ()


def test_a_fixture_with_drifting_descriptions_loses_only_the_untitled_item() -> None:
    listing = recorded("rss20_csCL_allnewsai.xml", "cs.CL")
    assert [e.announcement.value for e in listing.entries] == ["new", "cross", "replace-cross", "listed"]
    assert [r.reason for r in listing.rejections] == ["item 5: no title"]


def test_the_old_rdf_is_readable() -> None:
    listing = recorded("oldstyle_rss10_2021_hep-ex.rdf", "hep-ex")
    first, second, third = listing.entries
    assert first.title_raw == r"Observation of excited $\Omega_c^0$ baryons in $\Omega_b^- \to \Xi_c^+ K^-\pi^-$ decays"
    assert [(e.announcement.value, e.version, e.primary_category) for e in listing.entries] == [
        ("new", 1, "hep-ex"),
        ("cross", 2, "math.GR"),
        ("replace", 2, "hep-ph"),
    ]
    assert first.authors == ("LHCb collaboration", "R. Aaij")
    assert not first.is_authors_complete
    assert second.is_authors_complete
    assert third.authors == ("Partha Pratim Bhaduri", "Mubarak Alqahtani")
    assert listing.day == date(2021, 7, 8)


def test_abstracts_of_the_old_rdf_lose_their_html_and_keep_their_math() -> None:
    listing = recorded("oldstyle_rss10_physbiblio_content_example.rdf", "hep-ex")
    assert r"$2.6<\eta<4$" in listing.entries[0].abstract_raw
    assert "<p>" not in listing.entries[0].abstract_raw
    assert listing.entries[0].authors == ("Christopher Dilks",)


# ── batches ──────────────────────────────────────────────────────────────────────────────────────


@given(st.permutations([Announced(f"2604.{n:05}") for n in range(1, 6)]))
def test_a_batch_is_its_set_of_ids_whatever_their_order_day_and_version(papers: list[Announced]) -> None:
    expected = batch_of(parse(arxiv_rss(DAY, sorted(papers, key=lambda p: p.id))).entries)
    assert batch_of(parse(arxiv_atom(DAY + timedelta(days=1), papers)).entries) == expected
    assert batch_of(parse(arxiv_rss(DAY, papers[1:])).entries) != expected
    assert batch_of([]) is None


# ── cadence ──────────────────────────────────────────────────────────────────────────────────────


def at(text: str) -> datetime:
    """An instant given in New York's time."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def after(now: str, **state: object) -> str:
    """When the next poll is, in New York's time, given what is known of the one category."""
    known = FeedState.from_json(state) if state else FeedState()
    following = SOURCE.next_poll({"cs.CL": known}, at(now))
    assert following > at(now)
    assert following.tzinfo is UTC
    return following.astimezone(NEW_YORK).strftime("%a %d %H:%M")


def test_the_first_poll_of_a_day_is_after_midnight_of_new_york() -> None:
    assert after("2026-04-20T15:00", batch="x", day="2026-04-20") == "Tue 21 00:10"
    assert after("2026-04-20T23:30", batch="x", day="2026-04-20") == "Tue 21 00:10"


def test_until_the_batch_changes_it_is_asked_for_again() -> None:
    assert after("2026-04-21T00:10", batch="x", day="2026-04-20") == "Tue 21 00:40"
    assert after("2026-04-21T05:59", batch="x", day="2026-04-20") == "Tue 21 06:29"
    assert after("2026-04-21T07:00", batch="x", day="2026-04-20") == "Tue 21 08:00"


def test_a_day_without_a_batch_is_given_up_in_the_afternoon() -> None:
    assert after("2026-04-21T14:00", batch="x", day="2026-04-20") == "Wed 22 00:10"


def test_weekends_are_slept_through() -> None:
    assert after("2026-04-24T01:00", batch="x", day="2026-04-24") == "Mon 27 00:10"
    assert after("2026-04-25T12:00", batch="x", day="2026-04-24") == "Mon 27 00:10"
    assert after("2026-04-26T23:59") == "Mon 27 00:10"


def test_one_category_that_lags_keeps_the_source_awake() -> None:
    source = ArxivSource(categories=("cs.CL", "cs.CV"))
    state = {"cs.CL": FeedState(batch="x", day=date(2026, 4, 21)), "cs.CV": FeedState(batch="y", day=date(2026, 4, 20))}
    assert source.next_poll(state, at("2026-04-21T00:10")) == at("2026-04-21T00:40")


def test_failures_back_off_to_six_hours_but_never_past_the_next_batch() -> None:
    assert [after("2026-04-21T00:10", failures=n, day="2026-04-20") for n in (1, 2, 3, 4, 9)] == [
        "Tue 21 01:10",
        "Tue 21 02:10",
        "Tue 21 04:10",
        "Tue 21 06:10",
        "Tue 21 06:10",
    ]
    assert after("2026-04-21T23:00", failures=4, day="2026-04-20") == "Wed 22 00:10"


def test_a_wish_of_the_server_is_honoured() -> None:
    wish = at("2026-04-21T20:00")
    assert after("2026-04-21T00:10", failures=1, not_before=wish.isoformat()) == "Tue 21 20:00"


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-03-06T23:00", "Mon 09 00:10"),
        ("2026-03-09T00:05", "Mon 09 00:10"),
        ("2026-10-30T23:00", "Mon 02 00:10"),
        ("2026-11-02T00:05", "Mon 02 00:10"),
    ],
)
def test_daylight_saving_moves_nothing(now: str, following: str) -> None:
    assert after(now, batch="x", day=now[:10]) == following


@given(
    st.integers(0, 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 40),
    st.dates(date(2025, 12, 25), date(2027, 1, 5)) | st.none(),
)
def test_the_next_poll_is_always_later_and_within_three_days(now: datetime, failures: int, day: date | None) -> None:
    following = SOURCE.next_poll({"cs.CL": FeedState(failures=failures, day=day)}, now)
    assert timedelta(0) < following - now <= timedelta(days=3, hours=2)
