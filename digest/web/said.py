"""What the store says in English, for commands and journal, as pages say it in a reader's language.

A sentence is known by its form: `there is an interest %(name)s already` fits whatever the name is. One that fits none
is shown as it is; a change of the journal, which only an admin can have made, is then called that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from digest.editions.language import N_, SOURCE, Language

_REFUSALS: Mapping[str, str] = {
    # addresses
    "%(text)s: an address has no control characters": N_("%(text)s: an address has no control characters"),
    "%(text)s is no mail address: write name@example.org": N_("%(text)s is no mail address: write name@example.org"),
    "%(text)s: an address has at most %(most)s characters (RFC 5321)": N_(
        "%(text)s: an address has at most %(most)s characters"
    ),
    "%(text)s: before the @ only ASCII is possible, many mail servers refuse anything else": N_(
        "%(text)s: before the @ only ASCII is possible, many mail servers refuse anything else"
    ),
    "%(text)s: %(wrong)s cannot stand before the @; write the bare address, name@example.org": N_(
        "%(text)s: %(wrong)s cannot stand before the @; write the bare address, name@example.org"
    ),
    "%(text)s: a dot stands between two other characters": N_("%(text)s: a dot stands between two other characters"),
    "%(text)s: at most %(most)s characters can stand before the @ (RFC 5321)": N_(
        "%(text)s: at most %(most)s characters can stand before the @"
    ),
    "%(text)s: %(domain)s is no domain name: %(why)s": N_("%(text)s: %(domain)s is no domain name"),
    "%(text)s: %(domain)s is no complete domain name, such as example.org": N_(
        "%(text)s: %(domain)s is no complete domain name, such as example.org"
    ),
    # interests
    "no interest %(name)s; named interests: %(others)s": N_("there is no interest %(name)s any more"),
    "%(most)s interests are the most: remove one first": N_("%(most)s interests are the most: remove one first"),
    "the main interest has no name of its own: add a named one instead": N_(
        "the main interest has no name of its own: add a named one instead"
    ),
    "the main interest stays": N_("the main interest stays"),
    "the name of an interest has 1 to %(most)s characters": N_("the name of an interest has 1 to %(most)s characters"),
    "there is an interest %(name)s already": N_("there is an interest %(name)s already"),
    # keywords
    "a “)” has no “(” before it: remove it, or open it where the group begins": N_(
        "a “)” has no “(” before it: remove it, or open it where the group begins"
    ),
    "parentheses stand %(most)s deep: split it into several keywords": N_(
        "parentheses stand %(most)s deep: split it into several keywords"
    ),
    "a “(” is never closed: add a “)” where the group ends": N_(
        "a “(” is never closed: add a “)” where the group ends"
    ),
    "nothing stands in the parentheses: write words there or remove them": N_(
        "nothing stands in the parentheses: write words there or remove them"
    ),
    "nothing stands behind “%(word)s”: write a word there, or put “%(again)s” in quotes if it is one": N_(
        "nothing stands behind “%(word)s”: write a word there, or put it in quotes if it is one"
    ),
    "nothing stands before “%(word)s”: write a word there, or put “%(again)s” in quotes if it is one": N_(
        "nothing stands before “%(word)s”: write a word there, or put it in quotes if it is one"
    ),
    "the quote before “%(phrase)s” has no end: put a quote on both sides of the phrase": N_(
        "the quote before “%(phrase)s” has no end: put a quote on both sides of the phrase"
    ),
    "there are no words between two quotes: write the phrase there or remove them": N_(
        "there are no words between two quotes: write the phrase there or remove them"
    ),
    # subscription, votes, changes
    "%(address)s is %(state)s: only an active subscriber can be paused": N_(
        "only a subscription that is active can be paused"
    ),
    "%(address)s has unsubscribed: with consent": N_("this subscription has ended: subscribe again first"),
    "%(address)s has not confirmed yet": N_("this subscription is not confirmed yet"),
    "no paper number %(number)s": N_("there is no such paper"),
    "no change %(number)s": N_("there is no such change"),
    "change %(number)s was undone on %(at)s": N_("this change is undone already"),
    "change %(number)s was followed by change %(other)s (%(action)s): undo that one first": N_(
        "a later change touched the same (%(action)s): undo that one first"
    ),
    "what change %(number)s (%(action)s) did was changed again since, so it cannot be taken back exactly": N_(
        "what it did (%(action)s) was changed again since, so it cannot be taken back exactly"
    ),
}

_ACTIONS: Mapping[str, str] = {
    "took back: %(action)s": N_("took back: %(action)s"),
    "options": N_("how papers are chosen"),
    "muted": N_("what is never shown"),
    "interest “main”": N_("the main interest"),
    "interest “%(name)s”": N_("interest “%(name)s”"),
    "removed “%(name)s”": N_("removed “%(name)s”"),
    "added “%(name)s”": N_("added “%(name)s”"),
    "added the interest “%(name)s”": N_("added “%(name)s”"),
    "forgot the vote on paper %(number)s": N_("forgot a vote"),
    "no longer saved: paper %(number)s": N_("no longer saved: a paper"),
    "more like this (%(paper)s)": N_("more like this (%(paper)s)"),
    "less like this (%(paper)s)": N_("less like this (%(paper)s)"),
    "save for later (%(paper)s)": N_("saved for later (%(paper)s)"),
    "nothing about “%(word)s” (%(paper)s)": N_("nothing about “%(word)s” (%(paper)s)"),
    "nothing from %(category)s (%(paper)s)": N_("nothing from %(category)s (%(paper)s)"),
    "nothing by %(author)s (%(paper)s)": N_("nothing by %(author)s (%(paper)s)"),
    "imported %(count)s works": N_("imported %(count)s works"),
    "liked %(paper)s": N_("liked %(paper)s"),
    "disliked %(paper)s": N_("disliked %(paper)s"),
}
_SOMETHING = N_("a change of the profile")
_HOLE = re.compile(r"%\\\((\w+)\\\)s")


def refusal(text: str, language: Language) -> str:
    """Why something cannot be done, as a whole sentence; commands that an error names are for admins."""
    said = text.partition(": see 'digest")[0].partition(": 'digest")[0].partition(", 'digest")[0]
    sentence = _as_known(said, _REFUSALS, language) or said
    return f"{sentence[:1].upper()}{sentence[1:]}."


def problem(text: str, language: Language) -> str:
    """What is wrong with a keyword, as the end of a sentence."""
    return _as_known(text, _REFUSALS, language) or text


def unmailable(error: Exception, language: Language) -> str:
    """Why there is no such address."""
    reason = problem(str(error), language)
    return language.gettext("This is no address that mail can be sent to: %(reason)s", reason=reason)


def action(text: str, language: Language) -> str:
    """A change of the journal."""
    found = _as_known(text, _ACTIONS, language)
    return found or (text if language.code == SOURCE else language.gettext(_SOMETHING))


def _as_known(text: str, known: Mapping[str, str], language: Language) -> str:
    for form, message in known.items():
        if found := _form(form).fullmatch(text):
            values: dict[str, object] = found.groupdict()
            if "action" in values:
                values["action"] = action(str(values["action"]), language)
            return language.gettext(message, **values)
    return ""


@cache
def _form(form: str) -> re.Pattern[str]:
    return re.compile(_HOLE.sub(r"(?P<\1>.+?)", re.escape(form)), re.DOTALL)
