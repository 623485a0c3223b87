"""What is worth knowing about values of a visit: information with its figure, never a diagnosis.

Blood pressure 140/90 and 160/110 mmHg and the 75 g glucose test (92, 180, 153 mg/dL, one of them is
enough): 産婦人科診療ガイドライン産科編 (日本産科婦人科学会). Haemoglobin below 11 g/dL: WHO, whose
10.5 of the second trimester is not used.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

HIGH: Final = (Decimal(140), Decimal(90))
VERY_HIGH: Final = (Decimal(160), Decimal(110))
LEAST_HB: Final = Decimal(11)
GLUCOSE: Final = {
    "glucose_0": Decimal(92),
    "glucose_60": Decimal(180),
    "glucose_120": Decimal(153),
}
URINE: Final = ("minus", "trace", "plus1", "plus2", "plus3")
_URINE_FROM: Final = URINE.index("plus1")


class Note(NamedTuple):
    """`is_soon`: worth a call before the next visit."""

    name: str
    is_soon: bool = False


def notes(values: Mapping[str, str]) -> list[Note]:
    return [*_pressure(values), *_blood(values), *_urine(values)]


def _pressure(values: Mapping[str, str]) -> list[Note]:
    typed = [values.get(name, "") for name in ("systolic", "diastolic")]
    pair = [Decimal(each) if each else None for each in typed]
    if _reaches(pair, VERY_HIGH):
        return [Note("pressure_very_high", is_soon=True)]
    return [Note("pressure_high")] if _reaches(pair, HIGH) else []


def _reaches(pair: list[Decimal | None], bounds: tuple[Decimal, Decimal]) -> bool:
    both = zip(pair, bounds, strict=True)
    return any(each is not None and each >= bound for each, bound in both)


def _blood(values: Mapping[str, str]) -> list[Note]:
    found = []
    haemoglobin = values.get("haemoglobin", "")
    if haemoglobin and Decimal(haemoglobin) < LEAST_HB:
        found.append(Note("haemoglobin"))
    reached = (
        values.get(name, "") and Decimal(values[name]) >= bound for name, bound in GLUCOSE.items()
    )
    if any(reached):
        found.append(Note("glucose"))
    return found


def _urine(values: Mapping[str, str]) -> list[Note]:
    return [
        Note(f"{name}")
        for name in ("urine_protein", "urine_glucose")
        if values.get(name, "") in URINE[_URINE_FROM:]
    ]
