"""uvicorn as it must be here: no access log of its own (it would hold tokens), no trust in forwarded headers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

_DRAIN_SECONDS = 5


def server(application: ASGIApp, host: str, port: int) -> uvicorn.Server:
    """A server for `application`; `await server.serve()` runs it until `server.should_exit` is set."""
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the daemon, which has more than a web server to bring to rest."""
        yield
