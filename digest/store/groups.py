"""Groups: a subscriber with members reads their likes and dislikes besides its own.

Those of members that are active or paused count: who unsubscribed or never confirmed is not read. A vote of the group
itself stands above its members'; of theirs the latest counts. A member's vote belongs to the group's interest of the
same name, else to its main one. A group is no member of another one, so nothing goes round in circles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select

from digest.errors import DigestError, NotFound
from digest.model import Subscriber, SubscriberState
from digest.store import subscribers as people
from digest.store.among import among
from digest.store.liking import Vote
from digest.store.tables import group_members, subscribers

READ_STATES = (SubscriberState.ACTIVE, SubscriberState.PAUSED)
"""Whose votes a group reads."""


def members(connection: Connection, group_id: int) -> list[Subscriber]:
    """Everybody in the group, by address, whatever their state."""
    joined = select(*people.COLUMNS).join(group_members, group_members.c.member_id == subscribers.c.id)
    rows = connection.execute(joined.where(group_members.c.group_id == group_id).order_by(subscribers.c.address_key))
    return [people.subscriber_of(row) for row in rows]


def unread(some: Iterable[Subscriber]) -> list[Subscriber]:
    """Those whose votes a group does not read."""
    return [one for one in some if one.state not in READ_STATES]


def groups_of(connection: Connection, member_id: int) -> list[Subscriber]:
    """The groups somebody is in, by address."""
    joined = select(*people.COLUMNS).join(group_members, group_members.c.group_id == subscribers.c.id)
    rows = connection.execute(joined.where(group_members.c.member_id == member_id).order_by(subscribers.c.address_key))
    return [people.subscriber_of(row) for row in rows]


def add_members(connection: Connection, group_id: int, member_ids: Iterable[int]) -> None:
    """Put people into a group; who is in it already stays.

    Raises:
        DigestError: one is the group itself, or a group; or the group is a member of another one.
    """
    known = {one.id for one in members(connection, group_id)}
    new = [member for member in dict.fromkeys(member_ids) if member not in known]
    for member in new:
        _refuse_circles(connection, group_id, member)
    if new:
        connection.execute(insert(group_members), [{"group_id": group_id, "member_id": member} for member in new])


def remove_members(connection: Connection, group_id: int, member_ids: Sequence[int]) -> None:
    """Take people out of a group. Raises NotFound for whoever is not in it."""
    known = {one.id for one in members(connection, group_id)}
    for member in member_ids:
        if member not in known:
            raise NotFound(f"{people.get_by_id(connection, member).address} is no member of this group")
    mine = group_members.c.group_id == group_id
    connection.execute(delete(group_members).where(mine, group_members.c.member_id.in_(member_ids)))


def readable_members(connection: Connection, subscriber_ids: Iterable[int]) -> dict[int, list[int]]:
    """Of each that is a group the members whose votes it reads, in one statement."""
    query = (
        select(group_members.c.group_id, group_members.c.member_id)
        .join(subscribers, subscribers.c.id == group_members.c.member_id)
        .where(among(connection, group_members.c.group_id, sorted(set(subscriber_ids))))
        .where(subscribers.c.state.in_(READ_STATES))
        .order_by(group_members.c.group_id, group_members.c.member_id)
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.group_id].append(row.member_id)
    return dict(found)


def joined_votes(own: Sequence[Vote], members_votes: Iterable[Sequence[Vote]], names: Iterable[str]) -> list[Vote]:
    """A group's votes, oldest first; `names` are its interests."""
    interests = {name.casefold(): name for name in names}
    latest: dict[int, Vote] = {}
    for vote in sorted((v for votes in members_votes for v in votes), key=lambda v: (v.at, v.paper_id, v.value)):
        latest[vote.paper_id] = replace(vote, interest=interests.get(vote.interest.casefold(), ""))
    latest |= {vote.paper_id: vote for vote in own}
    return sorted(latest.values(), key=lambda vote: (vote.at, vote.paper_id))


def _refuse_circles(connection: Connection, group_id: int, member_id: int) -> None:
    group, member = people.get_by_id(connection, group_id), people.get_by_id(connection, member_id)
    if member.id == group.id:
        raise DigestError(f"{group.address} cannot be a member of itself")
    if members(connection, member.id):
        raise DigestError(f"{member.address} is a group: name its members instead")
    above = groups_of(connection, group.id)
    if above:
        raise DigestError(f"{group.address} is a member of {above[0].address}, and so cannot have members")
