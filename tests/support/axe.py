"""axe-core, the checker of accessibility, as the package `axe-playwright-python` carries it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Page

_GRAVE = ("serious", "critical")


async def grave(page: Page, *rules: str) -> list[str]:
    """The serious and critical issues of the page as it is now, rule and element; of the named rules, if any are."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_source())
    options: dict[str, Any] = {"resultTypes": ["violations"], "selectors": False, "preload": False}
    if rules:
        options["runOnly"] = list(rules)
    found: dict[str, Any] = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{issue['id']}: {node['html'][:160]}"
        for issue in found["violations"]
        if issue["impact"] in _GRAVE
        for node in issue["nodes"]
    ]


@cache
def _source() -> str:
    # Read, not imported: the package has no types, and of its code nothing is needed.
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
