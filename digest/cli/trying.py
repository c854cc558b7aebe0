"""`digest source test`: what would be read from an address or a file, and why; nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest import wiring
from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, printable, record, show_json
from digest.config.load import checked_source
from digest.errors import DigestError, UsageError
from digest.model import Entry
from digest.papers.text import excerpt, readable
from digest.plugins import build_source, source_kinds
from digest.sources import Fetched, NotModified, Request, Response, Unavailable, Unreadable, publishers

if TYPE_CHECKING:  # the readers of all kinds are imported when there is something to read
    from digest.sources.recognise import Recognised
    from digest.sources.syndication import Item

_FEED_KINDS = ("feed", "arxiv", "biorxiv")


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry in the words of the output."""

    title: str
    authors: tuple[str, ...]
    ids: tuple[str, ...]
    published_on: object
    day: object
    announcement: str
    version: int | None
    categories: tuple[str, ...]
    url: str | None
    abstract: str
    signals: dict[str, int]
    is_signal_only: bool
    why: tuple[str, ...]


@click.command("test")
@click.argument("address", metavar="URL|FILE")
@click.option("--kind", help="Read it as this kind, or as package.module:Class; else it is recognised.")
@click.option("--set", "options", multiple=True, metavar="OPTION=VALUE", help="An option of package.module:Class.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(0), help="Entries shown at most.")
@json_option
@pass_desk
def test_(desk: Desk, address: str, kind: str | None, options: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Show what would be read from any URL or file, and why it was taken so. Stores nothing.

    \b
    digest source test https://www.nature.com/nature.rss
    digest source test saved.xml --kind arxiv
    """
    response = _file(Path(address)) if "://" not in address else _fetched(desk, address)
    try:
        found = _recognised(desk, response, address, kind, options)
    except Unreadable as error:
        raise DigestError(f"{address}: nothing can be read: {error}") from error
    entries = list(_entries(found))
    if as_json:
        show_json(_facts(found, response, address, entries))
    else:
        _show(found, response, entries, limit)


def _file(path: Path) -> Response:
    try:
        return Response(200, str(path), {}, path.read_bytes())
    except OSError as error:
        raise DigestError(f"{path}: cannot be read: {error.strerror or error}") from error


def _fetched(desk: Desk, url: str) -> Response:
    """By the one polite fetcher, so that what the daemon may not reach this may not either."""
    match asyncio.run(wiring.fetcher(desk.settings).fetch(Request(url, feed=url), None)):
        case Fetched(response):
            return response
        case Unavailable(reason, retry_after):
            wait = f"; it asks to wait {int(retry_after.total_seconds())} s" if retry_after else ""
            raise DigestError(f"{url}: {reason}{wait}")
        case NotModified():
            raise DigestError(f"{url}: not modified, though nothing was asked for before")


def _recognised(desk: Desk, response: Response, address: str, kind: str | None, options: tuple[str, ...]) -> Recognised:
    from digest.sources.recognise import Payload, Recognised, recognise

    if kind is not None and ":" in kind:
        pairs = dict(option.partition("=")[::2] for option in options)
        source = build_source(kind, checked_source("test", kind, pairs, Path.cwd()).options)
        return Recognised(kind, "as --kind says", "", source.parse(Request(address, feed=address), response))
    if options:
        raise UsageError("--set goes with --kind package.module:Class; the form of a payload depends on no option")
    if kind is not None and kind not in source_kinds():
        raise UsageError(f"unknown kind '{kind}'; known: {', '.join(source_kinds())}, or package.module:Class")
    name, content_type = Path(address).name or address, response.headers.get("content-type", "")
    today = desk.now().date()
    found = recognise(Payload(response.body, name, address, today, content_type=content_type))
    if kind in (None, "files", found.kind) or (kind == "feed" and found.kind in _FEED_KINDS):
        return found
    raise Unreadable(f"it is of kind {found.kind} ({found.why}), not {kind}")


def _entries(found: Recognised) -> Iterator[_Read]:
    items = {_title(item): item for item in reversed(found.items)}
    for entry in found.listing.entries:
        yield _told(entry, items.get(" ".join(entry.title_raw.split())))


def _title(item: Item) -> str:
    """As the entry has it, to find the item it was made from."""
    from digest.sources.feed import plain

    return " ".join(publishers.without(publishers.TITLES, plain(item.text("title"))).split())


def _told(entry: Entry, item: Item | None) -> _Read:
    from digest.sources.explain import reasons

    return _Read(
        title=readable(entry.title_raw),
        authors=entry.authors,
        ids=tuple(map(str, entry.aliases)),
        published_on=entry.published_on,
        day=entry.day,
        announcement=str(entry.announcement),
        version=entry.version,
        categories=entry.categories,
        url=entry.url,
        abstract=readable(entry.abstract_raw),
        signals={signal.name: signal.value for signal in entry.signals},
        is_signal_only=entry.is_signal_only,
        why=reasons(entry, item),
    )


def _facts(found: Recognised, response: Response, address: str, entries: list[_Read]) -> dict[str, object]:
    listing = found.listing
    return {
        "address": address,
        "answered_by": response.url,
        "status": response.status,
        "kind": found.kind,
        "why": found.why,
        "title": found.title or None,
        "feed": listing.feed,
        "day": listing.day,
        "is_complete": listing.is_complete,
        "entries": entries,
        "rejected": listing.rejections,
    }


def _show(found: Recognised, response: Response, entries: list[_Read], limit: int) -> None:
    listing = found.listing
    record(
        (
            ("read from", response.url),
            ("kind", found.kind),
            ("because", found.why),
            ("title", found.title),
            ("day", listing.day),
            ("entries", len(entries)),
            ("rejected", len(listing.rejections)),
            ("whole", None if listing.is_complete else "no: it is cut off, and would be asked for again"),
        )
    )
    for number, entry in enumerate(entries[:limit], 1):
        click.echo()
        click.echo(f"{number}. {printable(entry.title)}")
        names = f"{len(entry.authors)} authors: {excerpt(', '.join(entry.authors), 160)}" if entry.authors else ""
        for line in (
            names,
            str(entry.published_on or ""),
            excerpt(entry.abstract, 160),
            *(f"- {w}" for w in entry.why),
        ):
            if line:
                click.echo(f"   {printable(line)}")
    if len(entries) > limit:
        click.echo(f"\n… and {counted(len(entries) - limit, 'entry')} more: --limit {len(entries)}")
    for one in listing.rejections:
        click.echo(f"rejected: {printable(one.reason)}{f' (line {one.line})' if one.line else ''}", err=True)
