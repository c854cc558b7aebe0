"""The wheel is whole: installed elsewhere, from another folder, it migrates a database and renders a digest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    _done(subprocess.run(build, capture_output=True, text=True, check=False))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the installed wheel."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--target",
        str(folder),
        str(wheel),
    ]
    _done(subprocess.run(pip, capture_output=True, text=True, check=False))
    return folder


@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_the_wheel_carries_templates_migrations_samples_and_the_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        f"digest/_assets/{_below(path)}" for folder in ("templates", "alembic") for path in _files(ROOT / folder)
    }
    expected |= {_below(path) for path in _files(ROOT / "digest")}
    assert expected <= names
    assert any(name.endswith("/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/", "templates/", "alembic/"))]


@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_the_installed_wheel_migrates_a_database(elsewhere: Path, tmp_path: Path) -> None:
    assert _run(elsewhere, tmp_path, "-c", "import digest; print(digest.__file__)").startswith(str(elsewhere))
    _run(elsewhere, tmp_path, "-m", "digest", "init", "here")
    config = str(tmp_path / "here" / "digest.toml")
    current = json.loads(_run(elsewhere, tmp_path, "-m", "digest", "--config", config, "db", "current", "--json"))
    assert current["revision"] == current["needed"]


@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_the_installed_wheel_renders_digests_of_the_bundled_samples(elsewhere: Path, tmp_path: Path) -> None:
    _run(elsewhere, tmp_path, "-m", "digest", "demo", "--dir", "shown")
    pages = [path.read_text() for path in (tmp_path / "shown").rglob("*.html")]
    assert any("<!DOCTYPE html" in page or "<!doctype html" in page for page in pages)
    assert list((tmp_path / "shown").rglob("new/*"))  # a Maildir with mail


def test_no_folder_of_templates_or_migrations_is_a_package() -> None:
    found = [path for folder in ("templates", "alembic") for path in (ROOT / folder).rglob("__init__.py")]
    assert not found  # alembic/__init__.py would shadow the library


def _run(elsewhere: Path, cwd: Path, *args: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    environment = clean | {"PYTHONPATH": str(elsewhere)}
    command = [sys.executable, *args]
    return _done(subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False))


def _done(process: subprocess.CompletedProcess[str]) -> str:
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _below(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
