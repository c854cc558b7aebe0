"""`/metrics` in Prometheus's text format, version 0.0.4: HELP and TYPE once per name, then its samples.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from digest.store.database import Database
from digest.store.measures import Measure, measures

_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The endpoint. Every number is read from the database, so each process of an installation says the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def show(self, _request: Request) -> Response:
        return PlainTextResponse(exposition(await self._database.run(measures)), media_type=_TYPE)


def exposition(found: Sequence[Measure]) -> str:
    """The measures as text; those of one name stand together."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Sequence[Measure]) -> Iterator[str]:
    for name, same in groupby(found, key=lambda measure: measure.name):
        samples = list(same)
        yield f"# HELP digest_{name} {_escaped(samples[0].help)}"
        yield f"# TYPE digest_{name} gauge"
        for one in samples:
            labels = ",".join(f'{key}="{_quoted(value)}"' for key, value in one.labels.items())
            yield f"digest_{name}{f'{{{labels}}}' if labels else ''} {one.value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(value: str) -> str:
    return _escaped(value).replace('"', r"\"")
