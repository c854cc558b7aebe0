"""What of a configuration is not shown."""

from __future__ import annotations

from pydantic import SecretStr

_HIDDEN = "***"


def masked(value: object) -> object:
    """A secret as *** where there is one; of a URL the password alone is hidden."""
    if isinstance(value, SecretStr):
        return _HIDDEN if value.get_secret_value() else ""
    return without_password(value) if isinstance(value, str) else value


def without_password(text: str) -> str:
    """`text` as it is, or where it is a URL with a password, with *** in its place."""
    scheme, marker, rest = text.partition("://")
    credentials, at, host = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}:{_HIDDEN}@{host}" if marker and at and colon else text
