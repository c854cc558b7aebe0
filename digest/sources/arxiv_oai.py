"""arXiv's archive over OAI-PMH 2.0: what changed since a day, page by page, with all versions' dates.

https://info.arxiv.org/help/oa/index.html: only `from` may be asked, a record's datestamp is that of its last change
and not of its announcement, and a resumption token lives for a day. `arXivRaw` is asked for, as it alone numbers the
versions; `arXiv` and `oai_dc` records are read, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.papers import identity, text
from digest.sources import Request, Response, Unreadable
from digest.sources.archive import Missed, Page, StaleToken
from digest.sources.charset import decoded
from digest.sources.gather import checked_title, gather
from digest.sources.markup import is_page

_MOST_TAGS = 2_000_000
_DECLARES = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*?\?>")
_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})  # every other archive is physics
_FORMATS = frozenset({"arXiv", "arXivRaw", "dc"})


def request(base_url: str, missed: Missed) -> Request:
    """The first page by its day, a further one by its token alone, as the protocol wants it."""
    if missed.token is not None:
        asked = {"verb": "ListRecords", "resumptionToken": missed.token}
    else:
        # A day earlier: records change in the evening before their day, and the datestamp's zone is not told.
        since = missed.since - timedelta(days=1)
        asked = {
            "verb": "ListRecords",
            "metadataPrefix": "arXivRaw",
            "set": set_of(missed.feed),
            "from": since.isoformat(),
        }
    return Request(f"{base_url}?{urlencode(asked, safe=':')}", feed=missed.feed)


def set_of(category: str) -> str:
    """`cs.AI` → `cs:cs:AI`, `hep-th` → `physics:hep-th`, `cs` → `cs`."""
    archive, _, subject = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    if subject:
        return f"{group}:{archive}:{subject}"
    return archive if archive == group and archive != "physics" else f"{group}:{archive}"


def page(missed_feed: str, response: Response, path: str) -> Page:
    """One answer of ListRecords or GetRecord.

    Raises:
        StaleToken: its resumption token is worth no more.
        Unreadable: an HTML page, not whole, an error of the protocol, or no record of it can be read.
    """
    root = _root(response)
    _check_error(root)
    records = [record for record in _all(root, "record") if not _is_deleted(record)]
    entries, rejections = gather(records, read_record, path)
    token = next(_all(root, "resumptionToken"), None)
    total = token.get("completeListSize", "") if token is not None else ""
    return Page(
        Listing(missed_feed, None, entries, rejections),
        ((token.text or "").strip() or None) if token is not None else None,
        int(total) if total.isdecimal() else None,
    )


def _root(response: Response) -> ET.Element:
    words = decoded(response.body, response.headers.get("content-type", ""))
    if not words.strip():
        raise Unreadable("the answer is empty")
    if is_page(words):
        raise Unreadable("an HTML page instead of OAI-PMH")
    if _DECLARES.search(words) or words.count("<") > _MOST_TAGS:
        raise Unreadable("the document declares entities or has too many elements: refused unparsed")
    try:
        root = ET.fromstring(_DECLARATION.sub("", words).lstrip())  # noqa: S314 - entities were refused above
    except ET.ParseError as error:
        raise Unreadable(f"line {error.position[0]}: the page is not whole") from error
    if _name(root) not in ("OAI-PMH", "record"):
        raise Unreadable(f"no OAI-PMH: its root element is <{_name(root)[:40]}>")
    return root


def _check_error(root: ET.Element) -> None:
    error = next((child for child in root if _name(child) == "error"), None)
    if error is None:
        return
    code, said = error.get("code", ""), " ".join((error.text or "").split())[:200]
    if code == "badResumptionToken":
        raise StaleToken(f"arXiv says: {code}: {said}")
    if code != "noRecordsMatch":
        raise Unreadable(f"arXiv says: {code}: {said}")


def read_record(record: ET.Element) -> Entry:
    """One record of any of the three formats.

    Raises:
        Unreadable: no arXiv id, no title, or another format.
    """
    found = next((part for part in record.iter() if _name(part) in _FORMATS), None)
    if found is None:
        raise Unreadable("a record without metadata that we know")
    told = _text(found, "id") or _text(record, "identifier")
    known = identity.arxiv_id(told)
    if known is None:
        raise Unreadable(f"no arXiv id in {told[:80]!r}")
    title = checked_title(" ".join(_text(found, "title").split()))
    if _name(found) == "dc":
        return _dublin_core(found, known[0], title, _day(_text(record, "datestamp")))
    versions = list(_versions(found))
    authors, is_complete = _authors(found)
    categories = tuple(dict.fromkeys(_text(found, "categories").split()))
    dois = [identity.doi(word) for word in _text(found, "doi").split()]
    return Entry(
        title_raw=title,
        abstract_raw=_text(found, "abstract"),
        aliases=(
            Alias(AliasKind.ARXIV, known[0]),
            *(Alias(AliasKind.DOI, doi) for doi in dict.fromkeys(dois) if doi),
        ),
        announcement=Announcement.CAUGHT_UP,
        version=max((number for number, _ in versions), default=None),
        authors=authors,
        is_authors_complete=is_complete and bool(authors),
        affiliations=_affiliations(found),
        categories=categories,
        primary_category=categories[0] if categories else None,
        published_on=min((day for _, day in versions if day), default=_day(_text(found, "created"))),
        day=_day(_text(record, "datestamp")),
        url=f"https://arxiv.org/abs/{known[0]}",
        pdf_url=f"https://arxiv.org/pdf/{known[0]}",
        comment=" ".join(_text(found, "comments").split()) or None,
    )


def _dublin_core(found: ET.Element, name: str, title: str, day: date | None) -> Entry:
    """`oai_dc`: names the last name first, the first date is the first version's, subjects are no categories."""
    names = tuple(" ".join(reversed(told.split(", ", 1))) for told in _texts(found, "creator"))
    said = [words for words in _texts(found, "description") if not words.startswith("Comment:")]
    dois = [identity.doi(words) for words in _texts(found, "identifier") if words.startswith("doi:")]
    return Entry(
        title_raw=title,
        abstract_raw=said[0] if said else "",
        aliases=(Alias(AliasKind.ARXIV, name), *(Alias(AliasKind.DOI, doi) for doi in dict.fromkeys(dois) if doi)),
        announcement=Announcement.CAUGHT_UP,
        authors=names,
        is_authors_complete=bool(names),
        published_on=min(filter(None, map(_day, _texts(found, "date"))), default=None),
        day=day,
        url=f"https://arxiv.org/abs/{name}",
        pdf_url=f"https://arxiv.org/pdf/{name}",
        comment=next((w.removeprefix("Comment:").strip() for w in _texts(found, "description") if w not in said), None),
    )


def _versions(found: ET.Element) -> Iterator[tuple[int, date | None]]:
    for version in _all(found, "version"):
        number = version.get("version", "").removeprefix("v")
        if number.isdecimal():
            yield int(number), _rfc_day(_text(version, "date"))


def _authors(found: ET.Element) -> tuple[tuple[str, ...], bool]:
    """Structured names, or the submitter's own line.

    A collaboration put before a colon was cut up as if it were people: its pieces are one name again.
    """
    line = _text(found, "authors") if _name(found) == "arXivRaw" else ""
    if line:
        return text.split_authors(" ".join(line.split()))
    names = [_full_name(author) for author in _all(found, "author")]
    if ":" in names:
        head = names[: names.index(":")]
        names = [" ".join(head), *names[len(head) + 1 :]] if head else names[1:]
    return tuple(name for name in names if name.strip(" :")), True


def _full_name(author: ET.Element) -> str:
    parts = [" ".join(_text(author, part).split()) for part in ("forenames", "keyname", "suffix")]
    return " ".join(part for part in parts if part)


def _affiliations(found: ET.Element) -> tuple[str, ...]:
    told = (" ".join(words.split()) for author in _all(found, "author") for words in _texts(author, "affiliation"))
    return tuple(dict.fromkeys(filter(None, told)))


def _is_deleted(record: ET.Element) -> bool:
    return any(header.get("status") == "deleted" for header in _all(record, "header"))


# Old recordings leave namespaces out or wrong, so elements are known by their local names.


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (element for element in root.iter() if _name(element) == name)


def _texts(root: ET.Element, name: str) -> list[str]:
    return [(element.text or "").strip() for element in _all(root, name)]


def _text(root: ET.Element, name: str) -> str:
    return next(iter(_texts(root, name)), "")


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words[:10])
    except ValueError:
        return None


def _rfc_day(words: str) -> date | None:
    try:
        return parsedate_to_datetime(words).date()
    except (ValueError, TypeError):
        return _day(words)
