"""The four items of a My Number card (name, address, birth date, sex) in every form they come."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

import msgspec

from api.identity.enrolling.birth_date import EARLIEST

LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 500
# OIDC Core words, ISO/IEC 5218 digits, and the words printed on the card.
_SEXES: Final = {
    "male": "male",
    "1": "male",
    "男": "male",
    "男性": "male",
    "female": "female",
    "2": "female",
    "女": "female",
    "女性": "female",
    "other": "other",
    "9": "other",
}
_BIRTH: Final = re.compile(r"([0-9]{4})([-/]?)([0-9]{2})\2([0-9]{2})")
_ADDRESS_PARTS: Final = ("region", "locality", "street_address")


class FourItems(msgspec.Struct, frozen=True, kw_only=True):
    """`name` and `address` are NFC; `sex` is a FHIR AdministrativeGender; `address` may be ""."""

    name: str
    birth_on: date
    sex: str
    address: str


class ItemFault(StrEnum):
    """Which of the items cannot be read; never what it held."""

    NAME = "name"
    BIRTH_DATE = "birthdate"


def four_items(claims: Mapping[str, Any], today: date) -> FourItems | ItemFault:
    """`claims` as the UserInfo endpoint gives them. Sex and address may be missing or strange:
    nobody is refused for these.
    """
    name = name_of(claims.get("name"))
    if name is None:
        return ItemFault.NAME
    birth_on = birth_of(claims.get("birthdate"), today)
    if birth_on is None:
        return ItemFault.BIRTH_DATE
    return FourItems(
        name=name,
        birth_on=birth_on,
        sex=sex_of(claims.get("gender")),
        address=address_of(claims.get("address")),
    )


def name_of(claim: Any) -> str | None:
    """Spaces between the parts become one; the characters stay as the register has them."""
    if not isinstance(claim, str):
        return None
    name = " ".join(unicodedata.normalize("NFC", claim).split())
    return name if name.isprintable() and 0 < len(name) <= LONGEST_NAME else None


def birth_of(claim: Any, today: date) -> date | None:
    """1940-04-09 (OIDC Core §5.1), 19400409 or 1940/04/09; a year alone is no birth date."""
    if isinstance(claim, bool) or not isinstance(claim, str | int):
        return None
    found = _BIRTH.fullmatch(unicodedata.normalize("NFKC", str(claim)).strip())
    if found is None:
        return None
    try:
        born = date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None
    return born if EARLIEST <= born <= today else None


def sex_of(claim: Any) -> str:
    if isinstance(claim, bool) or not isinstance(claim, str | int):
        return "unknown"
    return _SEXES.get(unicodedata.normalize("NFKC", str(claim)).strip().lower(), "unknown")


def address_of(claim: Any) -> str:
    """Text, or an address claim: `formatted` first, else its parts from large to small."""
    if isinstance(claim, Mapping):
        parts = [claim.get("formatted")]
        if not parts[0]:
            parts = [claim.get(part) for part in _ADDRESS_PARTS]
        claim = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(claim, str):
        return ""
    return " ".join(unicodedata.normalize("NFC", claim).split())[:LONGEST_ADDRESS]
