"""The unsubscribe page as a reader's mail program sees it, and what time its server thinks it is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from digest.doctor import Finding, failure, ok

_PATIENCE = 15.0
_NAME = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page said: its status, and its Date."""

    status: int
    at: datetime | None = None


def ask(url: str, method: str = "GET", tls: ssl.SSLContext | None = None) -> Answer | str:
    """The answer of a page; where there is none, why. Redirects are not followed: one would lose a POST."""
    body = {"List-Unsubscribe": "One-Click"} if method == "POST" else None
    try:
        with httpx.Client(timeout=_PATIENCE, verify=tls or True) as client:
            found = client.request(method, url, data=body)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return str(error) or type(error).__name__
    return Answer(found.status_code, _date(found.headers.get("Date", "")))


def judge(public_url: str, page: Answer | str, post: Answer | str) -> Finding:
    """What the answers to opening the page of nobody, and to unsubscribing nobody, say."""
    advice = "is 'digest run' running, and does the proxy before it pass /u/ on?"
    for what, answer in (("opening it", page), ("the one-click POST", post)):
        if isinstance(answer, str):
            return failure(_NAME, f"{public_url} cannot be reached: {answer}", advice)
        if answer.status == 404:
            return failure(_NAME, f"{public_url}: {what} gives 404: another program, or another database", advice)
        if 300 <= answer.status < 400:
            return failure(_NAME, f"{public_url}: {what} is redirected, which loses the POST (RFC 8058)", advice)
        if answer.status != 200:
            return failure(_NAME, f"{public_url}: {what} gives {answer.status}", advice)
    return ok(_NAME, f"{public_url} answers, and so does its one-click POST")


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
