"""A throw-away certificate authority, made by the openssl program."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """A server's context for 127.0.0.1, and a client's that trusts its authority."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def make_authority(openssl: str, folder: Path) -> Authority:
    _make(openssl, folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server.key")
    return Authority(server, ssl.create_default_context(cafile=str(folder / "ca.pem")))


def _make(openssl: str, folder: Path) -> None:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"]
    authority = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=throw-away", "-addext", "keyUsage=keyCertSign"]
    server = ["-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=127.0.0.1"]
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"]
    for words in ([*key, *authority], [*key, *server, *signed, "-addext", "basicConstraints=critical,CA:FALSE"]):
        subprocess.run([openssl, "req", "-x509", *words], cwd=folder, check=True, capture_output=True)
