"""Links through a library's proxy: publishers' and DOIs only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from digest.config.settings import LinksSettings
from digest.editions.assemble import Letterhead, words
from digest.editions.library import Library, through
from digest.editions.plain import https_link
from tests.support.editions import edition, pick

EZPROXY = Library("https://login.proxy.example.edu/login?url=")


@pytest.mark.parametrize(
    "url",
    [
        "https://doi.org/10.1038/s41929-026-01535-6",
        "https://www.nature.com/articles/s41929-026-01535-6",
        "https://www.science.org/doi/abs/10.1126/science.abc1234?af=R",
        "https://notarxiv.org/abs/1",
    ],
)
def test_publishers_and_dois_go_through_the_proxy(url: str) -> None:
    assert EZPROXY.link(url) == f"https://login.proxy.example.edu/login?url={url}"
    assert https_link(EZPROXY.link(url)) == EZPROXY.link(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/2604.14630",
        "https://doi.org/10.48550/arXiv.2604.14630",
        "https://www.biorxiv.org/content/10.64898/2026.07.13.738145v1",
        "https://doi.org/10.64898/2026.07.13.738145",
        "https://openreview.net/forum?id=abc",
        "https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0000001",
        "https://huggingface.co/papers/2604.14630",
        "https://login.proxy.example.edu/login?url=https://doi.org/10.1038/x",
        None,
    ],
)
def test_what_is_open_to_everybody_stays(url: str | None) -> None:
    assert EZPROXY.link(url) == url


def test_without_a_prefix_everything_stays() -> None:
    assert Library().link("https://doi.org/10.1038/x") == "https://doi.org/10.1038/x"


def test_further_open_hosts_stay_with_those_below_them() -> None:
    library = Library(EZPROXY.prefix, ("mdpi.com",))
    assert library.link("https://www.mdpi.com/1") == "https://www.mdpi.com/1"
    assert library.link("https://www.notmdpi.com/1") != "https://www.notmdpi.com/1"


def test_a_template_gets_the_address_encoded_or_the_doi() -> None:
    encoded = Library("https://proxy.example.edu/go?to={url}&u=1")
    assert (
        encoded.link("https://x.example/a?b=1")
        == "https://proxy.example.edu/go?to=https%3A%2F%2Fx.example%2Fa%3Fb%3D1&u=1"
    )
    resolver = Library("https://resolver.example.edu/openurl?rft_id=info:doi/{doi}")
    assert (
        resolver.link("https://doi.org/10.1038/x") == "https://resolver.example.edu/openurl?rft_id=info:doi/10.1038/x"
    )
    assert resolver.link("https://www.nature.com/articles/x") == "https://www.nature.com/articles/x"


def test_a_mail_leads_through_the_proxy_and_leaves_code_and_discussion_alone() -> None:
    facts = replace(
        pick().facts,
        url="https://doi.org/10.1038/s41929-026-01535-6",
        pdf_url="https://www.nature.com/articles/s41929-026-01535-6.pdf",
        code_url="https://code.example.org/x",
        discussion_url="https://talk.example.org/x",
    )
    made = edition(replace(pick(), facts=facts))
    head = Letterhead("Digest <digest@example.org>", {1: bytes(32)}, "https://digest.example.org", library=EZPROXY)
    plain = words(replace(head, library=Library()), made, "ada@example.org")
    proxied = words(head, made, "ada@example.org")
    assert "login.proxy.example.edu" not in plain.html + plain.text
    for shown in (proxied.html, proxied.text):
        assert "https://login.proxy.example.edu/login?url=https://doi.org/10.1038/s41929-026-01535-6" in shown
        assert "url=https://code.example.org" not in shown
        assert "url=https://talk.example.org" not in shown
    assert "https://login.proxy.example.edu/login?url=https://www.nature.com/" in proxied.html


def test_the_edition_itself_keeps_the_papers_own_links() -> None:
    made = edition(pick())
    assert through(Library(), made) is made
    assert through(EZPROXY, made).picks[0].facts.title == made.picks[0].facts.title


@pytest.mark.parametrize(
    "prefix", ["http://proxy.example.edu/?url=", "proxy.example.edu", "https://x y/", "javascript:"]
)
def test_a_prefix_that_no_link_can_follow_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="is not an https address that a link can follow"):
        LinksSettings.model_validate({"proxy_prefix": prefix})
