"""DOIs, web addresses in one form, and links to code."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

_DOI_PREFIX = re.compile(r"(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s\"<>{}\\^`]+", re.ASCII)
_IN_ADDRESS = re.compile(r"/(10\.\d{4,9}(?:\.\d+)*/[^\s?#\"<>]+)", re.ASCII)
_AFTER_DOI = re.compile(
    r"(?:\.full(?:\.pdf|-text)?|\.abstract|\.pdf|/(?:full|abstract|pdf|epdf|meta|html|fulltext))+$", re.IGNORECASE
)
# bioRxiv and medRxiv show the version in addresses only; both prefixes are theirs (10.64898 since December 2025).
_BIORXIV = re.compile(r"(10\.(?:1101|64898)/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,8})v\d+$")
_TRACKING = re.compile(r"utm_\w+|rss|af|ref|source|fbclid|gclid|mc_[ce]id|igshid|cmp", re.IGNORECASE)

_HOSTS = (
    r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com|huggingface\.co|anonymous\.4open\.science)"
)
_NAME = r"[\w.~%+-]*\w"
_BROKEN_SCHEME = re.compile(rf"\b(https?)\s?:\s?//\s?(?=(?:www\.)?{_HOSTS}/)", re.IGNORECASE)
_SPLIT_HOST = re.compile(rf"((?:www\.)?{_HOSTS})(?:\s+/\s*|/\s+)(?={_NAME}/{_NAME})", re.IGNORECASE)
# "…/ORG/ REPO." is repaired where the next word can only be a name: not in "see …/ORG/ for details".
_SPLIT_NAME = re.compile(rf"((?:www\.)?{_HOSTS}/{_NAME})(?:/\s+|\s+/\s*)(?=(?:{_NAME}[.,;]?\s*$|\S*[A-Z\d_-]\S*))")
_CODE = re.compile(
    rf"(?<![\w.@/-])(?:https?://)?(?:www\.)?({_HOSTS})((?:/[\w.~%+\\-]*)*)(?:\?[\w=&%.-]+)?", re.IGNORECASE | re.ASCII
)
_NOT_CODE = re.compile(r"/(?:papers|blog|docs|posts|settings)(?:/|$)", re.IGNORECASE)


def doi(text: str) -> str | None:
    """The DOI in lower case (they are case-insensitive) from a bare one, `doi:…`, doi.org or a publisher's address."""
    text = text.strip()
    prefix = _DOI_PREFIX.match(text)
    rest = unquote(text[prefix.end() :]) if prefix else text
    if found := _DOI.fullmatch(_trimmed(rest.partition("?")[0].partition("#")[0]) if prefix else _trimmed(rest)):
        return _canonical_doi(found.group())
    if text[:4].lower() != "http" or any(map(str.isspace, text)):
        return None
    in_address = _IN_ADDRESS.search(unquote(text))
    return _canonical_doi(_AFTER_DOI.sub("", _trimmed(in_address.group(1)))) if in_address else None


def _trimmed(text: str) -> str:
    return text.rstrip(".,;/ ")


def _canonical_doi(text: str) -> str:
    return _BIORXIV.sub(r"\1", text.lower())


def canonical_url(text: str) -> str | None:
    """An http address as identity: https, lower-case host, no user, fragment, tracking query or closing slash."""
    text = text.strip()
    if not re.match(r"https?://", text, re.IGNORECASE) or any(map(str.isspace, text)):
        return None
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if not host or ("." not in host and ":" not in host and host != "localhost"):
        return None
    host = f"[{host}]" if ":" in host else host
    where = host if port in (None, 80, 443) else f"{host}:{port}"
    pairs = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(k)]
    query = f"?{urlencode(pairs)}" if pairs else ""
    return f"https://{where}{parts.path.rstrip('/')}{query}"


def _names_a_host(lowered: str) -> bool:
    """A cheap look before the expressions: most abstracts name no code host."""
    return any(
        name in lowered for name in ("github", "gitlab", "bitbucket", "codeberg", "gitee", "huggingface", "4open")
    )


def code_link(text: str) -> tuple[str | None, str]:
    """The first link to a code host in `text`, and the text with links that a blank split repaired.

    "https://github.com/ ORG/REPO" and "https: //github.com/ORG/ REPO" become one address each.
    """
    if "/" not in text or not _names_a_host(text.lower()):
        return None, text
    repaired = _BROKEN_SCHEME.sub(r"\1://", text)
    repaired = _SPLIT_NAME.sub(r"\1/", _SPLIT_HOST.sub(r"\1/", repaired))
    for found in _CODE.finditer(repaired):
        path = found.group(2).replace("\\_", "_").split("\\")[0].rstrip("./")
        if path.strip("/") and not _NOT_CODE.match(path):
            return f"https://{found.group(1).lower()}{path}", repaired
    return None, repaired
