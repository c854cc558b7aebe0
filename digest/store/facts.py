"""What editions show of papers, stored once for all who see it: facts are found by the digest of their content.

The row of a digest never changes, so whoever loads many editions may remember facts by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from digest.model import Facts
from digest.store.drafts import chunks
from digest.store.tables import paper_facts

_NAMES = tuple(field.name for field in fields(Facts))
_TUPLES = tuple(field.name for field in fields(Facts) if str(field.type).startswith("tuple"))
_REMEMBERED = 4096  # a few days' papers; about 2 KB each


class Memory:
    """The facts loaded last, by digest; it forgets all of them when it is full, which is rare and costs one load."""

    def __init__(self) -> None:
        self._by_digest: dict[bytes, Facts] = {}

    def missing(self, digests: Iterable[bytes]) -> list[bytes]:
        return [digest for digest in digests if digest not in self._by_digest]

    def learn(self, loaded: Mapping[bytes, Facts]) -> None:
        if len(self._by_digest) + len(loaded) > _REMEMBERED:
            self._by_digest.clear()
        self._by_digest.update(loaded)

    def recall(self, digests: Iterable[bytes]) -> dict[bytes, Facts]:
        return {digest: self._by_digest[digest] for digest in digests if digest in self._by_digest}


def store_facts(connection: Connection, shown: Iterable[Facts]) -> dict[Facts, int]:
    """Facts → row id, those that are new stored. In the order of digests, so that no two writers wait in a circle."""
    by_digest = {_digest(facts): facts for facts in shown}
    known = _ids(connection, by_digest)
    missing = sorted(by_digest.keys() - known.keys())
    rows = [{"digest": d, "paper_id": by_digest[d].paper_id, "facts": _plain(by_digest[d])} for d in missing]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for some in chunks(rows):
        connection.execute(dialect.insert(paper_facts).on_conflict_do_nothing(index_elements=["digest"]), some)
    known |= _ids(connection, missing)
    return {facts: known[digest] for digest, facts in by_digest.items()}


def load_facts(connection: Connection, facts_ids: Iterable[int], memory: Memory | None = None) -> dict[int, Facts]:
    """Row id → facts; what `memory` has is not read again."""
    memory = memory or Memory()
    digests: dict[int, bytes] = {}
    for ids in chunks(facts_ids):
        rows = select(paper_facts.c.id, paper_facts.c.digest).where(paper_facts.c.id.in_(ids))
        digests |= {row.id: row.digest for row in connection.execute(rows)}
    wanted = set(digests.values())
    known = memory.recall(wanted)
    loaded = _load(connection, memory.missing(wanted))
    memory.learn(loaded)
    known |= loaded
    return {facts_id: known[digest] for facts_id, digest in digests.items()}


def _load(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, Facts]:
    return {
        row.digest: _facts(row.facts)
        for some in chunks(digests)
        for row in connection.execute(
            select(paper_facts.c.digest, paper_facts.c.facts).where(paper_facts.c.digest.in_(some))
        )
    }


def _ids(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, int]:
    return {
        row.digest: row.id
        for some in chunks(digests)
        for row in connection.execute(
            select(paper_facts.c.digest, paper_facts.c.id).where(paper_facts.c.digest.in_(some))
        )
    }


def _digest(facts: Facts) -> bytes:
    canonical = json.dumps(_plain(facts), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).digest()[:16]


def _plain(facts: Facts) -> dict[str, Any]:
    plain = {name: getattr(facts, name) for name in _NAMES}  # asdict copies deeply, at ten times the cost
    plain["published_on"] = facts.published_on.isoformat() if facts.published_on else None
    return plain


def _facts(plain: dict[str, Any]) -> Facts:
    day = plain["published_on"]
    tuples = {name: tuple(plain[name]) for name in _TUPLES if name in plain}  # facts of before it was shown lack it
    return Facts(**plain | tuples | {"published_on": date.fromisoformat(day) if day else None})
