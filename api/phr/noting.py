"""The days to come of every book anew: after a whole life was brought in, or by new rules."""

from collections.abc import Sequence
from datetime import date

from api.core.actor import Actor
from api.core.database import Transaction
from api.phr.child import checkups, reminding
from api.phr.child import service as children
from api.phr.due import service as due
from api.phr.due.rules import DueKind
from api.phr.immunization import reminding as vaccines
from api.phr.immunization import service as vaccinations
from api.phr.immunization.plans import Dose
from api.phr.maternal import schedule
from api.phr.maternal import service as pregnancies


async def note_all_in(tx: Transaction, actor: Actor, elsewhere: Sequence[Dose] = ()) -> None:
    for child in await children.children_in(tx, actor):
        await reminding.remind_in(tx, actor, child)
    await vaccinations.note_all_in(tx, actor, elsewhere)
    await pregnancies.note_all_in(tx, actor)


def rules_of(today: date) -> dict[DueKind, str]:
    """Which edition each kind of day follows."""
    return {
        "immunization": vaccines.rules_on(today),
        "checkup": checkups.EDITION,
        "visit": schedule.EDITION,
    }


async def follow_in(tx: Transaction, actor: Actor, elsewhere: Sequence[Dose], today: date) -> None:
    """Every day of the subject's as today's rules have it."""
    await note_all_in(tx, actor, elsewhere)
    await due.rules_hold_in(tx, rules_of(today))
