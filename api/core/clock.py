"""The clock enters here: always UTC, always aware."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    return datetime.now(UTC)


def today_in_japan() -> date:
    """Dates a person reads or signs are Japanese calendar dates."""
    return datetime.now(JAPAN).date()


def day_in_japan(moment: datetime) -> date:
    return moment.astimezone(JAPAN).date()


def start_of(day: date) -> datetime:
    """The first moment of a day in Japan."""
    return datetime.combine(day, time(), JAPAN)


def datetime_of(epoch_seconds: int) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC)
