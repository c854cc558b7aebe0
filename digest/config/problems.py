"""What is wrong with a table of options, as lines that name the option and what would be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from digest.config.fields import fields, is_secret, known
from digest.errors import UsageError
from digest.plugins import load_kind, near

Problem = tuple[str, str]
"""The option it is about, and the line that tells it."""


def check(model: type[BaseModel], raw: Mapping[str, object]) -> tuple[BaseModel | None, list[Problem]]:
    """The section of these options, or each of its problems."""
    try:
        return model.model_validate(dict(raw)), []
    except ValidationError as error:
        return None, [_problem(model, details) for details in error.errors(include_url=False)]


def check_kind(
    kind: object,
    options: Mapping[str, object],
    load: Callable[[str], type[BaseModel]] = load_kind,
    example: str = "arxiv",
) -> tuple[BaseModel | None, list[Problem]]:
    """The source (or what else `load` knows) of this kind and these options, or each of its problems."""
    if not isinstance(kind, str) or not kind:
        return None, [("kind", f'needs a kind, such as kind = "{example}"')]
    try:
        return check(load(kind), options)
    except UsageError as error:
        return None, [("kind", str(error))]


def _problem(model: type[BaseModel], details: ErrorDetails) -> Problem:
    option, *rest = [str(part) for part in details["loc"]] or [""]
    if details["type"] == "extra_forbidden" and not rest:
        options = known(model)
        return option, f"unknown option '{option}'{near(option, options)}; known: {', '.join(options)}"
    where = option + "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in rest)
    info = fields(model).get(option)
    given = "***" if info is not None and is_secret(info) else repr(details["input"])
    return option, f"{where}: {_text(details, given)}" if where else _text(details, given)


def _text(details: ErrorDetails, given: str) -> str:  # noqa: PLR0911  # one line per kind of mistake
    """pydantic's message as a sentence of ours for the common kinds, its own for the rest."""
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return "is required"
        case "literal_error" | "enum":
            expected = str(context["expected"])
            return f"must be {expected}, not {given}{near(given[1:-1], _words(expected))}"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"must be a whole number, not {given}"
        case "string_type":
            return f"must be a text in quotes, not {given}"
        case "tuple_type" | "list_type" | "set_type":
            return f"must be a list in brackets, not {given}"
        case "greater_than_equal":
            return f"must be at least {context['ge']}, not {given}"
        case "less_than_equal":
            return f"must be at most {context['le']}, not {given}"
        case "value_error":
            return str(context["error"])
    message = details["msg"]
    is_word = message[1:2].islower()
    return message[:1].lower() + message[1:] if is_word else message


def _words(expected: str) -> list[str]:
    return [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
