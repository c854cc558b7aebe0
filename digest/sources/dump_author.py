"""An author's page: a card perhaps, then headings (category, date, Code), titles with authors, abstracts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import PurePath

from digest.errors import UnreadableFile
from digest.model import AuthorCard, Entry, Listing
from digest.papers.identity import fold_name, surname
from digest.sources.dump_lines import DATE, Line, day_of, without_furniture
from digest.sources.dump_names import (
    Byline,
    Vocabulary,
    byline,
    is_name,
    names_after_the_first,
    shows_authors,
    split_title,
)
from digest.sources.dump_records import LONGEST_TITLE, check_end, entry, is_prose, short
from digest.sources.taxonomy import CATEGORIES

HEAD = re.compile(rf"(?P<category>[A-Z]{{2,4}}?|[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z-]+?)?)\s*{DATE}\s*(?P<code>Code)?")
_ARCHIVES_WITH = Counter(name.partition(".")[2] for name in CATEGORIES)
# A bare code is a category where one archive only has it. CV is also complex variables, but pages that show bare
# codes are about computing.
_CATEGORY_OF = {code: name for name in CATEGORIES if (code := name.partition(".")[2]) and _ARCHIVES_WITH[code] == 1} | {
    "CV": "cs.CV"
}
_NUMBER = r"(?P<n>\d[\d,]*)"
_FIGURES = {
    "h_index": re.compile(rf"h-index\s*:?\s*{_NUMBER}", re.IGNORECASE),
    "papers": re.compile(rf"{_NUMBER}\s*papers", re.IGNORECASE),
    "citations": re.compile(rf"{_NUMBER}\s*citations", re.IGNORECASE),
    "novelty": re.compile(rf"Novelty\s*:?\s*{_NUMBER}\s*%", re.IGNORECASE),
    "ai_score": re.compile(rf"AI Score\s*:?\s*{_NUMBER}", re.IGNORECASE),
}


class AuthorPage:
    def __init__(self, path: str, as_of: date) -> None:
        self.path, self.as_of = path, as_of
        self.day: date | None = None
        self.card: AuthorCard | None = None
        self.vocabulary = Vocabulary.of((), ())

    def read(self, lines: list[Line], heads: list[int]) -> Listing:
        self.card = self._read_card(lines[: heads[0]])
        self.vocabulary = _vocabulary(lines, self.card)
        spans = zip(heads, [*heads[1:], len(lines)], strict=True)
        entries: list[Entry] = []
        first_day = self.day
        for start, end in spans:
            day = self.day
            record = self._record(lines[start], lines[start + 1 : end])
            entries.append(replace(record, day=day) if day != first_day else record)
        return Listing(PurePath(self.path).name, first_day, tuple(entries), card=self.card)

    def _fail(self, line: Line, reason: str) -> UnreadableFile:
        return UnreadableFile(self.path, line.number, reason)

    def _read_card(self, lines: list[Line]) -> AuthorCard | None:
        """The card of the page's author. A page that names nobody has none, whatever else it shows."""
        figures: dict[str, int] = {}
        name = category = None
        plain: list[Line] = []
        for line in lines:
            if found := next(((k, m) for k, r in _FIGURES.items() if (m := r.fullmatch(line.text))), None):
                figures.setdefault(found[0], int(found[1]["n"].replace(",", "")))
            else:
                plain.append(line)
        for item in without_furniture(plain, self.as_of):
            if isinstance(item, date):
                self.day = self.day or item
            elif name is None and is_name(item.text):
                name = item.text
            elif category is None and name is not None and re.fullmatch(r"[A-Z]{2,4}|[a-z-]+\.[A-Za-z-]+", item.text):
                category = _category(item.text)
            else:
                raise self._fail(item, f"not understood in front of the first paper: {short(item.text)}")
        return AuthorCard(name=name, category=category, **figures) if name else None

    def _record(self, head: Line, body: list[Line]) -> Entry:
        found = HEAD.fullmatch(head.text)
        assert found is not None
        published = day_of(found, self.as_of)
        if published is None:
            raise self._fail(head, f"there is no such day: {short(head.text)}")
        texts: list[Line] = []
        for item in without_furniture(body, self.as_of):
            if isinstance(item, date):
                self.day = item
            else:
                texts.append(item)
        title, names, abstract = self._parts(head, texts)
        read = entry(title, abstract, has_code=found["code"] is not None)
        read = replace(read, categories=(_category(found["category"]),), published_on=published)
        return self._with_authors(read, names)

    def _parts(self, head: Line, texts: list[Line]) -> tuple[str, Byline | None, str]:
        """Title, authors, abstract: the authors stand below the title or are glued to its end."""
        if not texts:
            raise self._fail(head, f"no title follows the heading {short(head.text)}")
        title, names, rest = texts[0].text, None, texts[1:]
        if rest and (below := byline(rest[0].text)):
            names, rest = below, rest[1:]
        elif glued := split_title(title, self.vocabulary):
            title, names = glued
        elif shows_authors(title):
            raise self._fail(texts[0], f"where does the title end? Put the authors on a line below: {short(title)}")
        if not rest:
            raise self._fail(texts[-1], f"no abstract follows the title {short(title)}")
        for line in rest[1:]:
            if not is_prose(line.text):
                raise self._fail(line, f"neither a heading nor part of an abstract: {short(line.text)}")
        check_end(title, rest[-1], self.path)
        return title, names, " ".join(line.text for line in rest)

    def _with_authors(self, entry: Entry, names: Byline | None) -> Entry:
        """The authors as shown, and the card's author, whose page this is, also where "et al." hides the name."""
        authors = names.authors if names else ()
        is_complete = names.is_complete if names else False
        if self.card and not any(_is_same_person(self.card.name, author) for author in authors):
            authors, is_complete = (*authors, self.card.name), False
        affiliations = names.affiliations if names else ()
        return replace(entry, authors=authors, is_authors_complete=is_complete, affiliations=affiliations)


def _vocabulary(lines: list[Line], card: AuthorCard | None) -> Vocabulary:
    names = {card.name} if card else set()
    for line in lines:
        if found := byline(line.text):
            names.update(found.authors)
        elif len(line.text) < LONGEST_TITLE:
            names.update(names_after_the_first(line.text))
    return Vocabulary.of((line.text for line in lines), names)


def _is_same_person(name: str, other: str) -> bool:
    one, two = fold_name(name), fold_name(other)
    if one == two:
        return True
    is_initial = len(one.split()[0]) == 1 or len(two.split()[0]) == 1 if one and two else False
    return is_initial and one[:1] == two[:1] and surname(name) == surname(other)


def _category(code: str) -> str:
    """The arXiv category of a bare code where there is only one, else the code as the page shows it."""
    return _CATEGORY_OF.get(code, code)
