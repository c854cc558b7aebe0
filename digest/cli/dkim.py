"""`digest dkim`: keys that sign mails, and the DNS records that publish them."""

from __future__ import annotations

import os
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import json_option, show_json
from digest.config.settings import DkimSettings
from digest.config.signing import signing_domain, signing_keys
from digest.delivery.dkim_keys import Key, read_key
from digest.errors import DigestError, UsageError

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def dkim() -> None:
    """Make keys that sign the mails (DKIM), and show the DNS records that publish them."""


@dkim.command()
@click.option(
    "--algorithm",
    type=click.Choice(["rsa", "ed25519"]),
    default="rsa",
    help="RSA of 2048 bits, which every receiver knows (default), or Ed25519, to sign beside it.",
)
@click.option("--selector", help="The key's name in DNS; default: by the month and the algorithm.")
@click.option("--out", type=_FOLDER, default=".", metavar="DIR", help="Where to write SELECTOR.pem; default: here.")
@pass_desk
def generate(desk: Desk, algorithm: str, selector: str | None, out: Path) -> None:
    """Write a new private key, and show the DNS record to publish.

    The file can be read by its owner alone; a file that exists is never replaced. Publish the record before you name
    the file in the configuration.
    """
    name = _checked(selector or f"{desk.now():%Y%m}-{algorithm}")
    domain = signing_domain(desk.settings_or_defaults)
    if "." not in domain:
        raise UsageError("give mail.from or dkim.domain your domain first: the record's name contains it")
    pem = _private(algorithm)
    key = read_key(pem, domain, name)
    file = (out / f"{name}.pem").absolute()
    _write_private(file, pem)
    click.echo(f"wrote {file}: {key.shown}, readable by you alone")
    click.echo("\nPublish this record:\n")
    _show(key)
    click.echo(f'\nOnce DNS has it, sign with it:\n\n    [dkim]\n    selector = "{name}"\n    key_file = "{file}"')
    if desk.settings_or_defaults.dkim.files:
        click.echo(f'\nor, beside the keys there are:\n\n    [dkim.keys]\n    "{name}" = "{file}"')


@dkim.command()
@json_option
@pass_desk
def show(desk: Desk, as_json: bool) -> None:
    """Show the DNS records of the configured keys."""
    files = desk.settings.dkim.files
    keys = signing_keys(desk.settings)
    if as_json:
        show_json([_facts(key, files[key.selector]) for key in keys])
        return
    if not keys:
        click.echo("nothing is signed here: the relay signs, or 'digest dkim generate' makes a key")
    for i, key in enumerate(keys):
        click.echo(f"{chr(10) if i else ''}{files[key.selector]}: {key.shown}\n")
        _show(key)


def _checked(selector: str) -> str:
    try:
        return DkimSettings.model_validate({"selector": selector}).selector
    except ValueError as error:
        raise UsageError(
            f"--selector: {selector!r} is none: letters, digits and - as in a domain, such as s2026"
        ) from error


def _private(algorithm: str) -> bytes:
    """A new key in PEM form (PKCS #8)."""
    private = generate_private_key(65537, 2048) if algorithm == "rsa" else Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(file: Path, pem: bytes) -> None:
    """Write a new file that only its owner can read, from its first byte on; never over another."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(file, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as target:
            target.write(pem)
    except FileExistsError as error:
        raise DigestError(f"{file} exists already: choose another --selector or --out") from error


def _show(key: Key) -> None:
    """The record in parts, as the forms of DNS providers ask for it, and as a zone file has it. Not wrapped."""
    record = key.record
    for name, value in (("name", record.name), ("type", record.type), ("value", record.value)):
        click.echo(f"    {name:5}  {value}")
    click.echo("\nor, in a zone file:\n")
    click.echo("\n".join(f"    {line}" for line in record.zone.splitlines()))


def _facts(key: Key, file: Path) -> dict[str, object]:
    record = key.record
    return {
        "selector": key.selector,
        "domain": key.domain,
        "algorithm": key.algorithm,
        "key": key.shown,
        "file": file,
        "name": record.name,
        "type": record.type,
        "value": record.value,
        "strings": record.strings,
        "zone": record.zone,
    }
