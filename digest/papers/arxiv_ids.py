"""arXiv identifiers in every form in which they are written.

`archive/YYMMNNN` until March 2007, `YYMM.NNNN` until December 2014, `YYMM.NNNNN` since
(info.arxiv.org/help/arxiv_identifier.html).
"""

from __future__ import annotations

import re

_ARCHIVES = re.compile(
    r"""acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga
    |funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph
    |q-alg|q-bio|quant-ph|solv-int|supr-con""",
    re.VERBOSE,
)
_PREFIX = re.compile(
    r"""(?:oai:arxiv\.org: | arxiv: \s* | (?:(?:https?://)?(?:dx\.)?doi\.org/ | doi:\s*)? 10\.48550/arxiv\.
    | (?:https?://)?(?:[a-z-]+\.)*arxiv\.org/(?:abs|pdf|html|ps|src|e-print|format|list)/
    | (?:https?://)?(?:www\.)?(?:huggingface\.co/papers|alphaxiv\.org/abs|ar5iv\.org/abs)/ )""",
    re.IGNORECASE | re.VERBOSE,
)
_ID = re.compile(
    r"""(?: (?P<new>\d{4}\.\d{4,5}) | (?P<archive>[a-z-]+)(?:\.[a-z]{2})?/(?P<old>\d{7}) )
    (?:v(?P<version>[1-9]\d{0,3}))?""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_TAIL = re.compile(r"(?:\.pdf|\.ps\.gz|\.ps)?/?(?:[?#]\S*)?(?:\s*\[[\w.-]+\])?\s*", re.IGNORECASE)


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """The canonical identifier (no prefix, no subject class, lower-case archive) and version; None where it is none.

    Reads bare ids, `arXiv:`, `oai:arXiv.org:`, pages of arxiv.org and its mirrors, and DOIs below 10.48550/arXiv.
    """
    text = text.strip()
    prefix = _PREFIX.match(text)
    found = _ID.match(text, prefix.end() if prefix else 0)
    if not found or not _TAIL.fullmatch(text, found.end()):
        return None
    version = int(found["version"]) if found["version"] else None
    if found["new"]:
        return (found["new"], version) if _is_new(found["new"]) else None
    archive, number = found["archive"].lower(), found["old"]
    return (f"{archive}/{number}", version) if _ARCHIVES.fullmatch(archive) and _is_old(number) else None


def _is_new(number: str) -> bool:
    month, digits = int(number[:4]), len(number) - 5
    first = 704 if digits == 4 else 1501
    last = 1412 if digits == 4 else 9912
    return first <= month <= last and 1 <= month % 100 <= 12 and int(number[5:]) > 0


def _is_old(number: str) -> bool:
    year, month = int(number[:2]), int(number[2:4])
    return 1 <= month <= 12 and ((year, month) >= (91, 1) or (year, month) <= (7, 3)) and int(number[4:]) > 0
