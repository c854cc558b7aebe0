"""`digest bounce`: returned mail, read from files, from a Maildir, or from the mail server's pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.output import counted, json_option, show_json, table
from digest.delivery.bounces import Returned, read
from digest.delivery.received import MAX_BYTES
from digest.errors import DigestError, NotFound

_STDIN = "-"
_CHUNK = 1 << 16
_BATCH = 500
_TRY_AGAIN = 75  # EX_TEMPFAIL


@dataclass(frozen=True, slots=True)
class Row:
    """What one file says of one recipient."""

    path: str
    recipient: str | None
    status: str | None
    verdict: str
    why: str


@click.group()
def bounce() -> None:
    """Returned mail: bounces, complaints, automatic replies."""


@bounce.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…|-")
@click.option("--dry-run", is_flag=True, help="Say what each message means and change nothing.")
@json_option
@pass_desk
def ingest(desk: Desk, paths: Sequence[str], dry_run: bool, as_json: bool) -> None:
    """Read returned mail: message files, Maildirs, folders of messages, or one message on standard input (-).

    Mail that is no report is ignored and is no error, so that a mail server may pipe to it whatever arrives.
    """
    rows, read_through, failed = list[Row](), list[tuple[Returned, ...]](), False
    for path in _messages(paths):
        try:
            returned = read(_bytes(path))
        except OSError as error:
            click.echo(f"digest: {path}: cannot be read: {error.strerror}; the others are", err=True)
            failed = True
            continue
        read_through.append(returned)
        rows += [Row(path, one.recipient, one.status, str(one.verdict), one.why) for one in returned]
    if not dry_run:
        told = _applied(desk, read_through, is_piped=_STDIN in paths)
    _show(rows, as_json)
    if not dry_run and not as_json:
        click.echo(told)
    if failed:
        raise click.exceptions.Exit(1)


def _applied(desk: Desk, messages: Sequence[Sequence[Returned]], *, is_piped: bool) -> str:
    """Put into effect what messages mean; what came of it.

    Raises:
        DigestError: the database does not take it. In a pipe its exit status asks the mail server to try again: with
            any other it would answer a bounce with a bounce (sysexits.h, pipe(8) of Postfix).
    """
    from digest import wiring
    from digest.store import bounces, keys

    try:
        signing = desk.call(keys.signing_keys, desk.now())
        goodbye_from = wiring.goodbyes_from(desk.settings)
        learnt = [
            desk.call(bounces.apply, signing, messages[start : start + _BATCH], "command", desk.now(), goodbye_from)
            for start in range(0, len(messages), _BATCH)
        ]
    except DigestError as error:
        if is_piped:
            error.exit_status = _TRY_AGAIN
        raise
    fresh = sum(sum(one.fresh.values()) + one.unsubscribed for one in learnt)
    known, unsigned = sum(one.known for one in learnt), sum(one.unsigned for one in learnt)
    suppressed = sum(len(one.suppressed) for one in learnt)
    parts = [f"{fresh} took effect", f"{suppressed} suppressed"]
    parts += [f"{known} known already"] if known else []
    parts += [f"{unsigned} without a token of ours, which changed nothing"] if unsigned else []
    return ", ".join(parts)


def _show(rows: Sequence[Row], as_json: bool) -> None:
    if as_json:
        show_json(rows)
        return
    shown = [(one.verdict, one.status, one.recipient, one.why, one.path) for one in rows]
    table(("VERDICT", "STATUS", "RECIPIENT", "WHY", "PATH"), shown, empty="No messages there.")
    if rows:
        counts = {verdict: sum(one.verdict == verdict for one in rows) for verdict in sorted({r.verdict for r in rows})}
        told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
        click.echo(f"{counted(len({one.path for one in rows}), 'message')}: {told}")


def _messages(paths: Sequence[str]) -> Iterator[str]:
    """The message files that are meant, in order; "-" stands for standard input.

    Raises:
        NotFound: a path that does not exist.
    """
    for name in paths:
        path = Path(name)
        if name == _STDIN:
            yield name
        elif not path.exists():
            raise NotFound(f"{path}: there is no such file or folder")
        elif not path.is_dir():
            yield name
        else:
            for folder in _folders(path):
                yield from (str(p) for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith("."))


def _folders(path: Path) -> list[Path]:
    """Where a folder's messages are: a Maildir has them in `new` and `cur`, and half written ones in `tmp`."""
    inside = [path / "new", path / "cur"]
    return inside if all(folder.is_dir() for folder in inside) else [path]


def _bytes(path: str) -> bytes:
    """A message as far as it is read; standard input to its end, since a mail server takes less for a failure."""
    if path != _STDIN:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES)
    stream = sys.stdin.buffer
    kept = stream.read(MAX_BYTES)
    while stream.read(_CHUNK):
        pass
    return kept
