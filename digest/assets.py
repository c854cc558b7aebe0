"""Where the files beside the code are: in the wheel below the package, in a checkout beside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    inside, beside = _PACKAGE / "_assets" / name, _PACKAGE.parent / name
    return inside if inside.is_dir() else beside


def templates() -> Path:
    """The folder of mail and page templates, one folder per mail."""
    return _folder("templates")


def migrations() -> Path:
    """The folder of Alembic's `env.py` and `versions`."""
    return _folder("alembic")


def samples() -> Path:
    """The folder of the demo's invented listings."""
    return _PACKAGE / "samples"
