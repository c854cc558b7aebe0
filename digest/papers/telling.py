"""The most telling sentence of an abstract, where nobody gave a summary: its own words, chosen by countable signs.

    score = cue (we propose, we show, results in numbers) + words shared with the title + position + fit of length

No model, no network: the same abstract always gives the same sentence.
"""

from __future__ import annotations

import re
from functools import lru_cache

from digest.papers.identity import normal_form

# A full stop after these ends no sentence; nor does one before a small letter or a digit.
_SHORT = re.compile(
    r"(?:\b(?:al|vs|cf|Fig|Figs|Eq|Eqs|Sec|Tab|Dr|St|No|resp|approx|ca)|\be\.g|\bi\.e|\bw\.r\.t|\b[A-Z])\.$"
)
_END = re.compile(r"[.!?](?:[\"”’)\]]+)?\s+(?=[\"“‘(\[]?[A-Z$\\])")

_CUES: tuple[tuple[str, float], ...] = (
    (r"\bwe (?:\w+ly |here |also |then |therefore |thus )?(?:propose|introduce|present|develop|design)\b", 3.0),
    (
        (
            r"\b(?:this|our|the present) (?:paper|work|article|study|thesis|report|survey|review) (?:\w+ly )?"
            r"(?:proposes|introduces|presents|develops|describes|investigates|studies|shows|explores|"
            r"provides|examines|reviews|addresses|surveys|argues|reports|demonstrates)\b"
        ),
        3.0,
    ),
    (
        (
            r"\b(?:our|the) (?:key |core |main |central )?(?:contribution|idea|approach|method|framework) "
            r"(?:is|uses|combines|leverages|adapts|learns)\b"
        ),
        1.8,
    ),
    (r"\bwe (?:\w+ly )?(?:adapt|extend|formulate|reformulate|build|train|create|leverage)\b", 1.4),
    (r"\bwe (?:\w+ly )?(?:show|demonstrate|prove|find|establish|report|release|reveal|discover)\b", 2.4),
    (r"\b(?:is|are) (?:introduced|proposed|presented)\b", 2.2),
    (r"\bin this (?:paper|work|study|article|report)\b", 1.2),
    (r"\bwe (?:\w+ly )?(?:study|investigate|explore|examine|address|analy[sz]e|derive|construct|consider)\b", 1.8),
    (r"\bto (?:address|tackle|overcome|bridge|fill|solve|mitigate|close) (?:this|these|the|such)\b", 0.6),
    (r"\b(?:a|an) (?:novel|new|unified|simple|first)\b", 0.5),
    (r"\b(?:outperform|state[- ]of[- ]the[- ]art|surpass|achiev|improv|reduc)\w*", 0.4),
    (r"\d(?:\.\d+)?\s?(?:\\?%|×|x\b|times\b|points\b)", 0.4),
    # What speaks against: background, others' failings, the link to the code, a sentence that hangs on the one before.
    (r"^(?:however|yet|unfortunately|despite|although|while existing|existing|previous|prior|recent|current)\b", -1.2),
    (r"\b(?:remains?|suffers?|struggles?|fails?) (?:a |an )?(?:challeng|open|unclear|difficult|from|to)\w*", -0.8),
    (r"^(?:the |our )?(?:code|project page|dataset|data|models?)\b.*\b(?:available|released|at)\b", -4.0),
    (r"https?://|github\.com", -2.5),
    (
        (
            r"^(?:to further|in addition|beyond|it|they|these|those|specifically|moreover|furthermore|additionally|"
            r"finally|also|then|second|third|as a result|thus|therefore|consequently|for example|for instance)\b"
        ),
        -1.0,
    ),
    (r"^this (?!paper|work|article|study|thesis|report|survey|review)\w+", -0.6),
    (r"\bextensive (?:experiments|evaluations?)\b|\bexperiments (?:on|show|demonstrate)\b", -0.8),
)
_WEIGHED = tuple((re.compile(pattern, re.IGNORECASE), weight) for pattern, weight in _CUES)

_LEAST_CUE, _ENOUGH = 1.0, 1.8  # to be taken at all; to tell as well as another
_LEAST, _MOST = 40, 320  # characters of a sentence that says something and can be read at a glance
_COMMON = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "it", "of", "on", "or", "over", "the"}
    | {"their", "this", "to", "via", "we", "with"}
)


def sentences(text: str) -> list[str]:
    """The sentences of a text; abbreviations, initials and decimal points do not end one."""
    found, start = [], 0
    for end in _END.finditer(text):
        piece = text[start : end.end()].strip()
        if not _SHORT.search(text[start : end.start() + 1]):
            found.append(piece)
            start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def telling(title: str, abstract: str) -> str | None:
    """The sentence that says best what the paper does; None where no sentence stands out from the beginning."""
    index = telling_index(title, sentences(abstract))
    return None if index is None else sentences(abstract)[index]


def telling_index(title: str, found: list[str]) -> int | None:
    """Which of an abstract's sentences tells most; the first of equals. None where none has a cue."""
    words = _words(title)
    best, best_score = None, 0.0
    for index, sentence in enumerate(found):
        score = _score(sentence, index, len(found), words)
        if score > best_score and _cue(sentence) >= _LEAST_CUE:
            best, best_score = index, score
    return best


def lead(title: str, abstract: str, room: int) -> str | None:
    """The abstract from its telling sentence on, where its first `room` characters hold no sentence that tells.

    None where they do: the author's own order is then the better reading.
    """
    found = sentences(abstract)
    index = telling_index(title, found)
    if not index:
        return None
    end = 0
    for sentence in found[: index + 1]:
        end += len(sentence)
        if end <= room and _cue(sentence) >= _ENOUGH:
            return None
        end += 1
    return " ".join(found[index:])


def _score(sentence: str, index: int, count: int, title: frozenset[str]) -> float:
    shared = len(_words(sentence) & title) / len(title) if title else 0.0
    place = 1 - abs(index / max(count - 1, 1) - 0.35)  # after the background, before the results
    length = 0.0 if _LEAST <= len(sentence) <= _MOST else -1.0
    return _cue(sentence) + 1.5 * shared + 0.8 * place + length


@lru_cache(maxsize=64)  # asked up to three times for each sentence of an abstract
def _cue(sentence: str) -> float:
    return sum(weight for pattern, weight in _WEIGHED if pattern.search(sentence))


def _words(text: str) -> frozenset[str]:
    return frozenset(normal_form(text).split()) - _COMMON
