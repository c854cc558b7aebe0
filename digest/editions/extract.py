"""For Babel's extractor: the sentences of files that are neither Python nor templates."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from typing import BinaryIO


def topics(
    fileobj: BinaryIO,
    keywords: Collection[str],  # noqa: ARG001 - Babel names what it gives
    comment_tags: Collection[str],  # noqa: ARG001
    options: Mapping[str, str],  # noqa: ARG001
) -> Iterator[tuple[int, str, str, list[str]]]:
    """What the topic presets say: line, function, message, comments."""
    for row in tomllib.loads(fileobj.read().decode()).get("topic", []):
        for key in ("title", "about"):
            yield 1, "gettext", row[key], []
