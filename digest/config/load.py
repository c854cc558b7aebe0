"""Find the configuration and load it; either it is right as a whole or every problem is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from platformdirs import PlatformDirs
from pydantic import BaseModel

from digest.config import problems as told
from digest.config.overlay import Raw, Table, convert, make_absolute, read_secrets, read_toml, variables
from digest.config.relay import relay_mismatches
from digest.config.returning import inbox_mismatches
from digest.config.settings import (
    SECTIONS,
    DatabaseSettings,
    EnricherSettings,
    MailSettings,
    RankingSettings,
    Settings,
    SourceSettings,
)
from digest.config.signing import mismatches
from digest.editions.language import codes
from digest.errors import ConfigError, UsageError
from digest.plugins import check_ranker, load_enricher, load_kind, near

FILE_NAME = "digest.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def locate(given: Path | None, environment: Mapping[str, str], cwd: Path) -> Path | None:
    """The configuration file: the given one, $DIGEST_CONFIG, ./digest.toml, the user's, the system's.

    Raises:
        ConfigError: a file that was named does not exist.
    """
    named = given or (Path(environment["DIGEST_CONFIG"]) if environment.get("DIGEST_CONFIG") else None)
    if named is not None:
        found = cwd / named.expanduser()
        if not found.is_file():
            by = "--config" if given else "$DIGEST_CONFIG"
            raise ConfigError([f"{named}: there is no such file (named by {by}); 'digest init' writes one"])
        return found
    return next((file for file in places(cwd) if file.is_file()), None)


def places(cwd: Path) -> list[Path]:
    """Where an unnamed configuration is looked for, in this order."""
    folders = PlatformDirs("digest", appauthor=False)
    return [cwd / FILE_NAME, folders.user_config_path / FILE_NAME, folders.site_config_path / FILE_NAME]


def load(file: Path | None, environment: Mapping[str, str], cwd: Path) -> Settings:
    """The settings of a file (or of none) and the environment.

    Paths and SQLite URLs are taken relative to the file's folder, or to `cwd` where there is no file.

    Raises:
        ConfigError: every problem, each with its path and what would be right.
    """
    shown = _shown(file, cwd)
    folder = file.resolve().parent if file else cwd
    loader = _Loader(shown, folder, read_toml(file, shown) if file else {})
    loader.overlay(environment)
    return loader.settings(file)


class _Loader:
    """Collects sections and problems; used once."""

    def __init__(self, shown: str, folder: Path, tables: Mapping[str, object]) -> None:
        self._shown, self._folder = shown, folder
        self._problems: list[str] = []
        self._sections: dict[str, Raw] = {name: Raw(f"{shown}: {name}", {}) for name in SECTIONS}
        self._tables: dict[str, dict[str, Raw]] = {"sources": {}, "enrich": {}}
        for name, value in tables.items():
            self._add(name, value)

    def overlay(self, environment: Mapping[str, str]) -> None:
        """Lay the variables over the file."""
        for variable, path, text in variables(environment):
            raw = self._target(variable, path)
            if raw is not None:
                raw.table[path[-1]] = text
                raw.origins[path[-1]] = variable
                raw.table.pop(_twin(path[-1]), None)

    def settings(self, file: Path | None) -> Settings:
        built = {name: self._section(raw, SECTIONS[name]) for name, raw in self._sections.items()}
        sources = {name: self._source(name, raw) for name, raw in self._tables["sources"].items()}
        enrich = {name: self._enricher(name, raw) for name, raw in self._tables["enrich"].items()}
        self._problems += combinations(built, self._sections)
        if self._problems:
            raise ConfigError(self._problems)
        known = {name: one for name, one in enrich.items() if one}
        return Settings(file, self._folder, **built, sources=sources, enrich=known)  # type: ignore[arg-type]  # keys are the section names, values of their class

    def source(self, name: str, raw: Raw) -> SourceSettings:
        """One source alone."""
        checked = self._source(name, raw)
        if self._problems:
            raise ConfigError(self._problems)
        return checked

    def _add(self, name: str, value: object) -> None:
        if name in self._tables and isinstance(value, dict):
            for one, options in value.items():
                self._add_named(name, one, options)
        elif name in SECTIONS and isinstance(value, dict):
            self._sections[name].table.update(value)
        elif name in SECTIONS or name in self._tables:
            self._problems.append(f"{self._shown}: {name} must be a section: [{name}]")
        else:
            self._unknown(f"{self._shown}: ", name)

    def _add_named(self, table: str, name: str, options: object) -> None:
        if isinstance(options, dict):
            self._tables[table][name] = Raw(f"{self._shown}: {table}.{name}", dict(options))
        else:
            self._problems.append(f"{self._shown}: {table}.{name} must be a section: [{table}.{name}]")

    def _target(self, variable: str, path: list[str]) -> Raw | None:
        """The section a variable belongs to."""
        match path:
            case [("sources" | "enrich") as table, name, _] if name:
                return self._named(table, name)
            case [section, _] if section in SECTIONS:
                return self._sections[section]
        if path[0] in SECTIONS or path[0] in self._tables:
            form = f"{path[0].upper()}__{'NAME__' if path[0] in self._tables else ''}OPTION"
            self._problems.append(f"{variable}: is not of the form DIGEST_{form}")
        else:
            self._unknown(f"{variable}: ", path[0])
        return None

    def _named(self, table: str, name: str) -> Raw:
        """Variables cannot hold a hyphen, so `HF_DAILY` also means the file's `hf-daily`."""
        known = next((raw for key, raw in self._tables[table].items() if key.replace("-", "_") == name), None)
        return known or self._tables[table].setdefault(name, Raw(f"{table}.{name}", {}))

    def _unknown(self, place: str, section: str) -> None:
        known = [*SECTIONS, *self._tables]
        self._problems.append(f"{place}unknown section '{section}'{near(section, known)}; known: {', '.join(known)}")

    def _section(self, raw: Raw, model: type[BaseModel]) -> BaseModel | None:
        self._prepare(raw, model)
        built, lines = told.check(model, raw.table)
        self._tell(raw, lines)
        return built

    def _source(self, name: str, raw: Raw) -> SourceSettings:
        """One source; a name such as `HF daily` could not be written as a variable."""
        if not _NAME.fullmatch(name):
            self._problems.append(f"{raw.where}: a source's name is lower-case letters, digits, - and _")
        kind = raw.table.pop("kind", None)
        model = _model(kind)
        if model is not None:
            self._prepare(raw, model)
        built, lines = told.check_kind(kind, raw.table)
        self._tell(raw, lines)
        return SourceSettings(str(kind), built.model_dump(mode="json") if built else {})

    def _enricher(self, name: str, raw: Raw) -> EnricherSettings | None:
        """One service; None where it has problems, which are told."""
        if not _NAME.fullmatch(name):
            self._problems.append(f"{raw.where}: a service's name is lower-case letters, digits, - and _")
        kind = raw.table.pop("kind", None)
        model = _model(kind, load_enricher)
        if model is not None:
            self._prepare(raw, model)
        built, lines = told.check_kind(kind, raw.table, load_enricher, "semantic_scholar")
        self._tell(raw, lines)
        return EnricherSettings(str(kind), built) if built else None

    def _prepare(self, raw: Raw, model: type[BaseModel]) -> None:
        convert(raw, model)
        self._problems += read_secrets(raw, model, self._folder)
        make_absolute(raw, model, self._folder)
        url = raw.table.get("url", DatabaseSettings.model_fields["url"].default)
        if model is DatabaseSettings and isinstance(url, str):
            raw.table["url"] = absolute_url(url, self._folder)

    def _tell(self, raw: Raw, problems: list[told.Problem]) -> None:
        self._problems += [f"{raw.place(option)}: {line}" for option, line in problems]


def checked_source(name: str, kind: str, options: Mapping[str, str], folder: Path) -> SourceSettings:
    """A source from the command line: options as the environment writes them, paths relative to `folder`.

    Raises:
        ConfigError: every problem.
    """
    loader = _Loader(f"source {name}", folder, {})
    raw = Raw(f"source {name}", {"kind": kind, **options}, {option: f"--set {option}" for option in options})
    return loader.source(name, raw)


def absolute_url(url: str, folder: Path) -> str:
    """An SQLite URL with its file below `folder`; any other URL as it is."""
    scheme, _, path = url.partition(":///")
    if not scheme.startswith("sqlite") or path in ("", ":memory:"):
        return url
    return f"{scheme}:///{folder / Path(path).expanduser()}"


def combinations(built: Mapping[str, BaseModel | None], raw: Mapping[str, Raw]) -> list[str]:
    """What is wrong although each option is right by itself."""
    smtp, mail, sendmail = built["smtp"], built["mail"], built["sendmail"]
    found = _rankers(built["ranking"], raw["ranking"]) + mismatches(built["dkim"], mail, raw["dkim"])
    found += inbox_mismatches(built, {name: one.where for name, one in raw.items()})
    found += _languages(mail, raw["mail"])
    return found + relay_mismatches(smtp, mail, sendmail, raw["smtp"].where)


def _languages(mail: BaseModel | None, raw: Raw) -> list[str]:
    """A language that there is no catalog of."""
    if not isinstance(mail, MailSettings) or not mail.language:
        return []
    known = codes(mail.templates)
    if mail.language in known or mail.language.partition("-")[0] in known:
        return []
    return [f"{raw.place('language')}: there is no catalog for '{mail.language}'; known: {', '.join(known)}"]


def _rankers(ranking: BaseModel | None, raw: Raw) -> list[str]:
    """Kinds that are none, or that need what is not installed."""
    if not isinstance(ranking, RankingSettings):
        return []
    found = []
    for option, kind in (("kind", ranking.kind), ("against", ranking.against)):
        try:
            if kind or option == "kind":
                check_ranker(kind)
        except UsageError as error:
            found.append(f"{raw.place(option)}: {error}")
    if ranking.kind == ranking.against:
        found.append(f"{raw.place('against')}: '{ranking.against}' is the other ranker already; name another, or none")
    return found


def _model(kind: object, load: Callable[[str], type[BaseModel]] = load_kind) -> type[BaseModel] | None:
    try:
        return load(kind) if isinstance(kind, str) else None
    except UsageError:
        return None


def _twin(option: str) -> str:
    """A variable wins over the file in either form: PASSWORD over `password_file` and the other way round."""
    return option.removesuffix("_file") if option.endswith("_file") else f"{option}_file"


def _shown(file: Path | None, cwd: Path) -> str:
    if file is None:
        return "environment"
    return str(file.relative_to(cwd)) if file.is_relative_to(cwd) else str(file)


def source_table(settings: Settings) -> dict[str, tuple[str, Table]]:
    """The configured sources as the store takes them: name → (kind, options)."""
    return {name: (source.kind, dict(source.options)) for name, source in settings.sources.items()}
