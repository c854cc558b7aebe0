"""Identifiers of OpenReview, Semantic Scholar and OpenAlex, from their addresses and the forms in which they are cited.

openreview.net/forum?id=…, OpenReview:…   ─► openreview, case kept
CorpusID:…, S2:…                          ─► s2, digits
openalex.org/W…, OpenAlex:W…              ─► openalex, upper case
"""

from __future__ import annotations

import re

from digest.model import Alias, AliasKind

_HTTP = r"(?:https?://)?"
_OPENREVIEW = re.compile(
    rf"(?:{_HTTP}(?:www\.|api2?\.)?openreview\.net/(?:forum|pdf|attachment|notes)\?(?:[^#\s]*&)?id=|openreview:\s*)"
    r"(?P<id>[\w-]{6,20})(?:[&#]\S*)?",
    re.IGNORECASE | re.ASCII,
)
# A page of semanticscholar.org shows a hash, which changes when records are joined; the CorpusId does not.
_S2 = re.compile(
    rf"(?:{_HTTP}(?:api|www)\.semanticscholar\.org/(?:graph/v1/paper/)?)?(?:corpusid|s2):\s*(?P<id>[1-9]\d{{0,11}})/?",
    re.IGNORECASE | re.ASCII,
)
_OPENALEX = re.compile(
    rf"(?:{_HTTP}(?:www\.|api\.)?openalex\.org/(?:works/)?|openalex:\s*)(?P<id>W[1-9]\d{{0,11}})/?",
    re.IGNORECASE | re.ASCII,
)


def registry_alias(text: str) -> Alias | None:
    """The identifier that one of the three gave a paper; None where it is none of theirs."""
    lowered = text.lower()
    if "openreview" in lowered and (found := _OPENREVIEW.fullmatch(text)):
        return Alias(AliasKind.OPENREVIEW, found["id"])
    if ("corpusid:" in lowered or lowered.startswith("s2:")) and (found := _S2.fullmatch(text)):
        return Alias(AliasKind.S2, found["id"])
    if "openalex" in lowered and (found := _OPENALEX.fullmatch(text)):
        return Alias(AliasKind.OPENALEX, found["id"].upper())
    return None
