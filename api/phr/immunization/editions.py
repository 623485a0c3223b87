"""The rules of Japan's routine immunisation (A類疾病), edition by edition.

Carried over from 予防接種法施行令, 予防接種実施規則 and 定期接種実施要領, as municipalities publish
them (table of July 2026); how sure each is: docs/reference/rules-and-sources.md. When a rule
changes, add an edition; an old one is edited only where it did not say what was in force.
"""

from datetime import date
from typing import Final

from api.phr.immunization import hpv
from api.phr.immunization.schedule import (
    Cohort,
    Course,
    Edition,
    Gap,
    Grade,
    Months,
    On,
    Step,
    Target,
    Weeks,
)

_YEAR: Final = 12
_DAYS_20: Final = Gap(days=20)
_DAYS_27: Final = Gap(days=27)
_DAYS_60: Final = Gap(days=60)
_MONTHS_3: Final = Gap(months=3)
_MONTHS_6: Final = Gap(months=6)
_YEAR_GAP: Final = Gap(months=_YEAR)


def _only(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def _five_in_one() -> Target:
    ages = (Months(2), Months(90))
    again = Step(*ages, gap=_DAYS_20, usual_gap=(_DAYS_20, Gap(days=56)))
    booster = Step(*ages, gap=_MONTHS_6, usual_gap=(_MONTHS_6, Gap(months=18)), is_booster=True)
    first = Step(*ages, usual=(Months(2), Months(7)))
    new, former = _only("dpt-ipv-hib"), _only("dpt-ipv")
    steps = (first, again, again, booster)
    # 四種混合 has the same ages and intervals, and what it began may end with 五種混合: whoever had
    # four in all is done. How 五種混合 goes on after ヒブ by itself is for a doctor to say.
    return Target(
        "dpt-ipv-hib",
        new | former,
        (
            Course(new, steps),
            Course(former, steps, is_proposed=False, also=new, is_former=True),
        ),
        older=_only("dpt", "ipv"),
        beside=_only("hib"),
    )


def _hib() -> Target:
    """ヒブ by itself: since April 2024 for those alone who began with it."""
    products, ages = _only("hib"), (Months(2), Months(60))
    again = Step(
        *ages,
        gap=_DAYS_27,
        usual_gap=(_DAYS_27, Gap(days=56)),
        skipped_past=Months(_YEAR),
        allowed_gap=_DAYS_20,
    )
    booster = Step(
        *ages,
        gap=Gap(months=7),
        usual_gap=(Gap(months=7), Gap(months=13)),
        is_booster=True,
        gaps_if_skipped=(_DAYS_27, _DAYS_20),
    )
    plain = Step(*ages)
    return Target(
        "hib",
        products,
        (
            Course(products, (plain, again, again, booster), first_until=Months(7)),
            Course(products, (plain, again, booster), first_until=Months(_YEAR)),
            Course(products, (plain,)),
        ),
        beside=_only("dpt-ipv-hib"),
        is_former=True,
    )


def _hepatitis_b() -> Target:
    ages, usual = (Months(0), Months(_YEAR)), (Months(2), Months(9))
    steps = (
        Step(*ages, usual=usual),
        Step(*ages, gap=_DAYS_27, usual=usual),
        Step(*ages, gap=Gap(days=0), from_first=Gap(days=139), usual=usual),
    )
    return Target("hbv", _only("hbv"), (Course(_only("hbv"), steps),))


def _rota() -> Target:
    def steps(until: Weeks, count: int) -> tuple[Step, ...]:
        first = Step(Weeks(6), until, usual=(Months(2), Weeks(14, 6)), advised=Weeks(14, 6))
        return (first, *(count - 1) * (Step(Weeks(6), until, gap=_DAYS_27),))

    both = _only("rota1", "rota5")
    return Target(
        "rota",
        both,
        (
            Course(_only("rota1"), steps(Weeks(24), 2), is_proposed=False),
            Course(_only("rota5"), steps(Weeks(32), 3), is_proposed=False),
            Course(frozenset(), steps(Weeks(24), 1), is_open=True),
        ),
    )


def _pneumococcal() -> Target:
    products, ages = _only("pcv"), (Months(2), Months(60))
    usual = (None, Months(_YEAR))
    first = Step(*ages, usual=(Months(2), Months(7)))
    second = Step(*ages, gap=_DAYS_27, usual=usual, skipped_past=Months(24))
    third = second._replace(skipped_if=Months(_YEAR))
    booster = Step(
        Months(_YEAR),
        Months(60),
        gap=_DAYS_60,
        usual=(Months(_YEAR), Months(15)),
        is_booster=True,
    )
    late_second = second._replace(usual=(None, Months(13)))
    late_booster = booster._replace(usual=(None, None))
    plain = Step(*ages)
    return Target(
        "pcv",
        products,
        (
            Course(products, (first, second, third, booster), first_until=Months(7)),
            Course(products, (plain, late_second, late_booster), first_until=Months(_YEAR)),
            Course(products, (plain, Step(*ages, gap=_DAYS_60)), first_until=Months(24)),
            Course(products, (plain,)),
        ),
    )


def _bcg() -> Target:
    step = Step(Months(0), Months(_YEAR), usual=(Months(5), Months(8)))
    return Target("bcg", _only("bcg"), (Course(_only("bcg"), (step,)),))


def _measles_rubella() -> tuple[Target, Target]:
    products = _only("mr")

    # Who could not have it in fiscal year 2024 for want of vaccine, as their municipality finds.
    def short(born_from: date, born_until: date) -> tuple[Cohort, ...]:
        since, until = On(date(2025, 4, 1)), On(date(2027, 3, 31))
        return (Cohort("mr_short", born_from, born_until, until, since),)

    first = Step(Months(_YEAR), Months(24), usual=(Months(_YEAR), Months(24)))
    second = Step(Grade(0), Grade(0), usual=(Grade(0), Grade(0)))
    return (
        Target(
            "mr1",
            products,
            (Course(products, (first,)),),
            older=_only("measles", "rubella"),
            cohorts=short(date(2022, 4, 2), date(2023, 4, 1)),
        ),
        Target(
            "mr2",
            products,
            (Course(products, (second,)),),
            older=_only("measles", "rubella"),
            cohorts=short(date(2018, 4, 2), date(2019, 4, 1)),
        ),
    )


def _varicella() -> Target:
    ages = (Months(_YEAR), Months(36))
    steps = (
        Step(*ages, usual=(Months(_YEAR), Months(15))),
        Step(*ages, gap=_MONTHS_3, usual_gap=(_MONTHS_6, _YEAR_GAP)),
    )
    return Target("varicella", _only("varicella"), (Course(_only("varicella"), steps),))


def _japanese_encephalitis() -> tuple[Target, Target]:
    products, ages = _only("je"), (Months(6), Months(90))
    # Those for whom it was not recommended from 2005 to 2010 have until twenty.
    missed = Cohort("je_missed", date(1995, 4, 2), date(2007, 4, 1), Months(20 * _YEAR))
    # Born in its last years: what was missing of the first phase, at the ages of the second.
    younger = Cohort(
        "je_missed",
        date(2007, 4, 2),
        date(2009, 10, 1),
        Months(13 * _YEAR),
        Months(9 * _YEAR),
    )
    week = Gap(days=6)
    steps = (
        Step(*ages, usual=(Months(3 * _YEAR), Months(4 * _YEAR))),
        Step(*ages, gap=week, usual_gap=(week, Gap(days=28))),
        Step(
            *ages,
            gap=_MONTHS_6,
            usual=(Months(4 * _YEAR), Months(5 * _YEAR)),
            usual_gap=(_YEAR_GAP, None),
            is_booster=True,
        ),
    )
    # Who had begun by March 2010 ends the first phase with six days between (特例). Unsure: whether
    # that day holds for those born until April 2007 too; without it they wait the six months.
    paused = tuple(each._replace(gap=each.gap and week) for each in steps)
    second = Step(
        Months(9 * _YEAR), Months(13 * _YEAR), usual=(Months(9 * _YEAR), Months(10 * _YEAR))
    )
    return (
        Target(
            "je1",
            products,
            (
                Course(products, paused, first_until=On(date(2010, 3, 31)), is_proposed=False),
                Course(products, steps),
            ),
            cohorts=(missed, younger),
        ),
        Target("je2", products, (Course(products, (second,)),), cohorts=(missed,)),
    )


def _diphtheria_tetanus() -> Target:
    step = Step(
        Months(11 * _YEAR), Months(13 * _YEAR), usual=(Months(11 * _YEAR), Months(12 * _YEAR))
    )
    return Target("dt", _only("dt"), (Course(_only("dt"), (step,)),))


def _targets(of_hpv: Target) -> tuple[Target, ...]:
    return (
        _five_in_one(),
        _hib(),
        _hepatitis_b(),
        _rota(),
        _pneumococcal(),
        _bcg(),
        *_measles_rubella(),
        _varicella(),
        *_japanese_encephalitis(),
        _diphtheria_tetanus(),
        of_hpv,
    )


_SOURCE: Final = "予防接種法施行令・予防接種実施規則・定期接種実施要領"
EDITIONS: Final = (
    Edition("2024-04", date(2024, 4, 1), _SOURCE, _targets(hpv.target(hpv.OF_TWO, hpv.CATCH_UP))),
    # From here on the 9-valent vaccine alone: what began with another ends with it.
    Edition("2026-04", date(2026, 4, 1), _SOURCE, _targets(hpv.target(hpv.OF_NINE))),
)
