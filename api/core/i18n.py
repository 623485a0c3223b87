"""The words people read: message keys in, Japanese or English text out."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

LOCALES = ("ja", "en")
LOCALES_DIR = Path(__file__).parents[2] / "web_portal" / "locales"
JAPAN = ZoneInfo("Asia/Tokyo")

_MOMENTS = {"ja": "y年M月d日(E) H:mm", "en": "EEE d MMM y, H:mm"}
_DAYS = {"ja": "y年M月d日", "en": "d MMMM y"}
_MONTHS = {"ja": "y年M月", "en": "MMMM y"}


@cache
def catalogue(locale: str) -> Mapping[str, str]:
    """All message files of one locale as {key: text}, read once."""
    messages: dict[str, str] = {}
    for path in sorted((LOCALES_DIR / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as po:
            messages |= {str(m.id): str(m.string) for m in read_po(po) if m.id}
    if not messages:
        raise LookupError(f"no messages for locale {locale!r}")
    return messages


def text(locale: str, key: str, /, **params: object) -> str:
    """The text of `key`; an unknown key, or a parameter not given, raises LookupError.

    An instant among the parameters is said as a Japanese clock shows it.
    """
    said = {
        name: moment(locale, value) if isinstance(value, datetime) else value
        for name, value in params.items()
    }
    return catalogue(locale)[key].format_map(said)


def has_text(locale: str, key: str, /) -> bool:
    return key in catalogue(locale)


def preferred(accept_language: str) -> str:
    """The locale a browser or app asks for first; Japanese in doubt."""
    return "en" if accept_language.lower().lstrip().startswith("en") else "ja"


def moment(locale: str, at: datetime) -> str:
    """A UTC instant as a Japanese clock shows it: 2026年5月3日(日) 14:05."""
    return format_datetime(at, _MOMENTS[locale], tzinfo=JAPAN, locale=locale)


def day(locale: str, on: date) -> str:
    return format_date(on, _DAYS[locale], locale=locale)


def month(locale: str, on: date) -> str:
    """The month a day is of: 2026年5月."""
    return format_date(on, _MONTHS[locale], locale=locale)
