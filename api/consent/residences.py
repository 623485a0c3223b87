"""Where the participant lived, as the recipient axis asks: now, within two years, or before."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from api.consent.facts import Lived, Residence

JAPAN: Final = timezone(timedelta(hours=9))
RECENT_YEARS: Final = 2
_LATEST_FIRST: Final[tuple[Lived, ...]] = ("now", "recent", "before")


class Residences:
    """Regions by when the participant lived in them, on any day asked for."""

    __slots__ = ("_places",)

    def __init__(self, places: Iterable[Residence]) -> None:
        self._places = tuple(places)

    def lived(self, regions: tuple[str, ...], now: datetime) -> Lived | None:
        """When the participant last lived in any of these regions, by the Japanese calendar."""
        if not self._places:
            return None
        today = now.astimezone(JAPAN).date()
        found = [
            _when(place, today)
            for place in self._places
            if place.region in regions and (place.from_on is None or place.from_on <= today)
        ]
        return min(found, key=_LATEST_FIRST.index) if found else None

    def moments(self) -> Iterator[datetime]:
        """When an answer of `lived` may change."""
        for place in self._places:
            for day in (
                place.from_on,
                place.until_on,
                place.until_on and _long_after(place.until_on),
            ):
                if day is not None:
                    yield datetime.combine(day, time(), JAPAN)


def _long_after(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return (date(day.year, 3, 1) if is_leap_day else day).replace(year=day.year + RECENT_YEARS)


def _when(place: Residence, today: date) -> Lived:
    if place.until_on is None or today < place.until_on:
        return "now"
    is_leap_day = (today.month, today.day) == (2, 29)
    long_ago = today.replace(today.year - RECENT_YEARS, day=28 if is_leap_day else today.day)
    return "recent" if place.until_on > long_ago else "before"
