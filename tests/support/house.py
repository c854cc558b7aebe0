"""An installation as the daemon makes it, in one process: settings, jobs, Maildir and pages, with a clock of its own.

Only time is ours: it stands until a test moves it. Papers are the bundled samples, invented and the same every day.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import urlsplit

from digest import assets, wiring
from digest.config import Settings
from digest.config.load import load
from digest.seals import Keys
from digest.store import migrations
from digest.store.database import Database
from tests.support.web import serve_at

TUESDAY = datetime(2026, 3, 10, 6, tzinfo=UTC)
"""The second day of the samples, before anybody's digest."""

_CONFIG = """\
[mail]
from = "Trending Papers <digest@example.org>"
imprint = "Trending Papers, 1 Example Street"
[maildir]
path = "mail"
[web]
listen = "{host}"
public_url = "http://{host}"
[sources.samples]
kind = "files"
path = "{samples}"
"""


@dataclass
class House:
    """A running installation. `base` is the address of its pages, which its mails name too."""

    settings: Settings
    database: Database
    base: str
    now: datetime = TUESDAY

    async def work(self, now: datetime | None = None) -> None:
        """Do all that is due, at a later moment where one is given."""
        self.now = now or self.now
        await wiring.run_jobs(self.settings, self.database, lambda: self.now, wiring.JOBS)

    @property
    def keys(self) -> Keys:
        return wiring.letterhead(self.settings, self.database, self.now).keys

    def mails(self) -> list[EmailMessage]:
        """Every message in the Maildir."""
        parser, found = BytesParser(policy=policy.default), []
        for path in sorted(self.settings.maildir.path.glob("new/*")):
            message = parser.parsebytes(path.read_bytes())
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    def path(self, link: str) -> str:
        """What of a mail's link follows our address; the link must lead here."""
        assert link.startswith(self.base), link
        return link.removeprefix(self.base)


@contextlib.contextmanager
def built(folder: Path, listening: socket.socket) -> Iterator[House]:
    """An installation in an empty folder, for pages on a socket, with the listings of two days read."""
    host, port = listening.getsockname()[:2]
    file = folder / "digest.toml"
    file.write_text(_CONFIG.format(host=f"{host}:{port}", samples=assets.samples()), "utf-8")
    settings = load(file, {}, folder)
    database = wiring.connect(settings, is_creating=True)
    try:
        migrations.upgrade(database)
        wiring.prepare(settings, database, TUESDAY)
        yield House(settings, database, settings.web.public_url)
    finally:
        database.close()


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[House]:
    """The same with its pages served, as the daemon serves them."""
    with socket.create_server(("127.0.0.1", 0)) as listening, built(folder, listening) as house:
        site = wiring.site(house.settings, house.database, lambda: house.now)
        async with serve_at(site.app, listening):
            await house.work()
            yield house


def html_of(mail: EmailMessage) -> str:
    """The mail as its HTML part has it."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def is_of(url: str, base: str) -> bool:
    """Whether a browser that asks for `url` asks nobody but the server at `base`."""
    return urlsplit(url).scheme == "data" or url.startswith(f"{base}/")
