"""A throw-away certificate authority for the session."""

from __future__ import annotations

import shutil

import pytest

from tests.support.tls import Authority, make_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl program to make a throw-away certificate with")
    return make_authority(openssl, tmp_path_factory.mktemp("tls"))
