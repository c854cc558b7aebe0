"""`digest dkim`, `[dkim]`, and mails that leave signed."""

from __future__ import annotations

import re
import stat
from datetime import timedelta
from email.parser import BytesParser
from email.policy import default
from itertools import pairwise
from pathlib import Path

import pytest

from digest.store.database import Database
from tests.support.cli import Cli
from tests.support.dkim import keys, pem, published, rsa_key, verdicts
from tests.support.people import MORNING, announce, subscribe
from tests.support.smtp_server import TAKE_AND_CLOSE, SmtpServer

_FROM = "[mail]\nfrom = 'Papers <digest@example.org>'\n"
# In the past of every clock: dkimpy refuses signatures of the future.
_MONDAY = MORNING.replace(year=2024, day=22)


def _sign_with(folder: Path, *more: str) -> str:
    """Both kinds of keys as files, and the configuration that names them."""
    for name, key in zip(("rsa", "curve"), keys(), strict=True):
        (folder / f"{name}.pem").write_bytes(pem(key.private))
        (folder / f"{name}.pem").chmod(0o600)
    return "\n".join(
        [_FROM, *more, "[dkim]", "selector = 's1'", "key_file = 'rsa.pem'", "keys = { s2 = 'curve.pem' }\n"]
    )


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_a_generated_key_is_private_and_signs_once_it_is_configured(tmp_path: Path, algorithm: str) -> None:
    program = Cli(tmp_path, _FROM)
    told = program("dkim", "generate", "--algorithm", algorithm, "--selector", "s2026", "--out", str(tmp_path / "keys"))
    file = tmp_path / "keys" / "s2026.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    program.file.write_text(_FROM + "\n".join(line[4:] for line in told.partition("sign with it:")[2].splitlines()))
    (shown,) = program.json("dkim", "show")
    assert shown["name"] == "s2026._domainkey.example.org"
    assert shown["type"] == "TXT"
    assert shown["value"].startswith(f"v=DKIM1; k={algorithm}; p=")
    assert (shown["selector"], shown["domain"], shown["algorithm"]) == ("s2026", "example.org", f"{algorithm}-sha256")
    assert f"    value  {shown['value']}\n" in told
    assert "".join(shown["strings"]) == shown["value"]
    assert "".join(re.findall(r'"(.*?)"', told.partition("zone file")[2].partition("Once")[0])) == shown["value"]
    assert program("dkim", "show").startswith(f"{file}: {shown['key']}\n")


def test_generating_never_replaces_a_file(tmp_path: Path) -> None:
    program = Cli(tmp_path, _FROM)
    file = tmp_path / "s1.pem"
    file.write_text("precious")
    line = program.error("dkim", "generate", "--algorithm", "ed25519", "--selector", "s1", "--out", str(tmp_path))
    assert line == f"{file} exists already: choose another --selector or --out"
    assert file.read_text() == "precious"
    program("dkim", "generate", "--algorithm", "ed25519", "--out", str(tmp_path))
    (made,) = tmp_path.glob("*-ed25519.pem")
    assert re.fullmatch(r"\d{6}-ed25519\.pem", made.name)


def test_generating_needs_a_domain_and_a_selector_that_can_stand_in_dns(tmp_path: Path) -> None:
    assert "give mail.from or dkim.domain your domain first" in Cli(tmp_path).error("dkim", "generate", status=2)
    for wrong in ("a b", "../x", "-", "x" * 64, "ü"):
        line = Cli(tmp_path, _FROM).error("dkim", "generate", f"--selector={wrong}", status=2)
        assert line.startswith(f"--selector: {wrong!r} is none")


def test_without_a_key_nothing_is_signed_and_show_says_so(tmp_path: Path) -> None:
    program = Cli(tmp_path, _FROM)
    assert program("dkim", "show").startswith("nothing is signed here: the relay signs")
    assert program.json("dkim", "show") == []
    assert "is right" in program("config", "check")


def test_a_mail_leaves_with_both_signatures_and_a_second_attempt_sends_the_same_bytes(tmp_path: Path) -> None:
    with SmtpServer({"DOT": [TAKE_AND_CLOSE]}) as server:
        relay = f"[smtp]\nhost = '127.0.0.1'\nport = {server.port}\nsecurity = 'plain'"
        page = "[web]\npublic_url = 'https://digest.example.org'"
        program = Cli(tmp_path, _sign_with(tmp_path, "transport = 'smtp'", relay, page))
        program("db", "upgrade")
        database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
        database.run_sync(announce, _MONDAY - timedelta(hours=1), 4, 8)
        database.run_sync(subscribe, edition_at=_MONDAY)
        database.close()
        program("once", "compose", "deliver", "--now", _MONDAY.isoformat())
        program("once", "deliver", "--now", (_MONDAY + timedelta(hours=1)).isoformat())
        first, second = (mail.message for mail in server.mails)
        program("preview", "ada@example.org", "--date", str(_MONDAY.date()), "-o", str(tmp_path / "as-sent.eml"))
    assert first == second
    assert (tmp_path / "as-sent.eml").read_bytes() == first
    assert verdicts(first, published(keys())) == [True, True]
    message = BytesParser(policy=default).parsebytes(first)
    assert f"t={int(message['Date'].datetime.timestamp())};" in str(message["DKIM-Signature"])
    assert re.search(r"h=[^;]*List-Unsubscribe:\s*List-Unsubscribe-Post", str(message["DKIM-Signature"]))
    assert first.isascii()
    assert max(len(line) for line in first.split(b"\r\n")) <= 998
    signature = first.split(b"\r\nFrom:")[0]
    assert max(len(line) for line in signature.split(b"\r\n")) <= 78
    assert all(line.startswith((b" ", b"DKIM-Signature:")) for line in signature.split(b"\r\n"))


def test_what_config_show_prints_of_two_keys_is_a_configuration_again(tmp_path: Path) -> None:
    program = Cli(tmp_path, _sign_with(tmp_path))
    shown = program("config", "show")
    program.file.write_text(shown, encoding="utf-8")
    assert program("config", "show") == shown
    assert [one["selector"] for one in program.json("dkim", "show")] == ["s1", "s2"]


def test_keys_may_come_from_the_environment(tmp_path: Path) -> None:
    _sign_with(tmp_path)
    variables = {"DIGEST_DKIM__KEYS": '{"s2": "curve.pem"}', "DIGEST_MAIL__FROM": "digest@example.org"}
    done = Cli(tmp_path).run("dkim", "show", env=variables)
    assert done.exit_code == 0, done.output
    assert "s2._domainkey.example.org" in done.stdout


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("key_file = 'rsa.pem'", "key_file needs selector"),
        ("selector = 's1'", "selector needs key_file"),
        ("selector = 's1'\nkey_file = 'rsa.pem'\nkeys = { s1 = 'x.pem' }", "'s1' is the first key's selector"),
        ("domain = 'example.com'\nkeys = { s1 = 'rsa.pem' }", "does not vouch for the domain of mail.from"),
        ("domain = 'ample.org'\nkeys = { s1 = 'rsa.pem' }", "does not vouch for the domain of mail.from"),
        ("domain = 'org'\nkeys = { s1 = 'rsa.pem' }", "'org' is not a domain"),
        ("domain = 'a b.example.org'", "is not a domain, such as example.org"),
        ("keys = { 'a b' = 'rsa.pem' }", "is not a selector"),
    ],
)
def test_a_wrong_section_is_told_with_what_would_be_right(tmp_path: Path, options: str, why: str) -> None:
    line = Cli(tmp_path, f"{_FROM}[dkim]\n{options}\n").error("status", status=2)
    assert "digest.toml: dkim: " in line
    assert why in line


@pytest.mark.parametrize("domain", ["", "example.org", "EXAMPLE.org", "mail.digest.example.org"])
def test_the_domain_is_that_of_from_or_one_above_or_below(tmp_path: Path, domain: str) -> None:
    sender = "[mail]\nfrom = 'x@digest.example.org'\n"
    text = _sign_with(tmp_path).replace(_FROM, sender).replace("[dkim]", f"[dkim]\ndomain = '{domain}'")
    program = Cli(tmp_path, text)
    expected = domain.lower() or "digest.example.org"
    assert {one["domain"] for one in program.json("dkim", "show")} == {expected}


def test_every_key_that_cannot_sign_is_told_at_once(tmp_path: Path) -> None:
    _sign_with(tmp_path)
    (tmp_path / "short.pem").write_bytes(pem(rsa_key(1024)))
    (tmp_path / "text.pem").write_text("hello")
    program = Cli(tmp_path, _FROM + "[dkim.keys]\na = 'short.pem'\nb = 'text.pem'\nc = 'none.pem'\nd = 'rsa.pem'\n")
    program("db", "upgrade")
    bits = "is an RSA key of 1024 bits, where receivers take 2048 to 4096: 'digest dkim generate' makes one of 2048"
    for command in (["config", "check"], ["dkim", "show"], ["once", "deliver"]):
        done = program.run(*command)
        assert done.exit_code == 2, done.output
        assert [re.sub(r"'/.*/", "'", line.removeprefix("digest: ")) for line in done.stderr.splitlines()] == [
            f"dkim: key of 'a': 'short.pem' {bits}",
            "dkim: key of 'b': 'text.pem' holds no private key in PEM form: 'digest dkim generate' makes one",
            "dkim: key of 'c': 'none.pem' cannot be read: No such file or directory",
        ]


def test_a_key_that_is_not_there_yet_stops_no_other_command(tmp_path: Path) -> None:
    program = Cli(tmp_path, _FROM + "[dkim]\nselector = 's1'\nkey_file = 's1.pem'\n")
    program("db", "upgrade")
    program("status")
    program("dkim", "generate", "--algorithm", "ed25519", "--selector", "s1", "--out", str(tmp_path))
    assert len(program.json("dkim", "show")) == 1


def test_a_key_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    program = Cli(tmp_path, _sign_with(tmp_path))
    assert "chmod" not in program("config", "check")
    (tmp_path / "curve.pem").chmod(0o640)
    advice = f"{tmp_path}/curve.pem is open to others, who could sign as you: 'chmod 600 {tmp_path}/curve.pem'"
    assert advice in program("config", "check")
    program("db", "upgrade")
    assert f"WARNING digest.wiring: {advice}" in program.run("once", "deliver").stderr


def test_the_parts_of_the_record_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    told = Cli(tmp_path, _sign_with(tmp_path))("dkim", "show").splitlines()
    names = [line.split()[0] for line in told if re.match(r"    (name|type|value) ", line)]
    assert names == ["name", "type", "value"] * 2
    assert all(a != b or not a for a, b in pairwise(told))
