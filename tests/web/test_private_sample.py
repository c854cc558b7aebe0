"""A digest to look at before subscribing."""

from __future__ import annotations

from digest.store import outbox
from digest.store.database import Database
from tests.support.private import ask, private_site, words_of
from tests.support.public import fill, paper, store


def test_a_sample_is_the_mail_that_somebody_with_these_topics_would_get(database: Database) -> None:
    fill(database)
    store(database, *(paper(f"2604.{n:05}", f"Depth estimation number {n}") for n in range(100, 130)))
    choose, mail, again = ask(
        private_site(database),
        ("GET", "/sample", None),
        ("GET", "/sample?topic=3d-vision&topic=robotics", None),
        ("GET", "/sample?topic=robotics&topic=3d-vision", None),
    )
    assert 'name="topic" value="3d-vision"' in choose.text
    said = words_of(mail)
    assert "papers for you" in said
    assert "you@example.org" in said
    assert "Depth estimation number" in said
    assert mail.text == again.text
    policy = mail.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'unsafe-inline'" in policy
    assert "frame-ancestors 'none'" in policy
    assert database.run_sync(outbox.list_rows) == []


def test_a_topic_without_papers_and_no_topic_of_ours_lead_back_to_the_choice(sqlite_database: Database) -> None:
    empty, unknown = ask(
        private_site(sqlite_database), ("GET", "/sample?topic=robotics", None), ("GET", "/sample?topic=%3Cb%3E", None)
    )
    assert "Choose another topic" in words_of(empty)
    assert "Choose up to three topics" in words_of(unknown)
    assert "<b>" not in unknown.text
