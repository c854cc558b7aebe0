"""dkimpy as the judge of signatures, asking a table instead of DNS."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import dkim  # type: ignore[import-untyped]  # dkimpy has no types
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from digest.delivery.dkim_keys import Key, read_key

Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """One of each size for the whole session: RSA keys take long to find."""
    return rsa.generate_private_key(65537, bits)


def keys(domain: str = "example.org") -> tuple[Key, Key]:
    """One key of each algorithm."""
    curve = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return Key(domain, "s1", rsa_key()), Key(domain, "s2", curve)


def pem(private: Private, passphrase: bytes = b"") -> bytes:
    """PKCS #8, as `digest dkim generate` and OpenSSL write it."""
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def key_of(private: Private) -> Key:
    return read_key(pem(private), "example.org", "s1")


def published(signing: Sequence[Key]) -> dict[bytes, bytes]:
    """Their records, under names as dkimpy asks for them."""
    return {f"{key.record.name}.".encode(): key.record.value.encode() for key in signing}


def verdicts(message: bytes, records: Mapping[bytes, bytes]) -> list[bool]:
    """Of each signature from the top, whether it verifies."""
    judge = _Judge(message)
    count = sum(name.lower() == b"dkim-signature" for name, _ in judge.headers)
    return [_verdict(judge, i, records) for i in range(count)]


def _verdict(judge: dkim.DKIM, index: int, records: Mapping[bytes, bytes]) -> bool:
    def ask(name: bytes, timeout: int) -> bytes | None:
        return records.get(name)

    try:
        return bool(judge.verify(index, ask))
    except dkim.ValidationError:  # so it tells that the body's hash is another
        return False


class _Judge(dkim.DKIM):  # type: ignore[misc]  # as above
    """dkimpy, whose Ed25519 needs one more library: the curve's arithmetic alone is done by `cryptography`."""

    def verify_sig(
        self,
        sig: Mapping[bytes, bytes],
        include_headers: list[bytes],
        sig_header: tuple[bytes, bytes],
        dnsfunc: Callable[..., bytes | None],
    ) -> bool:
        record = dnsfunc(sig[b"s"] + b"._domainkey." + sig[b"d"] + b".", timeout=0) or b""
        if b"k=ed25519" not in record:
            return bool(super().verify_sig(sig, include_headers, sig_header, dnsfunc))
        self.pk = _Curve(record)
        self.ktag, self.keysize, self.seqtlsrpt = b"ed25519", 256, False
        return self.verify_sig_process(sig, include_headers, sig_header, dnsfunc) and self.pk.is_valid


class _Curve:
    """The key of a record, as dkimpy calls it."""

    def __init__(self, record: bytes) -> None:
        self._public = ed25519.Ed25519PublicKey.from_public_bytes(b64decode(record.partition(b"p=")[2]))
        self.is_valid = False

    def verify(self, digest: bytes, signature: bytes) -> None:
        try:
            self._public.verify(signature, digest)
            self.is_valid = True
        except InvalidSignature:
            self.is_valid = False
