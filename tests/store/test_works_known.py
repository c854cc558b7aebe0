"""Works that are only known: never recommended, and no likes."""

from __future__ import annotations

from digest.model import Reference
from digest.store import catalog, profiles, shelf, works
from digest.store.database import Database
from tests.support.people import MORNING, announce, subscribe


def test_a_library_that_teaches_nothing_is_known_and_liked_nowhere(database: Database) -> None:
    with database.engine.begin() as connection:
        announce(connection, MORNING, 1, 2)
        ada = subscribe(connection).id
        known = catalog.aliases_of_paper(connection, 1)
        references = [Reference("", aliases=known), Reference("A private study of looms and engines")]
        done = works.add_works(connection, ada, references, "", MORNING, teaches=False)
        assert (done.resolved, len(done.stored)) == ((1,), 1)
        assert profiles.get_profile(connection, ada).likes == ()
        assert shelf.known_ids(connection, [ada], [1, 2]) == {ada: frozenset({1})}
        assert len(works.add_works(connection, ada, references, "", MORNING, teaches=False).known) == 2
