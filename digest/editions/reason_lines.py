"""The lines that say why a paper was picked, encoded: what differs most between mails, so all of a mail at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.editions.language import ENGLISH, Language
from digest.editions.message import quoted
from digest.editions.render import reason_label, reason_lines

_KEPT = 16_384  # about 10 MB
_APART = "~"  # a line of its own between two reasons, which quoted-printable leaves as it is

# One line with "Because: " before it, short enough never to be broken.
_LONGEST_LABEL = len("Because:")
_IS_PLAIN = re.compile(r"\w[\w ,-]{0,64}\w", re.ASCII).fullmatch

Lines = tuple[str, str]
"""As text and as HTML, whole lines; both empty where there is no reason."""


class ReasonLines:
    """Encodes reasons and keeps those that were told last: many readers are told the same of a paper."""

    def __init__(self, language: Language = ENGLISH) -> None:
        self._language = language
        self._kept: dict[str, Lines] = {"": ("", "")}
        label = reason_label(language)
        self._label = label if label.isascii() and "=" not in label and len(label) <= _LONGEST_LABEL else None

    def lines(self, reasons: Sequence[str]) -> list[Lines]:
        kept = self._kept
        missing = [reason for reason in reasons if reason not in kept]
        if missing:
            if len(kept) > _KEPT:
                self._kept = kept = {reason: kept[reason] for reason in ("", *reasons) if reason in kept}
            if special := [reason for reason in missing if not self._keep_plain(reason, kept)]:
                both = zip(self._encoded(special, "txt"), self._encoded(special, "html"), strict=True)
                kept.update(zip(special, both, strict=True))
        return [kept[reason] for reason in reasons]

    def _keep_plain(self, reason: str, kept: dict[str, Lines]) -> bool:
        """Words that stand in a mail as they are; False where there is something to escape or to encode."""
        if self._label is None or not _IS_PLAIN(reason):
            return False
        kept[reason] = f"{self._label} {reason}\r\n", f"{reason}\r\n"
        return True

    def _encoded(self, reasons: Sequence[str], form: str) -> list[str]:
        """The lines of each, by one call for all: a call costs more than what it does."""
        if any(_APART in reason for reason in reasons):  # it might stand on a line of its own
            return [quoted(reason_lines(reason, form, self._language)) for reason in reasons]
        if form == "html":
            lines = reason_lines(f"\n{_APART}\n".join(reasons), form)
        else:
            lines = f"{_APART}\n".join([reason_lines(reason, form, self._language) for reason in reasons])
        found = quoted(lines).split(f"\r\n{_APART}\r\n")
        return [*[f"{some}\r\n" for some in found[:-1]], found[-1]]
