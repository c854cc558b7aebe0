"""What an edition keeps of a paper: little, clean, and as it was when the edition was composed."""

from __future__ import annotations

from digest.editions.plain import clean, excerpt, https_link
from digest.model import Facts, Paper

RISING = "rising"
"""The marker of a paper that is not new, but trends now."""

MISSED = "missed"
"""The marker of a paper that an earlier edition had no place for."""

REVISED = "revised"
"""The marker of a paper that the reader got or liked in an earlier version."""

AUTHORS_SHOWN = 3
AFFILIATIONS_SHOWN = 3

# In bytes of UTF-8. The abstract is kept a little longer than it is shown, so that a template may show more.
_TITLE, _ABSTRACT, _NAME, _LABEL = 300, 700, 80, 120


def facts_of(paper: Paper, marker: str = "") -> Facts:
    """What is shown of `paper`, as it was chosen. Equal papers give equal facts, stored once."""
    abs_url, pdf_url = _default_links(paper.key)
    return Facts(
        paper_id=paper.id,
        key=paper.key,
        title=clean(paper.title, _TITLE) or "(untitled)",
        abstract=excerpt(clean(paper.abstract, 4 * _ABSTRACT), _ABSTRACT),
        authors=_labels(paper.authors, AUTHORS_SHOWN, _NAME),
        author_count=len(paper.authors) if paper.is_authors_complete else None,
        affiliations=_labels(paper.affiliations, AFFILIATIONS_SHOWN, _LABEL),
        category=clean(paper.categories[0], _LABEL) if paper.categories else None,
        published_on=paper.published_on,
        version=paper.version,
        url=https_link(paper.url) or abs_url,
        pdf_url=https_link(paper.pdf_url) or pdf_url,
        code_url=https_link(paper.code_url),
        has_code=paper.has_code,
        discussion_url=https_link(paper.discussion_url),
        summary=excerpt(clean(paper.summary, 4 * _ABSTRACT), _ABSTRACT) or None if paper.summary else None,
        summary_source=paper.summary_source,
        upvotes=paper.signals.get("upvotes"),
        stars=paper.signals.get("stars"),
        series=paper.series.get("upvotes", ()),
        marker=marker,
    )


def _labels(texts: tuple[str, ...], count: int, limit: int) -> tuple[str, ...]:
    return tuple(label for text in texts[:count] if (label := clean(text, limit)))


def _default_links(key: str) -> tuple[str | None, str | None]:
    kind, _, value = key.partition(":")
    match kind:
        case "arxiv":
            return f"https://arxiv.org/abs/{value}", f"https://arxiv.org/pdf/{value}"
        case "doi":
            return https_link(f"https://doi.org/{value}"), None
        case _:
            return None, None
