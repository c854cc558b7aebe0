"""Jinja2 over `templates/`: escaped HTML, plain text, undefined names refused, mail CSS inlined once at loading,
words by gettext (`_("…")`), which HTML escapes as it does everything else.

Mail programs drop or rewrite style sheets, so every rule also stands in a `style` attribute. Inlining the
template instead of each mail costs nothing per mail: Jinja's tags are hidden from the HTML parser as comments
and placeholders, which survive it, and put back afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import css_inline
from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from digest import assets
from digest.editions.language import ENGLISH, Language, forget_languages
from digest.editions.look import ACCENT, BUILT_IN, Look, coloured
from digest.editions.plain import wrap

_MAILS = frozenset(
    {"digest", "note", "letter", "confirmation", "welcome", "goodbye", "access", "move", "test", "alert"}
)
_COMMENT = re.compile(r"\{#.*?#\}\n?", re.DOTALL)
_STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_HIDDEN = re.compile(r"<!--jinja(\d+)-->|jinja(\d+)x")


@dataclass(frozen=True, slots=True)
class Style:
    """In which language, by which templates and in which look something is written."""

    language: Language = ENGLISH
    overrides: Path | None = None
    look: Look = BUILT_IN

    @property
    def environment(self) -> Environment:
        return environment(self.overrides, self.language, self.look.accent)


PLAIN_STYLE = Style()


@lru_cache(maxsize=16)
def environment(overrides: Path | None = None, language: Language = ENGLISH, accent: str = ACCENT) -> Environment:
    """The templates, those in the folder `overrides` first; it holds only the files that differ."""
    folders = [overrides, assets.templates()] if overrides else [assets.templates()]
    found = Environment(
        loader=_InliningLoader(FileSystemLoader(folders), accent),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    found.filters["wrap"] = wrap
    found.globals["lang"] = language.code
    found.globals["dir"] = language.direction
    found.globals["number"] = language.number
    found.globals["accent"] = accent
    found.policies["ext.i18n.trimmed"] = True
    catalog = language.catalog
    found.install_gettext_callables(  # type: ignore[attr-defined]  # an attribute that the extension adds
        catalog.gettext, catalog.ngettext, newstyle=True, pgettext=catalog.pgettext, npgettext=catalog.npgettext
    )
    return found


_KEPT: list[Callable[[], None]] = [environment.cache_clear, forget_languages]


def kept_by(forgetting: Callable[[], None]) -> None:
    """Something keeps what it made of templates, and forgets it by this."""
    _KEPT.append(forgetting)


def forget() -> None:
    """Read all templates and catalogs anew, for whoever works on them."""
    for forgetting in _KEPT:
        forgetting()


class _InliningLoader(BaseLoader):
    """Files as another loader finds them; the HTML of mails with the digest's `style.css` inlined."""

    def __init__(self, files: FileSystemLoader, accent: str = ACCENT) -> None:
        self._files, self._accent = files, accent

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, path, is_fresh = self._files.get_source(environment, template)
        folder, _, name = template.rpartition("/")
        if name.endswith(".css"):
            return coloured(source, self._accent), path, is_fresh
        if folder in _MAILS and name.endswith(".html"):
            css, _path, is_css_fresh = self._files.get_source(environment, "digest/style.css")
            source = inline(source, coloured(css, self._accent))
            return source, path, lambda: is_fresh() and is_css_fresh()
        return source, path, is_fresh

    def list_templates(self) -> list[str]:
        return self._files.list_templates()


def inline(source: str, css: str) -> str:
    """The HTML template `source` with `css` in style attributes; its own style elements stay as they are."""
    hidden: list[str] = []

    def hide(form: str) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            hidden.append(match[0])
            return form.format(len(hidden) - 1)

        return replace

    plain = _STATEMENT.sub(hide("<!--jinja{}-->"), _COMMENT.sub("", source))
    plain = _EXPRESSION.sub(hide("jinja{}x"), plain)
    inliner = css_inline.CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, minify_css=True, extra_css=css
    )
    is_document = plain.lstrip().lower().startswith("<!doctype")
    inlined = inliner.inline(plain) if is_document else inliner.inline_fragment(plain, css)
    return _HIDDEN.sub(lambda match: hidden[int(match[1] or match[2])], inlined)
