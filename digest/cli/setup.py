"""`digest init` and `digest config`: to start with, and to look at what is in effect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click
from pydantic import BaseModel

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, show_json, write_file
from digest.cli.reference import configuration_markdown
from digest.config import Settings, example_config
from digest.config.fields import fields
from digest.config.load import FILE_NAME, load
from digest.config.reference import toml
from digest.config.secrets import masked
from digest.config.settings import SECTIONS
from digest.config.signing import careless, signing_keys
from digest.errors import DigestError
from digest.store import migrations
from digest.wiring import connect, shown_url

_SECRET = re.compile(r"(?:^|_)(?:key|token|secret|password)$")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".", metavar="[DIR]")
def init(folder: Path) -> None:
    """Write a commented digest.toml and make its database, in DIR (default: here)."""
    file = folder / FILE_NAME
    if file.exists():
        raise DigestError(f"{file} exists already: edit it, then run 'digest config check'")
    folder.mkdir(parents=True, exist_ok=True)
    write_file(file, example_config().encode())
    settings = load(file.absolute(), {}, Path.cwd())
    database = connect(settings, is_creating=True)
    try:
        migrations.upgrade(database)
    finally:
        database.close()
    there = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    click.echo(f"wrote {file} and {shown_url(settings)}")
    click.echo("Next: choose your sources and your From address in the file, then")
    click.echo(f"  {there}digest config check")
    click.echo("  digest subscriber add you@example.org --time-zone Europe/Berlin --hour 7 --category cs.CL")
    click.echo("  digest poll")
    click.echo("  digest preview you@example.org")
    click.echo("  digest run")


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command()
@pass_desk
def check(desk: Desk) -> None:
    """Tell everything that is wrong with the configuration at once."""
    settings = desk.settings
    signing_keys(settings)
    where = str(settings.file) if settings.file else "the environment"
    click.echo(f"{where} is right: {counted(len(settings.sources), 'source')}, mail by {settings.mail.transport}")
    for hint in hints(settings):
        click.echo(f"  {hint}")


@config.command()
@json_option
@pass_desk
def show(desk: Desk, as_json: bool) -> None:
    """Show every option in effect, from the file, the environment and the defaults; secrets hidden."""
    sections = effective(desk.settings)
    if as_json:
        show_json({"file": desk.settings.file, **sections})
        return
    click.echo(f"# {desk.settings.file or 'from the environment alone'}")
    for section, values in sections.items():
        click.echo(f"\n[{section}]")
        for option, value in values.items():
            click.echo(f"{option} = {toml(value)}")


@config.command()
def reference() -> None:
    """Show every option there is, with its meaning."""
    click.echo(configuration_markdown(), nl=False)


def effective(settings: Settings) -> dict[str, dict[str, object]]:
    """Section → option → value, secrets replaced."""
    shown = {name: _shown(getattr(settings, name)) for name in SECTIONS}
    for name, source in settings.sources.items():
        shown[f"sources.{name}"] = {"kind": source.kind, **masked_options(source.options)}
    for name, service in settings.enrich.items():
        shown[f"enrich.{name}"] = {"kind": service.kind, **_shown(service.options)}
    return shown


def masked_options(options: Mapping[str, object]) -> dict[str, object]:
    """A source's options with keys and the passwords of URLs hidden."""
    return {name: "***" if value and _SECRET.search(name) else masked(value) for name, value in options.items()}


def hints(settings: Settings) -> list[str]:
    """What is allowed, but rarely meant."""
    found = []
    if not settings.sources:
        found.append("no sources yet: add a [sources.NAME], or use 'digest source add'")
    if settings.mail.transport == "smtp" and not settings.web.public_url:
        found.append("web.public_url is empty: mails will have no unsubscribe button")
    if not settings.fetch.contact:
        found.append("fetch.contact is empty: sources cannot reach you before they block you")
    return found + careless(settings)


def _shown(section: BaseModel) -> dict[str, object]:
    model = type(section)
    names = zip(fields(model), model.model_fields, strict=True)
    return {option: masked(getattr(section, name)) for option, name in names}
