"""The derived forms of an entry, computed once and outside any transaction: readable text, normal forms, hashes."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from digest.model import Alias, AliasKind, Entry
from digest.papers.identity import code_link, fold_name, normal_form, surname
from digest.papers.text import readable, readable_name
from digest.papers.withdrawal import is_withdrawn

_LONGEST_NAME = 256  # characters of a folded name; what is longer is no name


@dataclass(frozen=True, slots=True)
class Formed:
    """An entry with its derived forms. Hashes are 32 hexadecimal digits, "" of an empty form."""

    entry: Entry
    title: str
    title_form: str
    title_hash: str
    abstract: str
    abstract_hash: str
    authors: tuple[str, ...]
    folded: tuple[str, ...]  # the authors' names as they are compared, in their order
    surnames: frozenset[str]
    affiliations: tuple[str, ...]
    code_url: str | None
    is_withdrawn: bool = False

    @property
    def has_code(self) -> bool:
        return self.entry.has_code or self.code_url is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """What decides whether two records speak of the same paper where no identifier does."""

    title_hash: str
    abstract_hash: str
    surnames: frozenset[str]
    year: int | None
    aliases: frozenset[Alias]


def form(entry: Entry) -> Formed:
    """Derive all forms of an entry; pure and the costly part of an upsert (about 100 µs on one core)."""
    link, abstract = code_link(readable(entry.abstract_raw))
    if link is None and entry.comment:
        link, _ = code_link(readable(entry.comment))
    title = readable(entry.title_raw)
    title_normal = normal_form(title)
    authors = tuple(name for name in map(readable_name, entry.authors) if name)
    return Formed(
        entry=entry,
        title=title,
        title_form=title_normal,
        title_hash=hash_of_form(title_normal),
        abstract=abstract,
        abstract_hash=hash_of_form(normal_form(abstract)),
        authors=authors,
        folded=tuple(map(folded_name, authors)),
        surnames=frozenset(filter(None, map(surname, authors))),
        affiliations=tuple(dict.fromkeys(filter(None, map(readable, entry.affiliations)))),
        code_url=entry.code_url or link,
        is_withdrawn=is_withdrawn(title, abstract, entry.comment),
    )


def title_hash(title: str) -> str:
    """The hash of a title's normal form, "" where nothing is left of it."""
    return hash_of_form(normal_form(readable(title)))


def folded_name(name: str) -> str:
    """An author's name as it is compared, as long as the catalog keeps it."""
    return fold_name(name)[:_LONGEST_NAME]


def identity(formed: Formed) -> Identity:
    published = formed.entry.published_on
    year = published.year if published else None
    return Identity(formed.title_hash, formed.abstract_hash, formed.surnames, year, frozenset(formed.entry.aliases))


def is_same_work(one: Identity, other: Identity) -> bool:
    """Whether two records with no identifier in common are one paper: the last resort, so it wants proof twice.

    Equal title forms, and a shared surname with years at most one apart (or unknown and equal abstracts); where
    one side names no authors at all, equal abstracts. Identifiers that exclude each other are two papers.
    """
    if not one.title_hash or one.title_hash != other.title_hash or excludes(one.aliases, other.aliases):
        return False
    equal_abstracts = bool(one.abstract_hash) and one.abstract_hash == other.abstract_hash
    if not one.surnames or not other.surnames:
        return equal_abstracts
    if not one.surnames & other.surnames:
        return False
    if one.year is None or other.year is None:
        return equal_abstracts
    return abs(one.year - other.year) <= 1


def excludes(some: Iterable[Alias], others: Iterable[Alias], *, by_doi: bool = True) -> bool:
    """Whether two sets of identifiers can only be those of two papers.

    Two arXiv ids always are; so are two DOIs of journals, or two of one preprint server. A preprint's DOI and a
    journal's are one paper's two addresses.
    """
    mine, theirs = _claims(some, by_doi=by_doi), _claims(others, by_doi=by_doi)
    return any(mine[place].isdisjoint(theirs[place]) for place in mine.keys() & theirs.keys())


# Prefixes of preprint servers: bioRxiv and medRxiv (10.64898 since December 2025; with letters after it, 10.1101 is
# the journals of their founder), ChemRxiv, Research Square, Preprints.org, OSF and its communities, TechRxiv,
# Authorea, SSRN.
_PREPRINTS = re.compile(
    r"(10\.1101(?=/\d)|10\.(?:64898|26434|21203|20944|31219|31234|31235|31222|31223|31224|36227|22541|2139))/.+"
)
_DOI_VERSION = re.compile(r"[./-]v\d+$")
_ONE_SERVER = {"10.64898": "10.1101"}


def _claims(aliases: Iterable[Alias], *, by_doi: bool) -> dict[str, set[str]]:
    """What identifies at most one paper, by the place that gives it out."""
    claims: defaultdict[str, set[str]] = defaultdict(set)
    for alias in aliases:
        if alias.kind is AliasKind.ARXIV:
            claims["arxiv"].add(alias.value)
        elif alias.kind is AliasKind.DOI and by_doi:
            server = _PREPRINTS.fullmatch(alias.value)
            place = _ONE_SERVER.get(server[1], server[1]) if server else "journal"
            claims[place].add(_DOI_VERSION.sub("", alias.value) if server else alias.value)
    return claims


def hash_of_form(normal_form: str) -> str:
    """32 hexadecimal digits of a normal form, "" of an empty one."""
    return (
        hashlib.blake2b(normal_form.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest() if normal_form else ""
    )
