"""`digest preview --serve`: on loopback, over samples of its own, beside whatever the installation holds."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from digest.cli.previewing import opened
from digest.config import load
from digest.web.states import STATES
from tests.support.cli import Cli

_STATUS = {f"/state/{one.name}": one.status for one in STATES}


@pytest.mark.parametrize("words", [("preview",), ("preview", "jane.doe@example.org", "--serve")])
def test_it_is_a_reader_or_the_server(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli.run(*words)
    assert done.exit_code == 2
    assert "--serve" in done.stderr


def test_it_says_what_a_place_to_listen_at_is(cli: Cli) -> None:
    assert "is not HOST:PORT" in cli.error("preview", "--serve", "--listen", "8090", status=2)


@pytest.mark.slow
def test_every_mail_and_page_is_served_and_no_script_but_its_own(tmp_path: Path) -> None:
    with opened(load(None, {}, tmp_path), "127.0.0.1:8090") as preview:

        async def talk() -> None:
            transport = httpx.ASGITransport(preview.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
                links = re.findall(r'href="([^"]+)"', (await client.get("/")).text)
                assert len(links) > 50
                for link in links:
                    answer = await client.get(link.replace("&amp;", "&").replace("&#39;", "'"))
                    wanted = _STATUS.get(link, 404 if link.endswith(("no-such-page", "2603.99999")) else 200)
                    assert answer.status_code == wanted, link
                    if link.startswith(("/site", "/state")):
                        assert "<script" not in answer.text

        asyncio.run(talk())
