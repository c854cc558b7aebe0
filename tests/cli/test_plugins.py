"""Somebody's own source, exactly as docs/plugins.md has it, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.http_server import Answer, HttpServer

_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


def block(language: str) -> str:
    """The one code block of a language in the document."""
    (found,) = re.findall(
        rf"^```{language}\n(.*?)^```", _DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert isinstance(found, str)
    return found


def digest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    hidden = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    return subprocess.run(
        [sys.executable, "-m", "digest", "--config", str(folder / "digest.toml"), *arguments],
        env={**hidden, "PYTHONPATH": str(folder / "modules")},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_documents_example_is_a_source_that_polls(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "ourlab.py").write_text(block("python"), encoding="utf-8")
    with HttpServer({"/reports.json": Answer(200, {}, block("json").encode())}) as server:
        config = block("toml").replace("https://reports.example.org/reports.json", server.url("/reports.json"))
        config += '[fetch]\nallow_hosts = ["127.0.0.1"]\n'
        (tmp_path / "digest.toml").write_text(config, encoding="utf-8")
        assert digest(tmp_path, "db", "upgrade").returncode == 0
        url = server.url("/reports.json")
        tried = digest(tmp_path, "source", "test", url, "--kind", "ourlab:Reports", "--set", f"url={url}", "--json")
        polled = digest(tmp_path, "poll", "--json")
    found = json.loads(tried.stdout)
    assert [entry["ids"][0] for entry in found["entries"]] == ["arxiv:2604.90017"]
    assert [one["reason"] for one in found["rejected"]] == ["item 2: no title"]
    assert polled.returncode == 0, polled.stderr
    (source,) = json.loads(polled.stdout)
    assert (source["kind"], source["last_counts"]["new"]) == ("ourlab:Reports", 1)


def test_a_module_that_is_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "digest.toml").write_text(block("toml"), encoding="utf-8")
    done = digest(tmp_path, "config", "check")
    assert done.returncode == 2
    assert "cannot import ourlab" in done.stderr
    assert "is it installed here?" in done.stderr


def test_the_documents_ranker_makes_an_edition(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "ourranker.py").write_text(block("py"), encoding="utf-8")
    listing = (Path(__file__).resolve().parents[2] / "digest" / "samples").resolve()
    (tmp_path / "digest.toml").write_text(block("ini"), encoding="utf-8")
    assert digest(tmp_path, "db", "upgrade").returncode == 0
    assert digest(tmp_path, "import", str(listing / "2026-03-09-arxiv-cs.CL.xml")).returncode == 0
    assert digest(tmp_path, "subscriber", "add", "ada@example.org").returncode == 0
    made = digest(tmp_path, "preview", "ada@example.org", "--format", "text")
    assert made.returncode == 0, made.stderr
    assert "a short title" in made.stdout
