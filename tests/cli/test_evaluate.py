"""`digest evaluate --day` and `--history`: past days ranked again, and rankers judged by votes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from digest.editions.select import facts_of
from digest.model import Alias, AliasKind, Announcement, Entry, Listing, ShownPick
from digest.store import catalog, editions, profiles, subscribers
from digest.store.database import Connection, Database
from digest.store.editions import Composed
from tests.support.cli import Cli

FRIDAY, MONDAY = date(2026, 4, 17), date(2026, 4, 20)
MORNING = datetime(2026, 4, 17, 6, 11, tzinfo=UTC)
ADA, BO = "ada@example.org", "bo@example.org"
BACKWARDS = "tests.support.rankers:Backwards"

SUBJECTS = {
    FRIDAY: ("parrots that colour graphs", "lighthouses seen in fog", "protein folding with paper"),
    MONDAY: ("graph colouring by parrots", "a survey of parrots", "harbours and lighthouses", "soup recipes"),
}

PARROTS = """
name = "Birds | of Ada"
muted = ["survey"]

[[interest]]
name = "birds"
keywords = ["parrots", "graphs"]

[[interest]]
name = "harbours"
likes = ["2604.00002"]
"""


def number_of(title: str) -> str:
    """Papers are numbered in the order of SUBJECTS."""
    titles = [one for some in SUBJECTS.values() for one in some]
    return f"2604.{titles.index(title) + 1:05}"


def announce(connection: Connection, day: date) -> None:
    entries = tuple(
        Entry(
            title_raw=f"On {title}",
            abstract_raw=f"We look at {title}, and measure what follows from it.",
            aliases=(Alias(AliasKind.ARXIV, number_of(title)),),
            announcement=Announcement.NEW,
            version=1,
            authors=("Ada Lumen", "Bo Byte", "Cy Dora", "Di Eck"),
            categories=("cs.CV",),
            url=f"https://arxiv.org/abs/{number_of(title)}",
        )
        for title in SUBJECTS[day]
    )
    listing = Listing("cs.CV", day, entries)
    catalog.upsert_listing(connection, "arxiv", listing, MORNING + (day - FRIDAY))


def like(connection: Connection, address: str, at: datetime, *titles: str) -> None:
    papers = [catalog.find(connection, number_of(title)).id for title in titles]
    profiles.like(connection, subscribers.get(connection, address).id, papers, at)


def propose(connection: Connection, address: str, rankers: dict[str, str]) -> None:
    """Monday's edition, each pick by its ranker."""
    papers = [(catalog.find(connection, number_of(title)), ranker) for title, ranker in rankers.items()]
    picks = tuple(ShownPick(facts_of(paper), 1.0, (), ranker=ranker) for paper, ranker in papers)
    at, reader = MORNING + timedelta(days=3), subscribers.get(connection, address).id
    composed = Composed(reader, str(MONDAY), MONDAY, MORNING, at, len(picks), picks, None)
    editions.store_editions(connection, [composed])


@pytest.fixture
def database(cli: Cli) -> Iterator[Database]:
    (path,) = cli.folder.rglob("*.db")
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def program(cli: Cli, database: Database) -> Cli:
    """Two days of papers, and a profile in a file."""
    for day in SUBJECTS:
        database.run_sync(announce, day)
    (cli.folder / "birds.toml").write_text(PARROTS, "utf-8")
    return cli


@pytest.fixture
def voting(program: Cli, database: Database) -> Cli:
    """Ada liked parrots on Friday and on Monday, Bo lighthouses; both on the evening."""
    for address in (ADA, BO):
        program("subscriber", "add", address)
    for address, evening, title in (
        (ADA, MORNING + timedelta(hours=12), "parrots that colour graphs"),
        (ADA, MORNING + timedelta(days=3, hours=12), "graph colouring by parrots"),
        (BO, MORNING + timedelta(hours=12), "lighthouses seen in fog"),
        (BO, MORNING + timedelta(days=4), "harbours and lighthouses"),
    ):
        database.run_sync(like, address, evening, title)
    return program


def replay(program: Cli, *options: str, day: date = MONDAY) -> str:
    return program("evaluate", "--day", str(day), "--profile", str(program.folder / "birds.toml"), *options)


# ── --day ────────────────────────────────────────────────────────────────────────────────────────


def test_a_past_day_is_ranked_for_a_written_profile_with_reasons(program: Cli) -> None:
    shown = replay(program)
    assert shown.startswith("Birds | of Ada · Monday, 20 April 2026\n4 new papers, ranked by bm25")
    assert "On graph colouring by parrots" in shown
    assert "for birds: " in shown
    assert "for harbours: " in shown
    assert "arxiv:2604.00004" in shown
    assert "Ada Lumen, Bo Byte, Cy Dora and 1 more · cs.CV" in shown
    assert "survey" not in shown


def test_the_same_as_a_table_for_a_document(program: Cli) -> None:
    lines = replay(program, "--format", "markdown").splitlines()
    assert lines[0].startswith("**Birds \\| of Ada**, Monday, 20 April 2026: 4 new papers, ranked by bm25")
    assert lines[2:4] == ["| | paper | score | because |", "|--:|---|--:|---|"]
    rows = [line.replace("\\|", "").split("|") for line in lines[4:]]
    assert {len(row) for row in rows} == {6}
    assert any("[On graph colouring by parrots](https://arxiv.org/abs/2604.00004)" in row[2] for row in rows)


def test_the_same_for_a_program(program: Cli) -> None:
    told = program.json("evaluate", "--day", "2026-04-20", "--profile", str(program.folder / "birds.toml"))
    assert (told["day"], told["ranker"], told["scanned"]) == ("2026-04-20", "bm25", 4)
    (ada,) = told["profiles"]
    by_paper = {pick["paper"]: pick for pick in ada["picks"]}
    assert by_paper["arxiv:2604.00004"]["interest"] == "birds"
    assert by_paper["arxiv:2604.00006"]["interest"] == "harbours"
    for pick in ada["picks"]:
        assert sum(reason["share"] for reason in pick["reasons"]) == pytest.approx(pick["score"])


def test_a_like_of_a_paper_that_was_not_known_then_is_left_out_and_told(program: Cli) -> None:
    told = program.json("evaluate", "--day", "2026-04-17", "--profile", str(program.folder / "birds.toml"))
    assert told["profiles"][0]["unread_votes"] == 1
    assert "1 vote not read: later than this" in replay(program, day=FRIDAY)


def test_several_days_are_replayed_as_one(program: Cli) -> None:
    shown = replay(program, "--until", "2026-04-20", "--top", "1", day=FRIDAY)
    assert "Friday, 17 April 2026 to Monday, 20 April 2026" in shown
    assert "7 new papers" in shown
    assert shown.count("arxiv:") == 1


def test_a_subscriber_is_replayed_as_they_were_before_the_day(voting: Cli) -> None:
    told = voting.json("evaluate", "--day", "2026-04-20", "--profile", ADA)
    (ada,) = told["profiles"]
    assert ada["name"] == ADA
    assert ada["unread_votes"] == 1
    assert ada["picks"][0]["paper"] == "arxiv:2604.00004", "she liked it only that evening"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mute = []", "unknown option 'mute' (did you mean 'muted'?)"),
        ("[[interest]]\nkeyword = []", "interest 1: unknown option 'keyword' (did you mean 'keywords'?)"),
        ('[[interest]]\nkeywords = "parrots"', "interest 1: keywords: must be a list in brackets, not 'parrots'"),
        ("[[interest]]\nkeywords = [7]", "interest 1: keywords[0]: must be a text in quotes, not 7"),
        ('[[interest]]\nkeywords = ["a AND (b"]', "interest 1: keyword 'a AND (b'"),
        ('[interest]\nkeywords = ["a"]', "interest must be a list of tables: [[interest]]"),
        ('[[interest]]\nname = "x"', "interest 1: is empty; give it keywords, text, likes"),
        ('[[interest]]\ntext = "a"\n[[interest]]\ntext = "b"', "interest 2: a second interest without a name"),
        ('[options]\nbar = "hihg"', "options: bar: must be 'off', 'low', 'normal' or 'high', not 'hihg' (did you mean"),
        ("options = 7", "options must be a section: [options]"),
        ('[[interest]]\ntext = "a"\n[interest.options]\nbar = "off"', "options belong to the whole profile"),
        ("name = ", "birds.toml:1: not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_written_profile_is_told_with_its_place(program: Cli, text: str, problem: str) -> None:
    file = program.folder / "birds.toml"
    file.write_text(text, "utf-8")
    told = program.error("evaluate", "--day", "2026-04-20", "--profile", str(file), status=2)
    assert told.startswith(str(file))
    assert problem in told


def test_a_liked_paper_that_nobody_knows_is_named(program: Cli) -> None:
    (program.folder / "birds.toml").write_text('[[interest]]\nlikes = ["2604.99999"]', "utf-8")
    file = str(program.folder / "birds.toml")
    assert "no paper '2604.99999' in the catalog" in program.error("evaluate", "--day=2026-04-20", f"--profile={file}")


def test_a_silent_day_names_the_nearest_that_was_not(program: Cli) -> None:
    told = program.error("evaluate", "--day", "2026-04-18", "--profile", str(program.folder / "birds.toml"))
    assert told == "nothing was new on 2026-04-18; the nearest days with papers: 2026-04-17, 2026-04-20"


# ── --history ────────────────────────────────────────────────────────────────────────────────────


def test_history_judges_each_day_by_the_likes_that_followed(voting: Cli) -> None:
    told = voting.json("evaluate", "--history", "--since", "2026-04-20")
    assert (told["people"], told["days"], told["likes"], told["unit"]) == (2, 1, 2, "person")
    assert told["ndcg@10"] == told["mrr"] == 1, "what they liked on Friday finds what they liked on Monday"
    (day,) = told["by_day"]
    assert (day["day"], day["count"]) == ("2026-04-20", 2)
    (interest,) = told["by_interest"]
    assert interest["interest"] == "main"
    (group,) = told["by_likes"]
    assert (group["likes"], group["count"]) == ("1", 2)


def test_history_of_one_reader_is_over_days(voting: Cli) -> None:
    told = voting.json("evaluate", "--history", "--subscriber", ADA)
    assert (told["people"], told["days"], told["unit"]) == (1, 2, "day")
    assert [group["likes"] for group in told["by_likes"]] == ["0", "1"], "on Friday nothing was known of her"


def test_history_is_told_in_tables(voting: Cli) -> None:
    shown = voting("evaluate", "--history")
    assert shown.startswith("bm25: 2 people, 2 days, 4 likes to find\n")
    for heading in ("95 % INTERVAL", "DAY ", "INTEREST", "LIKES"):
        assert heading in shown
    assert "2026-04-20" in shown


def test_two_rankers_are_compared_on_the_same_people(voting: Cli) -> None:
    told = voting.json("evaluate", "--history", "--since", "2026-04-20", "--against", BACKWARDS)
    assert told["against"]["ranker"] == BACKWARDS
    first, second = told["mrr"], told["against"]["mrr"]
    found = told["against"]["differences"]["mrr"]
    assert found["difference"] == pytest.approx(first - second, abs=1e-4) != 0
    assert (found["wins"], found["ties"], found["losses"], found["p"]) == (2, 0, 0, 0.5)
    shown = voting("evaluate", "--history", "--since", "2026-04-20", "--against", BACKWARDS)
    assert f"bm25 against {BACKWARDS}, the same 2 people:" in shown
    assert "2 people: too few to say which is better." in shown


def test_votes_are_counted_where_two_rankers_take_turns(voting: Cli, database: Database) -> None:
    assert voting.error("evaluate", "--interleaved").startswith("no two rankers take turns: give ranking.against")
    voting.file.write_text(f'{voting.file.read_text("utf-8")}\n[ranking]\nagainst = "{BACKWARDS}"\n', "utf-8")
    assert voting.error("evaluate", "--interleaved").startswith("nobody has voted on what the two rankers proposed")
    database.run_sync(propose, ADA, {"graph colouring by parrots": "bm25", "a survey of parrots": BACKWARDS})
    database.run_sync(like, ADA, MORNING + timedelta(days=5), "harbours and lighthouses")
    told = voting.json("evaluate", "--interleaved")
    assert told["winner"] is None, "one reader is too few"
    assert (told["contest"]["first"], told["contest"]["prefer_first"]) == ("bm25", 1)
    assert "prefer neither" in voting("evaluate", "--interleaved", "--until", "2026-05-01")


def test_without_votes_it_says_what_is_missing(program: Cli, database: Database) -> None:
    told = program.error("evaluate", "--history")
    assert told.startswith("no votes to judge 2026-04-17 to 2026-04-20 by: 'digest profile EMAIL like PAPER'")
    program("subscriber", "add", ADA)
    database.run_sync(like, ADA, MORNING - timedelta(days=1), "lighthouses seen in fog")
    assert program.error("evaluate", "--history").startswith("nothing to judge by: none of the 1 vote is a like")
    assert program.error("evaluate", "--history", "--since", "2027-01-01").startswith("no day to replay")


# ── which way ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "choose one way: --papers FILE --likes FILE, --history, --interleaved, or --day DAY --profile FILE"),
        (("--history", "--day", "2026-04-20"), "choose one way"),
        (("--day", "2026-04-20"), "--day needs --profile"),
        (("--history", "--top", "3"), "--top does not go with --history; what does: --since, --until, --subscriber"),
        (("--history", "--against", "bm25"), "--against bm25 is the ranker itself; name another kind"),
        (("--history", "--ranker", "bm52"), "unknown kind 'bm52'"),
        (("--day", "2026-04-20", "--profile", "nobody.toml"), "nobody.toml: there is no such file"),
        (("--day", "2026-04-20", "--until", "2026-04-17", "--profile", "x"), "--until 2026-04-17 is before --day"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(program: Cli, options: tuple[str, ...], problem: str) -> None:
    assert problem in program.error("evaluate", *options, status=2)


def test_papers_without_likes_are_refused(program: Cli) -> None:
    papers = program.folder / "papers.jsonl"
    papers.write_text("", "utf-8")
    assert program.error("evaluate", "--papers", str(papers), status=2).startswith("--papers needs --likes")


def test_every_profile_of_the_documents_can_be_read() -> None:
    from digest.cli.profile_file import read_profile

    files = sorted((Path(__file__).resolve().parents[2] / "docs" / "profiles").glob("*.toml"))
    assert len(files) == 6
    for file in files:
        assert read_profile(file).interest
