"""What a refusal complains of: by its enhanced status, by its SMTP code, by its words.

Statuses are those of RFC 3463 and of the IANA registry "SMTP Enhanced Status Codes"; codes those of RFC 5321 and 7504.
Words are read where numbers say nothing (5.0.0, or no status at all), and where they soften what the numbers say.
"""

from __future__ import annotations

import re
from enum import StrEnum

Status = tuple[int, int, int]


class Cause(StrEnum):
    """Why a message did not arrive, as it is shown to people."""

    USER_UNKNOWN = "user unknown"
    HOST_UNKNOWN = "host unknown"
    MOVED = "moved"
    DISABLED = "disabled"

    FULL = "mailbox full"
    GREYLISTED = "greylisted"
    RATE = "rate"
    EXPIRED = "expired"
    NETWORK = "network"
    SYSTEM = "their system"
    UNCLEAR = "no reason given"

    SPAM = "spam"
    AUTHENTICATION = "authentication"
    SENDER = "our sender address"
    POLICY = "policy"
    SIZE = "size"
    CONTENT = "content"
    PROTOCOL = "protocol"

    @property
    def is_hard(self) -> bool:
        """Is there nobody at that address?"""
        return self in _HARD

    @property
    def is_ours(self) -> bool:
        """Is it about us or our message, so that every other reader may be refused as well?"""
        return self in _OURS

    @property
    def is_temporary(self) -> bool:
        return not (self.is_hard or self.is_ours or self is Cause.UNCLEAR)


_HARD = (Cause.USER_UNKNOWN, Cause.HOST_UNKNOWN, Cause.MOVED, Cause.DISABLED)
_OURS = (
    Cause.SPAM, Cause.AUTHENTICATION, Cause.SENDER, Cause.POLICY, Cause.SIZE, Cause.CONTENT, Cause.PROTOCOL,
)  # fmt: skip

# (subject, detail); None: that subject with any other detail but 0, which means "other or undefined".
_BY_STATUS: dict[tuple[int, int | None], Cause] = {
    (1, 1): Cause.USER_UNKNOWN,
    (1, 2): Cause.HOST_UNKNOWN,
    (1, 3): Cause.USER_UNKNOWN,  # not the form of an address
    (1, 6): Cause.MOVED,
    (1, 7): Cause.SENDER,
    (1, 8): Cause.SENDER,
    (1, 10): Cause.HOST_UNKNOWN,  # a null MX, RFC 7505
    (1, None): Cause.UNCLEAR,
    (2, 1): Cause.DISABLED,
    (2, 2): Cause.FULL,
    (2, 3): Cause.SIZE,
    (2, None): Cause.SYSTEM,
    (3, 1): Cause.FULL,
    (3, 4): Cause.SIZE,
    (3, None): Cause.SYSTEM,
    (4, 1): Cause.UNCLEAR,  # Exchange Online answers with it to unknown recipients and to refused senders alike
    (4, 4): Cause.HOST_UNKNOWN,
    (4, 5): Cause.RATE,
    (4, 7): Cause.EXPIRED,
    (4, None): Cause.NETWORK,
    (5, 3): Cause.RATE,  # too many recipients
    (5, None): Cause.PROTOCOL,
    (6, None): Cause.CONTENT,
    (7, 7): Cause.CONTENT,
    (7, 8): Cause.AUTHENTICATION,
    **dict.fromkeys([(7, detail) for detail in range(20, 28)], Cause.AUTHENTICATION),
    (7, 28): Cause.RATE,
    (7, 509): Cause.AUTHENTICATION,  # Microsoft's own: DMARC
    (7, 515): Cause.AUTHENTICATION,  # Microsoft's own: not authenticated as bulk senders must be
    (7, None): Cause.POLICY,
}

_THEIR = r"(?:users?|mailbox(?:es)?|recipients?|address(?:es)?|accounts?|addressee|person|inbox|e-?mail)"
_GONE = (
    r"(?:unknown|not\s+(?:be\s+)?(?:found|known|recogni[sz]ed|listed)|(?:can'?t|couldn'?t)\s+be\s+found|invalid"
    r"|(?:does\s*n[o']?t|doesn't|did\s+not)\s+exist|non-?existent)"
)
_OF = r"(?:\s+\w+){0,4}?\s+"  # a few words between two that belong together
# From the mildest to the worst: where a text says several things, the one that harms nobody counts.
_WORDS: tuple[tuple[Cause, str], ...] = (
    (Cause.GREYLISTED, r"\bgr[ea]y-?list"),
    (
        Cause.FULL,
        (
            rf"\b(?:mail\s?box|inbox|mail\s?folder|maildir|disk|storage){_OF}?(?:is\s+)?\b(?:full|over\s+its)\b"
            rf"|\b(?:over|out\s+of|exceed(?:s|ed|ing)?|insufficient|not\s+enough){_OF}?\b(?:quota|space|storage)\b"
            rf"|\bquota{_OF}?(?:exceeded|exhausted|full|reached|violation)\b|\bover-?quota\b|quotaexceeded"
        ),
    ),
    (
        Cause.RATE,
        (
            r"\brate[\s-]?limit|\bthrottl|\btoo\s+(?:many\s+(?:connections|messages|mails|emails|recipients|sessions)|fast"
            r"|quickly|frequent)|\bat\s+a\s+rate\b|\bunexpected\s+volume|\b(?:hourly|daily)\s+(?:limit|quota)"
        ),
    ),
    (
        Cause.EXPIRED,
        (
            r"\bin\s+the\s+queue\s+too\s+long|\b(?:delivery|message|retry)(?:\s+time)?(?:\s+has)?(?:\s+been)?"
            r"\s*(?:expired|timeout\s+exceeded)|\bretry\s+timeout\s+exceeded"
        ),
    ),
    (
        Cause.NETWORK,
        (
            r"\bconnection\s+(?:timed\s+out|refused|reset|lost|closed|dropped|failed)|\btimed\s+out|\btime-?out\b"
            r"|\bno\s+route\s+to\s+host|\bnetwork\s+(?:is\s+)?(?:unreachable|error)|\blost\s+connection"
            r"|\b(?:unable|failed)\s+to\s+(?:connect|contact)|\bcould\s+not\s+connect|\bhost\s+is\s+(?:down|unreachable)"
            r"|\bmail\s+loop|\btoo\s+many\s+hops|\bstarttls|\btls\s+(?:handshake|required|not)"
        ),
    ),
    (
        Cause.SYSTEM,
        (
            r"\btemporar(?:y|ily)\b|\btry\s+(?:again\s+)?later|\b(?:local|internal|configuration|database|server)\s+error"
            r"|\bsystem\s+(?:error|problem|resources)|\bldap\b|\bdirectory\s+(?:server|service)"
        ),
    ),
    (
        Cause.SENDER,
        (
            r"\bsender\b(?:'s)?(?:\s+\w+){0,2}?\s*:?\s*(?:rejected|refused|denied|blocked|unknown|invalid|not\s+found|verif)"
            r"|\b(?:unrout\w*|invalid|unknown|bad|unverified|forged)\s+(?:sender|return|envelope)\b"
            r"|\bmy\s+name\s+was\s+rejected|\binvalid\s+domain\s+name|\b(?:helo|ehlo)\b"
        ),
    ),
    (
        Cause.SPAM,
        (
            r"\bspam\b|\bspamm|\bunsolicited|\bube\b|\bbulk\s+e?-?mail|\bjunk\b|\b(?:black|block|deny)\s?-?list"
            r"|\b(?:dns)?rbl\b|\bdnsbl\b|\breputation\b|\bblocked\b|\bphish|\bcomplaints?\b"
        ),
    ),
    (
        Cause.AUTHENTICATION,
        r"\b(?:spf|dkim|dmarc|sender-?id|reverse\s+dns|rdns|ptr)\b|\bunauthenticated|\bauthenticat",
    ),
    (
        Cause.POLICY,
        (
            r"\bpolic(?:y|ies)\b|\baccess\s+denied|\b(?:not|n't)\s+(?:allowed|permitted|authori[sz]ed)|\bpermission"
            r"|\bprohibit|\badministrative|\brestricted|\bsecurity\b|\bvirus|\bmalware|\brelay(?:ing)?\b"
            r"|\byour\s+(?:domain|ip|server|host|network|account)\b"
        ),
    ),
    (Cause.SIZE, rf"\b(?:message|mail|size|attachments?){_OF}?(?:too\s+(?:big|large|long)|exceeds?|larger\s+than)\b"),
    (
        Cause.CONTENT,
        (
            r"\bcontent\s+(?:rejected|refused|not|filter)|\bheaders?\s+(?:error|field|line)|\bfrom:?\s+header"
            r"|\bmalformed|\bnot\s+rfc|\brfc\s?-?(?!822\b)\d{3,4}|\b8-?bit\b|\billegal\s+attachment"
        ),
    ),
    (
        Cause.PROTOCOL,
        (
            r"\bsyntax\s+error|\b(?:bad|improper|wrong|invalid)\s+(?:command\s+)?sequence|\bprotocol\s+error"
            r"|\b(?:command|parameter|argument)s?\s+(?:\w+\s+)?(?:is\s+)?(?:not|un)\s*-?(?:implemented|recogni[sz]ed|supported)"
        ),
    ),
    (
        Cause.DISABLED,
        (
            rf"\b{_THEIR}\b(?:\s+(?:\w+|@)){{0,5}}?\s+(?:disabled|suspended|inactive|deactivated|discontinued|closed|terminated)\b"
            rf"|\b(?:disabled|suspended|inactive|deactivated|closed)\s+{_THEIR}\b|\b{_THEIR}\s+(?:is\s+)?not\s+active\b"
        ),
    ),
    (
        Cause.MOVED,
        rf"\b(?:{_THEIR}|@)\s+(?:is\s+)?no\s+longer\b|\b{_THEIR}\s+(?:has\s+)?(?:moved|changed)\b|\buser\s+not\s+local\b",
    ),
    (
        Cause.HOST_UNKNOWN,
        (
            rf"\b(?:host|domain|domain\s+name)(?:\s+@)?\s+(?:is\s+)?{_GONE}|\b(?:unknown|no\s+such|nonexistent)\s+(?:host|domain)"
            r"|\bunrout(?:e?able|ed)\s+(?:mail\s+)?(?:domain|address)|\bindicated\s+no\s+smtp\s+service|\bnull\s?mx\b"
            r"|\bdomain\s+(?:\w+\s+){0,2}?(?:does\s+not|doesn't)\s+(?:accept|receive)\s+(?:e-?)?mail\b|\bnxdomain\b"
        ),
    ),
    (
        Cause.USER_UNKNOWN,
        (
            rf"\b{_THEIR}(?:\s+name)?(?:\s*@)?(?:\s+(?:is|was|that\s+you\s+tried\s+to\s+reach))*\s+{_GONE}"
            rf"|\b(?:unknown|no\s+such|invalid|non-?existent|unrecogni[sz]ed)\s+(?:local\s+|virtual\s+|remote\s+)?{_THEIR}\b"
            r"(?!\s+error)|\bno\s+mailbox\s+(?:here|by\s+that\s+name)"
            rf"|\b(?:does\s+not|doesn't)\s+have\s+an?\s+(?:\S+\s+)?{_THEIR}|\bnot\s+a\s+(?:known|valid)\s+{_THEIR}\b"
        ),
    ),
)
_COMPILED = tuple((cause, re.compile(pattern, re.IGNORECASE)) for cause, pattern in _WORDS)

_URL = re.compile(r"\bhttps?://\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"<?[^\s<>@]{0,64}@[^\s<>@]{1,255}>?[.:,]*")
_DOTTED = re.compile(r"\[?\b[\w-]{1,63}(?:\.[\w-]{1,63})+\b\]?")
_MAX_TEXT = 4_000
_CODES = {
    521: Cause.POLICY,  # this host takes no mail (RFC 7504), which says nothing of the mailbox
    552: Cause.FULL,
    556: Cause.HOST_UNKNOWN,  # RFC 7504: the domain takes no mail
    **dict.fromkeys((500, 501, 502, 503, 504, 555), Cause.PROTOCOL),
    **dict.fromkeys((530, 534, 535, 538), Cause.AUTHENTICATION),
}


def by_status(status: Status) -> Cause | None:
    """What an enhanced status means; None where it only says that something is wrong (5.0.0, 5.1.0)."""
    _, subject, detail = status
    if detail == 0 and subject not in (6, 7):
        return None
    return _BY_STATUS.get((subject, detail)) or _BY_STATUS.get((subject, None))


def by_code(code: int) -> Cause | None:
    """What a reply's code means by itself, where it means anything (550 and 554 do not)."""
    return _CODES.get(code)


def by_words(text: str) -> Cause | None:
    """What a text complains of, the mildest of all it says; None where it says nothing known."""
    bare = _bare(text)
    return next((cause for cause, words in _COMPILED if words.search(bare)), None)


def says_gone(text: str) -> bool:
    """Does a text say that nobody is there, whatever else it says?"""
    bare = _bare(text)
    return any(cause.is_hard and words.search(bare) for cause, words in _COMPILED)


def _bare(text: str) -> str:
    """A text without addresses, links and host names: "no-spam.example" is no complaint about spam."""
    text = _URL.sub(" ", text[:_MAX_TEXT].replace("’", "'"))
    return " ".join(_DOTTED.sub(" ", _ADDRESS.sub(" @ ", text)).split())
