"""The program as its users run it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any


class Program:
    """`digest` run in `folder`, where its `digest.toml` lies."""

    def __init__(self, folder: Path, config: str) -> None:
        self.folder = folder
        (folder / "digest.toml").write_text(config, "utf-8")
        self("db", "upgrade")

    def start(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start it and go on."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("DIGEST_")}
        return subprocess.Popen(
            [sys.executable, "-W", "error::DeprecationWarning:digest", "-m", "digest", *args],
            cwd=self.folder,
            env={**clean, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever its exit status."""
        process = self.start(*args, env=env)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def __call__(self, *args: str) -> str:
        """Run it; what it printed. A failure fails the test with what it said."""
        done = self.run(*args)
        assert done.returncode == 0, f"digest {' '.join(args)} → {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, "--json"))

    def mails(self) -> list[EmailMessage]:
        """Every message in the Maildir, in order of its date."""
        parser = BytesParser(policy=policy.default)
        found = []
        for path in sorted((self.folder / "mail").glob("**/new/*")):
            message = parser.parsebytes(path.read_bytes())
            assert isinstance(message, EmailMessage)
            found.append(message)
        return sorted(found, key=lambda m: (m["Date"].datetime, m["To"]))
