"""The estimated filtration of the kidneys from serum creatinine, and its stage.

日本腎臓学会, エビデンスに基づくCKD診療ガイドライン: eGFRcreat = 194 × Cr^-1.094 × age^-0.287, of
women × 0.739; for adults, creatinine by an enzymatic method. Stages G1 to G5 by eGFR.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from api.phr.checkup.thresholds import Sex

ADULT: Final = 18
Stage = Literal["G1", "G2", "G3a", "G3b", "G4", "G5"]
_STAGES: Final[tuple[tuple[Decimal, Stage], ...]] = (
    (Decimal(90), "G1"),
    (Decimal(60), "G2"),
    (Decimal(45), "G3a"),
    (Decimal(30), "G3b"),
    (Decimal(15), "G4"),
)


def egfr(creatinine: Decimal, age: int, sex: Sex) -> Decimal | None:
    """mL/min/1.73m2 to one decimal; None under 18 and for what is no creatinine."""
    if age < ADULT or creatinine <= 0:
        return None
    found = 194 * float(creatinine) ** -1.094 * age**-0.287
    if sex == "female":
        found *= 0.739
    return Decimal(repr(found)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def stage(rate: Decimal) -> Stage:
    """Of an eGFR in mL/min/1.73m2."""
    return next((name for least, name in _STAGES if rate >= least), "G5")
