"""Which dose is of which phase, where two phases have one vaccine (MR, 日本脳炎)."""

from collections.abc import Mapping, Sequence
from datetime import date

from api.phr.immunization.plans import Dose
from api.phr.immunization.schedule import Edition, Target
from api.phr.immunization.steps import is_in_time
from api.phr.immunization.walking import At, after


def shared_out(
    edition: Edition, birth_on: date, doses: Sequence[Dose]
) -> Mapping[str, Sequence[Dose]]:
    """By day: to the first phase that lacks one and allows that day, or else to the last begun."""
    shares: dict[str, list[Dose]] = {each.name: [] for each in edition.targets}
    stand = {each.name: At() for each in edition.targets}
    for dose in sorted(doses, key=lambda each: each.on):
        takers = [each for each in edition.targets if dose.vaccine in each.products | each.older]
        if takers:
            taker = _taker(takers, birth_on, dose, stand)
            shares[taker.name].append(dose)
            stand[taker.name], _ = after(stand[taker.name], taker, birth_on, dose, (), (edition,))
    return shares


def _taker(takers: Sequence[Target], birth_on: date, dose: Dose, stand: Mapping[str, At]) -> Target:
    begun = takers[0]
    for each in takers:
        steps = each.courses[-1].steps
        if steps[0].since.first(birth_on) > dose.on:
            continue
        is_complete = len(stand[each.name].days) >= len(steps)
        if not is_complete and is_in_time(each, steps[-1], birth_on, dose.on, ()):
            return each
        begun = each
    return begun
