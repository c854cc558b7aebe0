"""From the `kind` of the configuration to its class: a built-in name, or `package.module:Class` of somebody's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeGuard

from pydantic import BaseModel

from digest import enrichers
from digest.enrichers import Enricher
from digest.errors import UsageError
from digest.sources import KINDS, Source

if TYPE_CHECKING:  # reading the configuration must not pay for numpy
    from digest.ranking.rankers import Learner

_NEEDED = ("requests", "parse", "next_poll")
_NEEDED_OF_RANKERS = ("learn", "rank_batch")
_NEEDED_OF_ENRICHERS = ("requests", "people_requests", "parse", "secrets")


def source_kinds() -> list[str]:
    """The built-in kinds, in alphabetical order."""
    return sorted(KINDS)


def load_kind(kind: str) -> type[BaseModel]:
    """The class of a source kind; its fields are its options.

    Raises:
        UsageError: no such kind, or a class that is no source; the text says what would be right.
    """
    if kind not in KINDS and ":" not in kind:
        known = ", ".join(source_kinds())
        raise UsageError(f"unknown kind '{kind}'{near(kind, KINDS)}; known: {known}, or package.module:Class")
    module, _, name = KINDS.get(kind, kind).partition(":")
    return _checked(kind, _attribute(kind, module, name))


def build_source(kind: str, options: Mapping[str, object]) -> Source:
    """The source of checked options.

    Raises:
        UsageError: as `load_kind`.
        pydantic.ValidationError: the options do not fit.
    """
    built = load_kind(kind).model_validate(dict(options))
    assert _is_source(built), "load_kind looked"
    return built


def enricher_kinds() -> list[str]:
    """The built-in kinds, in alphabetical order."""
    return sorted(enrichers.KINDS)


def load_enricher(kind: str) -> type[BaseModel]:
    """The class of a kind of enricher; its fields are its options.

    Raises:
        UsageError: as `load_kind`.
    """
    if kind not in enrichers.KINDS and ":" not in kind:
        known = ", ".join(enricher_kinds())
        raise UsageError(f"unknown kind '{kind}'{near(kind, enrichers.KINDS)}; known: {known}, or package.module:Class")
    module, _, name = enrichers.KINDS.get(kind, kind).partition(":")
    return _checked(kind, _attribute(kind, module, name), "enricher", _NEEDED_OF_ENRICHERS)


def as_enricher(options: BaseModel) -> Enricher:
    """Checked options of a kind are its enricher."""
    assert _is_enricher(options), "load_enricher looked"
    return options


SEMANTIC_IS_MISSING = "the extra `semantic` is not installed: pip install 'trending-papers-digest[semantic]'"

RANKERS = {"bm25": "digest.ranking.rankers:Bm25", "semantic": "digest.ranking.rankers:Semantic"}
"""Kind → class of the built-in rankers."""


def ranker_kinds() -> list[str]:
    """The built-in kinds, in alphabetical order."""
    return sorted(RANKERS)


def check_ranker(kind: str) -> None:
    """Raise UsageError where `load_ranker` would; the built-in ones are not loaded for it."""
    if kind not in RANKERS and ":" not in kind:
        known = ", ".join(ranker_kinds())
        raise UsageError(f"unknown kind '{kind}'{near(kind, RANKERS)}; known: {known}, or package.module:Class")
    if kind == "semantic" and find_spec("sentence_transformers") is None:
        raise UsageError(f"kind '{kind}': {SEMANTIC_IS_MISSING}")
    if kind not in RANKERS:
        load_ranker(kind)


def load_ranker(kind: str) -> type[Learner]:
    """The class of a kind of ranker; one of somebody's own is made without arguments.

    Raises:
        UsageError: no such kind, a class that is no ranker, or the extra it needs is not installed.
    """
    if kind in RANKERS or ":" not in kind:
        check_ranker(kind)
    module, _, name = RANKERS.get(kind, kind).partition(":")
    found = _attribute(kind, module, name)
    if not _is_ranker(found):
        missing = ", ".join(_missing(found, _NEEDED_OF_RANKERS)) or "class of that name"
        raise UsageError(f"kind '{kind}' is no ranker: it has no {missing}")
    return found


def near(word: str, known: Iterable[str]) -> str:
    """ " (did you mean 'x'?)", or nothing where nothing comes close."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{found[0]}'?)" if found else ""


def _attribute(kind: str, module: str, name: str) -> object:
    try:
        return getattr(import_module(module), name)
    except (ImportError, ValueError) as error:
        raise UsageError(f"kind '{kind}': cannot import {module}: {error}; is it installed here?") from error
    except AttributeError as error:
        raise UsageError(f"kind '{kind}': there is no {name} in {module}") from error


def _checked(kind: str, found: object, what: str = "source", needed: tuple[str, ...] = _NEEDED) -> type[BaseModel]:
    if not isinstance(found, type) or not issubclass(found, BaseModel):
        raise UsageError(f"kind '{kind}' is not a pydantic model; its fields would be its options")
    missing = _missing(found, needed)
    if missing:
        raise UsageError(f"kind '{kind}' is no {what}: it has no {', '.join(missing)}")
    return found


def _is_ranker(found: object) -> TypeGuard[type[Learner]]:
    return isinstance(found, type) and not _missing(found, _NEEDED_OF_RANKERS)


def _missing(found: object, needed: tuple[str, ...] = _NEEDED) -> list[str]:
    return [method for method in needed if not callable(getattr(found, method, None))]


def _is_source(built: object) -> TypeGuard[Source]:
    return not _missing(built)


def _is_enricher(built: object) -> TypeGuard[Enricher]:
    return not _missing(built, _NEEDED_OF_ENRICHERS)
