"""What was claimed and waits to be assembled: domain by domain in turn, in each domain in the order of the claim.

A domain whose server takes its time can so hold its own share of the lanes at most.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from digest.store.outbox_claims import Claimed


def domain_of(item: Claimed) -> str:
    return item.recipient.rpartition("@")[2].lower()


class Backlog:
    """`share` is how many messages of one domain may be under way, 0 for any number."""

    def __init__(self, share: int) -> None:
        self._share = share
        self._waiting: dict[str, deque[Claimed]] = {}  # the first domain is the next in turn
        self._under_way: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def takeable(self) -> int:
        """How many could be taken now."""
        return sum(self._open_to(domain, len(items)) for domain, items in self._waiting.items())

    def add(self, items: Iterable[Claimed]) -> None:
        for item in items:
            self._waiting.setdefault(domain_of(item), deque()).append(item)

    def take(self, most: int) -> list[Claimed]:
        """The next in turn; each counts as under way until `done`."""
        taken: list[Claimed] = []
        for domain in self._turns(most):
            items = self._waiting[domain]
            taken.append(items.popleft())
            self._under_way[domain] += 1
            del self._waiting[domain]
            if items:
                self._waiting[domain] = items  # to the end of the turn
        return taken

    def take_all(self, domain: str) -> list[Claimed]:
        """Everything that waits for a domain, as if never added."""
        return list(self._waiting.pop(domain, ()))

    def done(self, item: Claimed) -> None:
        domain = domain_of(item)
        self._under_way[domain] -= 1
        if self._under_way[domain] <= 0:
            del self._under_way[domain]

    def _turns(self, most: int) -> Iterable[str]:
        for _ in range(most):
            found = next((one for one in self._waiting if self._open_to(one, 1)), None)
            if found is None:
                return
            yield found

    def _open_to(self, domain: str, wanted: int) -> int:
        return min(wanted, self._share - self._under_way[domain]) if self._share else wanted
