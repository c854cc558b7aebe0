"""The command `digest`: the table of all commands and the options that stand before them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import click

from digest.cli.failure import run
from digest.cli.lazy import Lazy, LazyGroup

SECTIONS: Mapping[str, Mapping[str, Lazy]] = {
    "Start": {
        "demo": Lazy("digest.cli.demo:demo", "The whole loop on bundled listings, offline, into a folder."),
        "init": Lazy("digest.cli.setup:init", "A commented digest.toml and a database."),
        "run": Lazy("digest.cli.daemon:run", "The daemon: all jobs and the web pages."),
        "once": Lazy("digest.cli.daemon:once", "Do all that is due, then exit."),
        "status": Lazy("digest.cli.status:status", "What there is, what is due, what went wrong."),
    },
    "Papers": {
        "source": Lazy("digest.cli.source:source", "Where papers come from."),
        "poll": Lazy("digest.cli.source:poll", "Poll sources now."),
        "import": Lazy("digest.cli.importing:import_", "Listings from files."),
        "paper": Lazy("digest.cli.paper:paper", "The catalog."),
        "author": Lazy("digest.cli.author:author", "Authors of the catalog."),
        "enricher": Lazy("digest.cli.enricher:enricher", "Services that know more about papers and authors."),
    },
    "Readers": {
        "subscriber": Lazy("digest.cli.subscriber:subscriber", "Who gets digests, and when."),
        "profile": Lazy("digest.cli.profile:profile", "What a subscriber wants to read."),
        "preview": Lazy("digest.cli.edition:preview", "The next digest of a subscriber, without sending it."),
        "send": Lazy("digest.cli.edition:send", "Compose and deliver one digest now."),
        "why": Lazy("digest.cli.why:why", "Why a subscriber got a paper, or no mail."),
    },
    "Mail": {
        "outbox": Lazy("digest.cli.outbox:outbox", "Mails waiting, sent and failed."),
        "suppression": Lazy("digest.cli.suppression:suppression", "Addresses that are never mailed."),
        "bounce": Lazy("digest.cli.bounce:bounce", "Returned mail: bounces, complaints, automatic replies."),
    },
    "Installation": {
        "doctor": Lazy("digest.cli.doctor:doctor", "Look at all that mail depends on, here and outside."),
        "db": Lazy("digest.cli.db:db", "Upgrade, check, back up, restore."),
        "config": Lazy("digest.cli.setup:config", "Check and show the configuration."),
        "dkim": Lazy("digest.cli.dkim:dkim", "Keys that sign the mails, and their DNS records."),
        "evaluate": Lazy("digest.cli.evaluate:evaluate", "Measure rankers, and rank past days again."),
    },
}


class Digest(LazyGroup):
    """The outermost group: whatever happens below ends as one line and an exit status."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **extra: Any) -> Any:
        extra["standalone_mode"] = False
        arguments = list(sys.argv[1:] if args is None else args)
        call = super().main
        is_debugging = "--debug" in _before_command(arguments)
        sys.exit(run(lambda: call(arguments, prog_name or "digest", **extra), is_debugging=is_debugging))


def _before_command(arguments: Sequence[str]) -> list[str]:
    """The words that are the program's own options; asked of the words, since they may be what is wrong."""
    names = {name for section in SECTIONS.values() for name in section}
    return list(takewhile(lambda word: word not in names, arguments))


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        import digest as package

        click.echo(f"digest {package.__version__}")
        ctx.exit()


@click.command(
    cls=Digest,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file, instead of ./digest.toml.")
@click.option("--debug", is_flag=True, help="Show tracebacks, log everything.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def digest(ctx: click.Context, config: Path | None, debug: bool) -> None:
    """Mails each subscriber, once a day, the new papers worth their time.

    Try 'digest demo' first; 'digest init' sets up a real one.
    """
    from digest.cli.desk import Desk

    ctx.obj = ctx.with_resource(Desk(config, debug))
