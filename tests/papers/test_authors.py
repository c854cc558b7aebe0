"""Author lines, as arXiv's feeds and other pages write them."""

from __future__ import annotations

import json
import re

import pytest

from digest.papers.text import split_authors
from tests.support.shared import shared

LINES = [
    ("Ada Lovelace", ("Ada Lovelace",), True),
    ("", (), False),
    ("A. One (Lab, City), B. Two Jr, C. Three", ("A. One", "B. Two Jr", "C. Three"), True),
    ("A. One, B. Two, Jr, C. Three", ("A. One", "B. Two Jr", "C. Three"), True),
    (" The X Collaboration: A. One, B. Two", ("The X Collaboration", "A. One", "B. Two"), True),
    ("  X Collaboration, A. One", ("X Collaboration", "A. One"), True),
    ("A. One, et al.", ("A. One",), False),
    ("A. One, B. Two et al. (909 additional authors not shown)", ("A. One", "B. Two"), False),
    ("A. One, et al., for the X collaboration", ("A. One", "X collaboration"), False),
    ("A. One, B. Two, and C. Three", ("A. One", "B. Two", "C. Three"), True),
    ("LAPALU, N., SIMON, A.", ("N. LAPALU", "A. SIMON"), True),
    (r"Bo\.zena Czerny and J\"urgen K\"astel", ("Bożena Czerny", "Jürgen Kästel"), True),
    ("A. One (never closed, B. Two", ("A. One never closed", "B. Two"), True),
    ("Alan Etalon, Roland Andersen", ("Alan Etalon", "Roland Andersen"), True),
]


@pytest.mark.parametrize(("line", "names", "is_complete"), LINES)
def test_an_author_line_splits_into_names(line: str, names: tuple[str, ...], is_complete: bool) -> None:
    assert split_authors(line) == (names, is_complete)


def test_all_of_arxivs_own_author_lines_agree() -> None:
    """arXiv keeps separators and affiliations in its lists and blanks initials apart ("S. M."); names are the same."""
    pairs = json.loads(shared("samples/latex/arxiv_author_string_pairs.json").read_text())
    assert len(pairs) == 47
    for pair in pairs:
        if pair["func"] == "split_authors":
            words = (word for word in pair["out"] if word not in (",", ":", "et al") and not word.startswith("("))
            expected = [word.replace(", Jr", " Jr") for word in words]
        else:
            expected = [" ".join(filter(None, (given, family, suffix))) for family, given, suffix, *_ in pair["out"]]
        names, _ = split_authors(pair["in"])
        assert [re.sub(r"\.(?=[^\s.,-])", ". ", name) for name in names] == expected
