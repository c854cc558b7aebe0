"""`digest paper show`: identifiers, versions, withdrawal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from digest.model import Alias, AliasKind, Announcement, Entry, Listing
from digest.store.database import Database
from digest.store.upsert import upsert_listing
from tests.support.cli import Cli

NOW = datetime(2026, 4, 20, 4, 15, tzinfo=UTC)


def listed(folder: Path, version: int, comment: str | None = None) -> None:
    entry = Entry(
        title_raw="Counting Apples in Fog",
        abstract_raw="We count apples.",
        aliases=(Alias(AliasKind.ARXIV, "2604.90001"), Alias(AliasKind.DOI, "10.1000/apples")),
        announcement=Announcement.NEW if version == 1 else Announcement.REPLACE,
        version=version,
        comment=comment,
    )
    (path,) = folder.rglob("*.db")
    database = Database(f"sqlite:///{path}")
    database.run_sync(upsert_listing, "arxiv", Listing("cs.CV", date(2026, 4, 20), (entry,)), NOW)
    database.close()


def test_show_names_every_identifier_and_version_and_says_what_was_withdrawn(cli: Cli, tmp_path: Path) -> None:
    listed(tmp_path, 1)
    assert "withdrawn" not in cli("paper", "show", "2604.90001")
    listed(tmp_path, 2, "This paper has been withdrawn by the author")
    shown = " ".join(cli("paper", "show", "10.1000/APPLES").split())
    assert "also known as doi:10.1000/apples" in shown
    assert "versions v1 seen 2026-04-20, v2 seen 2026-04-20" in shown
    assert "withdrawn yes, known since 2026-04-20: never mailed" in shown
    told = cli.json("paper", "show", "p:1")
    assert told["withdrawn_at"] == "2026-04-20T04:15:00Z"
    assert told["aliases"] == ["arxiv:2604.90001", "doi:10.1000/apples"]
    assert [version["number"] for version in told["versions"]] == [1, 2]


def test_a_paper_of_unknown_authors_shows_none(cli: Cli) -> None:
    page = cli.folder / "page.txt"
    page.write_text(
        "Get trending papers in your email inbox!\nCounting Apples in Fog\n"
        "We count apples in foggy orchards, and find that the fog hides one apple in seven on most mornings.\n"
    )
    cli("import", str(page))
    assert "authors" not in cli("paper", "show", "Counting Apples in Fog")
