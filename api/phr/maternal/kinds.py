"""What is written down of a pregnancy: its days, visits, blood, ultrasound, birth and newborns.

The entry `pregnancy` is the book; all others carry its id as `book`.
"""

from datetime import date
from functools import partial
from typing import Final

from msgspec.structs import replace

from api.phr.entries.kinds import Kind
from api.phr.entries.leaps import Leaps
from api.phr.maternal import checks
from api.phr.maternal.born import BIRTH, NEWBORN
from api.phr.maternal.coding import CATEGORY
from api.phr.maternal.expecting import BLOOD, CLOSED, PREGNANCY, PREGNANCY_LOINC, ULTRASOUND, VISIT

KINDS: Final = (PREGNANCY, VISIT, BLOOD, ULTRASOUND, BIRTH, NEWBORN)
OF_BOOK: Final = KINDS[1:]
OF_NAME: Final = {each.name: each for each in KINDS}


def pregnancy(today: date) -> Kind:
    """Its days are held to today."""
    return replace(PREGNANCY, check=partial(checks.of_pregnancy, today=today))


def within(kind: Kind, due_on: date, leaps: Leaps | None = None) -> Kind:
    """Of the pregnancy with this due date: on one of its days, a visit's weight beside others."""
    check = partial(checks.of_entry, due_on=due_on, also=kind.check)
    return replace(kind, check=check, leaps=leaps if kind is VISIT else None)


def birth(due_on: date, least: int) -> Kind:
    """Of this pregnancy, with at least so many children."""
    also = partial(checks.of_birth, due_on=due_on, least=least)
    return replace(BIRTH, check=partial(checks.of_entry, due_on=due_on, also=also))


def numbered(most: int, taken: frozenset[str]) -> Kind:
    """A newborn of a birth of so many, of whom these are written."""
    return replace(NEWBORN, check=partial(checks.of_newborn, most=most, taken=taken))


__all__ = (
    "BIRTH",
    "BLOOD",
    "CATEGORY",
    "CLOSED",
    "NEWBORN",
    "PREGNANCY",
    "PREGNANCY_LOINC",
    "ULTRASOUND",
    "VISIT",
)
