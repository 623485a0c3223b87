"""Birth dates as people write them, in the Western or a Japanese era, and age in Japanese law."""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Final

from api.identity.typed import without_separators


class BirthDateFault(StrEnum):
    """Why what was typed is no birth date; the value is the message key."""

    YEAR = "error.birth_date.year"
    NO_SUCH_DAY = "error.birth_date.no_such_day"
    ERA = "error.birth_date.era"
    RANGE = "error.birth_date.range"


# Japan counted by a lunar calendar until the end of 明治5: no era date before this maps plainly.
EARLIEST: Final = date(1873, 1, 1)
# (names, first day, last day). The two days on which one era became the next belong to both.
_ERAS: Final = (
    (("明治", "明", "M"), date(1868, 1, 25), date(1912, 7, 30)),
    (("大正", "大", "T"), date(1912, 7, 30), date(1926, 12, 25)),
    (("昭和", "昭", "S"), date(1926, 12, 25), date(1989, 1, 7)),
    (("平成", "平", "H"), date(1989, 1, 8), date(2019, 4, 30)),
    (("令和", "令", "R"), date(2019, 5, 1), date.max),
)
_ERA_YEAR: Final = re.compile(r"(明治?|大正?|昭和?|平成?|令和?|[MTSHR])(元|[0-9]{1,2})")


def parse_birth_date(year: str, month: str, day: str, today: date) -> date | BirthDateFault:
    """`year` is Western (1940, 1940年) or an era year (昭和15, 昭15年, S15, 令和元年).

    A bare two-digit year is refused, for it could mean two centuries and three eras.
    """
    month_number, day_number = _number(month, "月"), _number(day, "日")
    if month_number is None or day_number is None:
        return BirthDateFault.NO_SUCH_DAY
    typed = without_separators(year).upper().removesuffix("年").removeprefix("西暦")
    if era := _ERA_YEAR.fullmatch(typed):
        begins, ends = next((since, until) for names, since, until in _ERAS if era[1] in names)
        year_number = begins.year - 1 + (1 if era[2] == "元" else int(era[2]))
    elif re.fullmatch(r"[0-9]{4}", typed):
        begins, ends = date.min, date.max
        year_number = int(typed)
    else:
        return BirthDateFault.YEAR
    try:
        born = date(year_number, month_number, day_number)
    except ValueError:
        return BirthDateFault.NO_SUCH_DAY
    if not begins <= born <= ends:
        return BirthDateFault.ERA
    return born if EARLIEST <= born <= today else BirthDateFault.RANGE


def law_age(birth_on: date, on: date) -> int:
    """Age is reached on the day before the birthday (年齢計算ニ関スル法律, 民法143条).

    Someone born on 29 February therefore reaches it on 28 February every year.
    """
    if on < birth_on:
        raise ValueError("age before birth")
    birthday_tomorrow = date.fromordinal(on.toordinal() + 1)
    before = (birthday_tomorrow.month, birthday_tomorrow.day) < (birth_on.month, birth_on.day)
    return birthday_tomorrow.year - birth_on.year - before


def _number(text: str, unit: str) -> int | None:
    folded = unicodedata.normalize("NFKC", text).strip().removesuffix(unit).strip()
    return int(folded) if re.fullmatch(r"[0-9]{1,2}", folded) else None
