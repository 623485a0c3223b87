"""Days and times of day as files of measurements write them, in Japan's time."""

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone
from typing import Final, NamedTuple

from api.identity.enrolling.birth_date import parse_birth_date

JAPAN: Final = timezone(timedelta(hours=9))

_CLOCK: Final = (
    r"(?P<half>午前|午後|AM|PM)?\s*(?P<hour>\d{1,2})(?::|時)(?P<minute>\d{1,2})"
    r"(?:(?::|分)(?P<second>\d{1,2})(?:\.\d+)?)?(?:分|秒)?\s*(?P<after>AM|PM)?"
)
_DAY: Final = (
    r"(?:(?P<era>(?:明治|大正|昭和|平成|令和|[MTSHR])(?:元|\d{1,2}))|(?P<year>\d{4}))"
    r"[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
)
_WEEKDAY: Final = r"(?:\s*\([月火水木金土日]\))?"
_OFFSET: Final = r"(?P<offset>Z|[+-]\d{2}:?\d{2})?"
_MOMENT: Final = re.compile(rf"{_DAY}{_WEEKDAY}(?:[T\s]*{_CLOCK}{_OFFSET})?", re.ASCII | re.I)
_PACKED: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(?:\d{2})?)?", re.ASCII)
_ALONE: Final = re.compile(_CLOCK, re.ASCII | re.I)


class Moment(NamedTuple):
    """`time` is HH:MM, or "" where only the day is known."""

    on: date
    time: str


def read_moment(text: str) -> Moment | None:
    """2026/5/1, 2026-05-01T07:30:00+09:00, 20260501, 令和8年5月1日 午前7時30分, R8.5.1 7:30.

    A day and month in the American or English order is read as neither: it could be the other.
    """
    written = _folded(text)
    if packed := _PACKED.fullmatch(written):
        year, month, day, hour, minute = packed.groups()
        clock = "" if hour is None else _clock(int(hour), int(minute))
        on = _day(year, month, day)
        return None if on is None or clock is None else Moment(on, clock)
    found = _MOMENT.fullmatch(written)
    if found is None:
        return None
    on = _day(found["era"] or found["year"], found["month"], found["day"])
    if on is None:
        return None
    if found["hour"] is None:
        return Moment(on, "")
    clock = _clock_of(found)
    if clock is None:
        return None
    if found["offset"]:
        return in_japan(datetime.fromisoformat(f"{on}T{clock}{_offset(found['offset'])}"))
    return Moment(on, clock)


def read_clock(text: str) -> str | None:
    """A time of day alone: 7:30, 午後9時5分, 9:05 PM; "" for nothing, None for what is none."""
    written = _folded(text)
    if not written:
        return ""
    found = _ALONE.fullmatch(written)
    return None if found is None else _clock_of(found)


def in_japan(at: datetime) -> Moment:
    here = at.astimezone(JAPAN)
    return Moment(here.date(), f"{here:%H:%M}")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _day(year: str, month: str, day: str) -> date | None:
    found = parse_birth_date(year, month, day, date.max)
    return found if isinstance(found, date) else None


def _clock_of(found: re.Match[str]) -> str | None:
    hour, half = int(found["hour"]), (found["half"] or found["after"] or "").upper()
    if half:
        if hour > 12:
            return None
        hour = hour % 12 + (12 if half in ("午後", "PM") else 0)
    return _clock(hour, int(found["minute"]))


def _clock(hour: int, minute: int) -> str | None:
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def _offset(text: str) -> str:
    if text.upper() == "Z":
        return "+00:00"
    return text if ":" in text else f"{text[:3]}:{text[3:]}"
