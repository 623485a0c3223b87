"""What professionals say of themselves, so that no door opens their own people's records."""

from datetime import datetime
from typing import NamedTuple

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import queries
from api.emergency.errors import TieFaults
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling.insurance import Insurance, parse_insurance


class Declared(NamedTuple):
    """The newest; all empty says that there is nothing to declare."""

    card: str
    insurer: str
    insurance_symbol: str
    insurance_number: str
    declared_at: datetime


async def declared(actor: Actor) -> Declared | None:
    """The professional's own; None before they said anything."""
    async with unit_of_work(_professional(actor)) as tx:
        row = await queries.declared(tx)
    return None if row is None else Declared(*row.values())


async def declare(actor: Actor, card: str, insurer: str, symbol: str, number: str) -> None:
    """One's own card and insurance, where one has them. Whether such a card exists is not looked
    up, so that nothing can be learned here. Raises `TieFaults`."""
    faults: dict[str, str] = {}
    parsed: CardNumber | CardFault | None = None
    if card.strip():
        parsed = CardNumber.parse(card, directory.profile().card_scheme)
        if isinstance(parsed, CardFault):
            faults["card"] = parsed
    insurance = parse_insurance(insurer, symbol, number, "")
    if isinstance(insurance, dict):
        faults |= insurance
    if faults:
        raise TieFaults(faults)
    said = insurance if isinstance(insurance, Insurance) else Insurance("", "", "", "")
    digits = parsed.digits if isinstance(parsed, CardNumber) else ""
    async with unit_of_work(_professional(actor)) as tx:
        await queries.declare(tx, digits, said.insurer, said.symbol, said.number)
        await access_log.append_system(
            tx, EventName.EMERGENCY_TIES, outcome="permitted", detail={"name": actor.name}
        )


def _professional(actor: Actor) -> Actor:
    if actor.kind is not ActorKind.PROFESSIONAL or actor.professional_id is None:
        raise NotFound
    return actor
