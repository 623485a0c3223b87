"""The texts of the catalogues, as a reader of the folder alone finds them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parents[1] / "web_portal/locales"
LOCALES = ("ja", "en")


@cache
def texts(locale: str, area: str) -> dict[str, str]:
    with (FOLDER / locale / "LC_MESSAGES" / f"{area}.po").open("rb") as file:
        catalogue = read_po(file, locale=locale, abort_invalid=True)
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id}


def message(locale: str, key: str, params: Mapping[str, str | int] | None = None) -> str:
    """Raises LookupError for a key no catalogue has, or a parameter it needs and did not get."""
    for area in ("identity", "directory"):
        if key in texts(locale, area):
            return texts(locale, area)[key].format_map(params or {})
    raise LookupError(key)
