"""Fail where a test was skipped that should have run: `python .ci/skips.py JUNIT`.

Only recorded payloads may be missing, and only where their folder (DIGEST_SHARED, else ../shared) is absent; the extra
`semantic`, which is too large for everybody, so its tests run where somebody installed it; and what only root may do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

_PAYLOADS = "recorded payloads are not here"
_ALLOWED = (
    "the extra `semantic` is",  # not installed; or it is, and a test is about its absence
    "starts as root only",
    "nobody may mount here",  # many containers take that away even from root
)


def skips(report: Path) -> list[tuple[str, str]]:
    """Test and reason of every skip in a JUnit report that pytest wrote."""
    cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314  # pytest wrote it a moment ago
    found = ((f"{case.get('classname')}::{case.get('name')}", case.find("skipped")) for case in cases)
    return [(name, skip.get("message") or "") for name, skip in found if skip is not None]


def main() -> int:
    shared = Path(os.environ.get("DIGEST_SHARED", "../shared"))
    found = [(name, why) for name, why in skips(Path(sys.argv[1])) if not any(one in why for one in _ALLOWED)]
    wrong = [(name, why) for name, why in found if shared.is_dir() or _PAYLOADS not in why]
    for name, why in wrong:
        print(f"skipped, but must run here: {name}: {why}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
