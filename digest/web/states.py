"""The pages that no address opens: what follows a button, and what is refused. For whoever writes templates.

Each is rendered from its template with words as the pages give them; nothing is stored, and no token is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_ADDRESS = "jane.doe@example.org"


@dataclass(frozen=True, slots=True)
class State:
    """One page: the file in `templates/page` and what it is told."""

    name: str
    title: str
    page: str
    words: Mapping[str, object] = field(default_factory=dict)
    status: int = 200


def _confirmed(*, is_move: bool = False, is_waiting: bool = False) -> Mapping[str, object]:
    return {"is_move": is_move, "is_waiting": is_waiting, "preferences": "/manage"}


STATES: tuple[State, ...] = (
    State("asked", "Asked to subscribe", "asked", {"address": _ADDRESS, "is_link": False}),
    State("asked-link", "Asked for a link", "asked", {"address": _ADDRESS, "is_link": True}),
    State("confirm", "Confirm a subscription", "confirm", {"is_move": False}),
    State("confirm-move", "Confirm a new address", "confirm", {"is_move": True}),
    State("confirmed", "Confirmed", "confirmed", _confirmed()),
    State("confirmed-waiting", "Confirmed, waits for approval", "confirmed", _confirmed(is_waiting=True)),
    State("confirmed-move", "Confirmed a new address", "confirmed", _confirmed(is_move=True)),
    State("confirm-used", "Confirmed twice", "confirm_over", {"is_used": True}, 410),
    State("confirm-over", "Confirmed too late", "confirm_over", {"is_used": False}, 410),
    State("expired", "A link to one's own page that has expired", "expired", {}, 410),
    State("archive-empty", "No past digests yet", "archive", {"editions": []}),
    State("unsubscribed", "Unsubscribed", "unsubscribed"),
    State("erased", "Erased", "erased"),
    State("closed", "Sign-up: closed", "closed", {"mode": "closed", "is_mailing": True}),
    State("closed-invitation", "Sign-up: by invitation", "closed", {"mode": "invitation", "is_mailing": True}),
    State("closed-silent", "Sign-up: no mails yet", "closed", {"mode": "open", "is_mailing": False}),
    State("too-many", "Too many requests", "too_many", {}, 429),
    State("broken", "Something is broken", "broken", {}, 503),
)
