"""Jinja2 over `templates/`: escaped HTML, plain text, undefined names refused, mail CSS inlined once at loading.

Mail programs drop or rewrite style sheets, so every rule also stands in a `style` attribute. Inlining the
template instead of each mail costs nothing per mail: Jinja's tags are hidden from the HTML parser as comments
and placeholders, which survive it, and put back afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import css_inline
from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from digest import assets
from digest.editions.plain import wrap

_COMMENT = re.compile(r"\{#.*?#\}\n?", re.DOTALL)
_STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_HIDDEN = re.compile(r"<!--jinja(\d+)-->|jinja(\d+)x")


@lru_cache(maxsize=8)
def environment(overrides: Path | None = None) -> Environment:
    """The templates, those in the folder `overrides` first; it holds only the files that differ."""
    folders = [overrides, assets.templates()] if overrides else [assets.templates()]
    found = Environment(
        loader=_InliningLoader(FileSystemLoader(folders)),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    found.filters["wrap"] = wrap
    return found


class _InliningLoader(BaseLoader):
    """Files as another loader finds them; the HTML of mails to readers with the digest's `style.css` inlined."""

    def __init__(self, files: FileSystemLoader) -> None:
        self._files = files

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, path, is_fresh = self._files.get_source(environment, template)
        folder, _, name = template.rpartition("/")
        if folder in ("digest", "note") and name.endswith(".html"):
            css, _path, _is_fresh = self._files.get_source(environment, "digest/style.css")
            source = inline(source, css)
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
