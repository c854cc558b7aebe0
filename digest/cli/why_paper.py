"""`digest why EMAIL --paper ID`: the whole score of one paper for one subscriber, or the step that dropped it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import click

from digest import wiring
from digest.cli.desk import Desk
from digest.cli.output import counted, record, show_json, table, when
from digest.editions.reasons import because
from digest.editions.select import REVISED, RISING
from digest.jobs.retrace import retrace
from digest.model import Paper, Reason, ReasonKind, Subscriber
from digest.ranking.trace import Step, Trace
from digest.store import catalog, editions, feedback, profiles, shelf
from digest.store.database import Connection
from digest.store.editions import Appearance, Chapter
from digest.store.feedback import Entry

_CHANGES = 500  # of the profile, the latest
_WORDS = 12  # shown by themselves


@dataclass(frozen=True, slots=True)
class Taught:
    """A liked paper that a reason names."""

    title: str
    liked_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """What is stored of one paper and one subscriber; `chapter` is the edition or skip that looked at it.

    `known` says why it is never recommended, `changes` are those of the profile since then, the latest first.
    """

    paper: Paper
    seen: Appearance | None
    chapter: Chapter | None
    known: str | None
    taught: tuple[Taught, ...]
    changes: tuple[Entry, ...]


def tell(desk: Desk, one: Subscriber, paper_id: str, day: date | None, as_json: bool) -> None:
    """Print it."""
    case = desk.call(_case, one, paper_id, day)
    trace = _trace(desk, one, case)
    note = _note(one, case, trace)
    if as_json:
        show_json(_facts(one, case, trace, note))
    else:
        _show(case, trace, note)


def _case(connection: Connection, one: Subscriber, paper_id: str, day: date | None) -> Case:
    paper = catalog.find(connection, paper_id)
    seen = editions.appearance(connection, one.id, paper.id)
    chapters = editions.history(connection, one.id, day)
    if seen is not None and day is not None and seen.edition_id not in {chapter.edition_id for chapter in chapters}:
        seen = None
    chapter = next((chapter for chapter in chapters if _looked_at(chapter, paper, seen)), None)
    since = chapter.composed_at if chapter else None
    said = feedback.history(connection, one.id, _CHANGES)
    return Case(
        paper=paper,
        seen=seen,
        chapter=chapter,
        known=shelf.why_known(connection, one.id, paper.id),
        taught=_taught(connection, one),
        changes=tuple(entry for entry in said if since and max(entry.at, entry.undone_at or entry.at) > since),
    )


def _looked_at(chapter: Chapter, paper: Paper, seen: Appearance | None) -> bool:
    if seen is not None:
        return chapter.edition_id == seen.edition_id
    return chapter.since < paper.first_seen_at <= chapter.composed_at


def _taught(connection: Connection, one: Subscriber) -> tuple[Taught, ...]:
    """Every like by title, because that is how reasons name it."""
    interests = profiles.get_profile(connection, one.id).interests
    liked = {paper: at for interest in interests for paper, at in zip(interest.likes, interest.liked_at, strict=False)}
    papers = catalog.papers_by_id(connection, [paper for paper in liked if paper > 0])
    known = papers | shelf.works(connection, [one.id])
    return tuple(Taught(known[paper].title, at) for paper, at in liked.items() if paper in known)


def _trace(desk: Desk, one: Subscriber, case: Case) -> Trace | None:
    if case.chapter is None:
        return None
    job = wiring.compose(desk.settings)
    return asyncio.run(retrace(job, desk.database, one.id, case.paper.id, case.chapter, desk.now()))


# ── in words ─────────────────────────────────────────────────────────────────────────────────────


def _note(one: Subscriber, case: Case, trace: Trace | None) -> str:
    """What became of a paper that was not chosen, and which digest looked at it."""
    if case.seen is not None:
        return ""
    if case.chapter is None:
        seen = f"first seen {when(case.paper.first_seen_at)} UTC"
        return f"Not chosen: {seen}, which no digest of {one.address} covers yet."
    chapter = case.chapter
    chosen = f"the digest of {chapter.occasion} chose {chapter.picks} of {counted(chapter.scanned, 'paper')}"
    if trace is None:
        return f"Not chosen: {chosen}, and this one was not among those that fit the profile best."
    if trace.step is None:
        return f"Not chosen: {chosen}. With the profile as it is now it would be number {trace.rank}."
    return f"Not chosen: {chosen}; {_dropped(case, trace)}."


def _dropped(case: Case, trace: Trace) -> str:
    """The step in words; what only the store knows is said here."""
    match trace.step:
        case Step.KNOWN if case.known is not None:
            return f"known: {case.known}"
        case Step.OFFERED if case.paper.withdrawn_at is not None:
            return f"withdrawn, known since {when(case.paper.withdrawn_at)} UTC"
        case Step.OFFERED:
            return "it came as a revision of a paper that was never new here, so it was not on offer"
        case _:
            return trace.note + _since(case, trace)


def _since(case: Case, trace: Trace) -> str:
    """When the subscriber muted what was muted."""
    if trace.step is not Step.MUTED:
        return ""
    word = trace.note.rpartition("“")[2].rstrip("”").casefold()
    told = [entry for entry in case.changes if word in entry.action.casefold() and "mute" in entry.action.casefold()]
    return f" (you {told[-1].action} on {when(told[-1].at)} UTC, after that digest)" if told else ""


def _facts(one: Subscriber, case: Case, trace: Trace | None, note: str) -> dict[str, object]:
    reasons = _reasons(case, trace)
    return {
        "address": one.address,
        "paper": case.paper.key,
        "title": case.paper.title,
        "digest": case.chapter.occasion if case.chapter else None,
        "chosen": case.seen,
        "note": note,
        "known": case.known,
        "taught_by": _teachers(case, reasons),
        "now": trace,
        "changes": [{"at": entry.at, "action": entry.action, "undone_at": entry.undone_at} for entry in case.changes],
    }


def _show(case: Case, trace: Trace | None, note: str) -> None:
    record([("paper", f"{case.paper.key}  {case.paper.title}"), *_chosen_lines(case)])
    reasons = _reasons(case, trace)
    if note:
        click.echo(note)
    score = case.seen.score if case.seen else trace.score if trace else None
    if score is not None and (reasons or case.seen):
        record([] if case.seen else [("score", f"{score:.3f}"), ("rank", trace.rank if trace else None)])
        _show_parts(reasons, score)
    for teacher in _teachers(case, reasons):
        click.echo(f"You liked “{teacher.title}” on {teacher.liked_at:%Y-%m-%d}.")
    _show_now(case, trace)


def _chosen_lines(case: Case) -> list[tuple[str, object]]:
    seen = case.seen
    if seen is None:
        return []
    how = "from outside your interests" if seen.is_exploration else seen.marker
    return [
        ("chosen for", seen.occasion if seen.place is None else f"{seen.occasion}, as number {seen.place}"),
        ("as", how),
        ("interest", seen.interest),
        ("because", because(seen.reasons, is_rising=seen.marker == RISING)),
        ("score", f"{seen.score:.3f}" if seen.marker != REVISED else "not ranked: a new version of a paper you know"),
        ("its revision", f"mailed {when(seen.retold_at)} UTC" if seen.retold_at and seen.marker != REVISED else ""),
    ]


def _show_parts(reasons: tuple[Reason, ...], score: float) -> None:
    click.echo()
    rows = [(str(reason.kind), f"{reason.share:.4f}", reason.words) for reason in reasons]
    total = [("sum", f"{score:.4f}", ())] if rows else []
    table(("PART", "SHARE", "WORDS"), [*rows, *total], empty="Its reasons are not known any more.")


def _show_now(case: Case, trace: Trace | None) -> None:
    """Every word with its points, and whether anything changed since the edition was made."""
    if trace is None or trace.score is None:
        return
    is_same = case.seen is None or math.isclose(case.seen.score, trace.score, rel_tol=0, abs_tol=1e-9)
    if not is_same and case.seen is not None and case.seen.reasons:
        click.echo(f"\nWorked out again with the profile as it is now, the score is {trace.score:.3f}:")
        _show_parts(trace.reasons, trace.score)
    if rows := _word_rows(trace.terms):
        click.echo()
        table(("WORD", "POINTS"), rows, empty="")
    if case.changes:
        click.echo("\nThe profile changed since that digest, and this is worked out with the one of now:")
        for entry in case.changes:
            click.echo(f"– you {entry.action}, on {when(entry.at)} UTC{' (undone)' if entry.undone_at else ''}")


def _word_rows(terms: Sequence[tuple[str, float]]) -> list[tuple[str, str]]:
    """The words that say something, strongest first, and all others as one: a hundred words each take a little off."""
    counting = [(word, points) for word, points in terms if points != 0]
    telling = sorted(counting, key=lambda one: -abs(one[1]))[:_WORDS]
    rows = [(word, f"{points:+.4f}") for word, points in counting if (word, points) in telling]
    others = [points for word, points in counting if (word, points) not in telling]
    if others:
        rows.append((f"({counted(len(others), 'other word')}; all with --json)", f"{math.fsum(others):+.4f}"))
    return rows


def _reasons(case: Case, trace: Trace | None) -> tuple[Reason, ...]:
    if case.seen is not None:
        return case.seen.reasons
    return trace.reasons if trace else ()


def _teachers(case: Case, reasons: tuple[Reason, ...]) -> list[Taught]:
    """The likes that the reasons name, with their day."""
    kinds = (ReasonKind.LIKED, ReasonKind.MEANING)
    named = {word for reason in reasons if reason.kind in kinds for word in reason.words[:1]}
    return [one for one in case.taught if one.title in named]
