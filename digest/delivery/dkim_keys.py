"""Keys that sign mails, and the DNS records that publish them (RFC 6376 section 3.6, RFC 8301, RFC 8463)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

LEAST_BITS, MOST_BITS = 2048, 4096
"""Of RSA. RFC 8301 asks signers for 2048 at least; verifiers need not know more than 4096."""

_STRING_LIMIT = 255  # octets of one string of a TXT record (RFC 1035, section 3.3)
_PADDING, _SHA256 = PKCS1v15(), Prehashed(SHA256())


@dataclass(frozen=True, slots=True)
class Record:
    """What has to be in DNS so that receivers can check the signatures."""

    name: str
    type: str
    value: str

    @property
    def strings(self) -> tuple[str, ...]:
        """The value in pieces of at most 255 octets, which receivers join without anything between."""
        return tuple(self.value[i : i + _STRING_LIMIT] for i in range(0, len(self.value), _STRING_LIMIT))

    @property
    def zone(self) -> str:
        """The record as a line, or lines in parentheses, of a zone file (RFC 1035, section 5.1)."""
        quoted = [f'"{string}"' for string in self.strings]  # neither quotes nor backslashes occur in a value
        data = quoted[0] if len(quoted) == 1 else "\n    ".join(["(", *quoted]) + " )"
        return f"{self.name}. IN {self.type} {data}"


@dataclass(frozen=True, slots=True)
class Key:
    """A private key under the name by which receivers find its public half."""

    domain: str
    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def kind(self) -> str:
        """`rsa` or `ed25519`, as records have it."""
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    @property
    def algorithm(self) -> str:
        """As signatures have it."""
        return f"{self.kind}-sha256"

    @property
    def shown(self) -> str:
        """`RSA-2048` or `Ed25519`."""
        return f"RSA-{self.private.key_size}" if isinstance(self.private, RSAPrivateKey) else "Ed25519"

    @property
    def record(self) -> Record:
        """RSA's public key is a SubjectPublicKeyInfo, Ed25519's the bare 32 octets (RFC 8463, section 4)."""
        public = self.private.public_key()
        if isinstance(self.private, RSAPrivateKey):
            raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        value = f"v=DKIM1; k={self.kind}; p={b64encode(raw).decode()}"
        return Record(f"{self.selector}._domainkey.{self.domain}", "TXT", value)

    def sign(self, digest: bytes) -> bytes:
        """The signature of a SHA-256 digest; the same each time. Ed25519 signs the digest itself (RFC 8463)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(digest, _PADDING, _SHA256)
        return self.private.sign(digest)


def read_key(pem: bytes, domain: str, selector: str) -> Key:
    """The private key of a PEM file's content (PKCS #8, or RSA's older form), not encrypted.

    Raises:
        ValueError: it is none that can sign mails; the text says which would.
    """
    try:
        private = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ValueError("is encrypted: nobody types a passphrase for a daemon, so keep it without one") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("holds no private key in PEM form: 'digest dkim generate' makes one") from error
    if isinstance(private, Ed25519PrivateKey):
        return Key(domain, selector, private)
    if not isinstance(private, RSAPrivateKey):
        raise ValueError("is neither an RSA nor an Ed25519 key: 'digest dkim generate' makes either")  # noqa: TRY004  # the file's content is wrong, not our types
    if not LEAST_BITS <= private.key_size <= MOST_BITS:
        raise ValueError(
            f"is an RSA key of {private.key_size} bits, where receivers take {LEAST_BITS} to {MOST_BITS}: "
            "'digest dkim generate' makes one of 2048"
        )
    return Key(domain, selector, private)
