"""From a reply and the decision about it to what is stored of the attempt."""

from __future__ import annotations

from typing import assert_never

from digest.delivery.replies import (
    Accepted,
    Ambiguous,
    Blame,
    Deferred,
    Rejected,
    Reply,
    Unavailable,
    Unsendable,
    Withdrawn,
)
from digest.delivery.retry import Decision, GiveUp, Retry
from digest.store.outbox import Outcome
from digest.store.outbox_claims import Claimed
from digest.store.outbox_sweep import AmbiguousPolicy, next_after_ambiguous
from digest.store.outbox_waves import Result


def result_of(item: Claimed, reply: Reply, decision: Decision, policy: AmbiguousPolicy) -> Result:
    """What a wave stores. An ambiguous message is sent again once, under "retry"; a hard bounce is told apart."""
    due_at = decision.at if isinstance(decision, Retry) else None
    text = decision.reason if isinstance(decision, GiveUp) else _text(reply)
    if isinstance(reply, Ambiguous) and due_at is not None:
        due_at = next_after_ambiguous(due_at, policy, item.ambiguities)
    outcome = _outcome(reply, due_at is not None)
    return Result(item.key, outcome, text, due_at, outcome is Outcome.FAILED and _is_soft(reply))


def _is_soft(reply: Reply) -> bool:
    """Whether a message that is given up is so for its recipient's sake, and for nothing that we sent."""
    return isinstance(reply, Deferred) or (isinstance(reply, Rejected) and reply.blame is Blame.UNCLEAR)


def _outcome(reply: Reply, is_retried: bool) -> Outcome:
    match reply:
        case Accepted():
            return Outcome.SENT
        case Rejected(blame=Blame.RECIPIENT):
            return Outcome.HARD
        case Deferred() | Unavailable() | Rejected():
            return Outcome.DEFERRED if is_retried else Outcome.FAILED
        case Ambiguous():
            return Outcome.AMBIGUOUS
        case Unsendable():
            return Outcome.BROKEN
        case Withdrawn():
            return Outcome.CANCELLED
    assert_never(reply)


def _text(reply: Reply) -> str:
    return "" if isinstance(reply, Withdrawn) else reply.text
