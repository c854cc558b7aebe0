"""`digest` called in this process, as the console script calls it, in a folder of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from digest.cli.app import digest


class Cli:
    """The program with the `digest.toml` of one folder."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self.folder = folder
        self.file = folder / "digest.toml"
        self.file.write_text(config, encoding="utf-8")

    def run(self, *args: str, env: Mapping[str, str] | None = None, stdin: str | None = None) -> Result:
        """Call it, however it ends. Variables of ours are hidden from it, but for `env`."""
        hidden: dict[str, str | None] = {name: None for name in os.environ if name.startswith("DIGEST_")}
        call = ["--config", str(self.file), *args]
        return CliRunner().invoke(digest, call, input=stdin, env={**hidden, "COLUMNS": "100", **(env or {})})

    def __call__(self, *args: str, stdin: str | None = None) -> str:
        """Call it; what it printed. Ending with anything but 0 fails the test."""
        done = self.run(*args, stdin=stdin)
        assert done.exit_code == 0, f"digest {' '.join(args)} → {done.exit_code}\n{done.output}"
        return done.stdout

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, "--json"))

    def error(self, *args: str, status: int = 1) -> str:
        """Call it in vain; the one line it printed on stderr, without the program's name."""
        done = self.run(*args)
        assert done.exit_code == status, f"digest {' '.join(args)} → {done.exit_code}\n{done.output}"
        (line,) = done.stderr.splitlines()
        assert line.startswith("digest: ")
        return line.removeprefix("digest: ")
