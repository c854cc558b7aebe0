"""The pages behind the links of the mails. GET and HEAD change nothing: mail scanners open every link.

request ─► guard (headers, log without tokens) ─► routes ─► one transaction ─► page
"""

from __future__ import annotations

from digest.web.application import app, health
from digest.web.door import SignUp
from digest.web.server import server

__all__ = ["SignUp", "app", "health", "server"]
