"""`digest subscriber add --invite`: ask the owner of an address before anything else is mailed there."""

from __future__ import annotations

import click

from digest.cli.desk import Desk
from digest.errors import DigestError, UsageError
from digest.store import subscriptions
from digest.store.addresses import parse_address
from digest.store.subscriptions import Begun, Wishes
from digest.wiring import sender_domain


def invite(desk: Desk, address: str, wishes: Wishes) -> None:
    """Mail the question to `address`, and say so.

    Raises:
        DigestError: it cannot be asked (again); the text says why.
    """
    settings = desk.settings
    if not settings.web.public_url:
        raise UsageError("web.public_url is empty: without it a confirmation has no page to lead to")
    known, _key = parse_address(address)
    begun = desk.call(subscriptions.begin, known, wishes, desk.now(), sender_domain(settings), is_invited=True)
    if begun is not Begun.MAILED:
        raise DigestError(_REFUSED[begun].format(address=known))
    click.echo(f"invited {known}: a link that works for three days is in the outbox; 'digest run' mails it")


_REFUSED = {
    Begun.WAITING: "{address} was asked less than 24 hours ago: wait, or look at 'digest outbox list --to {address}'",
    Begun.EXHAUSTED: "{address} was asked three times and never answered: no more mails go there",
    Begun.SUBSCRIBED: "{address} is subscribed already: see 'digest subscriber show {address}'",
    Begun.SUPPRESSED: "{address} is suppressed: 'digest suppression remove {address}' first",
}
