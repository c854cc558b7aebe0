"""Pages from `templates/page/`: one inlined style sheet, no script, no image."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import HTMLResponse

from digest.editions.templates import environment


class Pages:
    """Renders pages that bear the digest's `name`."""

    def __init__(self, name: str, overrides: Path | None) -> None:
        self._name = name
        self._environment = environment(overrides)
        style = self._environment.get_template("page/style.css").render()
        self.style_hash = "sha256-" + b64encode(hashlib.sha256(style.encode()).digest()).decode()

    def answer(self, page: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
        """The page of that file name as a response."""
        html = self._environment.get_template(f"page/{page}.html").render(name=self._name)
        return HTMLResponse(html, status_code=status, headers=headers)
