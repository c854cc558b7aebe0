"""`digest profile EMAIL import`: a library of a reference manager, from files or from Zotero."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from digest.cli.output import counted, json_option, printable, show_json
from digest.cli.whose import Whose, interest_option, pass_whose
from digest.errors import UnreadableFile, UsageError
from digest.model import Paper, Reference, Rejection
from digest.references import FORMATS, Library, read, read_body
from digest.store import catalog, works
from digest.store.database import Connection
from digest.store.works import Imported

_LIKE, _READ, _OWN = "like", "read", "own"
_STDIN = "-"
_SHOWN = 20  # titles of each kind; the rest is counted, --json has them all


@dataclass(slots=True)
class _Taken:
    """What was read, and from where each reference came."""

    files: list[tuple[str, Library]] = field(default_factory=list)

    @property
    def references(self) -> list[Reference]:
        return [one for _, library in self.files for one in library.references]

    @property
    def rejections(self) -> list[Rejection]:
        return [one for _, library in self.files for one in library.rejections]

    def places(self) -> Mapping[int, str]:
        """Identity of a reference → its file."""
        return {id(one): path for path, library in self.files for one in library.references}


@click.command("import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True), metavar="[FILE…]")
@interest_option
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="The format; else it is recognised.")
@click.option(
    "--as",
    "taken_as",
    type=click.Choice([_LIKE, _READ, _OWN]),
    default=_LIKE,
    show_default=True,
    help="like: they teach the taste. read: they are only never recommended. own: as read, and their common author "
    "is the subscriber.",
)
@click.option("--zotero", metavar="user:ID|group:ID", help="Also a library in Zotero, or :KEY of one collection.")
@click.option("--key-file", type=click.Path(path_type=Path), help="The file that holds the key for Zotero's Web API.")
@click.option("--zotero-url", default="https://api.zotero.org", show_default=True, help="Where the Web API is.")
@json_option
@pass_whose
def import_(  # noqa: PLR0913, PLR0917  # one parameter per option
    whose: Whose,
    paths: tuple[Path, ...],
    interest: str,
    form: str | None,
    taken_as: str,
    zotero: str | None,
    key_file: Path | None,
    zotero_url: str,
    as_json: bool,
) -> None:
    """Import a library: BibTeX, RIS, CSL-JSON, Zotero (RDF, CSV, Web API), Semantic Scholar, lists of ids or titles.

    Works that the catalog knows are liked, the others are kept privately; both teach the taste and are never
    recommended. All that is read is one change: 'digest profile EMAIL undo' takes it back. FILE - is standard input.

    \b
    digest profile ada@example.org import library.bib
    digest profile ada@example.org import --zotero user:475425 --key-file zotero.key
    """
    if not paths and not zotero:
        raise UsageError("nothing to import: name a FILE, or --zotero user:ID")
    taken = _Taken([(str(path), _file(path, form)) for path in paths])
    if zotero:
        from digest.cli.zotero import library_of_account

        found = library_of_account(whose.desk.settings, zotero, key_file, zotero_url)
        taken.files.append((f"zotero {zotero}", found))
    report = _Report(taken, whose.desk.call(_store, whose, taken, interest, taken_as), taken_as, interest)
    if as_json:
        show_json(report.facts())
    else:
        report.show(whose)
    for one in (refused := report.refused()):
        click.echo(f"digest: {printable(UnreadableFile(one.path, one.line, one.reason))}", err=True)
    if refused:
        raise click.exceptions.Exit(1)


def _file(path: Path, form: str | None) -> Library:
    try:
        if str(path) == _STDIN:
            return read_body(sys.stdin.buffer.read(), "standard input", form)
        return read(path, form)
    except UnreadableFile as error:
        return Library(rejections=(Rejection(error.path, error.line, error.reason),))


@dataclass(frozen=True, slots=True)
class _Stored:
    """What became of the references; `own_names` is filled where a list of own works told under which name."""

    papers: list[Paper]
    works: list[Paper]
    imported: Imported
    own_names: tuple[str, ...] = ()


def _store(connection: Connection, whose: Whose, taken: _Taken, interest: str, taken_as: str) -> _Stored:
    """All in one transaction."""
    reader, now = whose.person.id, whose.desk.now()
    done = works.add_works(connection, reader, taken.references, interest, now, teaches=taken_as == _LIKE)
    name = _common_author(taken.references) if taken_as == _OWN else ""
    names: tuple[str, ...] = ()
    if name:
        from digest.store import feedback, own

        with feedback.noted(connection, reader, f"publishes as {name}", "import", now):
            names = own.own(connection, reader, [name]).names
    found = catalog.papers_by_id(connection, done.resolved) | works.works_of(connection, [reader])
    return _Stored([found[n] for n in done.resolved if n in found], [found[n] for n in done.stored], done, names)


def _common_author(references: Sequence[Reference]) -> str:
    """The one name that stands on every work of a list of at least three; "" where there is none, or a second one."""
    from digest.papers.identity import fold_name

    if len(references) < 3:
        return ""
    common = set.intersection(*({fold_name(name) for name in one.authors} for one in references))
    return next((name for name in references[0].authors if {fold_name(name)} == common), "")


@dataclass(frozen=True, slots=True)
class _Report:
    """What an import did, in words and as JSON."""

    taken: _Taken
    stored: _Stored
    taken_as: str
    interest: str

    def refused(self) -> list[Rejection]:
        """What could not be taken: broken records, and identifiers that the catalog does not know and nobody named."""
        places, unusable = self.taken.places(), self.stored.imported.unusable
        return [*self.taken.rejections, *(Rejection(places.get(id(one), ""), None, _why(one)) for one in unusable)]

    def facts(self) -> dict[str, object]:
        return {
            "as": self.taken_as,
            "interest": self.interest,
            "files": [
                {"path": path, "references": len(library.references), "refused": len(library.rejections)}
                for path, library in self.taken.files
            ],
            "resolved": [{"key": paper.key, "title": paper.title} for paper in self.stored.papers],
            "stored": [{"number": -work.id, "key": work.key, "title": work.title} for work in self.stored.works],
            "known": [{"source": one.source, "title": one.title} for one in self.stored.imported.known],
            "own_names": self.stored.own_names,
            "refused": self.refused(),
        }

    def show(self, whose: Whose) -> None:
        for path, library in self.taken.files:
            click.echo(f"{printable(path)}: {counted(len(library.references), 'reference')}")
        verb = "liked" if self.taken_as == _LIKE else "marked as read"
        _show_some(f"{verb}, in the catalog", [f"{paper.key}: {paper.title}" for paper in self.stored.papers])
        kept = "teach the taste" if self.taken_as == _LIKE else "known"
        _show_some(f"kept privately ({kept}), not in the catalog", [work.title for work in self.stored.works])
        known = self.stored.imported.known
        _show_some("known already", [one.title or ", ".join(map(str, one.aliases)) for one in known])
        if self.stored.own_names:
            click.echo(f"{whose.person.address} publishes as {printable(self.stored.own_names)}")
        elif self.taken_as == _OWN:
            click.echo("Whose works these are is not clear: 'digest profile EMAIL own NAME' says it.")
        if refused := self.refused():
            click.echo(f"refused: {len(refused):,}, each with its reason below")


def _show_some(what: str, titles: Sequence[str]) -> None:
    click.echo(f"{what}: {len(titles):,}")
    for title in titles[:_SHOWN]:
        click.echo(f"  {printable(title)}")
    if len(titles) > _SHOWN:
        click.echo(f"  … and {len(titles) - _SHOWN:,} more")


def _why(one: Reference) -> str:
    ids = ", ".join(map(str, one.aliases)) or "nothing that tells it from others"
    return f"{one.source}: {ids}: not in the catalog, and there is no title to keep it by; give it with its title"
