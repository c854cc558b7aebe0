"""`digest` and `python -m digest`."""

from __future__ import annotations

from digest.cli.app import digest


def main() -> None:
    """The console script; exits with 0 done, 1 failed, 2 wrong usage or configuration."""
    digest(prog_name="digest")


if __name__ == "__main__":
    main()
