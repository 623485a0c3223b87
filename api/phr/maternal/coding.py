"""How the fields of a pregnancy's entries are coded."""

from typing import Final

from api.fhir import codes
from api.phr.entries.fields import OURS, Coded

CATEGORY: Final = "maternal"


def ours(code: str, display: str) -> Coded:
    return Coded(OURS, code, display)


def loinc(code: str, display: str) -> Coded:
    return Coded(codes.LOINC, code, display)


def options(said: dict[str, str]) -> tuple[Coded, ...]:
    return tuple(ours(code, display) for code, display in said.items())


COUNT: Final = options({str(each): f"{each}人" for each in range(1, 5)})
# Which of them.
WHICH: Final = options({str(each): f"{each}人目" for each in range(1, 5)})
