"""The pace on a clock that only moves when somebody sleeps."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.pace import Pace, family

ARXIV = ["rss.arxiv.org", "export.arxiv.org", "oaipmh.arxiv.org", "arxiv.org"]


class Clockwork:
    def __init__(self) -> None:
        self.at = 100.0
        self.turns: list[tuple[str, float]] = []

    async def sleep(self, seconds: float) -> None:
        self.at += seconds

    def monotonic(self) -> float:
        return self.at

    async def take(self, pace: Pace, host: str, *, is_ours: bool = False) -> None:
        async with pace.turn(host, is_ours=is_ours):
            self.turns.append((host, self.at))


def test_arxivs_hosts_share_one_pace_of_three_seconds() -> None:
    clockwork = Clockwork()
    pace = Pace(clockwork.sleep, clockwork.monotonic)

    async def all_at_once() -> None:
        await asyncio.gather(*(clockwork.take(pace, host) for host in ARXIV))

    asyncio.run(all_at_once())
    assert [at for _, at in clockwork.turns] == [100.0, 103.0, 106.0, 109.0]


def test_other_hosts_wait_a_second_and_hosts_of_the_admins_own_do_not() -> None:
    clockwork = Clockwork()
    pace = Pace(clockwork.sleep, clockwork.monotonic)

    async def one_by_one() -> None:
        for is_ours in (False, False, True, True):
            await clockwork.take(pace, "example.org", is_ours=is_ours)

    asyncio.run(one_by_one())
    assert [at for _, at in clockwork.turns] == [100.0, 101.0, 101.0, 101.0]


def test_a_host_whose_request_failed_still_waits() -> None:
    clockwork = Clockwork()
    pace = Pace(clockwork.sleep, clockwork.monotonic)

    async def fail_then_ask() -> None:
        with pytest.raises(OSError, match="broken"):
            async with pace.turn("example.org"):
                raise OSError("broken")
        await clockwork.take(pace, "example.org")

    asyncio.run(fail_then_ask())
    assert clockwork.turns == [("example.org", 101.0)]


@given(st.lists(st.sampled_from([*ARXIV, "huggingface.co", "a.example", "b.example"]), max_size=12))
def test_no_family_is_ever_asked_too_soon(hosts: list[str]) -> None:
    clockwork = Clockwork()
    pace = Pace(clockwork.sleep, clockwork.monotonic)

    async def all_at_once() -> None:
        await asyncio.gather(*(clockwork.take(pace, host) for host in hosts))

    asyncio.run(all_at_once())
    assert len(clockwork.turns) == len(hosts)
    for name, pause in (("arxiv.org", 3.0), ("huggingface.co", 1.0), ("a.example", 1.0)):
        times = [at for host, at in clockwork.turns if family(host) == name]
        assert all(later - sooner >= pause for sooner, later in pairwise(times))


def test_a_lookalike_is_no_arxiv() -> None:
    assert family("RSS.arXiv.org.") == "arxiv.org"
    assert family("notarxiv.org") == "notarxiv.org"
