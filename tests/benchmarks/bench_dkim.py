"""CPU of signing a day's messages beside what no signer can avoid, and beside dkimpy. `make bench` runs it.

The floor is the bare signature of a 32-byte digest and one SHA-256 of the body, in the same process and by turns.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from statistics import median

import dkim  # type: ignore[import-untyped]  # dkimpy has no types

from digest.delivery.dkim import Signer
from digest.delivery.dkim_keys import Key
from digest.editions.assemble import Letterhead, mail
from tests.benchmarks.bench_messages import editions
from tests.support.dkim import keys, pem, rsa_key
from tests.support.editions import COMPOSED_AT

MESSAGES, ROUNDS = 100, 21
_DKIMPY = 10  # messages by dkimpy, which takes thirty times as long
_DIGEST = bytes(32)


def messages() -> list[bytes]:
    """Mails of twenty papers."""
    head = Letterhead("Trending Papers <digest@example.org>", {1: bytes(32)}, "https://digest.example.org")
    return [mail(head, one, f"reader{one.id}@example.org") for one in editions()[:MESSAGES]]


def floor(signing: Sequence[Key], bodies: Sequence[memoryview]) -> None:
    """One hash of each body, one bare signature for each key."""
    for body in bodies:
        hashlib.sha256(body).digest()
        for key in signing:
            key.sign(_DIGEST)


def whole(signing: Sequence[Key], batch: Sequence[bytes]) -> None:
    """What the program does."""
    signer = Signer(signing)
    for message in batch:
        signer.sign(message, COMPOSED_AT)


def by_dkimpy(batch: Sequence[bytes]) -> None:
    private = pem(rsa_key())
    for message in batch:
        dkim.sign(message, b"s1", b"example.org", private, canonicalize=(b"relaxed", b"relaxed"))


def cpu(function: Callable[[], None], count: int) -> float:
    """Milliseconds of CPU for each message."""
    start = time.process_time()
    function()
    return (time.process_time() - start) / count * 1e3


def compared(signing: Sequence[Key], batch: Sequence[bytes]) -> tuple[float, float, float]:
    """Floor, whole and their ratio, each the median of rounds that take turns, so that both meet the same machine."""
    bodies = [memoryview(message)[message.index(b"\r\n\r\n") + 4 :] for message in batch]
    rounds = [
        (cpu(lambda: floor(signing, bodies), len(batch)), cpu(lambda: whole(signing, batch), len(batch)))
        for _ in range(ROUNDS)
    ]
    return median(a for a, _ in rounds), median(b for _, b in rounds), median(b / a for a, b in rounds)


def main() -> None:
    batch, (rsa, curve) = messages(), keys()
    size = sum(map(len, batch)) / len(batch) / 1000
    for name, signing in (("RSA-2048", [rsa]), ("Ed25519", [curve]), ("both", [rsa, curve])):
        least, used, ratio = compared(signing, batch)
        goal = " (goal 1.3)" if name == "RSA-2048" else ""
        print(
            f"P7 DKIM {name:9} {used:.3f} ms, {ratio:.2f} x the {least:.3f} ms of bare sign + hash{goal}; {size:.0f} KB"
        )
    print(f"   DKIM by dkimpy {cpu(lambda: by_dkimpy(batch[:_DKIMPY]), _DKIMPY):.3f} ms (RSA-2048)")


if __name__ == "__main__":
    main()
