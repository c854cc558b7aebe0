"""What the documents promise is there: commands, links, the version."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from digest.cli.app import digest
from digest.config.fields import fields, is_secret
from digest.config.load import load
from digest.config.settings import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md")])

_LINK = re.compile(r"(?:\]\(|(?:src|srcset|href)=\")([^)\s\"]+)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    (\S.*)$", re.MULTILINE)
_VARIABLE = re.compile(r"\bDIGEST_([A-Z]+)__([A-Z_]+)\b")
_INLINE = re.compile(r"`(digest [a-z][^`]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    targets = {link.partition("#")[0] for link in _LINK.findall(document.read_text()) if "://" not in link}
    missing = [target for target in targets if target and not (document.parent / target).exists()]
    assert not missing


def test_every_picture_is_shown_somewhere_and_all_of_them_are_light() -> None:
    shown = {
        (document.parent / link).resolve() for document in DOCUMENTS for link in _LINK.findall(document.read_text())
    }
    pictures = {path for path in (ROOT / "docs" / "images").rglob("*") if path.is_file()}
    assert pictures - shown == set()
    assert pictures
    assert sum(path.stat().st_size for path in pictures) < 3_000_000


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_the_documents_exists(document: Path) -> None:
    wrong = [problem for line in _commands(document.read_text()) if (problem := _problem(line))]
    assert not wrong


@pytest.mark.parametrize("document", [*DOCUMENTS, *sorted((ROOT / "deploy").iterdir())], ids=lambda path: path.name)
def test_every_variable_of_the_documents_is_an_option(document: Path) -> None:
    for section, option in _VARIABLE.findall(document.read_text()):
        if section not in ("SECTION", "SOURCES", "ENRICH"):
            known = fields(SECTIONS[section.lower()])
            secrets = {f"{name}_file" for name, info in known.items() if is_secret(info)}
            assert option.lower() in {*known, *secrets}


def test_the_configuration_of_the_readme_is_valid(tmp_path: Path) -> None:
    blocks = [block for language, block in _FENCE.findall((ROOT / "README.md").read_text()) if language == "toml"]
    assert blocks
    (tmp_path / "password").write_text("secret")
    for block in blocks:
        file = tmp_path / "digest.toml"
        file.write_text(re.sub(r'password_file = "[^"]*"', 'password_file = "password"', block))
        load(file, {}, tmp_path)


def test_the_changelog_has_the_version_and_a_place_for_the_next() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## [{version}]" in changelog
    assert "## [Unreleased]" in changelog


def test_every_decision_is_short_and_numbered_in_order() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, decision in enumerate(decisions, start=1):
        text = decision.read_text()
        assert decision.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        assert len(text.splitlines()) <= 40


def test_the_makefile_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (\w+)$", makefile, re.MULTILINE))
    explained = set(re.findall(r"^(\w+):.*## ", makefile, re.MULTILINE))
    assert targets == explained
    assert {"demo", "test", "check", "bench", "torture", "dev", "build", "lint", "format", "clean", "lock"} <= targets


def test_the_contract_covers_every_module_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    modules = {path.stem for path in (ROOT / "digest").glob("*.py")} | {
        path.parent.name for path in (ROOT / "digest").glob("*/__init__.py")
    }
    everything = {f"digest.{name}" for name in modules - {"__init__"}}
    for contract in project["contracts"]:
        if " only in " in contract["name"]:
            home = f"digest.{contract['name'].rpartition(' ')[2]}"
            assert set(contract["source_modules"]) == everything - {home}


def test_make_without_a_target_prints_the_help() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "make demo" in shown
    assert "make test" in shown


def _commands(text: str) -> Iterator[str]:
    """Every line of a code block, and every inline code, that calls the program."""
    blocks = "\n".join(block for language, block in _FENCE.findall(text) if language in ("", "sh"))
    lines = [*blocks.splitlines(), *_INDENTED.findall(_FENCE.sub("", text)), *_INLINE.findall(text)]
    for line in lines:
        for part in re.split(r"&&|;", re.split(r"\s+#|\s{3,}", line.strip())[0]):
            command = part.strip().removeprefix("exec ")
            if re.match(r"digest [a-z]", command):
                yield command


def _problem(line: str) -> str:
    """What is wrong with a call of the program; "" where its commands and options exist."""
    command: click.Command = digest
    words = iter(shlex.split(line)[1:])
    for word in words:
        if word.startswith("["):  # the rest is a usage line's placeholders
            return ""
        if word.startswith("--"):
            option = next((one for one in command.params if word in one.opts), None)
            if option is None and word != "--help":
                return f"{line}: {command.name} has no {word}"
            if isinstance(option, click.Option) and not option.is_flag:
                next(words, None)
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            if found is None and not any(isinstance(one, click.Argument) for one in command.params):
                return f"{line}: {command.name} has no command {word}"
            command = found or command
    return ""
