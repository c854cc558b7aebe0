"""The pages for everybody, over real HTTP and both databases."""

from __future__ import annotations

import logging
import re
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from digest import clock
from digest.store.database import Database
from digest.web import app
from tests.support.public import HOSTILE, fill, get, paper, site, store
from tests.support.web import KEYS, NOW

PLACES = (
    *("/", "/topics", "/topics/3d-vision", "/c/cs.CV", "/search", "/search?q=splatting"),
    *("/p/arxiv:2604.00001", "/a/Ada%20Lovelace", "/feeds/trending.atom"),
)


@pytest.fixture
def pages(database: Database) -> ASGIApp:
    fill(database)
    return site(database)


@pytest.fixture
def sqlite_pages(sqlite_database: Database) -> ASGIApp:
    fill(sqlite_database)
    return site(sqlite_database)


def _titles(html: str) -> list[str]:
    return re.findall(r"<h[23]><a href=\"[^\"]*\">(.*?)</a></h[23]>", html)


def test_the_first_page_shows_what_trends_hottest_first_and_a_box_to_subscribe(pages: ASGIApp) -> None:
    (page,) = get(pages, "/")
    assert _titles(page.text) == ["深度学习 for MRI", "Gaussian splatting for moving scenes"]
    assert "120 upvotes" in page.text
    assert '<span class="mark">new</span>' in page.text
    assert '<span class="mark">rising</span>' in page.text
    assert '<a class="badge" href="https://github.com/x/y">Code</a>' in page.text
    assert 'method="post" action="/subscribe"' in page.text
    assert 'name="topics" value="robotics"' in page.text


def test_without_any_votes_the_first_page_shows_the_latest_papers(database: Database) -> None:
    store(database, paper("2604.00001", "The first"))
    store(database, paper("2604.00002", "The second"))
    (page,) = get(site(database), "/")
    assert _titles(page.text) == ["The second", "The first"]
    assert "New papers" in page.text


def test_an_empty_catalog_has_pages_too(database: Database) -> None:
    for page in get(site(database), "/", "/topics", "/topics/robotics", "/search?q=x", "/feeds/trending.atom"):
        assert page.status_code == 200


def test_a_category_lists_its_papers_latest_first_on_pages(database: Database) -> None:
    store(database, *(paper(f"2604.{n:05}", f"Paper number {n}") for n in range(1, 46)))
    first, second, third, fourth = get(site(database), *(f"/c/cs.CV?page={n}" for n in range(1, 5)))
    assert [len(_titles(page.text)) for page in (first, second, third, fourth)] == [20, 20, 5, 0]
    assert _titles(first.text)[0] == "Paper number 45"
    assert 'rel="next" href="/c/cs.CV?page=2"' in first.text
    assert 'rel="prev" href="/c/cs.CV?page=2"' in third.text
    assert 'rel="next"' not in third.text


def test_a_topic_lists_the_papers_of_its_categories_that_hold_a_keyword(pages: ASGIApp) -> None:
    robots, vision, medical = get(pages, "/topics/robotics", "/topics/3d-vision", "/topics/medical-imaging")
    assert _titles(robots.text) == []
    assert _titles(vision.text) == ["Gaussian splatting for moving scenes"]
    assert _titles(medical.text) == ["深度学习 for MRI"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("splatting", ["Splatting without tears", "Gaussian splatting for moving scenes"]),
        ("gaussian SPLATTINGS scene", ["Gaussian splatting for moving scenes"]),
        ("munoz", ["Splatting without tears"]),
        ("Muñoz splatting", ["Splatting without tears"]),
        ("深度", ["深度学习 for MRI"]),
        ("lovelace mri", ["深度学习 for MRI"]),
        ("nothing-such", []),
    ],
)
def test_a_search_finds_words_of_titles_abstracts_and_authors(pages: ASGIApp, query: str, titles: list[str]) -> None:
    (page,) = get(pages, f"/search?q={quote(query)}")
    assert _titles(page.text) == titles


def test_a_search_shows_papers_with_the_words_in_their_title_before_later_ones(database: Database) -> None:
    store(database, paper("2604.00001", "Wavelets"))
    store(database, paper("2604.00002", "Something else", abstract_raw="It is about wavelets."))
    (page,) = get(site(database), "/search?q=wavelet")
    assert _titles(page.text) == ["Wavelets", "Something else"]


def test_a_changed_text_is_found_by_its_new_words_only(database: Database) -> None:
    store(database, paper("2604.00001", "About wavelets"), days_ago=1)
    store(database, paper("2604.00001", "About curvelets", version=2))
    old, new = get(site(database), "/search?q=wavelets", "/search?q=curvelets")
    assert _titles(old.text) == []
    assert _titles(new.text) == ["About curvelets"]


def test_searching_an_id_leads_to_its_paper(pages: ASGIApp) -> None:
    for page in get(pages, "/search?q=2604.00001", "/search?q=https://arxiv.org/abs/2604.00001v2"):
        assert (page.status_code, page.headers["location"]) == (303, "/p/arxiv:2604.00001")


def test_words_that_say_nothing_are_told_so(pages: ASGIApp) -> None:
    (page,) = get(pages, "/search?q=the+of")
    assert "nearly every paper" in page.text


def test_public_pages_may_be_kept_and_are_not_sent_twice(sqlite_pages: ASGIApp) -> None:
    for path, page in zip(PLACES, get(sqlite_pages, *PLACES), strict=True):
        assert page.headers["cache-control"] == "public, max-age=300", path
        (again,) = get(sqlite_pages, path, if_none_match=page.headers["etag"])
        assert (again.status_code, again.content) == (304, b""), path


def test_head_says_what_get_says(sqlite_pages: ASGIApp) -> None:
    for page in get(sqlite_pages, *PLACES, method="HEAD"):
        assert (page.status_code, page.content) == (200, b"")
        assert int(page.headers["content-length"]) > 500


def test_pages_are_small_and_ask_nobody_else(sqlite_pages: ASGIApp) -> None:
    for page in get(sqlite_pages, *PLACES):
        assert len(page.content) < 50_000
        assert not re.search(r"<script|<img|<iframe|style=| src=|@import|url\(| on\w+=", page.text)


def test_every_page_has_its_landmarks_and_a_way_past_them(sqlite_pages: ASGIApp) -> None:
    for page in get(sqlite_pages, *PLACES[:-1], "/nothing"):
        assert [page.text.count(f"<{mark}") for mark in ("header>", "main ", "footer>")] == [1, 1, 1]
        assert page.text.index('href="#main"') < page.text.index("<header>")
        assert page.text.count("<h1") == 1


def test_below_a_folder_every_link_begins_with_it(sqlite_database: Database) -> None:
    fill(sqlite_database)
    pages = site(sqlite_database, "https://example.org/papers")
    for path in PLACES[:-1]:
        # A proxy may leave the folder on the path, or take it off.
        kept, taken_off = get(pages, f"/papers{path}", path)
        assert kept.status_code == 200, path
        assert kept.text == taken_off.text
        links = re.findall(r'(?:href|action)="(/[^"]*)"', kept.text)
        assert links
        assert all(f"{link}/".startswith("/papers/") for link in links), links
    (feed,) = get(pages, "/papers/feeds/trending.atom")
    assert "<id>https://example.org/papers/p/arxiv:2604.00001</id>" in feed.text


def test_a_preview_of_a_link_has_its_facts(sqlite_pages: ASGIApp) -> None:
    (page,) = get(sqlite_pages, "/p/arxiv:2604.00001")
    assert '<meta property="og:title" content="Gaussian splatting for moving scenes">' in page.text
    assert '<meta property="og:url" content="https://digest.example.org/p/arxiv:2604.00001">' in page.text
    assert '<meta property="og:type" content="article">' in page.text


def test_strangers_text_is_text_everywhere(sqlite_pages: ASGIApp) -> None:
    query = quote(HOSTILE + '"onx=')
    paths = ("/c/cs.CR", "/p/arxiv:2604.00003", "/a/Ada%20Lovelace", f"/search?q={query}", f"/a/{query}", f"/p/{query}")
    for page in get(sqlite_pages, *paths):
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert '"onx=' not in page.text


def test_no_address_leads_to_another_site(sqlite_pages: ASGIApp) -> None:
    for path in (
        "//evil.example",
        "/p///evil.example",
        "/p/https://evil.example",
        "/search?q=//evil.example",
        "/%5cevil",
    ):
        (page,) = get(sqlite_pages, path)
        assert not page.headers.get("location", "/").startswith(("//", "http", "/\\"))


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/p/%00",
            "/a/%00",
            "/c/%00",
            "/topics/%00",
            "/search?q=%00",
            "/search?q=%ED%A0%80",
            "/p/%FF%FE",
            "/a/%ED%A0%80",
        ),
        *(
            "/search?q=" + "x" * 20_000,
            "/a/" + "a%20" * 3_000,
            "/p/p:99999999999999999999",
            "/p/p:%C2%B2",
            "/p/p:-1",
            "/p/",
        ),
        *(
            "/search?page=%C2%B2",
            "/search?q=model&page=-1",
            "/c/cs.CV?page=99999999999",
            "/search?q=%27%3B--",
            "/search?q=%22*%22",
        ),
        *(
            "/search?q=a:b+AND+NOT+(x",
            "/search?q=%F0%9F%A6%99",
            "/a/",
            "/feeds/a/%00.atom",
            "/feeds/c/x%2Fy.atom",
            "/feeds/a/.atom",
        ),
        *("/p/arxiv:2604.00001%00", "/c/%25", "/c/..%2f..%2fetc", "/search?q=%E0%A4%95%E0%A5%8D%E0%A4%B7"),
    ],
)
def test_bad_input_is_never_an_error_of_ours(pages: ASGIApp, path: str) -> None:
    (page,) = get(pages, path)
    assert page.status_code in (200, 302, 404)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.text(max_size=60))
def test_whatever_is_asked_is_answered(sqlite_pages: ASGIApp, asked: str) -> None:
    said = quote(asked.encode("utf-8", "surrogatepass"), safe="")
    paths = [f"{place}{said}" for place in ("/search?q=", "/p/", "/a/", "/c/", "/topics/", "/feeds/c/", "/")]
    assert {page.status_code for page in get(sqlite_pages, *paths)} <= {200, 302, 303, 404}


def test_the_log_names_no_words_and_no_names(sqlite_pages: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "digest.web.access"):
        get(sqlite_pages, "/search?q=secret", "/a/Secret%20Person", "/c/secret", "/secret", "/u/secret", "/")
    told = [record.getMessage() for record in caplog.records if record.name == "digest.web.access"]
    assert told == [
        *("GET /search 200", "GET /a/… 404", "GET /c/… 404", "GET /… 404", "GET /u/… 404", "GET / 200"),
    ]


def test_an_admins_templates_and_topics_win(sqlite_database: Database, tmp_path: Path) -> None:
    own = tmp_path / "own" / "page"
    own.mkdir(parents=True)
    bees = 'name = "bees"\ntitle = "Bees"\nabout = "All of them."\ncategories = ["q-bio.PE"]\nkeywords = ["bee"]\n'
    (own / "topics.toml").write_text(f"[[topic]]\n{bees}")
    (own / "style.css").write_text("body { color: green; }\n")
    pages = app(sqlite_database, lambda: KEYS, clock.fixed(NOW), overrides=own.parent)
    page, gone = get(pages, "/topics/bees", "/topics/robotics")
    assert "<style>body { color: green; }" in page.text
    assert (page.status_code, gone.status_code) == (200, 404)


def test_pages_wait_for_no_writer(sqlite_database: Database) -> None:
    fill(sqlite_database)
    with sqlite_database.engine.begin() as busy:
        busy.exec_driver_sql("UPDATE papers SET version = 2")
        (page,) = get(site(sqlite_database), "/c/cs.CV")
    assert page.status_code == 200


def test_a_reading_transaction_can_change_nothing(database: Database) -> None:
    fill(database)
    with pytest.raises(Exception, match=r"read.?only|may not write"):
        database.read_sync(lambda connection: connection.exec_driver_sql("DELETE FROM papers"))
    assert database.run_sync(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM papers").scalar()) == 4


def test_dates_of_other_years_say_so(sqlite_database: Database) -> None:
    store(sqlite_database, paper("2504.00001", "Older", published_on=date(2025, 4, 1)))
    (page,) = get(site(sqlite_database), "/c/cs.CV")
    assert "1 Apr 2025" in page.text
