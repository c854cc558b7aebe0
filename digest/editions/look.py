"""What an operator may change about the looks of mails and pages without writing a template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

ACCENT, DARK_ACCENT = "#9a3412", "#f0a27c"
"""The accent colours of the style sheets, on light and on dark ground. Style sheets write them so; any other
colour is put in their place."""

_FADED, _DARK_FADED = "#dba789", "#7d5440"  # of the rule beside a reason: the accent halfway into the ground

LIGHT_GROUND, DARK_GROUND = "#f7f5f0", "#17181b"
_CONTRAST = 4.5  # WCAG 2.1, 1.4.3, level AA
_COLOUR = re.compile(r"#[0-9a-f]{6}").fullmatch


@dataclass(frozen=True, slots=True)
class Look:
    """`organisation` stands beside the digest's name, before it the picture at the https address `logo`.

    `accent` is a colour such as "#9a3412" for light ground; on dark ground stands a lighter shade of it. `privacy` is a
    line for the foot of each mail or an https link to a page. With `has_html_links` papers link arXiv's HTML edition,
    which fits a phone.
    """

    organisation: str = ""
    logo: str = ""
    accent: str = ACCENT
    privacy: str = ""
    has_html_links: bool = False


BUILT_IN = Look()


def check_accent(colour: str) -> str | None:
    """What is wrong with an accent colour, as a sentence that says what would be right; None when it is good."""
    if not _COLOUR(colour):
        return 'must be a colour such as "#9a3412": # and six digits of 0 to 9 and a to f'
    found = contrast(colour, LIGHT_GROUND)
    if found < _CONTRAST:
        darker = _towards(colour, "#000000", LIGHT_GROUND)
        return f"has a contrast of {found:.1f} on the mails' ground, and {_CONTRAST} are needed; {darker} would do"
    return None


@lru_cache(maxsize=8)
def dark_accent(accent: str) -> str:
    """The shade of an accent for dark ground, as far lightened as reading needs."""
    return DARK_ACCENT if accent == ACCENT else _towards(accent, "#ffffff", DARK_GROUND, 7.0)


def coloured(css: str, accent: str) -> str:
    """A style sheet with an accent in place of the built-in one."""
    if accent == ACCENT:
        return css
    dark = dark_accent(accent)
    shades = {
        ACCENT: accent,
        DARK_ACCENT: dark,
        _FADED: mixed(accent, LIGHT_GROUND, 0.5),
        _DARK_FADED: mixed(dark, DARK_GROUND, 0.5),
    }
    for before, after in shades.items():
        css = css.replace(before, after)
    return css


def contrast(one: str, other: str) -> float:
    """The ratio of two colours as WCAG 2 defines it, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """`share` of the other colour in the first."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _towards(colour: str, end: str, ground: str, wanted: float = _CONTRAST) -> str:
    """The nearest shade on the way to `end` that has the contrast on the ground."""
    shades = (mixed(colour, end, step / 50) for step in range(51))
    return next((shade for shade in shades if contrast(shade, ground) >= wanted), end)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
