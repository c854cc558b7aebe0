"""The topic presets of `templates/page/topics.toml`, or of the admin's file of that name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from digest import assets
from digest.editions.language import Language
from digest.errors import ConfigError

_FILE = Path("page") / "topics.toml"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KEYS = {"name", "title", "about", "categories", "keywords"}


@dataclass(frozen=True, slots=True)
class Topic:
    """What somebody may be interested in; `name` stands in addresses and forms."""

    name: str
    title: str
    about: str
    categories: tuple[str, ...]
    keywords: tuple[str, ...]

    def told(self, language: Language) -> Topic:
        """The same with its title and what it is about in a language; keywords are those of papers, and stay."""
        title, about = (language.gettext(text) if text else "" for text in (self.title, self.about))
        return replace(self, title=title, about=about)


def told(topics_: Mapping[str, Topic], language: Language) -> list[Topic]:
    """All of them, as pages in a language offer them."""
    return [topic.told(language) for topic in topics_.values()]


def topics(overrides: Path | None = None) -> tuple[Topic, ...]:
    """The presets, in the order of their file.

    Raises:
        ConfigError: the admin's file is no TOML, or a topic lacks something; the text says which.
    """
    own = overrides / _FILE if overrides else None
    file = own if own is not None and own.is_file() else assets.templates() / _FILE
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8")).get("topic", [])
    except (OSError, ValueError) as error:
        raise ConfigError([f"{file}: {error}"]) from error
    problems = [f"{file}: topic {number}: {problem}" for number, row in enumerate(rows, 1) if (problem := _wrong(row))]
    if problems:
        raise ConfigError(problems)
    return tuple(_topic(row) for row in rows)


def _wrong(row: object) -> str | None:
    if not isinstance(row, dict) or set(row) != _KEYS:
        return f"needs exactly {', '.join(sorted(_KEYS))}"
    if not isinstance(row["name"], str) or not _NAME.fullmatch(row["name"]):
        return f"name {row['name']!r} stands in addresses: small letters, digits and hyphens only"
    lists = row["categories"], row["keywords"]
    if not all(isinstance(one, list) and one and all(isinstance(word, str) for word in one) for one in lists):
        return "categories and keywords must be lists of texts that are not empty"
    return None


def _topic(row: dict[str, object]) -> Topic:
    categories, keywords = row["categories"], row["keywords"]
    assert isinstance(categories, list)
    assert isinstance(keywords, list)
    texts = str(row["name"]), str(row["title"]), str(row["about"])
    return Topic(*texts, tuple(map(str, categories)), tuple(map(str, keywords)))
