"""Links through a library's proxy, for readers whose university pays for what a publisher asks money for.

A link is rewritten where it leads to a publisher or to doi.org; never where the paper is open to everybody, by host
or by the DOI's prefix (`OPEN_HOSTS`, `OPEN_DOIS`), nor the links to code and discussions.

    EZproxy    https://login.proxy.example.edu/login?url=                        the link is put behind it
    {url}      https://proxy.example.edu/go?to={url}                             percent-encoded, where the braces are
    {doi}      https://resolver.example.edu/openurl?rft_id=info:doi/{doi}        OpenURL; links without a DOI stay
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from digest.model import Edition, Facts

OPEN_HOSTS = frozenset(
    {
        "arxiv.org", "biorxiv.org", "medrxiv.org", "chemrxiv.org", "openreview.net", "aclanthology.org", "plos.org",
        "huggingface.co", "github.com", "semanticscholar.org", "ncbi.nlm.nih.gov", "europepmc.org", "zenodo.org",
        "eprint.iacr.org", "proceedings.mlr.press", "jmlr.org", "news.ycombinator.com",
    }
)  # fmt: skip
"""Where papers are free to read; hosts below these count too (`www.biorxiv.org`, `journals.plos.org`)."""

OPEN_DOIS = ("10.48550/", "10.1101/", "10.64898/", "10.26434/", "10.1371/", "10.5281/")
"""DOIs of arXiv, bioRxiv and medRxiv (before and since December 2025), ChemRxiv, PLOS, Zenodo."""

_DOI = re.compile(r"/(10\.\d{4,9}(?:\.\d+)*/[^\s?#]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Library:
    """A proxy: what stands before a link, or a template with `{url}` or `{doi}`; `open_hosts` are further free ones."""

    prefix: str = ""
    open_hosts: tuple[str, ...] = ()

    def link(self, url: str | None) -> str | None:
        """`url` through the proxy, or as it is."""
        if not url or not self.prefix or self._is_open(url):
            return url
        doi = _doi(url)
        if "{doi}" in self.prefix:
            return self.prefix.replace("{doi}", quote(doi, safe="/")) if doi else url
        if "{url}" in self.prefix:
            return self.prefix.replace("{url}", quote(url, safe=""))
        return self.prefix + url.replace("#", "%23")

    def _is_open(self, url: str) -> bool:
        host = (urlsplit(url).hostname or "").lower()
        own = urlsplit(self.prefix).hostname or ""
        is_free = any(_is_below(host, name) for name in (*OPEN_HOSTS, *self.open_hosts, own) if name)
        return is_free or (_doi(url) or "").lower().startswith(OPEN_DOIS)


def through(library: Library, edition: Edition) -> Edition:
    """The edition with the links of its papers as the library's readers need them."""
    if not library.prefix:
        return edition
    return replace(
        edition, picks=tuple(replace(pick, facts=facts_through(library, pick.facts)) for pick in edition.picks)
    )


def facts_through(library: Library, facts: Facts) -> Facts:
    """What is shown of one paper, likewise."""
    if not library.prefix:
        return facts
    return replace(facts, url=library.link(facts.url), pdf_url=library.link(facts.pdf_url))


def _doi(url: str) -> str | None:
    found = _DOI.search(url)
    return found[1] if found else None


def _is_below(host: str, name: str) -> bool:
    return host == name.lower() or host.endswith(f".{name.lower()}")
