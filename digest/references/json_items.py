"""References in JSON: CSL-JSON, Zotero's own items (Web API, Better BibTeX JSON), Semantic Scholar's papers.

The three are told apart item by item, since all of them are lists of objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from digest.model import Alias, AliasKind, Rejection
from digest.references import Library, identifiers
from digest.references.draft import Draft, Refused, library_of
from digest.references.text import keywords_of, one_line, year_of

Json = Mapping[str, object]

_LISTS = ("items", "data", "recommendedPapers", "references")
_WITHIN = ("data", "citedPaper", "citingPaper", "paper")
_PARTS_OF_ITEMS = frozenset({"attachment", "note", "annotation"})
_ENTITIES = {"ArXiv": "arXiv:{}", "DOI": "doi:{}", "CorpusId": "CorpusId:{}"}


def read(text: str, path: str) -> Library:
    """The references of a JSON document."""
    try:
        found: object = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        return Library(rejections=(Rejection(path, error.lineno, f"no JSON: {error.msg} in column {error.colno}"),))
    except (ValueError, RecursionError) as error:
        return Library(rejections=(Rejection(path, None, f"no JSON: {error}"),))
    items = _items(found)
    if isinstance(items, str):
        return Library(rejections=(Rejection(path, None, items),))
    return library_of(path, drafts(items))


def _items(found: object) -> list[object] | str:
    if isinstance(found, list):
        return found or "an empty list"
    if not isinstance(found, dict):
        return f"a JSON {type(found).__name__}, no list of references"
    for name in _LISTS:
        if isinstance(found.get(name), list):
            return [*found[name]]
    told = next((found[name] for name in ("error", "message") if isinstance(found.get(name), str)), None)
    if told is not None and "title" not in found:
        return f"no references: it says {one_line(told)[:120]!r}"
    if not {"title", "paperId", "itemType", "DOI"} & found.keys():
        return f"an object of none of the known forms; it has {', '.join(sorted(map(str, found))[:6])}"
    return [found]


def drafts(items: Iterable[object]) -> Iterator[Draft | Refused]:
    """One draft per item; parts of other items (attachments, notes) belong to those and are passed over."""
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            yield Refused(f"item {number}", None, f"no object but {json.dumps(item)[:60]}")
            continue
        found = _one(_unwrapped(item), f"item {number}")
        if found is not None:
            yield found


def _unwrapped(item: Json) -> Json:
    for name in _WITHIN:
        inner = item.get(name)
        if isinstance(inner, dict) and "title" not in item:
            return {"key": item.get("key"), **inner}
    return item


def _one(item: Json, place: str) -> Draft | Refused | None:
    if "itemType" in item:
        return _of_zotero(item, place)
    if "paperId" in item or "externalIds" in item:
        return _of_semantic_scholar(item, place)
    return _of_csl(item, place)


# ── CSL-JSON ─────────────────────────────────────────────────────────────────────────────────────


def _of_csl(item: Json, place: str) -> Draft:
    venue = _text(item, "container-title") or _text(item, "event-title")
    aliases = identifiers.of_doi(_text(item, "DOI")) | identifiers.of_url(_text(item, "URL"))
    aliases |= identifiers.of_note(_raw(item, "note"), _text(item, "number"), _text(item, "archive_location"))
    aliases |= identifiers.of_journal(venue) | identifiers.of_journal(_text(item, "number"))
    return Draft(
        source=_named(item, place, "citation-key", "id"),
        title=_text(item, "title"),
        abstract=_text(item, "abstract"),
        authors=[_csl_name(name) for name in _objects(item, "author") or _objects(item, "editor")],
        aliases=aliases,
        year=_csl_year(item.get("issued")),
        keywords=keywords_of(item.get("keyword")),
        venue=venue,
    )


def _csl_name(name: Json) -> str:
    literal = _text(name, "literal")
    parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    return literal or " ".join(filter(None, (_text(name, part) for part in parts)))


def _csl_year(issued: object) -> int | None:
    if not isinstance(issued, dict):
        return year_of(issued)
    parts = issued.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts else None
    year = first[0] if isinstance(first, list) and first else None
    return year_of(year, issued.get("raw"), issued.get("literal"))


# ── Zotero ───────────────────────────────────────────────────────────────────────────────────────


def _of_zotero(item: Json, place: str) -> Draft | Refused | None:
    source = _named(item, place, "citationKey", "key", "itemKey")
    kind = _text(item, "itemType")
    if kind in _PARTS_OF_ITEMS:
        if item.get("parentItem") or kind == "annotation":
            return None
        told = _text(item, "title") or _text(item, "filename") or "without a name"
        return Refused(source, None, f"a Zotero {kind} of its own ({told[:60]}), no reference")
    extra = _raw(item, "extra")
    aliases = identifiers.of_doi(_text(item, "DOI")) | identifiers.of_url(_text(item, "url"))
    aliases |= identifiers.of_note(extra, *(_text(item, n) for n in ("archiveID", "number", "reportNumber")))
    venue = next(filter(None, (_text(item, n) for n in _ZOTERO_VENUES)), "")
    return Draft(
        source=source,
        title=next(filter(None, (_text(item, n) for n in ("title", "caseName", "nameOfAct", "subject"))), ""),
        abstract=_text(item, "abstractNote"),
        authors=[_zotero_name(name) for name in _zotero_authors(_objects(item, "creators"))],
        aliases=aliases | identifiers.of_journal(venue),
        year=year_of(item.get("date"), item.get("dateDecided"), item.get("dateEnacted")),
        keywords=[_text(tag, "tag") for tag in _objects(item, "tags")],
        venue=venue,
    )


_ZOTERO_VENUES = ("publicationTitle", "proceedingsTitle", "bookTitle", "conferenceName", "websiteTitle", "repository")


def _zotero_authors(creators: list[Json]) -> list[Json]:
    """The authors, in whatever role the kind of item calls them; editors only where there is nobody else."""
    lesser = ("editor", "seriesEditor", "translator", "contributor")
    return [one for one in creators if _text(one, "creatorType") not in lesser] or creators


def _zotero_name(name: Json) -> str:
    given, _, suffix = _text(name, "firstName").partition(",")  # "Michael, III"
    return _text(name, "name") or f"{given} {_text(name, 'lastName')} {suffix}"


# ── Semantic Scholar ─────────────────────────────────────────────────────────────────────────────


def _of_semantic_scholar(item: Json, place: str) -> Draft:
    ids = item.get("externalIds")
    known: dict[str, object] = dict(ids) if isinstance(ids, dict) else {}
    known.setdefault("CorpusId", item.get("corpusId"))
    aliases = set[Alias]()
    for name, form in _ENTITIES.items():
        value = known.get(name)
        if isinstance(value, str | int) and value:
            aliases |= identifiers.of_url(form.format(value))
    # Their own pages' addresses change when records are joined; the CorpusId does not.
    pages = {one for one in identifiers.of_url(_text(item, "url")) if "semanticscholar.org" not in one.value}
    return Draft(
        source=_named(item, place, "paperId"),
        title=_text(item, "title"),
        abstract=_text(item, "abstract"),
        authors=[_text(name, "name") for name in _objects(item, "authors")],
        aliases=aliases | {one for one in pages if one.kind is not AliasKind.URL or not aliases},
        year=year_of(item.get("year"), item.get("publicationDate")),
        venue=_text(item, "venue"),
    )


# ── values of the expected type, or nothing ──────────────────────────────────────────────────────


def _text(values: Json, name: str) -> str:
    return one_line(values.get(name))


def _raw(values: Json, name: str) -> str:
    """Text whose lines matter."""
    found = values.get(name)
    return found if isinstance(found, str) else ""


def _objects(values: Json, name: str) -> list[Json]:
    found = values.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _named(item: Json, place: str, *names: str) -> str:
    for name in names:
        found = item.get(name)
        if isinstance(found, str | int) and str(found).strip():
            return one_line(str(found))
    return place
