"""Who may act for whom, with which powers, on one day; ages by Japanese law."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple, get_args
from uuid import UUID

from msgspec import Struct

from api.core.actor import Power
from api.directory.profile import ProxyLimits
from api.identity.enrolling.birth_date import law_age

Kind = Literal[
    "parent",
    "guardian_of_minor",
    "adult_guardian",
    "curator",
    "assistant",
    "voluntary",
    "hospital_liaison",
    "emergency_nominee",
]
# How a proxy came to be: named by the participant, witnessed at the counter for somebody without
# phone and eID, registered from papers of the law (family register, court order), begun by somebody
# of the family who registered the participant with card and code.
Origin = Literal["participant", "witnessed", "registered", "assisted"]
Family = Literal["child", "spouse", "parent", "sibling", "grandchild", "other"]
Act = Literal["asked", "granted", "confirmed", "suspended", "resumed", "narrowed", "ended"]
State = Literal["waiting", "in_force", "suspended", "ended"]
Reason = Literal[
    "in_force", "none", "waiting", "suspended", "ended", "not_begun", "expired", "of_age", "safe"
]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
FAMILY: Final[tuple[Family, ...]] = get_args(Family)
# Is told of an emergency and sees what there is to see of it, and acts for nobody.
NOMINEE: Final = "emergency_nominee"
# Whom a participant may name without papers.
NAMED: Final[tuple[Kind, ...]] = ("voluntary", NOMINEE)
OF_MINORS: Final = frozenset({"parent", "guardian_of_minor"})
ADULT: Final = 18  # Civil Code art. 4
IN_BETWEEN: Final = frozenset({Power.VIEW, Power.UPLOAD})
USUAL: Final = ProxyLimits()

# After an act, by the state before it ("" where nothing was).
_FOLLOWS: Final[dict[tuple[Act, str], State]] = {
    ("asked", ""): "waiting",
    ("granted", "waiting"): "in_force",
    ("confirmed", "waiting"): "in_force",
    ("suspended", "waiting"): "ended",
    ("suspended", "in_force"): "suspended",
    ("suspended", "suspended"): "suspended",
    ("resumed", "suspended"): "in_force",
    ("narrowed", "waiting"): "waiting",
    ("narrowed", "in_force"): "in_force",
    ("narrowed", "suspended"): "suspended",
    ("ended", "waiting"): "ended",
    ("ended", "in_force"): "ended",
    ("ended", "suspended"): "ended",
}


class Step(NamedTuple):
    """What an act left a relation with; `ends_on` is its last day."""

    act: Act
    powers: frozenset[Power]
    ends_on: date


class Relation(Struct, frozen=True, kw_only=True):
    """One proxy as its newest step says. Nothing works before `opens_on` or after `ends_on`."""

    proxy_id: UUID
    kind: Kind
    origin: Origin
    state: State
    powers: frozenset[Power]
    opens_on: date
    ends_on: date


class Standing(NamedTuple):
    """What somebody may do for a principal now, and why no more.

    `sees_restricted`: records above normal sensitivity are shown to them too.
    """

    powers: frozenset[Power]
    reason: Reason
    sees_restricted: bool = False


def following(act: Act, state: State | None) -> State:
    """Raises ValueError for an act that does not follow this state."""
    found = _FOLLOWS.get((act, state or ""))
    if found is None:
        raise ValueError(f"{act} does not follow {state}")
    return found


def folded(steps: Iterable[Step]) -> tuple[State, Step]:
    """The state all steps lead to, and the last of them. Raises ValueError where a step does not
    follow, adds a power, moves the end away, or there is none."""
    state: State | None = None
    last: Step | None = None
    for step in steps:
        state = following(step.act, state)
        if last and not (step.powers <= last.powers and step.ends_on <= last.ends_on):
            raise ValueError("powers never grow")
        last = step
    if state is None or last is None:
        raise ValueError("no step")
    return state, last


def powers_now(
    relations: Iterable[Relation],
    today: date,
    birth_on: date,
    *,
    is_safe: bool,
    limits: ProxyLimits = USUAL,
) -> Standing:
    """What one representative may do for the principal born then; `today` is a day in Japan."""
    if is_safe:
        return Standing(frozenset(), "safe")
    powers: frozenset[Power] = frozenset()
    reason: Reason = "none"
    for each in relations:
        found = _of_one(each, today, birth_on, limits)
        powers |= found.powers
        reason = found.reason if reason == "none" or found.powers else reason
    return Standing(powers, reason, bool(powers) and not is_between(birth_on, today, limits))


def _of_one(relation: Relation, today: date, birth_on: date, limits: ProxyLimits) -> Standing:
    nothing: frozenset[Power] = frozenset()
    if relation.state == "ended":
        return Standing(nothing, "ended")
    if relation.kind in OF_MINORS and law_age(birth_on, today) >= ADULT:
        return Standing(nothing, "of_age")
    if today > relation.ends_on:
        return Standing(nothing, "expired")
    if relation.state != "in_force":
        return Standing(nothing, relation.state)
    if today < relation.opens_on:
        return Standing(nothing, "not_begun")
    if relation.kind == NOMINEE:
        return Standing(nothing, "in_force")
    if is_between(birth_on, today, limits):
        return Standing(relation.powers & IN_BETWEEN, "in_force")
    return Standing(relation.powers, "in_force")


def is_between(birth_on: date, today: date, limits: ProxyLimits) -> bool:
    """From 15 to 17 both see, and the minor alone says, hears and sees what is sensitive."""
    return limits.own_say_age <= law_age(birth_on, today) < ADULT


def first_day_aged(birth_on: date, years: int) -> date:
    """The first day of an age: the day before the birthday, as `law_age` counts; for who was born
    on 29 February the 28th every year."""
    try:
        birthday = birth_on.replace(year=birth_on.year + years)
    except ValueError:
        birthday = date(birth_on.year + years, 3, 1)
    return birthday - timedelta(days=1)


def last_day_as_minor(birth_on: date) -> date:
    return first_day_aged(birth_on, ADULT) - timedelta(days=1)


def last_day(
    kind: Kind,
    opens_on: date,
    birth_on: date,
    wished: date | None,
    limits: ProxyLimits = USUAL,
) -> date:
    """When it ends: as wished, at the latest after twelve months, for a minor's with their coming
    of age."""
    longest = limits.most_months
    latest = last_day_as_minor(birth_on) if kind in OF_MINORS else _months_on(opens_on, longest)
    return min(wished, latest) if wished else latest


def _months_on(day: date, months: int) -> date:
    """The last day of so many months that begin with `day` (Civil Code art. 143)."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    following = date(first.year + month // 11, (month + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following) - timedelta(days=1)


def opens_on(origin: Origin, asked_on: date, limits: ProxyLimits = USUAL) -> date:
    return asked_on + cooling_off(limits) if origin in ("witnessed", "assisted") else asked_on


def cooling_off(limits: ProxyLimits) -> timedelta:
    return timedelta(days=limits.cooling_off_days)


def may_represent(
    kind: Kind,
    principal_born: date,
    representative_born: date,
    today: date,
    limits: ProxyLimits = USUAL,
) -> bool:
    """Adults alone act for others; parents and guardians for minors alone, and for children under
    15 nobody else; the guardians of adults for adults alone."""
    if law_age(representative_born, today) < ADULT:
        return False
    principal = law_age(principal_born, today)
    if kind in OF_MINORS:
        return principal < ADULT
    if kind in ("adult_guardian", "curator", "assistant"):
        return principal >= ADULT
    return principal >= limits.own_say_age


def may_register(principal_born: date, representative_born: date, today: date) -> bool:
    """Whether one may register the other by card and code: adults each other. Parents of minors
    bring papers to the counter."""
    return min(law_age(principal_born, today), law_age(representative_born, today)) >= ADULT


def shares_a_way(minor: Collection[str], guardian: Collection[str]) -> bool:
    """Whether a minor and their guardian share an address, a number or a device: what is meant for
    the one would reach the other."""
    return not set(minor).isdisjoint(guardian)
