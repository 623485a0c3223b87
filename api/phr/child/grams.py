"""What babies are weighed in."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from api.phr.entries.fields import plain

# "3215g" is 3.215 kg, and so is "3215": nobody weighs a thousand kilograms.
_GRAMS: Final = re.compile(r"(\d{4,6}|\d{3}(?=\s*[gグ]))\s*(g|グラム)?", re.ASCII | re.IGNORECASE)


def in_kilos(fields: Mapping[str, str]) -> Mapping[str, str]:
    """`weight` as the form asks for it, also where it was written in grams."""
    written = unicodedata.normalize("NFKC", fields.get("weight", "")).replace(",", "").strip()
    grams = _GRAMS.fullmatch(written)
    if grams is None:
        return fields
    return {**fields, "weight": plain(f"{Decimal(grams[1]) / 1000:.3f}")}
