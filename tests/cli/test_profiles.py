"""`digest profile`: what the program believes of a subscriber, and every way to tell it otherwise."""

from __future__ import annotations

import pytest

from digest import assets
from tests.support.cli import Cli

_ADA = "ada@example.org"
_COMICS = "Comics as a Test of Reading between Pictures"


@pytest.fixture
def program(cli: Cli) -> Cli:
    cli("subscriber", "add", _ADA)
    cli("import", str(assets.samples()))
    return cli


def ada(program: Cli, *args: str) -> str:
    return program("profile", _ADA, *args)


def shown(program: Cli) -> dict[str, object]:
    found = program.json("profile", _ADA, "show")
    assert isinstance(found, dict)
    return found


def test_what_is_believed_is_told_in_words_with_the_paper_that_taught_it(program: Cli) -> None:
    ada(program, "like", _COMICS)
    ada(program, "interest", "add", "Maps")
    ada(program, "set", "--interest", "maps", "--keyword", "gaussian splatting")
    told = " ".join(ada(program, "show").split())
    assert "You care for: – " in told
    assert f"(taught by “{_COMICS}”, liked " in told
    assert "For “Maps” you care for:" in told
    main, maps = program.json("profile", _ADA, "show")["interests"]
    assert main["beliefs"][0]["title"] == _COMICS
    assert all(one["taught_by"] is None for one in maps["beliefs"])


def test_an_interest_is_filled_renamed_and_removed(program: Cli) -> None:
    ada(program, "interest", "add", "Maps")
    ada(program, "set", "--interest", "maps", "--text", "old charts", "--institution", "ETH", "--category", "CS.cl")
    ada(program, "like", "--interest", "Maps", _COMICS)
    ada(program, "follow", "--interest", "Maps", "Ada Lovelace", "--institution", "MIT")
    ada(program, "interest", "rename", "maps", "Charts")
    main, charts = program.json("profile", _ADA, "interest", "list")
    assert (main["name"], main["likes"]) == ("", 0)
    assert (charts["name"], charts["text"], charts["categories"]) == ("Charts", "old charts", ["cs.CL"])
    assert (charts["institutions"], charts["authors"], charts["likes"]) == (["ETH", "MIT"], ["Ada Lovelace"], 1)
    ada(program, "interest", "remove", "charts")
    assert [one["name"] for one in program.json("profile", _ADA, "interest", "list")] == [""]
    assert "no interest 'charts'" in program.error("profile", _ADA, "like", "--interest", "charts", _COMICS)


def test_a_condition_that_cannot_be_read_is_refused(program: Cli) -> None:
    told = program.error("profile", _ADA, "set", "--keyword", "a AND (b OR", status=2)
    assert told.startswith("--keyword 'a AND (b OR': ")
    ada(program, "set", "--keyword", "segmentation AND NOT medical", "--keyword", '"world model"')
    assert shown(program)["keywords"] == ["segmentation AND NOT medical", '"world model"']


def test_topics_authors_and_categories_are_muted(program: Cli) -> None:
    ada(program, "mute", "survey", "--author", "Bo Fyr", "--category", "cs.cr")
    found = shown(program)
    assert (found["muted"], found["muted_authors"], found["muted_categories"]) == (["survey"], ["Bo Fyr"], ["cs.CR"])
    ada(program, "mute", "--undo", "--author", "fyr, bo")
    assert shown(program)["muted_authors"] == []
    assert program.error("profile", _ADA, "mute", status=2).startswith("nothing to mute")
    assert program.error("profile", _ADA, "follow", status=2).startswith("nobody to follow")


def test_options_are_set_one_by_one(program: Cli) -> None:
    ada(program, "set", "--bar", "low", "--when-empty", "note", "--explore", "--no-cross-lists")
    told = ada(program, "set", "--revisions", "--roll-up", "--no-explore")
    assert "bar low" in told
    assert shown(program)["options"] == {
        "bar": "low",
        "when_empty": "note",
        "explores": False,
        "has_revisions": True,
        "has_cross_lists": False,
        "has_roll_up": True,
        "language": "",
        "is_text_only": False,
    }


def test_papers_read_and_saved_are_listed(program: Cli) -> None:
    assert ada(program, "read").startswith("Nothing is marked as read")
    ada(program, "read", _COMICS)
    ada(program, "save", "2603.91001")
    assert [one["title"] for one in program.json("profile", _ADA, "read")] == [_COMICS]
    assert _COMICS in ada(program, "read")
    ada(program, "save", "--undo", "2603.91001")
    ada(program, "read", "--undo", _COMICS)
    assert program.json("profile", _ADA, "read") == []


def test_own_names_and_orcids_are_told_apart(program: Cli) -> None:
    assert ada(program, "own").startswith("No names yet")
    ada(program, "own", "Ada Lovelace", "https://orcid.org/0000-0002-1825-0097")
    assert program.json("profile", _ADA, "own") == {"names": ["Ada Lovelace"], "orcids": ["0000-0002-1825-0097"]}
    assert "is no ORCID iD" in program.error("profile", _ADA, "own", "0000-0002-1825-0098")
    ada(program, "own", "--undo", "lovelace, ada")
    assert program.json("profile", _ADA, "own")["names"] == []


def test_the_history_is_taken_back_step_by_step(program: Cli) -> None:
    assert ada(program, "history") == "Nothing changed yet.\n"
    before = shown(program)
    ada(program, "like", _COMICS)
    ada(program, "mute", "survey")
    ada(program, "set", "--bar", "high")
    entries = program.json("profile", _ADA, "history")
    assert [(one["action"], one["origin"]) for one in entries] == [
        ("set bar", "cli"),
        ("muted survey", "cli"),
        (f"liked {_COMICS}", "cli"),
    ]
    assert ada(program, "undo", str(entries[1]["id"])).startswith("undone: muted survey\n")
    ada(program, "undo")
    ada(program, "undo")
    assert shown(program) == before
    assert "nothing to undo" in program.error("profile", _ADA, "undo")
    assert "(undone)" in ada(program, "history")


def test_a_group_says_whose_likes_it_reads(program: Cli) -> None:
    ada(program, "like", _COMICS)
    program("subscriber", "add", "bo@example.org")
    told = program("subscriber", "add", "list@example.org", "--member", _ADA)
    assert "a group: likes and dislikes of 1 member count besides its own" in told
    assert "members: ada@example.org, bo@example.org" in program(
        "subscriber", "edit", "list@example.org", "--member", "bo@example.org"
    )
    program("subscriber", "remove", "bo@example.org")
    shown_group = program("profile", "list@example.org", "show")
    assert "bo@example.org (unsubscribed)" in shown_group
    assert _COMICS in shown_group
    assert program.json("profile", _ADA, "show")["member_of"] == ["list@example.org"]
    exported = program("subscriber", "export")
    for address in ("list@example.org", "bo@example.org", _ADA):
        program("subscriber", "erase", address, "--yes")
    program("subscriber", "import", "-", stdin=exported)
    assert program.json("subscriber", "show", "list@example.org")["members"] == [_ADA, "bo@example.org"]
    program("subscriber", "edit", "list@example.org", "--no-member", _ADA, "--no-member", "bo@example.org")
    program("profile", "list@example.org", "undo")
    assert len(program.json("subscriber", "show", "list@example.org")["members"]) == 2


def test_everything_of_a_profile_survives_an_export(program: Cli) -> None:
    ada(program, "interest", "add", "Maps")
    ada(program, "set", "--interest", "maps", "--text", "old charts", "--keyword", "atlas")
    ada(program, "set", "--bar", "low", "--institution", "ETH", "--muted", "survey")
    ada(program, "like", "--interest", "Maps", _COMICS)
    ada(program, "read", "2603.91001")
    ada(program, "own", "Ada Lovelace")
    before, exported = shown(program), program("subscriber", "export")
    program("subscriber", "erase", _ADA, "--yes")
    program("subscriber", "import", "-", stdin=exported)
    assert shown(program) == before
