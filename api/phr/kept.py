"""What was typed, carried beside what FHIR has elements for: each word comes back as it was."""

from collections.abc import Sequence
from typing import Final

from api.phr.entries.fields import OURS, Json, Values

_URL: Final = f"{OURS}:"


def kept(values: Values, names: Sequence[str]) -> list[Json]:
    """Extensions, one for each that says something."""
    return [
        {"url": f"{_URL}{name}", "valueString": values[name]} for name in names if values.get(name)
    ]


def heard(resource: Json) -> dict[str, str]:
    """The same back, by name."""
    return {
        str(each["url"]).removeprefix(_URL): str(each.get("valueString", ""))
        for each in resource.get("extension", ())
        if str(each.get("url", "")).startswith(_URL)
    }


def joined(*parts: str, by: str = " ") -> str:
    return by.join(part for part in parts if part)
