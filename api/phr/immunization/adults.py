"""The routine immunisation of older people (B類疾病), and the end of 風しん第5期, by age.

予防接種法施行令 and its 附則 as municipalities publish them; how sure each is:
docs/reference/rules-and-sources.md. A municipality offers and whoever is offered decides. Much of
what it asks besides is not known here, so nothing but days is worked out.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from api.phr import law_age
from api.phr.immunization.plans import Dose

EDITION: Final = "2026-04"
OLD: Final = 65
# Whom heart, kidneys, breathing or HIV disable gravely may from here on; said in words alone.
SHOWN_FROM: Final = 60
YEARLY: Final = ("influenza", "covid")
# 帯状疱疹, 経過措置: the ages reached by 31 March of five fiscal years. What follows is not here.
ZOSTER_YEARS: Final = range(2025, 2030)
ZOSTER_AGES: Final = range(65, 101, 5)
ZOSTER_ALL: Final = (2025, 100)
# 風しん第5期: men of these years whose test by March 2025 asked for a vaccine that was wanting.
RUBELLA_BORN: Final = (date(1962, 4, 2), date(1979, 4, 1))
RUBELLA: Final = (date(2025, 4, 1), date(2027, 3, 31))
COUNTED: Final = {"rubella5": frozenset({"mr", "rubella"})}
# 小児用肺炎球菌 and that of older people are one product: given to a grown person it is theirs.
GROWN: Final = 20


class Offer(NamedTuple):
    """`first` to `last`, both within; without `last` every fiscal year anew. `had_on`: the latest
    dose written, of what there is every year that of this fiscal year."""

    name: str
    first: date
    last: date | None
    had_on: date | None


def offers(birth_on: date, sex: str, doses: Sequence[Dose], today: date) -> list[Offer]:
    """What is open today or comes; of each its next period, and nothing that is over."""
    found: dict[str, Offer] = {}
    for name, first, last in _periods(birth_on, sex, today):
        if last is None or today <= last:
            found.setdefault(name, Offer(name, first, last, _had_on(name, doses, today)))
    return list(found.values())


def of_age(dose: Dose, birth_on: date) -> Dose:
    """The dose as what it was for somebody of that age."""
    is_grown = dose.on > law_age.last_day_under(birth_on, years=GROWN)
    return dose._replace(vaccine="pneumococcal") if is_grown and dose.vaccine == "pcv" else dose


def _periods(birth_on: date, sex: str, today: date) -> list[tuple[str, date, date | None]]:
    found: list[tuple[str, date, date | None]] = []
    if today >= law_age.first_day_of(birth_on, years=SHOWN_FROM):
        old = law_age.first_day_of(birth_on, years=OLD)
        found += [(name, old, None) for name in YEARLY]
        found.append(("pneumococcal", old, law_age.last_day_under(birth_on, years=OLD + 1)))
        found += [
            ("zoster", date(year, 4, 1), date(year + 1, 3, 31))
            for year in ZOSTER_YEARS
            if _has_zoster(law_age.age_of(birth_on, date(year + 1, 4, 1)), year)
        ]
    if sex == "male" and RUBELLA_BORN[0] <= birth_on <= RUBELLA_BORN[1]:
        found.append(("rubella5", *RUBELLA))
    return found


def _has_zoster(age: int, year: int) -> bool:
    """By the age reached on 31 March, at its end."""
    only_year, least = ZOSTER_ALL
    return age in ZOSTER_AGES or (year == only_year and age >= least)


def _had_on(name: str, doses: Sequence[Dose], today: date) -> date | None:
    counted = COUNTED.get(name, {name})
    days = [each.on for each in doses if each.vaccine in counted]
    if name in YEARLY:
        year = law_age.school_year_of(today)
        days = [each for each in days if law_age.school_year_of(each) == year]
    return max(days, default=None)
