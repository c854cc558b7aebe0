"""`digest profile EMAIL show`: the profile, and in words what the program believes because of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import click

from digest.cli.output import json_option, plain, printable, record, show_json
from digest.cli.whose import Whose, pass_whose, profile_lines
from digest.model import Interest, Paper, Profile, Subscriber
from digest.ranking.beliefs import Belief, beliefs
from digest.ranking.corpus import Corpus
from digest.store import catalog, groups, own, profiles, shelf
from digest.store.database import Connection

_TEXTS = 10_000  # of the latest papers: enough to tell rare words from common ones


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of what somebody wants to read; `papers` are those voted on, works of the library included."""

    profile: Profile
    papers: Mapping[int, Paper]
    members: list[Subscriber]
    groups: list[Subscriber]
    own: own.Own
    read: int
    saved: int


@click.command()
@json_option
@pass_whose
def show(whose: Whose, as_json: bool) -> None:
    """Show the profile, and what the program believes of each interest and which paper taught it."""
    known = whose.desk.call(_known, whose.person.id)
    corpus = Corpus()
    for ids_and_texts in whose.desk.call(_texts):
        corpus.add([paper_id for paper_id, _ in ids_and_texts], [text for _, text in ids_and_texts])
    believed = {one.name: beliefs(one, corpus, known.papers) for one in known.profile.interests}
    if as_json:
        show_json(_facts(whose.person, known, believed))
        return
    _show(whose.person, known)
    for one in known.profile.interests:
        _tell(one, believed[one.name], known.papers)
    if known.profile.is_empty:
        click.echo("Empty: the digest shows what trends. 'digest profile EMAIL set --help' says how to fill it.")


def _known(connection: Connection, subscriber_id: int) -> Known:
    profile = profiles.get_profile(connection, subscriber_id)
    voted = [paper for paper in (*profile.likes, *profile.dislikes) if paper > 0]
    return Known(
        profile=profile,
        papers={**catalog.papers_by_id(connection, voted), **shelf.works(connection, [subscriber_id])},
        members=groups.members(connection, subscriber_id),
        groups=groups.groups_of(connection, subscriber_id),
        own=own.own_of(connection, subscriber_id),
        read=len(shelf.on_shelf(connection, subscriber_id, shelf.Kind.READ)),
        saved=len(shelf.on_shelf(connection, subscriber_id, shelf.Kind.SAVED)),
    )


def _texts(connection: Connection) -> list[list[tuple[int, str]]]:
    return [catalog.corpus_texts(connection, max(catalog.newest_id(connection) - _TEXTS, 0), _TEXTS)]


def _show(person: Subscriber, known: Known) -> None:
    unread = groups.unread(known.members)
    record(
        [
            ("profile of", person.address),
            *profile_lines(known.profile),
            ("members", [one.address for one in known.members]),
            ("not read", [f"{one.address} ({one.state})" for one in unread]),
            ("member of", [one.address for one in known.groups]),
            ("publishes as", [*known.own.names, *known.own.orcids]),
            ("read", known.read or ""),
            ("saved", known.saved or ""),
        ]
    )
    if known.members:
        click.echo("A group: likes and dislikes of its members count besides its own.")
    for interest in known.profile.interests:
        for title, ids in (("liked", interest.likes), ("disliked", interest.dislikes)):
            for paper_id in ids:
                click.echo(f"{title}: {_named(known.papers, paper_id)}")


def _tell(interest: Interest, believed: list[Belief], papers: Mapping[int, Paper]) -> None:
    """Sentences, what one paper taught together."""
    if not believed:
        return
    click.echo(f"For “{interest.name}” you care for:" if interest.name else "You care for:")
    origins = [_origin(one) for one in believed]
    by_origin = sorted(believed, key=lambda belief: origins.index(_origin(belief)))
    for (teacher, is_beside), some in groupby(by_origin, key=_origin):
        words = ", ".join(one.words for one in some)
        click.echo(printable(f"– {words} ({_because(interest, teacher, papers, is_beside=is_beside)})"))


def _origin(belief: Belief) -> tuple[int | None, bool]:
    return belief.taught_by, belief.is_beside


def _because(interest: Interest, teacher: int | None, papers: Mapping[int, Paper], *, is_beside: bool) -> str:
    if teacher is None:
        return "papers near your own words" if is_beside else "your own words"
    title = papers[teacher].title if teacher in papers else f"paper {teacher}"
    at = _liked_at(interest, teacher)
    when = f", {'in your library since' if teacher < 0 else 'liked'} {at.day} {at:%B %Y}" if at else ""
    return f"{'papers near' if is_beside else 'taught by'} “{title}”{when}"


def _liked_at(interest: Interest, paper_id: int) -> datetime | None:
    return dict(zip(interest.likes, interest.liked_at, strict=False)).get(paper_id)


def _named(papers: Mapping[int, Paper], paper_id: int) -> str:
    paper = papers.get(paper_id)
    return printable(f"{paper.key}  {paper.title}") if paper else f"paper {paper_id}"


def _facts(person: Subscriber, known: Known, believed: Mapping[str, list[Belief]]) -> dict[str, object]:
    main, *_ = known.profile.interests
    return {
        "address": person.address,
        **_interest_facts(main, known.papers),
        "likes": _keys(known.profile.likes, known.papers),
        "dislikes": _keys(known.profile.dislikes, known.papers),
        "muted": known.profile.muted,
        "muted_authors": known.profile.muted_authors,
        "muted_categories": known.profile.muted_categories,
        "options": known.profile.options,
        "interests": [
            {**_interest_facts(one, known.papers), "beliefs": list(_belief_facts(one, believed, known.papers))}
            for one in known.profile.interests
        ],
        "members": [one.address for one in known.members],
        "member_of": [one.address for one in known.groups],
        "own_names": known.own.names,
        "own_orcids": known.own.orcids,
        "read": known.read,
        "saved": known.saved,
    }


def _interest_facts(interest: Interest, papers: Mapping[int, Paper]) -> dict[str, object]:
    facts = plain(interest)
    assert isinstance(facts, dict)
    return {**facts, "likes": _keys(interest.likes, papers), "dislikes": _keys(interest.dislikes, papers)}


def _belief_facts(
    interest: Interest, believed: Mapping[str, list[Belief]], papers: Mapping[int, Paper]
) -> Iterator[dict[str, object]]:
    for one in believed[interest.name]:
        teacher = papers.get(one.taught_by) if one.taught_by is not None else None
        yield {
            "words": one.words,
            "weight": round(one.weight, 4),
            "taught_by": teacher.key if teacher else None,
            "title": teacher.title if teacher else None,
            "is_beside": one.is_beside,
            "liked_at": _liked_at(interest, one.taught_by) if one.taught_by is not None else None,
        }


def _keys(ids: tuple[int, ...], papers: Mapping[int, Paper]) -> list[str]:
    return [papers[paper_id].key for paper_id in ids if paper_id in papers]
