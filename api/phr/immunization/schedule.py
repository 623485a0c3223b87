"""How a rule of the routine immunisation is written down: ages, intervals, doses, editions.

An interval of N days has N whole days between; one of N months ends on the same day of the month.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from api.phr import law_age


class Months(NamedTuple):
    """生後N月: months lived by Japanese law age."""

    months: int

    def first(self, birth_on: date) -> date:
        return law_age.first_day_of(birth_on, months=self.months)

    def last(self, birth_on: date) -> date:
        return law_age.last_day_under(birth_on, months=self.months)


class Weeks(NamedTuple):
    """出生N週M日後: the day of birth is 0 weeks and 0 days."""

    weeks: int
    days: int = 0

    def first(self, birth_on: date) -> date:
        return law_age.days_after_birth(birth_on, weeks=self.weeks, days=self.days)

    def last(self, birth_on: date) -> date:
        return self.first(birth_on)


class Grade(NamedTuple):
    """A school year from 1 April to 31 March: 0 is the year before school, 6 is 小6, 10 is 高1."""

    grade: int

    def first(self, birth_on: date) -> date:
        return law_age.grade_begins_on(birth_on, self.grade)

    def last(self, birth_on: date) -> date:
        return law_age.grade_ends_on(birth_on, self.grade)


class On(NamedTuple):
    """A day of the calendar, whoever it is."""

    day: date

    def first(self, birth_on: date) -> date:
        return self.day

    def last(self, birth_on: date) -> date:
        return self.day


Age = Months | Weeks | Grade | On


class Gap(NamedTuple):
    """`days` alone: so many whole days between. With `months`: the same day so many months later,
    and `days` beyond it (2月半 is two months and 15 days)."""

    days: int = 0
    months: int = 0

    def after(self, day: date) -> date:
        if not self.months:
            return law_age.after_days(day, self.days)
        return law_age.after_months(day, self.months) + timedelta(days=self.days)


class Step(NamedTuple):
    """One dose. `gap` is from the dose before, `from_first` from the first of all.

    `usual_*` is the standard period; `advised` the last day of beginning where later is possible
    by rule and not advised. `skipped_past`: from then on the step is left out; `skipped_if`: left
    out if the dose before came later than that. `allowed_gap`: what a doctor may find enough;
    never proposed. `gaps_if_skipped`: those two once a step was left out.
    """

    since: Age
    until: Age
    gap: Gap | None = None
    from_first: Gap | None = None
    usual: tuple[Age | None, Age | None] = (None, None)
    usual_gap: tuple[Gap, Gap | None] | None = None
    usual_from_first: tuple[Gap, Gap] | None = None
    is_booster: bool = False
    advised: Age | None = None
    skipped_past: Age | None = None
    skipped_if: Age | None = None
    allowed_gap: Gap | None = None
    gaps_if_skipped: tuple[Gap, Gap] | None = None

    def after(self, index: int, counted: int) -> "Step":
        """As it is for whoever had so many doses before the step of that place."""
        if self.gaps_if_skipped is None or index == counted:
            return self
        gap, allowed = self.gaps_if_skipped
        return self._replace(gap=gap, allowed_gap=allowed, usual_gap=None)


class Course(NamedTuple):
    """The doses of somebody who begins with one of `products`, until the age `first_until`.

    `is_proposed`: how one begins who had none. `is_open`: how many follow depends on the product.
    `also`: what may end what these began. `or_else`: the steps that hold once the second dose came
    sooner than the course allows. `is_former`: with a vaccine of before; how it goes on is for a
    doctor to say.
    """

    products: frozenset[str]
    steps: tuple[Step, ...]
    first_until: Age | None = None
    is_proposed: bool = True
    is_open: bool = False
    also: frozenset[str] = frozenset()
    or_else: tuple[Step, ...] = ()
    is_former: bool = False


class Begun(NamedTuple):
    """One dose that counts was had between these days, both within."""

    since: date
    until: date


class Cohort(NamedTuple):
    """Those born between two days have until an age of their own (特例、経過措置), past the usual
    last day not before `since`. `why` is part of a message key."""

    why: str
    born_from: date
    born_until: date
    until: Age
    since: Age | None = None
    begun: Begun | None = None


class Target(NamedTuple):
    """A vaccine of the routine immunisation, or a phase of one (1期, 2期).

    `products` are all that count for it, `older` those it took the place of: whoever began with
    one of these goes on as the doctor says, and so does whoever had one of `beside`, which count
    for another target. `is_former`: shown to whoever began with it alone.
    """

    name: str
    products: frozenset[str]
    courses: tuple[Course, ...]
    older: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    is_for_girls: bool = False
    is_former: bool = False
    cohorts: tuple[Cohort, ...] = ()


class Edition(NamedTuple):
    """The rules as they stand from a day on."""

    name: str
    valid_from: date
    source: str
    targets: tuple[Target, ...]


# 定期接種実施要領: between two different live vaccines that are injected, 27 days.
LIVE_GAP: Final = Gap(days=27)


def edition_on(editions: Sequence[Edition], day: date) -> Edition:
    """The newest that has begun; before all of them the first."""
    begun = [each for each in editions if each.valid_from <= day]
    return begun[-1] if begun else editions[0]


def target_in(edition: Edition, name: str) -> Target | None:
    """None where an edition does not know it."""
    return next((each for each in edition.targets if each.name == name), None)
