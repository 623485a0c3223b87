"""What stands in whose inbox, once everything due was fanned out."""

from typing import NamedTuple
from uuid import UUID

from api.core.actor import Actor
from notifications import service as notifications
from tests.portal.scene import Visitor


class Told(NamedTuple):
    event: str
    title: str
    body: str


async def told(who: Visitor | Actor, *events: str) -> list[Told]:
    """The newest first; of these events, or all."""
    while await notifications.deliver():
        pass
    actor = who.actor if isinstance(who, Visitor) else who
    found, _ = await notifications.inbox(actor, count=100)
    return [
        Told(each.event, *notifications.said(each, "ja"))
        for each in found
        if not events or each.event in events
    ]


def id_of(who: Visitor | Actor) -> UUID:
    actor = who.actor if isinstance(who, Visitor) else who
    assert actor.participant_id is not None
    return actor.participant_id
