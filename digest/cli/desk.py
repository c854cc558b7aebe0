"""What a command works with: the settings, the open database, the time. Each is made when first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

import click

from digest import clock
from digest.errors import ConfigError

if TYPE_CHECKING:  # `--help` must not pay for pydantic and SQLAlchemy
    from digest.config import Settings
    from digest.store.database import Connection, Database

P = ParamSpec("P")
T = TypeVar("T")


class Desk:
    """One per call of the program; closes the database at its end."""

    def __init__(self, config: Path | None, debug: bool) -> None:
        self._config = config
        self.is_debugging = debug
        self._opened: Database | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.close()

    @cached_property
    def settings(self) -> Settings:
        """The configuration.

        Raises:
            ConfigError: it is wrong, or there is none.
        """
        from digest.config import locate
        from digest.config.load import places

        file = locate(self._config, os.environ, Path.cwd())
        if file is None and not any(name.startswith("DIGEST_") and "__" in name for name in os.environ):
            looked = ", ".join(str(place) for place in places(Path.cwd()))
            raise ConfigError([f"no configuration (looked for {looked}): 'digest init' writes one"])
        return self.settings_or_defaults

    @cached_property
    def settings_or_defaults(self) -> Settings:
        """The same for commands that need no installation: the defaults where there is no configuration."""
        from digest.config import load, locate

        return load(locate(self._config, os.environ, Path.cwd()), os.environ, Path.cwd())

    @cached_property
    def database(self) -> Database:
        """The open database, at this program's revision.

        Raises:
            DatabaseError: missing, unreachable, corrupt or of another revision; the text says what to do.
        """
        from digest import wiring

        self._opened = wiring.open_database(self.settings)
        return self._opened

    def call(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(connection, …)` as one transaction."""
        return self.database.run_sync(function, *args, **kwargs)

    def now(self) -> datetime:
        return clock.now()

    def sync_sources(self) -> None:
        """Lay the configured sources into the database, where they are polled from."""
        from digest import wiring

        wiring.sync_sources(self.settings, self.database, self.now())


pass_desk = click.make_pass_decorator(Desk)
