"""`digest why`: what a subscriber got and why, or why there was no mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import click

from digest.cli import why_returned
from digest.cli.desk import Desk, pass_desk
from digest.cli.edition import date_option
from digest.cli.outbox import attempt_lines
from digest.cli.output import json_option, record, show_json, when
from digest.cli.why_paper import tell
from digest.cli.why_returned import Returned
from digest.editions.calendar import local_day
from digest.editions.reasons import because
from digest.editions.select import RISING
from digest.model import OutboxState, ShownPick, Subscriber, SubscriberState
from digest.store import editions, feedback, outbox, subscribers, suppressions
from digest.store.database import Connection
from digest.store.editions import Chapter
from digest.store.feedback import Entry
from digest.store.outbox import Message

_CHANGES = 500  # of the profile, the latest; an edition knows a handful first


@dataclass(frozen=True, slots=True)
class Told:
    """One edition or skip, what it held and what became of its mails; `learnt` is the feedback that it knew first."""

    chapter: Chapter
    picks: tuple[ShownPick, ...]
    mails: tuple[Message, ...]
    learnt: tuple[Entry, ...] = ()


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
        tell(desk, one, paper_id, day.date() if day else None, as_json)
        return
    told = desk.call(_told, one, day.date() if day else None)
    notes = desk.call(_notes, one, told, day.date() if day else None)
    letters = desk.call(_letters, one, day.date() if day else None)
    mails = [*(mail for chapter in told for mail in chapter.mails), *letters]
    returned = desk.call(why_returned.load, one.address, mails, desk.now())
    notes += why_returned.notes(returned)
    if as_json:
        shown = {"editions": [_facts(t, returned) for t in told], "letters": [_mail(m, returned) for m in letters]}
        told_of = {"soft_score": returned.score, "suppression": returned.suppression}
        show_json({"address": one.address, "state": one.state, "notes": notes, **told_of, **shown})
        return
    for chapter in told:
        _show(one, chapter, returned)
    if told and letters:
        click.echo()
    record([line for letter in letters for line in mail_lines(f"{letter.kind} {letter.occasion}", letter, returned)])
    for note in notes:
        click.echo(note)


def _told(connection: Connection, one: Subscriber, day: date | None) -> list[Told]:
    found = editions.history(connection, one.id, limit=None if day else 2)
    wanted = [chapter for chapter in found if chapter.day == day] if day else found[:1]
    loaded = editions.load_editions(connection, [chapter.edition_id for chapter in wanted])
    said = feedback.history(connection, one.id, limit=_CHANGES)
    return [
        Told(
            chapter,
            loaded[chapter.edition_id].picks,
            tuple(outbox.with_attempts(connection, outbox.of_edition(connection, chapter.edition_id))),
            _learnt(chapter, found, said),
        )
        for chapter in wanted
    ]


def _learnt(chapter: Chapter, chapters: Sequence[Chapter], said: Sequence[Entry]) -> tuple[Entry, ...]:
    """What was said since the edition or skip before, oldest first."""
    earlier = [other.composed_at for other in chapters if other.composed_at < chapter.composed_at]
    since = max(earlier, default=chapter.since)
    return tuple(entry for entry in reversed(said) if since < entry.at <= chapter.composed_at and not entry.undone_at)


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


def _show(one: Subscriber, told: Told, returned: Returned) -> None:
    chapter = told.chapter
    if chapter.skip_reason is not None:
        instead = "a note" if told.mails else "no mail"
        click.echo(f"{chapter.occasion}: {instead} to {one.address}: {chapter.skip_reason}")
        record([line for message in told.mails for line in mail_lines("note", message, returned)])
        return
    picked = f"{chapter.picks} of {chapter.scanned:,} papers first seen since {when(chapter.since)} UTC"
    mails = [line for message in told.mails for line in mail_lines("mail", message, returned)]
    record([("digest", f"{chapter.occasion}, {picked}"), *mails, *learnt_lines(told.learnt)])
    click.echo()
    for pick in told.picks:
        reasons = because(pick.reasons, is_rising=pick.facts.marker == RISING)
        marks = ", ".join(mark for mark in (pick.interest, pick.facts.marker, "explore" * pick.is_exploration) if mark)
        record(
            [
                (f"{pick.score:.3f}", f"{pick.facts.title} [{marks}]" if marks else pick.facts.title),
                ("", f"because: {reasons}" if reasons else ""),
            ]
        )


def learnt_lines(entries: Iterable[Entry]) -> list[tuple[str, object]]:
    """Feedback for `record`: "you liked …, on …"."""
    return [("learnt", f"you {entry.action}, on {when(entry.at)} UTC") for entry in entries]


def _letters(connection: Connection, one: Subscriber, day: date | None) -> list[Message]:
    """Mails about the subscription itself, all or those of a local day."""
    found = outbox.with_attempts(connection, outbox.letters_to(connection, one.id))
    return [m for m in found if day is None or local_day(one.schedule, m.composed_at) == day]


def mail_lines(name: str, message: Message, returned: Returned) -> list[tuple[str, object]]:
    """A mail for `record`, with every attempt, what the server said, and what came back."""
    return [(name, _fate(message)), *attempt_lines(message.attempts), *why_returned.lines(returned, message.id)]


def _fate(message: Message) -> str:
    at = f" {when(message.sent_at)} UTC" if message.state is OutboxState.SENT else ""
    return f"{message.id}, {message.state}{at}" + (f": {message.reply}" if message.reply else "")


def _facts(told: Told, returned: Returned) -> dict[str, object]:
    return {
        "occasion": told.chapter.occasion,
        "day": told.chapter.day,
        "since": told.chapter.since,
        "composed_at": told.chapter.composed_at,
        "scanned": told.chapter.scanned,
        "skip_reason": told.chapter.skip_reason,
        "learnt": [{"at": entry.at, "action": entry.action, "origin": entry.origin} for entry in told.learnt],
        "mails": [_mail(message, returned) for message in told.mails],
        "picks": [
            {
                "paper": pick.facts.key,
                "title": pick.facts.title,
                "score": pick.score,
                "reasons": pick.reasons,
                "interest": pick.interest,
                "marker": pick.facts.marker,
                "is_exploration": pick.is_exploration,
            }
            for pick in told.picks
        ],
    }


def _mail(message: Message, returned: Returned) -> dict[str, object]:
    return {
        "id": message.id,
        "kind": message.kind,
        "occasion": message.occasion,
        "state": message.state,
        "sent_at": message.sent_at,
        "due_at": message.due_at,
        "reply": message.reply,
        "attempts": message.attempts,
        "returned": why_returned.facts(returned, message.id),
    }
