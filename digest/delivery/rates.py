"""Replies that mean "slower", not "no": the sender's rate is too high for the recipient's provider.

Told apart from greylisting, which wants the same message again and says nothing of the others.
"""

from __future__ import annotations

import re

from digest.delivery.replies import Deferred, status_of

# X.7.28: Gmail's "unusual rate of mail"; X.7.500 and X.7.650: Outlook's busy server and rate limit.
_STATUSES = ((7, 28), (7, 500), (7, 650))
_WORDS = re.compile(
    r"\brate\b|rate.?limit|throttl|too (?:many|much|fast)|slow(?:ing)? down"
    r"|(?:unusual|unexpected|excessive) (?:rate|volume)"
    r"|exceeded .{0,40}(?:limit|quota)|try again more slowly",
    re.IGNORECASE,
)


def is_rate(reply: Deferred) -> bool:
    """Whether a temporary refusal is about how much we send to this domain: status 4.7.x (RFC 3463) and such words."""
    status = status_of(reply.text.partition(" ")[2])
    if status is None or status[0] != 4 or status[1] != 7:
        return False
    return status[1:] in _STATUSES or _WORDS.search(reply.text) is not None
