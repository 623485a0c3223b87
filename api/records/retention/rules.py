"""Until when records of each kind are kept; what the network names no years for, for ever."""

from collections.abc import Mapping
from datetime import date
from typing import Final

# JP_ehrshrs_indication: whoever wrote it wants it kept long.
LONG_KEPT: Final = "LTS"


def kept_from(years: Mapping[str, int], today: date) -> dict[str, date]:
    """By category, the first day whose records are still kept."""
    return {category: _years_before(today, number) for category, number in years.items()}


def is_past(
    category: str, effective_on: date, marks: frozenset[str], days: Mapping[str, date]
) -> bool:
    """Whether a record is older than the network keeps its kind; never one marked `LTS`."""
    first = days.get(category)
    return first is not None and effective_on < first and LONG_KEPT not in marks


def _years_before(day: date, number: int) -> date:
    year = max(day.year - number, date.min.year)
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 2, 28)
