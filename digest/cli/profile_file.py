"""A profile written by hand, in TOML: what `digest evaluate --profile FILE` ranks a past day for.

name = "Vision-language"
muted = ["survey"]

[[interest]]
keywords = ["vision-language model", "visual grounding"]
likes = ["2604.14630"]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from digest.config.overlay import read_toml
from digest.config.problems import check
from digest.errors import ConfigError
from digest.model import Bar, Interest, Options, Profile
from digest.ranking import query

Words = tuple[str, ...]


class WrittenOptions(BaseModel):
    """How papers are chosen; the same words as in a subscriber's options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bar: Bar = Bar.NORMAL
    explores: bool = False
    has_cross_lists: bool = True


class WrittenInterest(BaseModel):
    """One interest; likes and dislikes are papers of the catalog in any form that `digest paper show` takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    categories: Words = ()
    keywords: Words = ()
    text: str = ""
    authors: Words = ()
    institutions: Words = ()
    likes: Words = ()
    dislikes: Words = ()

    def interest(self, number_of: Mapping[str, int]) -> Interest:
        """As the ranker takes it; papers that `number_of` does not know are left out."""
        return Interest(
            name=self.name,
            categories=self.categories,
            keywords=self.keywords,
            text=self.text,
            authors=self.authors,
            institutions=self.institutions,
            likes=tuple(number_of[paper] for paper in self.likes if paper in number_of),
            dislikes=tuple(number_of[paper] for paper in self.dislikes if paper in number_of),
        )


class WrittenProfile(BaseModel):
    """A whole profile. `name` is what tables call it; the file's name, where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    muted: Words = ()
    muted_authors: Words = ()
    muted_categories: Words = ()
    options: WrittenOptions = WrittenOptions()
    interest: tuple[WrittenInterest, ...] = Field(default=())

    @property
    def papers(self) -> list[str]:
        """Every paper that is named, once."""
        return list(dict.fromkeys(paper for one in self.interest for paper in (*one.likes, *one.dislikes)))

    def profile(self, number_of: Mapping[str, int]) -> Profile:
        """As the ranker takes it; papers that `number_of` does not know are left out."""
        return Profile(
            interests=tuple(one.interest(number_of) for one in self.interest),
            muted=self.muted,
            muted_authors=self.muted_authors,
            muted_categories=self.muted_categories,
            options=Options(
                bar=self.options.bar,
                explores=self.options.explores,
                has_cross_lists=self.options.has_cross_lists,
            ),
        )


def read_profile(path: Path) -> WrittenProfile:
    """Read a profile.

    Raises:
        ConfigError: every problem, each with its place in the file and what would be right.
    """
    tables = read_toml(path, str(path))
    written = tables.pop("interest", [])
    if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
        raise ConfigError([f"{path}: interest must be a list of tables: [[interest]]"])
    problems = [*_problems(WrittenProfile, tables, str(path)), *_interest_problems(written, str(path))]
    if problems:
        raise ConfigError(problems)
    found = WrittenProfile.model_validate({**tables, "interest": written})
    return found if found.name else found.model_copy(update={"name": path.stem.replace("-", " ")})


def _interest_problems(written: Sequence[Mapping[str, object]], path: str) -> Iterator[str]:
    names = [one.get("name", "") for one in written]
    for number, one in enumerate(written, start=1):
        where = f"{path}: interest {number}"
        yield from _problems(WrittenInterest, one, where)
        if names.index(one.get("name", "")) < number - 1:
            said = f"named {one['name']!r}" if one.get("name") else "without a name"
            yield f"{where}: a second interest {said}; give each a name of its own"
        yield from _keyword_problems(one.get("keywords"), where)
        if one.keys() <= {"name"}:
            yield f"{where}: is empty; give it keywords, text, likes, categories, authors or institutions"


def _keyword_problems(keywords: object, where: str) -> Iterator[str]:
    """Conditions that would be read as plain words."""
    for keyword in keywords if isinstance(keywords, list) else []:
        problem = query.check(keyword) if isinstance(keyword, str) else None
        if problem is not None:
            yield f"{where}: keyword {keyword!r}: {problem}"


def _problems(model: type[BaseModel], table: Mapping[str, object], where: str) -> list[str]:
    options = table.get("options")
    found = [f"{where}: {line}" for _, line in check(model, {k: v for k, v in table.items() if k != "options"})[1]]
    if model is WrittenProfile and options is not None:
        if not isinstance(options, dict):
            return [*found, f"{where}: options must be a section: [options]"]
        found += [f"{where}: options: {line}" for _, line in check(WrittenOptions, options)[1]]
    elif options is not None:
        found.append(f"{where}: options belong to the whole profile: write [options] before the first [[interest]]")
    return found
