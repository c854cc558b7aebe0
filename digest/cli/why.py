"""`digest why`: what a subscriber got and why, or why there was no mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.edition import date_option
from digest.cli.output import json_option, record, show_json, table, when
from digest.editions.reasons import because
from digest.model import OutboxState, Paper, ShownPick, Subscriber, SubscriberState
from digest.store import catalog, editions, outbox, subscribers, suppressions
from digest.store.database import Connection
from digest.store.editions import Appearance, Chapter
from digest.store.outbox import Message


@dataclass(frozen=True, slots=True)
class Told:
    """One edition or skip, what it held and what became of its mails."""

    chapter: Chapter
    picks: tuple[ShownPick, ...]
    mails: tuple[Message, ...]


@click.command()
@click.argument("email")
@date_option
@click.option("--paper", "paper_id", metavar="ID", help="Why this paper was, or was not, chosen.")
@json_option
@pass_desk
def why(desk: Desk, email: str, day: datetime | None, paper_id: str | None, as_json: bool) -> None:
    """Say why EMAIL got what they got, or no mail: the latest digest, that of a day, or one paper."""
    one = desk.call(subscribers.get, email)
    if paper_id is not None:
        _show_paper(one, *desk.call(_paper, one, paper_id), as_json)
        return
    told = desk.call(_told, one, day.date() if day else None)
    notes = desk.call(_notes, one, told, day.date() if day else None)
    if as_json:
        show_json({"address": one.address, "state": one.state, "notes": notes, "editions": [_facts(t) for t in told]})
        return
    for chapter in told:
        _show(one, chapter)
    for note in notes:
        click.echo(note)


def _told(connection: Connection, one: Subscriber, day: date | None) -> list[Told]:
    found = editions.history(connection, one.id, day, limit=None if day else 1)
    loaded = editions.load_editions(connection, [chapter.edition_id for chapter in found])
    return [
        Told(chapter, loaded[chapter.edition_id].picks, tuple(outbox.of_edition(connection, chapter.edition_id)))
        for chapter in found
    ]


def _notes(connection: Connection, one: Subscriber, told: list[Told], day: date | None) -> list[str]:
    """What keeps mail away that no edition tells."""
    reason = suppressions.reasons(connection, [one.address]).get(suppressions.address_key(one.address))
    notes = [f"{one.address} is suppressed and gets no mail: {reason}"] if reason is not None else []
    if one.state is not SubscriberState.ACTIVE:
        notes.append(f"{one.address} is {one.state}: no digests are made.")
    elif not told:
        of = f"for {day}" if day else "yet"
        notes.append(f"No digest was made {of}: the next one is due {when(one.edition_at)} UTC.")
    return notes


def _show(one: Subscriber, told: Told) -> None:
    chapter = told.chapter
    if chapter.skip_reason is not None:
        click.echo(f"{chapter.occasion}: no mail to {one.address}: {chapter.skip_reason}")
        return
    picked = f"{chapter.picks} of {chapter.scanned:,} papers first seen since {when(chapter.since)} UTC"
    record([("digest", f"{chapter.occasion}, {picked}"), *[("mail", _fate(message)) for message in told.mails]])
    click.echo()
    for pick in told.picks:
        reasons = because(pick.reasons, is_rising=bool(pick.facts.marker))
        record([(f"{pick.score:.3f}", pick.facts.title), ("", f"because: {reasons}")])


def _fate(message: Message) -> str:
    at = f" {when(message.sent_at)} UTC" if message.state is OutboxState.SENT else ""
    return f"{message.id}, {message.state}{at}" + (f": {message.reply}" if message.reply else "")


def _facts(told: Told) -> dict[str, object]:
    return {
        "occasion": told.chapter.occasion,
        "day": told.chapter.day,
        "since": told.chapter.since,
        "composed_at": told.chapter.composed_at,
        "scanned": told.chapter.scanned,
        "skip_reason": told.chapter.skip_reason,
        "mails": [{"id": m.id, "state": m.state, "sent_at": m.sent_at, "reply": m.reply} for m in told.mails],
        "picks": [
            {"paper": pick.facts.key, "title": pick.facts.title, "score": pick.score, "reasons": pick.reasons}
            for pick in told.picks
        ],
    }


def _paper(connection: Connection, one: Subscriber, paper_id: str) -> tuple[Paper, Appearance | None, str]:
    paper = catalog.find(connection, paper_id)
    seen = editions.appearance(connection, one.id, paper.id)
    return paper, seen, "" if seen else _not_chosen(connection, one, paper.first_seen_at)


def _not_chosen(connection: Connection, one: Subscriber, first_seen_at: datetime) -> str:
    """Which digest looked at a paper that was never chosen, if any did."""
    for chapter in editions.history(connection, one.id):
        if chapter.since < first_seen_at <= chapter.composed_at:
            chosen = f"the digest of {chapter.occasion} chose {chapter.picks} of {chapter.scanned:,} papers"
            return f"Not chosen: {chosen}, and this one was not among those that fit the profile best."
    return f"Not chosen: first seen {when(first_seen_at)} UTC, which no digest of {one.address} covers yet."


def _show_paper(one: Subscriber, paper: Paper, seen: Appearance | None, note: str, as_json: bool) -> None:
    if as_json:
        show_json({"address": one.address, "paper": paper.key, "title": paper.title, "chosen": seen, "note": note})
        return
    record([("paper", f"{paper.key}  {paper.title}")])
    if seen is None:
        click.echo(note)
        return
    record([("chosen for", seen.occasion), ("because", because(seen.reasons)), ("score", f"{seen.score:.3f}")])
    click.echo()
    rows = [(str(reason.kind), f"{reason.share:.3f}", reason.words) for reason in seen.reasons]
    table(("PART", "SHARE", "WORDS"), rows, empty="Its reasons are not known any more.")
