"""The pages of papers and authors, over real HTTP and both databases."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.types import ASGIApp

from digest.model import Entry
from digest.store.database import Database
from tests.support.public import fill, get, paper, site, store, votes


@pytest.fixture
def pages(database: Database) -> ASGIApp:
    fill(database)
    return site(database)


def test_a_paper_shows_places_readings_and_links(pages: ASGIApp) -> None:
    (page,) = get(pages, "/p/arxiv:2604.00001")
    assert "<h1>Gaussian splatting for moving scenes</h1>" in page.text
    assert '<a href="/a/Ada%20Lovelace">Ada Lovelace</a>' in page.text
    assert '<a href="https://arxiv.org/pdf/2604.00001">PDF</a>' in page.text
    assert "<svg viewBox=" in page.text
    assert '<desc id="plot-desc">upvotes: 3 on 19 Apr, 120 on 20 Apr</desc>' in page.text
    assert '<td class="n">120</td>' in page.text
    assert "arxiv · cs.CV (new)" in page.text


def test_a_rising_paper_says_so_on_its_own_page_as_in_the_lists(database: Database) -> None:
    old = {"published_on": date(2026, 3, 1)}
    store(database, paper("2603.00001", "Hot at last", **old), paper("2603.00002", "Cold", **old), days_ago=20)
    calm = [paper(f"2603.1{n:04}", f"Calm subject{n}", **old) for n in range(8)]
    store(database, *calm, days_ago=20)
    store(database, votes("2603.00001", 3), votes("2603.00002", 3), *_calm(1), days_ago=1)
    store(database, votes("2603.00001", 90), votes("2603.00002", 4), *_calm(2))
    first, hot, cold = get(site(database), "/", "/p/arxiv:2603.00001", "/p/arxiv:2603.00002")
    assert first.text.count('<span class="mark">rising</span>') == 1
    assert '<span class="mark">rising</span>' in hot.text
    assert '<span class="mark">' not in cold.text


def _calm(upvotes: int) -> list[Entry]:
    return [votes(f"2603.1{n:04}", upvotes) for n in range(8)]


def test_an_author_of_many_papers_has_figures_of_all_and_twenty_a_page(database: Database) -> None:
    many = [paper(f"2604.0{n:04}", f"Study{n} of matter", has_code=n % 2 == 0) for n in range(1, 46)]
    store(database, *many)
    first, last, feed = get(
        site(database), "/a/Ada%20Lovelace", "/a/Ada%20Lovelace?page=3", "/feeds/a/Ada%20Lovelace.atom"
    )
    assert "45 papers here" in first.text
    assert first.text.count('<article class="paper">') == 20
    assert last.text.count('<article class="paper">') == 5
    assert "<dt>AI Score</dt><dd>49</dd>" in first.text
    assert feed.text.count("<entry>") == 20


def test_a_paper_shows_the_versions_that_were_seen(database: Database) -> None:
    store(database, paper("2604.00001", "A first title"), days_ago=2)
    store(database, paper("2604.00001", "A second title", version=2))
    (page,) = get(site(database), "/p/arxiv:2604.00001")
    assert 'v1 <span class="soft">seen 18 Apr, as “A first title”</span>' in page.text
    assert 'v2 <span class="soft">seen 20 Apr</span>' in page.text


def test_a_paper_names_similar_ones_and_the_words_they_share(database: Database) -> None:
    store(
        database,
        *(paper(f"2604.1{n:04}", f"Subject{n} of matter{n}", abstract_raw=f"On thing{n}.") for n in range(30)),
        paper("2604.00001", "Curvelet transforms of seismic data", abstract_raw="Quakes told by curvelets."),
        paper("2604.00002", "Seismic data told by curvelet transforms", abstract_raw="Zygomorphic quakes."),
    )
    (page,) = get(site(database), "/p/arxiv:2604.00002")
    similar = page.text.partition('id="akin"')[2].partition("</section>")[0]
    assert similar.count("<li>") == 1
    assert "Curvelet transforms of seismic data" in similar
    assert "curvelet" in similar
    assert "Words that none" in page.text or "In its words: that none of 31" in page.text
    assert "Zygomorphic" in page.text


@pytest.mark.parametrize("asked", ["2604.00001", "arXiv:2604.00001v3", "https://arxiv.org/abs/2604.00001"])
def test_any_form_of_an_id_leads_to_the_one_page(pages: ASGIApp, asked: str) -> None:
    (page,) = get(pages, f"/p/{asked}")
    assert (page.status_code, page.headers["location"]) == (302, "/p/arxiv:2604.00001")


def test_an_id_that_was_cut_leads_to_near_ones(pages: ASGIApp) -> None:
    (page,) = get(pages, "/p/arxiv:2604.0000")
    assert page.status_code == 404
    assert page.headers["cache-control"] == "no-store"
    assert '<a href="/p/arxiv:2604.00001">' in page.text
    assert 'name="q" value="2604.0000"' in page.text


def test_a_paper_of_218_authors_names_them_all(database: Database) -> None:
    names = tuple(f"Given{n} Family{n}" for n in range(218))
    store(database, paper("2604.00001", "Everything measured at once", authors=names))
    page, listed = get(site(database), "/p/arxiv:2604.00001", "/c/cs.CV")
    assert "and 210 more authors" in page.text
    assert page.text.count('href="/a/Given') == 218
    assert len(page.content) < 50_000
    assert "Family2</a> et al." in listed.text
    assert "Family3<" not in listed.text


def test_an_author_has_the_card_as_imported_and_as_computed(pages: ASGIApp) -> None:
    for written in ("Ada%20Lovelace", "ada%20lovelace", "Lovelace,%20Ada"):
        (page,) = get(pages, f"/a/{written}")
        assert page.status_code == 200
        assert "<h1>Ada Lovelace</h1>" in page.text
        assert "<dt>citations</dt><dd>24,036</dd>" in page.text
        assert "Computed from the papers here" in page.text
        assert "3 papers here" in page.text


def test_an_unknown_author_leads_to_those_of_the_same_surname(pages: ASGIApp) -> None:
    (page,) = get(pages, "/a/Adah%20Lovelace")
    assert page.status_code == 404
    assert '<a href="/a/Ada%20Lovelace">Ada Lovelace</a> <span class="soft">3 papers</span>' in page.text


def test_a_merged_papers_number_still_leads_to_it(pages: ASGIApp) -> None:
    (page,) = get(pages, "/p/p:1")
    assert (page.status_code, page.headers["location"]) == (302, "/p/arxiv:2604.00001")
