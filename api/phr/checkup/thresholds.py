"""Where a value lies against the thresholds of the specific health checkup, fourth period.

標準的な健診・保健指導プログラム（令和6年度版）, 厚生労働省: 保健指導判定値 and 受診勧奨判定値, from
fiscal year 2024. They say whom to offer advice and whom to send to a doctor. They are no diagnosis.
HDL has no 受診勧奨判定値 any more (別紙5). Unsure, as sources disagree: haemoglobin "and below".
"""

from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

EDITION: Final = "4"
EDITION_FROM: Final = date(2024, 4, 1)

Sex = Literal["male", "female"]
Position = Literal["before", "guidance", "referral"]
Way = Literal["from", "under", "up_to"]


class Limits(NamedTuple):
    """`way`: a threshold is reached at it and above, under it, or at it and below."""

    way: Way
    guidance: Decimal
    referral: Decimal | None = None

    def is_reached(self, limit: Decimal, number: Decimal) -> bool:
        if self.way == "from":
            return number >= limit
        return number < limit if self.way == "under" else number <= limit

    def position(self, number: Decimal) -> Position:
        if self.referral is not None and self.is_reached(self.referral, number):
            return "referral"
        return "guidance" if self.is_reached(self.guidance, number) else "before"

    @property
    def before(self) -> tuple[Decimal | None, Decimal | None]:
        """The range in which no threshold is reached, from low to high; None where it is open."""
        return (None, self.guidance) if self.way == "from" else (self.guidance, None)


def _of(way: Way, guidance: str, referral: str | None = None) -> Limits:
    return Limits(way, Decimal(guidance), None if referral is None else Decimal(referral))


_BOTH: Final = {
    "bmi": _of("from", "25"),
    "visceral_fat": _of("from", "100"),
    "systolic": _of("from", "130", "140"),
    "diastolic": _of("from", "85", "90"),
    "tg_fasting": _of("from", "150", "300"),
    "tg_casual": _of("from", "175", "300"),
    "hdl": _of("under", "40"),
    "ldl": _of("from", "120", "140"),
    "non_hdl": _of("from", "150", "170"),
    "ast": _of("from", "31", "51"),
    "alt": _of("from", "31", "51"),
    "ggt": _of("from", "51", "101"),
    "glucose_fasting": _of("from", "100", "126"),
    "glucose_casual": _of("from", "100", "126"),
    "hba1c": _of("from", "5.6", "6.5"),
    "egfr": _of("under", "60", "45"),
}
_BY_SEX: Final[dict[str, dict[Sex, Limits]]] = {
    "waist": {"male": _of("from", "85"), "female": _of("from", "90")},
    "hemoglobin": {
        "male": _of("up_to", "13.0", "12.0"),
        "female": _of("up_to", "12.0", "11.0"),
    },
}
JUDGED: Final = frozenset(_BOTH) | frozenset(_BY_SEX)


def limits_of(item: str, sex: Sex | None) -> Limits | None:
    """None where nothing is published, or where it goes by sex and that is not known."""
    if item in _BY_SEX:
        return _BY_SEX[item][sex] if sex is not None else None
    return _BOTH.get(item)


def position_of(item: str, number: Decimal, sex: Sex | None) -> Position | None:
    """Where a number in the unit of its item lies; None as `limits_of`."""
    limits = limits_of(item, sex)
    return None if limits is None else limits.position(number)
