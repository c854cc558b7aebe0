"""`digest subscriber`: who gets digests, and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

import click

from digest.cli.desk import Desk, pass_desk
from digest.cli.inviting import invite
from digest.cli.output import counted, json_option, plain, record, show_json, table, when
from digest.cli.roster_file import read_rows, store_rows
from digest.cli.schedule import schedule, schedule_options
from digest.cli.whose import checked_categories, checked_keywords, profile_lines
from digest.editions.calendar import next_edition
from digest.errors import DigestError, UsageError
from digest.model import Interest, Profile, Schedule, Subscriber, SubscriberState
from digest.store import (
    editions,
    feedback,
    groups,
    letters,
    profiles,
    roster,
    subscribers,
    subscriptions,
    suppressions,
)
from digest.store.database import Connection
from digest.store.subscriptions import Wishes
from digest.wiring import sender_domain

_EMPTY = "No subscribers yet: 'digest subscriber add you@example.org --time-zone Europe/Berlin --category cs.CL'."
_LIMIT = 20


@click.group()
def subscriber() -> None:
    """Who gets digests, and when."""


@subscriber.command()
@click.argument("address")
@click.option("--name", default="", help="As the To line shows it.")
@schedule_options
@click.option("--category", "categories", multiple=True, help="Read this category; may be repeated.")
@click.option("--keyword", "keywords", multiple=True, help="Read about this; may be repeated.")
@click.option("--follow", "authors", multiple=True, metavar="AUTHOR", help="Follow an author; may be repeated.")
@click.option("--member", "joining", multiple=True, metavar="EMAIL", help="A group: read the likes of this subscriber.")
@click.option("--invite", "is_inviting", is_flag=True, help="Ask first: mail a link that confirms the subscription.")
@click.option("--welcome", "is_welcoming", is_flag=True, help="Mail what comes, and when.")
@pass_desk
def add(  # noqa: PLR0913, PLR0917  # one parameter per option
    desk: Desk,
    address: str,
    name: str,
    time_zone: str | None,
    hour: int | None,
    days: str | None,
    limit: int | None,
    categories: tuple[str, ...],
    keywords: tuple[str, ...],
    authors: tuple[str, ...],
    joining: tuple[str, ...],
    is_inviting: bool,
    is_welcoming: bool,
) -> None:
    """Add a subscriber who has given consent: active at once, first digest at the next hour due.

    With --invite nothing is mailed but a link, which the owner of ADDRESS has to follow within three days.
    """
    wanted = schedule(Schedule(), time_zone, hour, days)
    wishes = Interest(
        categories=tuple(checked_categories(categories)), keywords=checked_keywords(keywords), authors=authors
    )
    if is_inviting:
        if joining or is_welcoming:
            raise UsageError("--invite asks one person, who is welcomed later: leave out --member and --welcome")
        asked = Wishes(name, wanted, limit or _LIMIT, "invited", wishes.categories, wishes.keywords, wishes.authors)
        invite(desk, address, asked)
        return
    added = desk.call(_add, address, name, wanted, limit or _LIMIT, desk.now(), wishes, joining)
    if is_welcoming:
        desk.call(letters.welcome, added, desk.now(), sender_domain(desk.settings))
    click.echo(f"added {added.address}: {_rhythm(added)}; first digest {when(added.edition_at)} UTC")
    if joining:
        click.echo(f"a group: likes and dislikes of {counted(len(joining), 'member')} count besides its own")
    elif wishes.is_empty:
        click.echo(f"without a profile they get what trends: digest profile {added.address} set --keyword …")


@subscriber.command("list")
@click.option("--state", type=click.Choice([str(state) for state in SubscriberState]), help="Only those.")
@json_option
@pass_desk
def list_(desk: Desk, state: str | None, as_json: bool) -> None:
    """List the subscribers."""
    found = desk.call(subscribers.list_all, SubscriberState(state) if state else None)
    if as_json:
        show_json([_facts(one) for one in found])
        return
    rows = [(one.address, str(one.state), _rhythm(one), when(one.edition_at)) for one in found]
    empty = f"Nobody is {state}." if state else _EMPTY
    table(("ADDRESS", "STATE", "DIGESTS", "NEXT (UTC)"), rows, cut=0, empty=empty)


@subscriber.command()
@click.argument("address")
@json_option
@pass_desk
def show(desk: Desk, address: str, as_json: bool) -> None:
    """Show a subscriber with the profile and the last digests."""
    one, profile, past, reason = desk.call(_known, address)
    members = [member.address for member in desk.call(groups.members, one.id)]
    if as_json:
        show_json({**_facts(one), "profile": profile, "members": members, "editions": past, "suppressed": reason})
        return
    record(
        [
            ("address", one.address),
            ("name", one.name),
            ("state", str(one.state)),
            ("suppressed", reason),
            ("digests", f"{_rhythm(one)}, at most {counted(one.limit, 'paper')}"),
            ("next", f"{when(one.edition_at)} UTC" if one.edition_at else ""),
            ("since", one.created_at.date()),
            ("members", members),
            *profile_lines(profile),
        ]
    )
    if past:
        click.echo()
        rows = [(chapter.occasion, chapter.skip_reason or counted(chapter.picks, "paper")) for chapter in past]
        table(("DAY", "DIGEST"), rows, empty="")


@subscriber.command()
@click.argument("address")
@click.option("--address", "new_address", help="The new address.")
@click.option("--name", help="As the To line shows it.")
@schedule_options
@click.option("--member", "joining", multiple=True, metavar="EMAIL", help="Put this subscriber into the group.")
@click.option("--no-member", "leaving", multiple=True, metavar="EMAIL", help="Take this subscriber out of the group.")
@pass_desk
def edit(  # noqa: PLR0913, PLR0917  # one parameter per option
    desk: Desk,
    address: str,
    new_address: str | None,
    name: str | None,
    time_zone: str | None,
    hour: int | None,
    days: str | None,
    limit: int | None,
    joining: tuple[str, ...],
    leaving: tuple[str, ...],
) -> None:
    """Change address, name, schedule, length or members; what is not given stays."""
    one = desk.call(subscribers.get, address)
    is_rescheduled = any(part is not None for part in (time_zone, hour, days))
    wanted = schedule(one.schedule, time_zone, hour, days) if is_rescheduled else None
    edition_at = next_edition(wanted, desk.now()) if wanted else None
    changed = desk.call(
        subscribers.edit,
        one.id,
        address=new_address,
        name=name,
        schedule=wanted,
        limit=limit,
        edition_at=edition_at,
    )
    click.echo(f"{changed.address}: {_rhythm(changed)}, at most {counted(changed.limit, 'paper')}")
    if joining or leaving:
        members = desk.call(_regroup, one.id, joining, leaving, desk.now())
        click.echo(f"members: {', '.join(member.address for member in members) or 'none'}")


@subscriber.command()
@click.argument("address")
@pass_desk
def pause(desk: Desk, address: str) -> None:
    """Send nothing until resumed."""
    one = desk.call(subscribers.get, address)
    desk.call(subscribers.pause, one.id)
    click.echo(f"paused {one.address}")


@subscriber.command()
@click.argument("address")
@pass_desk
def resume(desk: Desk, address: str) -> None:
    """Send again, from the next hour due."""
    one = desk.call(subscribers.get, address)
    changed = desk.call(subscribers.resume, one.id, next_edition(one.schedule, desk.now()))
    click.echo(f"resumed {one.address}; next digest {when(changed.edition_at)} UTC")


@subscriber.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@json_option
@pass_desk
def approve(desk: Desk, addresses: tuple[str, ...], as_json: bool) -> None:
    """Let in who confirmed and waits (`web.sign_up = "approval"`), and welcome them; without ADDRESS list who waits."""
    if not addresses:
        found = desk.call(subscriptions.waiting)
        if as_json:
            show_json([_facts(one) for one in found])
            return
        rows = [(one.address, when(one.created_at)) for one in found]
        table(("WAITING", "SINCE (UTC)"), rows, cut=0, empty="Nobody waits for an approval.")
        return
    for address in addresses:
        one = desk.call(subscriptions.approve, address, desk.now(), sender_domain(desk.settings))
        click.echo(f"approved {one.address}; first digest {when(one.edition_at)} UTC")


@subscriber.command()
@click.argument("address")
@click.option("--goodbye", "is_told", is_flag=True, help="Mail that it was done.")
@pass_desk
def remove(desk: Desk, address: str, is_told: bool) -> None:
    """Unsubscribe somebody at once; the profile stays for a return (see erase)."""
    one = desk.call(subscribers.get, address)
    goodbye_from = sender_domain(desk.settings) if is_told else ""
    has_ended = desk.call(subscriptions.end, one.id, desk.now(), goodbye_from)
    click.echo(f"removed {one.address}" if has_ended else f"{one.address} had unsubscribed already")


@subscriber.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_desk
def erase(desk: Desk, address: str, yes: bool) -> None:
    """Delete everything known of somebody, for good."""
    one = desk.call(subscribers.get, address)
    if not yes and not click.confirm(f"Erase {one.address} with profile and history, for good?", err=True):
        raise DigestError("nothing was erased")
    desk.call(subscribers.erase, one.id)
    click.echo(f"erased {one.address}")


@subscriber.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@pass_desk
def import_(desk: Desk, file: TextIO) -> None:
    """Add the subscribers of FILE (- for stdin), as export writes them: all or, where one is wrong, none."""
    rows = list(read_rows(file))
    unknown = desk.call(store_rows, file.name, rows, desk.now())
    click.echo(f"added {counted(len(rows), 'subscriber')}")
    if unknown:
        click.echo(f"{counted(unknown, 'liked or disliked paper')} not in this catalog: left out", err=True)


@subscriber.command()
@pass_desk
def export(desk: Desk) -> None:
    """Print all subscribers with their profiles, one JSON object per line."""
    for row in desk.call(roster.export_rows):
        click.echo(json.dumps(plain(row), ensure_ascii=False))


def _add(  # one transaction makes the whole subscriber
    connection: Connection,
    address: str,
    name: str,
    wanted: Schedule,
    limit: int,
    now: datetime,
    wishes: Interest,
    joining: Sequence[str],
) -> Subscriber:
    edition_at = next_edition(wanted, now)
    added = subscribers.add(connection, address, name, wanted, limit, "admin", now, edition_at)
    profiles.set_profile(
        connection,
        added.id,
        categories=wishes.categories or None,
        keywords=wishes.keywords or None,
        authors=wishes.authors or None,
    )
    groups.add_members(connection, added.id, [subscribers.get(connection, one).id for one in joining])
    return added


def _regroup(
    connection: Connection, group_id: int, joining: Sequence[str], leaving: Sequence[str], now: datetime
) -> list[Subscriber]:
    action = f"members: {', '.join([*(f'+{one}' for one in joining), *(f'-{one}' for one in leaving)])}"
    with feedback.noted(connection, group_id, action, "cli", now):
        groups.add_members(connection, group_id, [subscribers.get(connection, one).id for one in joining])
        groups.remove_members(connection, group_id, [subscribers.get(connection, one).id for one in leaving])
    return groups.members(connection, group_id)


def _known(connection: Connection, address: str) -> tuple[Subscriber, Profile, list[editions.Chapter], str | None]:
    one = subscribers.get(connection, address)
    reason = suppressions.reasons(connection, [one.address]).get(suppressions.address_key(one.address))
    profile = profiles.get_profile(connection, one.id)
    return one, profile, editions.history(connection, one.id, limit=7), reason


def _rhythm(one: Subscriber) -> str:
    wanted = one.schedule
    return f"{wanted.days} at {wanted.hour:02}:00 {wanted.time_zone}"


def _facts(one: Subscriber) -> dict[str, object]:
    return {
        "id": one.id,
        "address": one.address,
        "name": one.name,
        "state": one.state,
        "time_zone": one.schedule.time_zone,
        "hour": one.schedule.hour,
        "days": one.schedule.days,
        "limit": one.limit,
        "edition_at": one.edition_at,
        "created_at": one.created_at,
    }
