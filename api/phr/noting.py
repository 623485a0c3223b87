"""The days to come of every book, written anew: after a whole life was brought in."""

from api.core.actor import Actor
from api.core.database import Transaction
from api.phr.child import reminding
from api.phr.child import service as children
from api.phr.immunization import service as vaccinations
from api.phr.maternal import service as pregnancies


async def note_all_in(tx: Transaction, actor: Actor) -> None:
    for child in await children.children_in(tx, actor):
        await reminding.remind_in(tx, actor, child)
    await vaccinations.note_all_in(tx, actor)
    await pregnancies.note_all_in(tx, actor)
