"""A Maildir: what is new is read, and moves on only once its meaning is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.delivery.received import MAX_BYTES
from digest.inboxes import Unreadable
from digest.inboxes.maildir import Maildir


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    return tmp_path / "box"


def put(box: Path, *names: str) -> None:
    for name in names:
        (box / "new" / name).write_bytes(name.encode())


def keys(inbox: Maildir, *learnt: str, limit: int = 10) -> list[str]:
    found = inbox.read(learnt, limit)
    assert not isinstance(found, Unreadable), found.reason
    return [one.key for one in found]


def test_messages_stay_until_they_are_put_away_and_then_are_marked_as_read(box: Path) -> None:
    put(box, "2.b", "1.a", ".hidden")
    inbox = Maildir(box)
    assert keys(inbox) == keys(inbox) == ["1.a", "2.b"]
    assert keys(inbox, "1.a") == ["2.b"]
    assert [path.name for path in (box / "cur").iterdir()] == ["1.a:2,S"]


def test_messages_are_deleted_where_that_is_wanted_and_twice_is_harmless(box: Path) -> None:
    put(box, "1.a")
    inbox = Maildir(box, "delete")
    assert keys(inbox, "1.a") == keys(inbox, "1.a") == []
    assert list((box / "cur").iterdir()) == []


def test_a_key_leads_nowhere_else(box: Path) -> None:
    (box / "secret").write_bytes(b"stays")
    assert keys(Maildir(box, "delete"), "../secret") == []
    assert (box / "secret").exists()


def test_links_are_not_followed_and_huge_messages_are_cut(box: Path) -> None:
    (box / "secret").write_bytes(b"stays")
    (box / "new" / "1.link").symlink_to(box / "secret")
    (box / "new" / "2.huge").write_bytes(b"x" * (MAX_BYTES + 1))
    found = Maildir(box).read((), 10)
    assert not isinstance(found, Unreadable)
    assert [(one.key, len(one.raw)) for one in found] == [("2.huge", MAX_BYTES)]


def test_a_folder_that_is_no_maildir_is_told(tmp_path: Path) -> None:
    found = Maildir(tmp_path / "nowhere").read((), 10)
    assert isinstance(found, Unreadable)
    assert "no Maildir" in found.reason
