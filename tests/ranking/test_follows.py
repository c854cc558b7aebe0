from __future__ import annotations

import pytest

from digest.ranking.follows import authors_followed, categories_read, folded_name
from tests.support.ranking import paper


@pytest.mark.parametrize("name", ["Ada Lovelace", "Lovelace, Ada", "ADA  LOVELACE", "Àda Lovelace"])
def test_one_name_however_it_is_written(name: str) -> None:
    assert folded_name(name) == "ada lovelace"


def test_followed_authors_are_named_as_the_paper_does() -> None:
    written = paper(1, "x", authors=("José García", "Ada Lovelace"))
    assert authors_followed(written, ["garcia, jose", "Somebody Else"]) == ("José García",)


def test_an_archive_stands_for_all_its_categories() -> None:
    written = paper(1, "x", categories=("cs.CV", "eess.IV"))
    assert categories_read(written, ["cs"]) == ("cs.CV",)
    assert categories_read(written, ["cs.*", "EESS.iv"]) == ("cs.CV", "eess.IV")
    assert categories_read(written, ["cs.CL"]) == ()
