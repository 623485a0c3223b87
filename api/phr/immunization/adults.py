"""The routine immunisation of older people (B類疾病), and the end of 風しん第5期, by age.

予防接種法施行令 and its 附則 as municipalities publish them; how sure each is:
docs/reference/rules-and-sources.md. A municipality offers and whoever is offered decides. Much of
what it asks besides is not known here, so nothing but days is worked out. When a rule changes, add
an edition.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final, NamedTuple

from api.phr import law_age
from api.phr.immunization.plans import Dose


class ByYear(NamedTuple):
    """帯状疱疹, 経過措置: who reaches one of these ages by 31 March of the fiscal year; `all_from`:
    and everybody of that age."""

    ages: Sequence[int]
    all_from: int | None = None


class OnDay(NamedTuple):
    """帯状疱疹 by the rule itself: who is of that age on the day."""

    age: int


class Edition(NamedTuple):
    """The rules as they stand from a day on; what is ahead is worked out by those to come too."""

    name: str
    valid_from: date
    zoster: ByYear | OnDay


FIVES: Final = range(65, 101, 5)
EDITIONS: Final = (
    Edition("2025-04", date(2025, 4, 1), ByYear(FIVES, all_from=100)),
    Edition("2026-04", date(2026, 4, 1), ByYear(FIVES)),
    # Unsure: that it is an age on the day then, as of 肺炎球菌 since its own 経過措置 ended.
    Edition("2030-04", date(2030, 4, 1), OnDay(65)),
)
UNSURE: Final = frozenset({"2030-04"})
OLD: Final = 65
# Whom heart, kidneys, breathing or HIV disable gravely may from here on; said in words alone.
SHOWN_FROM: Final = 60
YEARLY: Final = ("influenza", "covid")
OF_OLDER: Final = frozenset({*YEARLY, "pneumococcal", "zoster"})
# 風しん第5期: men of these years whose test by March 2025 asked for a vaccine that was wanting.
RUBELLA_BORN: Final = (date(1962, 4, 2), date(1979, 4, 1))
RUBELLA: Final = (date(2025, 4, 1), date(2027, 3, 31))
COUNTED: Final = {"rubella5": frozenset({"mr", "rubella"})}
# 小児用肺炎球菌 and that of older people are one product: given to a grown person it is theirs.
GROWN: Final = 20


class Offer(NamedTuple):
    """`first` to `last`, both within; without `last` every fiscal year anew. `had_on`: the latest
    dose written, of what there is every year that of this fiscal year. `is_unsure`: no source that
    was read settles the rule."""

    name: str
    first: date
    last: date | None
    had_on: date | None
    is_unsure: bool = False


class _Period(NamedTuple):
    name: str
    first: date
    last: date | None
    is_unsure: bool = False


def edition_on(day: date) -> Edition:
    """The newest that has begun; before all of them the first."""
    begun = [each for each in EDITIONS if each.valid_from <= day]
    return begun[-1] if begun else EDITIONS[0]


def offers(birth_on: date, sex: str, doses: Sequence[Dose], today: date) -> list[Offer]:
    """What is open today or comes, as it is shown: nothing of it to who is younger."""
    is_older = today >= law_age.first_day_of(birth_on, years=SHOWN_FROM)
    found = ahead(birth_on, sex, doses, today)
    return [each for each in found if is_older or each.name not in OF_OLDER]


def ahead(birth_on: date, sex: str, doses: Sequence[Dose], today: date) -> list[Offer]:
    """At whatever age; of each its next period, and nothing that is over."""
    found: dict[str, Offer] = {}
    for name, first, last, is_unsure in _periods(birth_on, sex):
        if last is None or today <= last:
            had_on = _had_on(name, doses, today)
            found.setdefault(name, Offer(name, first, last, had_on, is_unsure))
    return list(found.values())


def of_age(dose: Dose, birth_on: date) -> Dose:
    """The dose as what it was for somebody of that age."""
    is_grown = dose.on > law_age.last_day_under(birth_on, years=GROWN)
    return dose._replace(vaccine="pneumococcal") if is_grown and dose.vaccine == "pcv" else dose


def _periods(birth_on: date, sex: str) -> list[_Period]:
    old = law_age.first_day_of(birth_on, years=OLD)
    found = [_Period(name, old, None) for name in YEARLY]
    until = law_age.last_day_under(birth_on, years=OLD + 1)
    found += [_Period("pneumococcal", old, until), *_of_zoster(birth_on)]
    if sex == "male" and RUBELLA_BORN[0] <= birth_on <= RUBELLA_BORN[1]:
        found.append(_Period("rubella5", *RUBELLA))
    return found


def _of_zoster(birth_on: date) -> Iterator[_Period]:
    """In order; what editions in a row have alike is one rule."""
    rules = [next(alike) for _, alike in groupby(EDITIONS, key=lambda each: each.zoster)]
    ends = [each.valid_from for each in rules[1:]]
    for edition, end in zip(rules, [*ends, date.max], strict=True):
        match edition.zoster:
            case ByYear(ages, all_from):
                for year in range(edition.valid_from.year, end.year):
                    age = law_age.age_of(birth_on, date(year + 1, 4, 1))
                    if age in ages or (all_from is not None and age >= all_from):
                        yield _Period("zoster", date(year, 4, 1), date(year + 1, 3, 31))
            case OnDay(age):
                first = max(edition.valid_from, law_age.first_day_of(birth_on, years=age))
                last = min(end - law_age.DAY, law_age.last_day_under(birth_on, years=age + 1))
                if first <= last:
                    yield _Period("zoster", first, last, edition.name in UNSURE)


def _had_on(name: str, doses: Sequence[Dose], today: date) -> date | None:
    counted = COUNTED.get(name, {name})
    days = [each.on for each in doses if each.vaccine in counted]
    if name in YEARLY:
        year = law_age.school_year_of(today)
        days = [each for each in days if law_age.school_year_of(each) == year]
    return max(days, default=None)
