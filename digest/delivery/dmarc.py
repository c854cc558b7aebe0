"""What a domain asks receivers to do with mail in its name: DMARC (RFC 7489), and which names belong together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_STEPS = 8  # of the walk up the tree, as DMARC's revision has it instead of a list of public suffixes


@dataclass(frozen=True, slots=True)
class Policy:
    """The record that counts for a domain, and where it was found."""

    domain: str
    policy: str
    is_dkim_strict: bool = False
    is_spf_strict: bool = False


class Malformed(ValueError):
    """A record that receivers ignore; the text says why."""


def tags(record: str) -> dict[str, str]:
    """`v=DMARC1; p=none` as a mapping; also reads DKIM's records, which have the same form."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def find(texts: Callable[[str], Sequence[str]], domain: str) -> Policy | None:
    """The policy that holds for mail from `domain`: its own, or that of a domain above; None where there is none.

    Raises:
        Malformed: there is a record, but receivers ignore it.
    """
    labels = domain.split(".")
    for start in range(min(len(labels) - 1, _STEPS)):
        name = ".".join(labels[start:])
        found = [text for text in texts(f"_dmarc.{name}") if text.strip().lower().startswith("v=dmarc1")]
        if len(found) > 1:
            raise Malformed(f"_dmarc.{name} has {len(found)} records, and receivers then ignore all of them")
        if found:
            return _policy(name, tags(found[0]), is_own=start == 0)
    return None


def is_aligned(one: str, sender: str, home: str, *, is_strict: bool) -> bool:
    """Whether a signature's or return path's domain counts for `sender`; `home` is where the policy was found."""
    if is_strict or one == sender:
        return one == sender
    top = f".{home}"
    both_below = f".{one}".endswith(top) and f".{sender}".endswith(top)
    return both_below or f".{one}".endswith(f".{sender}") or f".{sender}".endswith(f".{one}")


def _policy(domain: str, told: dict[str, str], *, is_own: bool) -> Policy:
    policy = (told.get("p", "") if is_own else told.get("sp") or told.get("p", "")).lower()
    if policy not in ("none", "quarantine", "reject"):
        raise Malformed(f"_dmarc.{domain}: p={policy or '(missing)'} is no policy; write p=none to begin with")
    return Policy(domain, policy, told.get("adkim", "r").lower() == "s", told.get("aspf", "r").lower() == "s")
