"""What mails and pages say in a reader's language: gettext catalogs, and Babel for dates, numbers and plurals.

templates/locale/CODE/LC_MESSAGES/digest.po    the catalogs, English being what the source says
OVERRIDES/locale/CODE/LC_MESSAGES/digest.po    an operator's own: another language, or other words for some of it
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from digest import assets

if TYPE_CHECKING:
    from babel import Locale
    from babel.messages.catalog import Catalog

SOURCE = "en"
"""The language of the source: what a catalog does not translate is said in it."""

_FILE = Path("LC_MESSAGES") / "digest.po"
_KEPT = 4096


def N_(message: str) -> str:  # noqa: N802 - the name by which gettext's tools know it
    """Marks a message that is translated elsewhere."""
    return message


class Language:
    """One language. Made by `language`, so that equal ones are the same object."""

    def __init__(self, code: str, overrides: Path | None = None) -> None:
        self.code = code
        self._overrides = overrides

    def __repr__(self) -> str:
        return f"Language({self.code!r})"

    # ── words ─────────────────────────────────────────────────────────────────────────────────────

    def gettext(self, message: str, /, **values: object) -> str:
        """The message, with `values` where it says %(name)s; Babel's extractor finds calls by these names."""
        found = self.catalog.gettext(message)
        return found % values if values else found

    def ngettext(self, one: str, many: str, count: int, /, **values: object) -> str:
        """`one` or `many` as the language counts; %(num)s is the number as it is written."""
        return self.catalog.ngettext(one, many, count) % {"num": self.number(count), **values}

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """A message that means something only in its context."""
        found = self.catalog.pgettext(context, message)
        return found % values if values else found

    def listed(self, words: Sequence[str]) -> str:
        """`a, b and c`"""
        if len(words) < 2:
            return "".join(words)
        return self.gettext("%(first)s and %(last)s", first=", ".join(words[:-1]), last=words[-1])

    @cached_property
    def catalog(self) -> NullTranslations:
        """What is translated; everything else stays as it is."""
        found = [path for path in _files(self.code, self._overrides) if path.is_file()]
        return _compiled(found) if found else NullTranslations()

    # ── dates and numbers ─────────────────────────────────────────────────────────────────────────

    @cached_property
    def locale(self) -> Locale:
        from babel import Locale, UnknownLocaleError

        try:
            return Locale.parse(self.code.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return Locale.parse(SOURCE)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`"""
        return str(self.locale.text_direction)

    @cached_property
    def own_name(self) -> str:
        """`Deutsch`"""
        name = self.locale.get_display_name(self.locale) or self.code
        return name[:1].upper() + name[1:]

    def long_date(self, day: date) -> str:
        """Monday, 20 April 2026"""
        return self._dated(day, self.pgettext("date", "EEEE, d MMMM y"))

    def weekday_date(self, day: date) -> str:
        """Monday, 20 April"""
        return self._dated(day, self.pgettext("date", "EEEE, d MMMM"))

    def short_date(self, day: date, year: int) -> str:
        """17 Apr, with the year where it is not `year`."""
        short, whole = self.pgettext("date", "d MMM"), self.pgettext("date", "d MMM y")
        return self._dated(day, short if day.year == year else whole)

    def moment(self, at: datetime) -> str:
        """Monday, 20 April, 07:00"""
        return self.gettext("%(day)s, %(time)s", day=self.weekday_date(at.date()), time=f"{at:%H:%M}")

    def timed(self, at: datetime) -> str:
        """20 Apr 2026, 07:00"""
        return self.gettext("%(day)s, %(time)s", day=self.short_date(at.date(), 0), time=f"{at:%H:%M}")

    def percent(self, number: float) -> str:
        """51 %, of a number from 0 to 100."""
        return self.gettext("%(number)s%%", number=self.number(round(number)))

    def number(self, number: float) -> str:
        """1,412, and at most one place after the point."""
        if 0 <= number < 1000 and isinstance(number, int):
            return str(number)
        return _number(self, number)

    def _dated(self, day: date, pattern: str) -> str:
        return _dated(self, day, pattern)


@lru_cache(maxsize=_KEPT)
def _dated(language: Language, day: date, pattern: str) -> str:
    from babel.dates import format_date

    return format_date(day, pattern, language.locale)


@lru_cache(maxsize=_KEPT)
def _number(language: Language, number: float) -> str:
    from babel.numbers import format_decimal

    return format_decimal(number, "#,##0.#", language.locale)


# ── which there are ──────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=128)
def language(code: str = "", overrides: Path | None = None) -> Language:
    """The language of a code such as `de` or `de-AT`; English for one that there is no catalog of."""
    known = codes(overrides)
    wanted = code.replace("_", "-")
    for one in (wanted, wanted.partition("-")[0].lower()):
        if one in known:
            return _language(one, overrides)
    return _language(SOURCE, overrides)


def preferred(header: str, default: Language, overrides: Path | None = None) -> Language:
    """The language that suits an `Accept-Language` best (RFC 9110, section 12.5.4); `default` where none does."""
    known = codes(overrides)
    for wanted in _wanted(header):
        for one in (wanted, wanted.partition("-")[0]):
            found = next((code for code in known if code.lower() == one), None)
            if found is not None:
                return _language(found, overrides)
        if wanted == "*":
            break
    return default


@lru_cache(maxsize=1024)
def _wanted(header: str) -> tuple[str, ...]:
    """The codes in lower case, the most welcome first; what has a weight of zero or none that can be read is left."""
    weighed = [found.groups() for one in header[:_LONGEST_HEADER].split(",") if (found := _RANGE(one.strip()))]
    welcome = [(code.lower(), float(weight or 1)) for code, weight in weighed if float(weight or 1) > 0]
    return tuple(code for code, _ in sorted(welcome, key=lambda one: -one[1]))


_LONGEST_HEADER = 500  # characters that are read
_RANGE = re.compile(r"(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*q\s*=\s*([01](?:\.\d{0,3})?))?").fullmatch


@lru_cache(maxsize=32)
def _language(code: str, overrides: Path | None) -> Language:
    return Language(code, overrides)


ENGLISH = _language(SOURCE, None)


@lru_cache(maxsize=8)
def codes(overrides: Path | None = None) -> tuple[str, ...]:
    """The languages that there are, English first."""
    folders = [assets.templates(), *([overrides] if overrides else [])]
    found = {path.parts[-3] for folder in folders for path in folder.glob(f"locale/*/{_FILE}")}
    return (SOURCE, *sorted(found - {SOURCE}))


def own_names(overrides: Path | None = None) -> Mapping[str, str]:
    """The languages by what they call themselves: {"en": "English", "de": "Deutsch"}."""
    return {code: _language(code, overrides).own_name for code in codes(overrides)}


def forget_languages() -> None:
    """Read all catalogs anew."""
    codes.cache_clear()
    language.cache_clear()
    _language.cache_clear()
    ENGLISH.__dict__.pop("catalog", None)


# ── catalogs ─────────────────────────────────────────────────────────────────────────────────────


def _files(code: str, overrides: Path | None) -> Iterator[Path]:
    """Where a language may have words, the operator's last, since they win."""
    for folder in (assets.templates(), overrides):
        if folder is not None:
            yield folder / "locale" / code / _FILE


def _compiled(files: Iterable[Path]) -> GNUTranslations:
    """The catalogs as gettext reads them, later ones before earlier ones."""
    found: GNUTranslations | None = None
    for path in files:
        one = GNUTranslations(_machine_form(read_catalog(path)))
        if found is not None:
            one.add_fallback(found)
        found = one
    assert found is not None
    return found


def read_catalog(path: Path) -> Catalog:
    """A catalog as it stands in a file.

    Raises:
        babel.messages.pofile.PoFileError: it is none.
    """
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3].replace("-", "_"), abort_invalid=True)


def _machine_form(catalog: Catalog) -> BytesIO:
    from babel.messages.mofile import write_mo

    file = BytesIO()
    write_mo(file, catalog)
    file.seek(0)
    return file
