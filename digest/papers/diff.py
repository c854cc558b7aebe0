"""What an entry means to a catalog, and what a known paper becomes by it.

    unknown           ─► new, or revised where it is announced as a replacement
    higher version    ─► revised          same version, other words, shown here before ─► revised
    anything to learn ─► merged           nothing to learn ─► unchanged

`unite` is idempotent, so the same listing again leaves everything unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from digest.model import Alias, Change, DiffCounts
from digest.papers.forms import Formed
from digest.papers.identity import fold_name


@dataclass(frozen=True, slots=True)
class KnownPaper:
    """A paper as the catalog's rows hold it; fields are named as the columns are.

    `title_hashes` are those of every title it was ever listed under. `was_sighted_here` says whether this source
    and feed listed it before.
    """

    title_form: str
    abstract_hash: str = ""
    title_raw: str = ""
    title: str = ""
    abstract_raw: str = ""
    abstract: str = ""
    version: int | None = None
    title_hashes: frozenset[str] = frozenset()
    aliases: frozenset[Alias] = frozenset()
    authors: tuple[str, ...] = ()
    is_authors_complete: bool = True
    affiliations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    primary_category: str | None = None
    published_on: date | None = None
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    has_code: bool = False
    discussion_url: str | None = None
    comment: str | None = None
    summary: str | None = None
    is_withdrawn: bool = False
    was_sighted_here: bool = False


def classify(formed: Formed, known: KnownPaper | None) -> Change:
    """What the entry means; `known` is the paper it speaks of, None where the catalog has none."""
    return taken_in(formed, known)[0]


def taken_in(formed: Formed, known: KnownPaper | None) -> tuple[Change, KnownPaper]:
    """What the entry means, and what the paper becomes by it."""
    if known is None:
        # A replacement of a paper never seen is no news: its readers had it before this catalog existed.
        change = Change.REVISED if formed.entry.announcement.is_replacement else Change.NEW
        return change, known_of(formed)
    united = unite(known, formed)
    if is_revision(formed, known):
        return Change.REVISED, united
    return (Change.UNCHANGED, known) if united == known else (Change.MERGED, united)


def is_revision(formed: Formed, known: KnownPaper) -> bool:
    """Whether the entry is a later state of the paper than the one the catalog holds.

    Version numbers decide where both sides have them. Other words under the same number count only in a feed that
    listed the paper before: two servers may number (and word) one paper's versions differently.
    """
    version = formed.entry.version
    if version is None:
        return False
    if known.version is None:
        return formed.entry.announcement.is_replacement
    if version != known.version:
        return version > known.version
    return known.was_sighted_here and _has_other_words(formed, known)


def _has_other_words(formed: Formed, known: KnownPaper) -> bool:
    abstract_changed = bool(formed.abstract_hash) and formed.abstract_hash != known.abstract_hash
    return abstract_changed or (bool(formed.title_form) and formed.title_form != known.title_form)


def known_of(formed: Formed) -> KnownPaper:
    """What the catalog knows of a paper after its first entry."""
    entry = formed.entry
    return KnownPaper(
        title_form=formed.title_form,
        abstract_hash=formed.abstract_hash,
        title_raw=entry.title_raw,
        title=formed.title,
        abstract_raw=entry.abstract_raw,
        abstract=formed.abstract,
        version=entry.version,
        title_hashes=frozenset((formed.title_hash,)) if formed.title_hash else frozenset(),
        aliases=frozenset(entry.aliases),
        authors=formed.authors,
        is_authors_complete=entry.is_authors_complete,
        affiliations=formed.affiliations,
        categories=entry.categories,
        primary_category=entry.primary_category,
        published_on=entry.published_on,
        url=entry.url,
        pdf_url=entry.pdf_url,
        code_url=formed.code_url,
        has_code=formed.has_code,
        discussion_url=entry.discussion_url,
        comment=entry.comment,
        summary=entry.summary,
        is_withdrawn=formed.is_withdrawn,
        was_sighted_here=True,
    )


def unite(known: KnownPaper, formed: Formed) -> KnownPaper:
    """The union of what both know; the entry's words where they are current or fill a gap. Idempotent."""
    new, is_current = known_of(formed), _is_current(formed, known)
    authors, is_complete = _authors(known, new, prefer_new=is_current)
    first, second = (new, known) if is_revision(formed, known) else (known, new)
    return replace(
        known,
        **_words(known, new, is_current=is_current),
        version=max((v for v in (known.version, new.version) if v is not None), default=None),
        title_hashes=known.title_hashes | new.title_hashes,
        aliases=known.aliases | new.aliases,
        authors=authors,
        is_authors_complete=is_complete,
        affiliations=_appended(known.affiliations, new.affiliations),
        categories=_appended(known.categories, new.categories),
        published_on=min((d for d in (known.published_on, new.published_on) if d), default=None),
        primary_category=_first(known.primary_category, new.primary_category),
        url=_first(known.url, new.url),
        pdf_url=_first(known.pdf_url, new.pdf_url),
        code_url=_first(first.code_url, second.code_url),
        has_code=known.has_code or new.has_code,
        discussion_url=_first(known.discussion_url, new.discussion_url),
        comment=_first(first.comment, second.comment),
        summary=_first(known.summary, new.summary),
        is_withdrawn=_is_withdrawn(known, formed),
        was_sighted_here=True,
    )


def join(elder: KnownPaper, other: KnownPaper) -> KnownPaper:
    """Two records that turned out to be one paper. The elder's words stay unless the other's version is the later."""
    is_current = other.version is not None and (elder.version is None or other.version > elder.version)
    authors, is_complete = _authors(elder, other, prefer_new=is_current)
    return replace(
        elder,
        **_words(elder, other, is_current=is_current),
        version=max((v for v in (elder.version, other.version) if v is not None), default=None),
        title_hashes=elder.title_hashes | other.title_hashes,
        aliases=elder.aliases | other.aliases,
        authors=authors,
        is_authors_complete=is_complete,
        affiliations=_appended(elder.affiliations, other.affiliations),
        categories=_appended(elder.categories, other.categories),
        published_on=min((d for d in (elder.published_on, other.published_on) if d), default=None),
        has_code=elder.has_code or other.has_code,
        is_withdrawn=elder.is_withdrawn or other.is_withdrawn,
        was_sighted_here=elder.was_sighted_here or other.was_sighted_here,
        **{name: getattr(elder, name) or getattr(other, name) for name in _EITHERS},
    )


_EITHERS = ("primary_category", "url", "pdf_url", "code_url", "discussion_url", "comment", "summary")


def _is_withdrawn(known: KnownPaper, formed: Formed) -> bool:
    """A later version decides, an earlier one has no say; otherwise whoever knows of it is believed."""
    if is_revision(formed, known):
        return formed.is_withdrawn
    version = formed.entry.version
    is_stale = version is not None and known.version is not None and version < known.version
    return known.is_withdrawn or (formed.is_withdrawn and not is_stale)


def _is_current(formed: Formed, known: KnownPaper) -> bool:
    """Whether the entry's words are at least as recent as the known ones: sources that number versions know best."""
    version = formed.entry.version
    return version is not None and (known.version is None or version >= known.version)


def _words(known: KnownPaper, new: KnownPaper, *, is_current: bool) -> dict[str, Any]:
    """Current words replace the known ones; an empty text never replaces anything."""
    words: dict[str, Any] = {}
    if _replaces(new.title_form, known.title_form, is_current=is_current):
        words |= {"title_raw": new.title_raw, "title": new.title, "title_form": new.title_form}
    if _replaces(new.abstract_hash, known.abstract_hash, is_current=is_current):
        words |= {"abstract_raw": new.abstract_raw, "abstract": new.abstract, "abstract_hash": new.abstract_hash}
    return words


def _replaces(new: str, known: str, *, is_current: bool) -> bool:
    """Forms are compared, so that the same words in another typography are no change."""
    return bool(new) and new != known and (is_current or not known)


def _authors(known: KnownPaper, new: KnownPaper, *, prefer_new: bool) -> tuple[tuple[str, ...], bool]:
    """A complete list beats an incomplete one; two incomplete ones are united, the longer one first."""
    if not new.authors:
        return known.authors, known.is_authors_complete
    if not known.authors:
        return new.authors, new.is_authors_complete
    if new.is_authors_complete and (prefer_new or not known.is_authors_complete):
        return new.authors, True
    if known.is_authors_complete:
        return known.authors, True
    longer, shorter = (new, known) if len(new.authors) > len(known.authors) else (known, new)
    present = {fold_name(name) for name in longer.authors}
    return longer.authors + tuple(n for n in shorter.authors if fold_name(n) not in present), False


def _first(known: str | None, new: str | None) -> str | None:
    return known or new or known


def _appended(first: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return first + tuple(dict.fromkeys(item for item in more if item not in first))


def count(changes: Iterable[Change]) -> DiffCounts:
    """How many entries were what."""
    n = Counter(changes)
    return DiffCounts(n[Change.NEW], n[Change.REVISED], n[Change.MERGED], n[Change.UNCHANGED])
