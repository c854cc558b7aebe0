"""The form of a message on the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.wire import is_canonical, stuffed

lines = st.lists(st.text("ab. ", max_size=4).map(str.encode), min_size=1, max_size=8)


@given(lines)
def test_what_is_stuffed_never_ends_early_and_reads_back(parts: list[bytes]) -> None:
    message = b"".join(part + b"\r\n" for part in parts)
    sent = stuffed(message).split(b"\r\n")
    assert b"." not in sent
    assert [line[1:] if line.startswith(b".") else line for line in sent] == [*parts, b""]


@given(lines, st.sampled_from([b"\r", b"\n", b"\n.\n", b"\r\r\n", b"\n\r", b"\r.\r"]), st.integers(0, 40))
def test_a_lone_cr_or_lf_is_noticed_wherever_it_stands(parts: list[bytes], lone: bytes, at: int) -> None:
    message = b"".join(part + b"\r\n" for part in parts)
    broken = message[:at] + lone + message[at:]
    assert is_canonical(message)
    alone = broken.replace(b"\r\n", b"")
    assert is_canonical(broken) == (b"\r" not in alone and b"\n" not in alone and broken.endswith(b"\r\n"))


def test_a_message_without_a_last_line_end_is_not_canonical() -> None:
    assert not is_canonical(b"a")
    assert not is_canonical(b"")
