"""Where the recorded payloads beside the project are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parents[2]


def shared_folder() -> Path:
    """DIGEST_SHARED, else `../shared` beside the project; it may not exist."""
    return Path(os.environ.get("DIGEST_SHARED", _PROJECT.parent / "shared"))


def shared(path: str) -> Path:
    """A recorded payload; the calling test is skipped where the payloads are absent."""
    found = shared_folder() / path
    if not found.exists():
        pytest.skip(f"recorded payloads are not here: {found} (set DIGEST_SHARED)")
    return found
