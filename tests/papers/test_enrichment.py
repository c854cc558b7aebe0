"""Who is believed where several services speak, and who is who."""

from __future__ import annotations

from itertools import permutations

from digest.model import Alias, AliasKind
from digest.papers.enrichment import PaperSaid, PersonSaid, best_person, matched, shown


def test_the_choice_among_services_does_not_depend_on_their_order() -> None:
    said = {
        "semantic_scholar": PaperSaid(citations=3, summary="S2."),
        "hugging_face": PaperSaid(stars=5, affiliations=("HF's",), code_url="https://github.com/a/b"),
        "github": PaperSaid(stars=6),
        "openalex": PaperSaid(citations=9, affiliations=("OpenAlex's",)),
        "completions": PaperSaid(summary="The model's."),
    }
    found = {shown(dict(order)) for order in permutations(said.items())}
    (one,) = found
    assert (one.citations, one.summary, one.stars) == (
        (3, "semantic_scholar"),
        ("S2.", "semantic_scholar"),
        (6, "github"),
    )
    assert one.affiliations == (("OpenAlex's",), "openalex")
    assert one.code_url == ("https://github.com/a/b", "hugging_face")


def test_a_service_nobody_knows_is_believed_last_and_a_zero_is_something_said() -> None:
    assert shown({"mine": PaperSaid(citations=4), "openalex": PaperSaid(citations=0)}).citations == (0, "openalex")
    assert shown({"mine": PaperSaid(citations=4)}).citations == (4, "mine")
    assert shown({}).citations is None


def test_what_was_said_survives_the_database() -> None:
    said = PaperSaid(
        "k", (Alias(AliasKind.DOI, "10.1000/a"),), "S.", "https://github.com/a/b", 1, 0, 2, ("Here",), is_retracted=True
    )
    assert PaperSaid.from_json(said.to_json()) == said
    assert PaperSaid.from_json(PaperSaid().to_json()) == PaperSaid()
    person = PersonSaid("A", "1", 0, None, 5, ("Here",))
    assert PersonSaid.from_json(person.to_json()) == person


def test_abbreviated_names_find_the_author_if_only_one_fits() -> None:
    people = [PersonSaid("E. Duflo", "1"), PersonSaid("J. Li", "2"), PersonSaid("Wei Zhang", "3")]
    found = matched(people, ["Esther Duflo", "Jing Li", "Jun Li", "Wei Zhang"])
    assert {name: one.key for name, one in found.items()} == {"esther duflo": "1", "wei zhang": "3"}
    assert matched([PersonSaid("Stranger", "1")], ["Esther Duflo"]) == {}


def test_of_several_profiles_of_one_name_the_one_with_most_papers_counts() -> None:
    few, many = PersonSaid("A. Turing", "1", papers=3), PersonSaid("A. Turing", "2", papers=57)
    assert best_person([few, many]) == many
    assert best_person([]) is None
