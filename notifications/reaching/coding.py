"""The code that says a mailbox is one's own: six digits of a nonce and a key, kept nowhere."""

from typing import Final
from uuid import UUID

from api.core import i18n, runtime
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from notifications import queries
from notifications.channels import Channel, Message, key_of
from notifications.reaching import queries as address_queries
from notifications.rules import Fate

DIGITS: Final = 6


def code_of(participant_id: UUID, address: str, nonce: UUID) -> str:
    keyed = runtime.keys().keyed_hash("mail_code", f"{participant_id}\0{address}\0{nonce}")
    return f"{int.from_bytes(keyed[:8]) % 10**DIGITS:0{DIGITS}}"


async def code_of_mine(actor: Actor) -> str:
    """The code that the actor's own address waits for; the demo has no eyes to read its mail."""
    async with unit_of_work(actor) as tx:
        row = await address_queries.mailbox(tx)
    if actor.participant_id is None or row is None or row["nonce"] is None:
        raise LookupError("no address waits for a code")
    return code_of(actor.participant_id, row["wanted"], row["nonce"])


async def send_code(channel: Channel | None, participant_id: UUID) -> str | None:
    """To the address that waits for it; answers why it is to be tried again, if it is."""
    async with unit_of_work(OPERATOR) as tx:
        row = await queries.code_wanted(tx, participant_id)
    if row is None:
        return None
    if channel is None:
        return "no_channel"
    code = code_of(participant_id, row["wanted"], row["nonce"])
    message = Message(
        key_of(row["nonce"]),
        i18n.text(row["locale"], "notice.code.subject"),
        i18n.text(row["locale"], "notice.code.body", code=code),
        "",
        True,
    )
    end = await channel.send(message, {"to": row["wanted"]})
    return end.reason if end.fate in (Fate.LATER, Fate.FAULT) else None
