"""What must not be in the repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Written apart, so that this file does not hold what it forbids.
_REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "docker" + ".io",
    "gh" + "cr.io",
    "quay" + ".io",
    "npm" + "js.",
    "ana" + "conda.org",
)
_INDEX = re.compile(r"(?<!no-emit-)(?:extra-)?index" + r"-url|(?<!no-emit-)find" + "-links")


def test_no_file_names_a_package_registry_or_an_index() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in committed()
        if (text := _text(path)) and (any(name in text for name in _REGISTRIES) or _INDEX.search(text))
    ]
    assert not wrong


def test_every_pinned_dependency_has_a_hash() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        pins = re.split(r"\n(?=\S)", lock.read_text().strip())
        assert pins
        assert not [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin], lock.name


def test_what_the_lock_files_share_is_pinned_alike() -> None:
    pins = {lock.name: _pins(lock) for lock in (ROOT / "requirements").glob("*.txt")}
    for name, found in pins.items():
        assert found.items() <= pins["dev.txt"].items(), name


def committed() -> Iterator[Path]:
    """The files git has or would take; without git, those of an unpacked archive."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not any(p.startswith(".venv") for p in path.parts)]
    return (path for path in paths if path.is_file())


def _text(path: Path) -> str:
    """The file's text, "" where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def _pins(lock: Path) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", lock.read_text(), re.MULTILINE)
    return dict(found)
