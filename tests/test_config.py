"""The configuration: right as a whole, or every problem told at once with what would be right."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Settings, example_config, load, locate, options
from digest.config.load import checked_source
from digest.config.reference import toml
from digest.config.settings import SECTIONS
from digest.errors import ConfigError
from digest.plugins import load_ranker
from digest.ranking.rankers import Bm25
from digest.sources import KINDS

_SECTIONS = f"known: {', '.join(SECTIONS)}, sources, enrich"


def written(folder: Path, text: str, name: str = "digest.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def loaded(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Settings:
    return load(written(folder, text), environment or {}, folder)


def problems(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environment)
    return caught.value.problems


def test_an_empty_file_is_a_whole_configuration(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert settings.database.url == f"sqlite:///{tmp_path}/digest.db"
    assert settings.mail.transport == "maildir"
    assert settings.maildir.path == tmp_path / "maildir"
    assert settings.fetch.allow_hosts == ()
    assert settings.sources == {}


def test_the_example_configuration_is_right(tmp_path: Path) -> None:
    settings = loaded(tmp_path, example_config())
    assert settings.sources["arxiv"].options["categories"] == ["cs.CL", "cs.LG"]
    assert settings.sources["hf-daily"].kind == "huggingface"


def test_every_option_of_the_example_exists_also_the_commented_ones() -> None:
    known = {(option.section, option.name) for option in options()}
    section = ""
    for line in example_config().splitlines():
        if found := re.match(r"(?:# )?\[([\w.-]+)\]", line):
            section = found[1]
        elif section.startswith("enrich.") and (found := re.match(r'# kind = "(\w+)"', line)):
            section = f'enrich.NAME (kind = "{found[1]}")'
        elif (found := re.match(r"(?:# )?(\w+) = ", line)) and not section.startswith("sources."):
            assert (section, found[1]) in known, line
    assert section.startswith("enrich.NAME")


def test_the_example_shows_every_section() -> None:
    assert set(SECTIONS) <= set(tomllib.loads(example_config()))


def test_all_problems_are_told_at_once_each_with_what_would_be_right(tmp_path: Path) -> None:
    text = """
    [mail]
    transport = "stmp"
    from = "nobody"
    max_age = "1 fortnight"
    [smtp]
    hots = "mail.example.org"
    port = "many"
    [web]
    public_url = "http://digest.example.org"
    [pigeons]
    domain = "example.org"
    [sources.arxiv]
    kind = "arxiv"
    category = ["cs.CL"]
    [sources.other]
    kind = "arxive"
    """
    options = (
        "known: host, port, security, username, password, password_file, auth, token_file, token_command, connections"
    )
    kinds = f"known: {', '.join(sorted(KINDS))}, or package.module:Class"
    url = "'http://digest.example.org' must start with https:// (http:// is for loopback only)"
    assert [line.removeprefix("digest.toml: ") for line in problems(tmp_path, text)] == [
        f"unknown section 'pigeons'; {_SECTIONS}",
        "mail: transport: must be 'maildir', 'smtp' or 'sendmail', not 'stmp' (did you mean 'smtp'?)",
        "mail: from: 'nobody' is not a mail address; write 'Name <name@example.org>' or name@example.org",
        "mail: max_age: '1 fortnight' is not a duration; write a number and s, min, h or d, such as '24h'",
        "smtp: port: must be a whole number, not 'many'",
        f"smtp: unknown option 'hots' (did you mean 'host'?); {options}",
        f"web: public_url: {url}",
        "sources.arxiv: categories: is required",
        (
            "sources.arxiv: unknown option 'category' (did you mean 'categories'?); "
            "known: categories, base_url, format, oai_url, api_url"
        ),
        f"sources.other: unknown kind 'arxive' (did you mean 'arxiv'?); {kinds}",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[mail", "digest.toml:1: not valid TOML: Expected ']' at the end of a table declaration"),
        ("[mail]\nfrom = \n", "digest.toml:2: not valid TOML: Invalid value"),
        ("mail = 3", "digest.toml: mail must be a section: [mail]"),
        ("[sources]\narxiv = 3", "digest.toml: sources.arxiv must be a section: [sources.arxiv]"),
        ("[sources.arxiv]", 'digest.toml: sources.arxiv: needs a kind, such as kind = "arxiv"'),
        ("[sources.'A b']\nkind='huggingface'", "digest.toml: sources.A b: a source's name is lower-case letters"),
        ("[fetch]\nallow_hosts = 'a'", "digest.toml: fetch: allow_hosts: must be a list in brackets, not 'a'"),
        ("[smtp]\nport = 70000", "digest.toml: smtp: port: must be at most 65535, not 70000"),
        ("[smtp]\nhost = 'a:25'", "digest.toml: smtp: host: 'a:25' is not a host name"),
        ("[web]\nlisten = '8080'", "digest.toml: web: listen: '8080' is not HOST:PORT"),
        ("[fetch]\nca_file = 'none.pem'", "digest.toml: fetch: ca_file: there is no file "),
        (
            "[sources.a]\nkind='arxiv'\ncategories=['cs.XX']",
            "digest.toml: sources.a: categories: arXiv has no category",
        ),
        ("[sources.a]\nkind='digest.nowhere:X'", "digest.toml: sources.a: kind 'digest.nowhere:X': cannot import"),
        (
            "[sources.a]\nkind='digest.model:Paper'",
            "digest.toml: sources.a: kind 'digest.model:Paper' is not a pydantic",
        ),
        ("[sources.a]\nkind='digest.model:None_'", "digest.toml: sources.a: kind 'digest.model:None_': there is no"),
        ("[sources.a]\nkind='pydantic:BaseModel'", "digest.toml: sources.a: kind 'pydantic:BaseModel' is no source"),
        ("[ranking]\nkind = 'bm52'", "digest.toml: ranking: unknown kind 'bm52' (did you mean 'bm25'?); known: bm25"),
        ("[ranking]\nagainst = 'bm25'", "digest.toml: ranking: 'bm25' is the other ranker already"),
        ("[ranking]\nkind = 'digest.nowhere:X'", "digest.toml: ranking: kind 'digest.nowhere:X': cannot import"),
        ("[ranking]\nkind = 'digest.model:Paper'", "digest.toml: ranking: kind 'digest.model:Paper' is no ranker"),
        ("[semantic]\nwindow = 5", "digest.toml: semantic: window: must be at least 100, not 5"),
    ],
)
def test_one_mistake_is_one_line(tmp_path: Path, text: str, expected: str) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[mail]\ntransport='smtp'", "mail.transport is smtp, which needs host"),
        ("[smtp]\npassword='x'", "a password without a username"),
        ("[smtp]\nusername='x'", "a username without a password"),
        (
            "[smtp]\nhost='mail.example.org'\nsecurity='plain'\nusername='u'\npassword='p'",
            'security = "plain" would send the password readable',
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith(f"digest.toml: smtp: {expected}")


def test_a_password_may_go_in_plain_to_this_machine(tmp_path: Path) -> None:
    text = "[smtp]\nhost='127.0.0.1'\nsecurity='plain'\nusername='u'\npassword='p'"
    assert loaded(tmp_path, text).smtp.effective_port == 25


def test_somebody_elses_source_is_named_by_its_class(tmp_path: Path) -> None:
    text = "[sources.mine]\nkind = 'digest.sources.feed:FeedSource'\nurl = 'https://example.org/rss'"
    assert loaded(tmp_path, text).sources["mine"].options["url"] == "https://example.org/rss"


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra `semantic` is installed")
def test_a_ranker_that_needs_an_extra_says_which(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "[ranking]\nkind = 'semantic'")
    assert line == (
        "digest.toml: ranking: kind 'semantic': the extra `semantic` is not installed: "
        "pip install 'trending-papers-digest[semantic]'"
    )


def test_somebody_elses_ranker_is_named_by_its_class(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "[ranking]\nkind = 'digest.ranking.rankers:Bm25'\nagainst = 'bm25'")
    assert load_ranker(settings.ranking.kind) is Bm25


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    text = "[mail]\nfrom='a@example.org'\n[sources.hf-daily]\nkind='huggingface'\nbase_url='https://one.example.org'"
    environment = {
        "DIGEST_MAIL__FROM": "b@example.org",
        "DIGEST_MAIL__MAX_AGE": "2d",
        "DIGEST_SMTP__PORT": "2525",
        "DIGEST_FETCH__ALLOW_HOSTS": "a.example.org, b.example.org",
        "DIGEST_SOURCES__HF_DAILY__BASE_URL": "https://two.example.org",
        "DIGEST_SOURCES__CV__KIND": "arxiv",
        "DIGEST_SOURCES__CV__CATEGORIES": '["cs.CV", "cs.RO"]',
        "DIGEST_FAILPOINT": "not an option",
    }
    settings = loaded(tmp_path, text, environment)
    assert settings.mail.sender == "b@example.org"
    assert settings.mail.max_age == timedelta(days=2)
    assert settings.smtp.port == 2525
    assert settings.fetch.allow_hosts == ("a.example.org", "b.example.org")
    assert settings.sources["hf-daily"].options["base_url"] == "https://two.example.org"
    assert settings.sources["cv"].options["categories"] == ["cs.CV", "cs.RO"]


def test_a_mistake_in_the_environment_names_its_variable(tmp_path: Path) -> None:
    environment = {"DIGEST_SMTP__PORT": "x", "DIGEST_SMPT__HOST": "y", "DIGEST_MAIL__A__B": "z"}
    assert problems(tmp_path, "", environment) == [
        "DIGEST_MAIL__A__B: is not of the form DIGEST_MAIL__OPTION",
        f"DIGEST_SMPT__HOST: unknown section 'smpt' (did you mean 'smtp'?); {_SECTIONS}",
        "DIGEST_SMTP__PORT: port: must be a whole number, not 'x'",
    ]


def test_secrets_come_from_files_relative_to_the_configuration(tmp_path: Path) -> None:
    written(tmp_path, "hunter2\n", "password")
    text = "[smtp]\nhost='mail.example.org'\nusername='u'\npassword_file='password'"
    assert loaded(tmp_path, text).smtp.password.get_secret_value() == "hunter2"
    environment = {"DIGEST_SMTP__PASSWORD": "[other"}
    assert loaded(tmp_path, text, environment).smtp.password.get_secret_value() == "[other"


def test_a_database_url_is_a_secret_too(tmp_path: Path) -> None:
    written(tmp_path, "postgresql+psycopg://u:p@db.example.org/digest", "url")
    assert loaded(tmp_path, "[database]\nurl_file='url'").database.url.endswith("@db.example.org/digest")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password='a'\npassword_file='b'", "password and password_file are both given; keep one of them"),
        ("password_file='none'", "password_file: '{folder}/none' cannot be read: No such file or directory"),
        ("password_file=3", "password_file must be a file's name in quotes"),
    ],
)
def test_a_secret_that_cannot_be_had_is_told(tmp_path: Path, text: str, expected: str) -> None:
    lines = problems(tmp_path, f"[smtp]\nhost='mail.example.org'\nusername='u'\n{text}")
    assert f"digest.toml: smtp: {expected.format(folder=tmp_path)}" in lines


def test_a_wrong_secret_is_never_printed(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "[smtp]\nusername='u'\npassword = 271828")
    assert "271828" not in line


def test_the_file_is_looked_for_in_a_stated_order(tmp_path: Path) -> None:
    here, named, given = (written(tmp_path, "", name) for name in ("digest.toml", "named.toml", "given.toml"))
    environment = {"DIGEST_CONFIG": str(named)}
    assert locate(given, environment, tmp_path) == given
    assert locate(None, environment, tmp_path) == named
    assert locate(None, {}, tmp_path) == here


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file \(named by \$DIGEST_CONFIG\)"):
        locate(None, {"DIGEST_CONFIG": "none.toml"}, tmp_path)


def test_paths_are_relative_to_the_file_wherever_the_program_runs(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    text = "[database]\nurl='sqlite:///data/x.db'\n[maildir]\npath='mail'\n[sources.f]\nkind='files'\npath='in'"
    settings = load(written(folder, text), {}, tmp_path)
    assert settings.database.url == f"sqlite:///{folder}/data/x.db"
    assert settings.maildir.path == folder / "mail"
    assert settings.sources["f"].options["path"] == str(folder / "in")


def test_the_options_of_the_command_line_are_checked_alike(tmp_path: Path) -> None:
    checked = checked_source("cv", "arxiv", {"categories": "cs.cv,cs.RO"}, tmp_path)
    assert checked.options["categories"] == ["cs.CV", "cs.RO"]
    with pytest.raises(ConfigError, match="--set urls: unknown option 'urls'"):
        checked_source("f", "feed", {"url": "https://example.org", "urls": "x"}, tmp_path)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(2**60), 2**60) | st.booleans())
def test_a_value_is_shown_as_toml_reads_it(value: str | int | bool) -> None:
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


def test_every_option_says_what_it_means() -> None:
    for option in options():
        assert option.description, f"{option.section}: {option.name}"
