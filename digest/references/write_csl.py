"""CSL-JSON, which Zotero, pandoc and citation processors read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from digest.model import AliasKind, Reference
from digest.references.names import family_first
from digest.references.write import first, labelled, line, listed, page_of
from digest.references.write_bibtex import citation_keys


def csl_json(references: Sequence[Reference]) -> str:
    """A JSON list of items, whose ids are the citation keys."""
    keys = citation_keys(references)
    items = [_item(one, key) for one, key in zip(references, keys, strict=True)]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def _item(one: Reference, key: str) -> dict[str, object]:
    arxiv = first(one, AliasKind.ARXIV)
    item: dict[str, object] = {
        "id": key,
        "type": "article-journal" if one.venue else "article",
        "title": line(one.title),
        "author": [_name(line(name)) for name in one.authors],
        "issued": {"date-parts": [[one.year]]} if one.year else None,
        "container-title": line(one.venue),
        "abstract": line(one.abstract),
        "DOI": first(one, AliasKind.DOI),
        "URL": page_of(one),
        "number": f"arXiv:{arxiv}" if arxiv else "",
        "keyword": listed(one.keywords),
        "note": "\n".join(labelled(one)),
    }
    return {name: value for name, value in item.items() if value}


def _name(name: str) -> dict[str, str]:
    family, given = family_first(name)
    return {"family": family, "given": given} if given else {"literal": name}
