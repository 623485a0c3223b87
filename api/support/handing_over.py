"""Handing a copy of someone's records to an authority that may ask for them by law."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended, Embargo
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.settings import SettingFault
from api.directory import service as directory
from api.fhir import codes
from api.identity.my_number import contains_my_number
from api.records import finding
from api.records import service as records
from api.records.mapping import Identifier
from api.records.service import CopiedRecord

# All that would tell whom it was about before it may be told: who did it, why, what and for whom.
SILENT: Final = ("about", "actor", "purpose", "basis", "detail", "resources")
LONGEST: Final = 200


class Order(NamedTuple):
    """What was asked for and by whom; `clerk` is who hands it over. No `kinds`: all of them.

    `silent_until` is the first day on which the participant may be told, for `silent_because`.
    """

    authority: str
    reference: str
    clerk: str
    kinds: tuple[str, ...] = ()
    silent_until: date | None = None
    silent_because: str = ""


class HandedOver(NamedTuple):
    """`bundle` is a FHIR collection; it leaves this function only once its event is committed."""

    bundle: bytes
    counts: dict[str, int]
    event: Appended


async def hand_over(card: str, participant_id: str, order: Order) -> HandedOver:
    """By an operator at the console, who has the participant's id and types the card's number.

    Raises `SettingFault` when the two are not of one person or the order is not whole; nothing was
    read then.
    """
    embargo = _checked(order)
    actor = Actor(kind=ActorKind.OPERATOR, name=order.clerk, purpose_of_use="HLEGAL")
    digits = card.replace("-", "").replace(" ", "")
    subject = await finding.locate(actor, Identifier(codes.CARD, digits))
    if subject is None or str(subject) != participant_id.lower():
        raise SettingFault("This card is not that participant's. Nothing was changed.")
    async with unit_of_work(actor, subject=subject) as tx:
        copied = await records.copy_in(tx, order.kinds)
        event = await access_log.append(
            tx,
            EventName.LAW_ENFORCEMENT,
            detail=_lines([each for each in copied if each.is_told])
            | {
                "actor": {"name": order.clerk},
                "told": {"authority": order.authority, "reference": order.reference},
            },
            undisclosed=_lines([each for each in copied if not each.is_told]),
            embargo=embargo,
        )
    entries = b",".join(b'{"resource":%b}' % each.body.encode() for each in copied)
    bundle = b'{"resourceType":"Bundle","type":"collection","entry":[%b]}' % entries
    if not entries:
        bundle = b'{"resourceType":"Bundle","type":"collection"}'
    return HandedOver(bundle, dict(Counter(each.category for each in copied)), event)


def _checked(order: Order) -> Embargo | None:
    texts = (order.authority, order.reference, order.clerk)
    for text in texts:
        if not 1 <= len(text.strip()) <= LONGEST:
            raise SettingFault(
                "Give the authority, its reference and your name, each of at most"
                f" {LONGEST} characters. Nothing was changed."
            )
    if any(map(contains_my_number, (*texts, order.silent_because))):
        raise SettingFault(
            "One of the texts holds an Individual Number (12 digits), which is not kept here."
            " Leave it out. Nothing was changed."
        )
    known = {category.code for category in directory.profile().categories}
    if unknown := sorted(set(order.kinds) - known):
        raise SettingFault(
            f"This network has no kind of record called {unknown[0]}. Nothing was changed."
        )
    until, because = order.silent_until, order.silent_because.strip()
    if until is None and not because:
        return None
    is_said = 1 <= len(because) <= LONGEST and because != access_log.WHILE_HELD
    if until is None or until <= clock.today_in_japan() or not is_said:
        raise SettingFault(
            "Silence needs a day to come and a reason the participant may read, of at most"
            f" {LONGEST} characters. Nothing was changed."
        )
    return Embargo(SILENT, because, until)


def _lines(copied: Sequence[CopiedRecord]) -> dict[str, Any]:
    counts = Counter((each.resource_type, each.category) for each in copied)
    lines = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    return {"resources": lines, "ids": [each.record_id for each in copied]}
