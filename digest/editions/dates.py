"""Dates in words, in English whatever the machine's locale."""

from __future__ import annotations

from datetime import date

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def long_date(day: date) -> str:
    """Monday, 20 April 2026"""
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def weekday_date(day: date) -> str:
    """Monday, 20 April"""
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]}"


def short_date(day: date, year: int) -> str:
    """17 Apr, with the year where it is not `year`."""
    text = f"{day.day} {_MONTHS[day.month - 1][:3]}"
    return text if day.year == year else f"{text} {day.year}"
