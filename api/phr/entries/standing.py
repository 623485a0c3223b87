"""What every use case of own entries stands on: whose they are, what may be shown, the event."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.consent.facts import NORMAL, SECRET
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.errors import NotFound
from api.phr.entries.entry import id_of_key
from api.phr.entries.errors import NotTakingPart
from api.phr.entries.kinds import Kind


class Line(NamedTuple):
    """A record as an event counts it."""

    record_id: UUID
    resource_type: str
    category: str


async def hold_in(tx: Transaction) -> int:
    """Holds the subject still; the least sensitivity they chose for new records. Raises
    `NotTakingPart`."""
    state = await stored.locked_settings_in(tx)
    if state is None or state.participation.state in ("refused", "withdrawn"):
        raise NotTakingPart
    return state.directive.incoming_level


def subject_of(tx: Transaction) -> UUID:
    """Whose entries. Raises `NotFound` where the transaction is about nobody."""
    if tx.subject is None:
        raise NotFound
    return tx.subject


def most_shown(actor: Actor) -> int:
    """A minor's restricted entries are not for who acts for them."""
    return SECRET if actor.is_shown_restricted else NORMAL


async def note_in(tx: Transaction, event: EventName, lines: Iterable[Line], book: str = "") -> None:
    """The event, in the transaction of the deed; `book` is the name of what it was done to."""
    records = list(lines)
    counts = Counter((each.resource_type, each.category) for each in records)
    said = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    detail: dict[str, Any] = {"resources": said, "ids": [each.record_id for each in records]}
    if book:
        detail["book"] = book
    await access_log.append(tx, event, detail=detail)


def id_of_name(tx: Transaction, kind: Kind, key: str) -> UUID | None:
    """Of what comes under the subject's own name for it; None without a name."""
    return id_of_key(subject_of(tx), kind, key) if key else None
