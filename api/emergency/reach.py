"""What a session reaches: the tier's kinds and periods, within what the participant chose."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from api.consent.facts import NORMAL, PROCEDURE, RESTRICTED, EmergencyReach

Tier = Literal["t1", "t2"]


class Period(NamedTuple):
    """How far back; all zero for "whatever its date"."""

    months: int = 0
    days: int = 0

    def since(self, today: date) -> date | None:
        if not self.months and not self.days:
            return None
        year, month = divmod(today.year * 12 + today.month - 1 - self.months, 12)
        day = min(today.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, day) - timedelta(days=self.days)


ANY: Final = Period()
# The national emergency summary: visits, drugs, procedures and dialysis three months,
# prescriptions dispensed by electronic order 45 days; what warns of harm has no date, and is not
# cut by the day from which the participant shares either (docs/decisions/0028).
# Operations reach back five years beside this: `OPERATIONS`.
SUMMARY: Final[dict[str, Period]] = {
    "basic": ANY,
    "allergy": ANY,
    "contraindication": ANY,
    "infection": ANY,
    "condition": ANY,
    "directive": ANY,
    "prescription": Period(months=3),
    "injection": Period(months=3),
    "dispensing": Period(days=45),
    "procedure": Period(months=3),
    "encounter": Period(months=3),
    "maternal": Period(months=10),
}
OPERATIONS: Final = Period(months=60)


class Choice(Struct, frozen=True, omit_defaults=True):
    """What the participant chose for an emergency; without a choice, `allow`.

    `ceiling`: at most these categories, up to `level`, and hidden records only if `shows_hidden`.
    Secret records and excluded people stay out whatever is chosen.
    """

    kind: Literal["allow", "ceiling", "refuse"] = "allow"
    categories: tuple[str, ...] = ()
    level: int = RESTRICTED
    shows_hidden: bool = True

    def __post_init__(self) -> None:
        if not NORMAL <= self.level <= RESTRICTED:
            raise ValueError("secret records stay shut in an emergency")
        is_bare = not self.categories and self.level == RESTRICTED and self.shows_hidden
        if self.kind != "ceiling" and not is_bare:
            raise ValueError("only a ceiling says how far")

    def opens_more_than(self, before: "Choice") -> bool:
        """Whether anything could be seen by this choice that could not by the one before."""
        if self.kind == "refuse" or before.kind == "allow":
            return False
        if self.kind == "allow" or before.kind == "refuse":
            return True
        return (
            not set(self.categories) <= set(before.categories)
            or self.level > before.level
            or (self.shows_hidden and not before.shows_hidden)
        )


class Reach(NamedTuple):
    """What is open, and since when operations are looked for, whatever the other periods say."""

    open: EmergencyReach
    operations_since: date | None = None


NOTHING: Final = Reach(EmergencyReach())


def reach(tier: Tier, choice: Choice, known: Iterable[str], today: date) -> Reach:
    """What a session of this tier may touch today; `known` are the network's categories."""
    if choice.kind == "refuse":
        return NOTHING
    within = [
        category for category in known if choice.kind == "allow" or category in choice.categories
    ]
    operations_since = OPERATIONS.since(today) if PROCEDURE in within else None
    periods = {category: SUMMARY[category] for category in within if category in SUMMARY}
    timeless = tuple(category for category, period in periods.items() if period == ANY)
    if tier == "t2":
        everything = EmergencyReach(
            tuple(within), choice.level, choice.shows_hidden, timeless=timeless
        )
        return Reach(everything, operations_since)
    since = {category: period.since(today) for category, period in periods.items()}
    summary = EmergencyReach(
        tuple(periods),
        choice.level,
        choice.shows_hidden,
        tuple((category, day) for category, day in since.items() if day is not None),
        timeless=timeless,
    )
    return Reach(summary, operations_since)
