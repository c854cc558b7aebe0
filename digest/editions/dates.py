"""Dates in words, in English unless a language is given, whatever the machine's locale."""

from __future__ import annotations

from datetime import date

from digest.editions.language import ENGLISH, Language


def long_date(day: date, language: Language = ENGLISH) -> str:
    """Monday, 20 April 2026"""
    return language.long_date(day)


def weekday_date(day: date, language: Language = ENGLISH) -> str:
    """Monday, 20 April"""
    return language.weekday_date(day)


def short_date(day: date, year: int, language: Language = ENGLISH) -> str:
    """17 Apr, with the year where it is not `year`."""
    return language.short_date(day, year)
