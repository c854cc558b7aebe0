"""Whether a paper was withdrawn, from what its title, comment and abstract say of the paper itself.

arXiv writes "This paper has been withdrawn by …" into the comment and, where the authors did, the abstract;
publishers put WITHDRAWN or RETRACTED before the title. Withdrawn drugs, troops and data sets are none of this,
nor is a paper that was withdrawn from a conference: the sentence must have the text itself as its subject.
"""

from __future__ import annotations

import re

_TEXT = r"(?:paper|article|manuscript|submission|preprint|e-?print|draft|report|note|version|work|study|letter|thesis)"
_SELF = rf"(?:this|the(?:\ present)?|our)\ (?:arxiv\ )?{_TEXT}s?(?:\ v?\d+)?(?:\ \([^()]{{1,40}}\))?"
_GONE = r"(?:withdrawn|retracted)"
# "withdrawn from ICLR" is a change of plans, "withdrawn from arXiv" is not.
_ARCHIVE = r"(?:the\ )?(?:arxiv|biorxiv|medrxiv|publication|this|public)"
_NOT_ELSEWHERE = rf"(?!\ from\ (?!{_ARCHIVE}))(?!\ (?:submissions?|papers)\b)"
_ADVERBS = r"(?:\ (?:now|since|been|being|temporarily|hereby|formally|officially|voluntarily))*"
_HERE = r"(?:\A|[.!?:;)\]]\ +|[\[({*]\ *)"

_SENTENCE = re.compile(
    rf"""{_HERE}(?:
      {_SELF}\ (?:has|have|had|is|was|were|are){_ADVERBS}\ {_GONE}\b{_NOT_ELSEWHERE}
    | (?:the\ |this\ )?(?:authors?|bio\s?rxiv|med\s?rxiv|we|i)\ (?:has|have|had)?{_ADVERBS}\ ?
      (?:withdrawn?|withdrew|retract(?:ed)?)\ (?:this|their|the|our|my|his|her)\ (?:arxiv\ )?{_TEXT}\b{_NOT_ELSEWHERE}
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_COMMENT = re.compile(
    rf"""(?:\A|[.;]\ )(?:{_TEXT}\ )?(?:is\ |was\ |has\ been\ )?(?:temporarily\ )?{_GONE}
    (?:\ *[.!,;:(\[]|\ *\Z|\ (?:by|due|because|for|pending|since|as\ |until|in\ order|owing|at\ the|from\ arxiv)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_TITLE = re.compile(
    rf"""\A(?:[\[(]\ *{_GONE}(?:\ {_TEXT})?\ *[\])]|{_GONE}(?:\ {_TEXT})?\ *:|(?-i:WITHDRAWN|RETRACTED)\b)
    | [\[(]\ *{_GONE}(?:\ {_TEXT})?\ *[\])]\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_BARE_TITLE = re.compile(rf"\A{_TEXT}?\ ?{_GONE}\.?\Z", re.IGNORECASE | re.VERBOSE)


def is_withdrawn(title: str, abstract: str, comment: str | None) -> bool:
    """Whether the paper says of itself that it was withdrawn or retracted; texts are readable ones, of one line."""
    return (
        (_may_tell(title) and bool(_TITLE.search(title) or _BARE_TITLE.match(title)))
        or (_may_tell(abstract) and _SENTENCE.search(abstract) is not None)
        or (comment is not None and _may_tell(comment) and _tells(" ".join(comment.split())))
    )


def _tells(comment: str) -> bool:
    return bool(_SENTENCE.search(comment) or _COMMENT.search(comment))


def _may_tell(text: str) -> bool:
    """A cheap look before the expressions: most papers hold neither word in any case."""
    return "ithdr" in text or "etract" in text or "ITHDR" in text or "ETRACT" in text
