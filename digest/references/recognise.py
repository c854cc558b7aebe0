"""What a text is, by what stands in it: names of files say nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENTRY = re.compile(r"(?:^|[})])[ \t]*@[ \t]*[A-Za-z]\w*\s*[{(]", re.MULTILINE)
_RIS = re.compile(r"^[ \t\ufeff]*TY {1,2}-", re.MULTILINE)
_WOK = re.compile(r"^PT [A-Z]\b", re.MULTILINE)
_TAGGED = re.compile(r"[A-Z][A-Z0-9]{1,3} {0,3}- ?")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TITLE_CELL = re.compile(r'(?:^|[,;\t])\s*"?\s*(?:article |paper |document )?title\s*"?\s*(?:[,;\t]|$)', re.IGNORECASE)

_BULLETED = re.compile(r"\[\d{1,4}\]\s*\S+(?!\s*[,\]])")  # "[1] Vaswani et al."

_LONGEST_HEADING = 5000  # characters
_ADVICE = "export it as BibTeX, RIS or CSL-JSON"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a text is no library that can be read, and what to do about it."""

    reason: str


# Forms that are known and not read, by a mark in the first lines.
_OTHERS = (
    (re.compile(r"\A%PDF-"), "a PDF, no library: give an export of your reference manager"),
    (re.compile(r"\APK\x03\x04"), "a ZIP archive: unpack it first"),
    (re.compile(r"\ASQLite format 3"), f"a database of a reference manager: {_ADVICE} there"),
    (re.compile(r"\A\s*<(?:!DOCTYPE html|html)\b", re.IGNORECASE), "a page of HTML, no library"),
    (re.compile(r"<(?:PubmedArticleSet|MedlineCitation)\b"), f"PubMed's XML: {_ADVICE} from Zotero or JabRef"),
    (re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?<xml>\s*<records>"), f"EndNote's XML: {_ADVICE} in EndNote"),
    (re.compile(r"<opml\b", re.IGNORECASE), "a list of feeds (OPML): 'digest source import' reads those"),
    (re.compile(r"\\(?:documentclass|begin\{document\})"), "a LaTeX document: give the .bib file that it names"),
    (re.compile(r"^PM(?:ID|CR?) ?-", re.MULTILINE), f"PubMed's own format (MEDLINE, nbib): {_ADVICE} from Zotero"),
    (re.compile(r"^%0(?: |$)|\A\s*%[A-Z] \S", re.MULTILINE), f"EndNote's tagged format: {_ADVICE} in EndNote"),
    (re.compile(r"\A\s*<\d+>\s*\n"), f"Ovid's own format: {_ADVICE} in Ovid"),
)


def recognise(text: str) -> str | Unknown:
    """The name of the format, or why there is none."""
    text = text.lstrip("\ufeff")
    start = text.lstrip()
    if not start:
        return Unknown("there is nothing in it")
    if start[0] in "[{" and not _ENTRY.match(start):
        return "json" if not _BULLETED.match(start) else "text"
    head = text[:20_000]
    if "<rdf:RDF" in head or "http://www.w3.org/1999/02/22-rdf-syntax-ns#" in head:
        return "zotero-rdf"
    return _by_records(text, head) or _other(head) or _by_heading(start)


def _by_records(text: str, head: str) -> str | None:
    if _RIS.search(text):
        return "ris"
    if _ENTRY.search(text):
        return "bibtex"
    return "wok" if head.startswith("FN ") or _WOK.search(head) else None


def _by_heading(start: str) -> str:
    heading = start[:_LONGEST_HEADING].partition("\n")[0]
    return "csv" if re.search("[,;\t]", heading) and _TITLE_CELL.search(heading) else "text"


def _other(head: str) -> Unknown | None:
    for mark, reason in _OTHERS:
        if mark.search(head):
            return Unknown(reason)
    if start := re.match(r"\s*<(?:\?xml\b|[A-Za-z][\w:]*[\s>])", head):
        return Unknown(f"XML of an unknown kind ({start.group().strip()[:40]}…): {_ADVICE}")
    if _CONTROLS.search(head):
        return Unknown("no text: it holds control characters")
    lines = [line for line in head.splitlines() if line.strip()]
    if sum(1 for line in lines if _TAGGED.match(line)) * 2 > len(lines):
        return Unknown(f"a tagged format that is not RIS (no TY line): {_ADVICE}")
    return None
