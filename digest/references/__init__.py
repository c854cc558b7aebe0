"""Libraries of reference managers: read into `Reference` values, and lists of them written for other programs.

    file ─► recognise (by content) ─► one reader per format ─► Library(references, rejections)
    Zotero's Web API: Request ─► whoever fetches ─► Response ─► Library, next Request
    references ─► write ─► BibTeX, RIS, CSL-JSON

Every record becomes a reference or a rejection with its place and its reason; nothing is lost silently.
The readers are imported when there is something to read.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from digest.errors import UnreadableFile
from digest.model import Reference, Rejection

__all__ = ["FORMATS", "Library", "read", "read_body"]

FORMATS: Mapping[str, str] = {
    "bibtex": "digest.references.bibtex:read",
    "ris": "digest.references.ris:read",
    "wok": "digest.references.ris:read_wok",
    "json": "digest.references.json_items:read",
    "zotero-rdf": "digest.references.zotero_rdf:read",
    "csv": "digest.references.sheet:read",
    "text": "digest.references.plain:read",
}
"""Format → module:function of its reader, which takes the text and the name to show in rejections."""

_EMPTY = "there is no reference in it"
_LARGEST = 200_000_000  # bytes; a library of 100,000 papers with abstracts is about as large


@dataclass(frozen=True, slots=True)
class Library:
    """What a file or a page of a service holds: the references, and what could not be taken, each with its reason."""

    references: tuple[Reference, ...] = ()
    rejections: tuple[Rejection, ...] = ()

    def __add__(self, other: Library) -> Library:
        return Library(self.references + other.references, self.rejections + other.rejections)


def read(path: Path, form: str | None = None) -> Library:
    """The library in a file, whose format is recognised where `form` does not name it.

    Raises:
        UnreadableFile: it cannot be opened, or is too large to be a library.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise UnreadableFile(str(path), None, f"larger than {_LARGEST // 1_000_000} MB: no library of references")
        body = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(str(path), None, f"cannot be read: {error.strerror or error}") from error
    return read_body(body, str(path), form)


def read_body(body: bytes, path: str, form: str | None = None) -> Library:
    """The library in bytes; `path` is only shown. A body that is no library is one rejection."""
    from digest.references.recognise import Unknown, recognise
    from digest.references.text import decoded

    text = decoded(body)
    found = form or recognise(text)
    if isinstance(found, Unknown):
        return Library(rejections=(Rejection(path, None, found.reason),))
    module, _, name = FORMATS[found].partition(":")
    reader = cast("Callable[[str, str], Library]", getattr(importlib.import_module(module), name))
    library = reader(text, path)
    return library if library.references or library.rejections else Library(rejections=(Rejection(path, None, _EMPTY),))
