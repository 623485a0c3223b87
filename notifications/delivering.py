"""What waits to go out is sent, and how that ended is noted.

Invariants: an attempt is counted before it is made; what was sent is noted after. Who dies in
between sends again, under the same key, so that the device shows it once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from api.core import clock, i18n, runtime
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from notifications import queries, rules
from notifications.channels import Address, Channel, Message, key_of
from notifications.kinds import Kind, kind_of
from notifications.rules import Following, Outcome, Pace


class Key(NamedTuple):
    """Of one delivery: its recipient, the notice, the way."""

    participant_id: UUID
    notice_id: UUID
    channel: str


class Attempt(NamedTuple):
    """`attempts` with this one."""

    key: Key
    event: str
    attempts: int
    reached: frozenset[UUID]
    addresses: tuple[Address, ...]


async def begin(keys: Sequence[Key]) -> list[Attempt | None]:
    """None for what need not go out any more, or not yet."""
    async with unit_of_work(OPERATOR) as tx:
        begun = {each.key: each for each in map(_attempt, await queries.attempt(tx, keys))}
    return [begun.pop(key, None) for key in keys]  # a job that came twice is done once


async def begin_oldest(channels: Sequence[str], limit: int) -> list[Attempt]:
    async with unit_of_work(OPERATOR) as tx:
        return [_attempt(row) for row in await queries.attempt_oldest(tx, channels, limit)]


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(
        Key(row["participant_id"], row["notice_id"], row["channel"]),
        row["event"],
        row["attempts"],
        frozenset(row["reached"]),
        tuple(row["addresses"] or ()),
    )


async def send(channel: Channel, attempt: Attempt, pace: Pace) -> Following:
    """To every address that has not been reached yet."""
    if rules.parked_by_attempts(attempt.attempts, pace):
        return Following("parked", "never_ended", None, (), (), False)
    urgent = kind_of(attempt.event) is Kind.EMERGENCY
    open_ones = [each for each in attempt.addresses if UUID(each["id"]) not in attempt.reached]
    ends: list[Outcome] = await asyncio.gather(
        *(
            channel.send(_message(attempt, each["locale"], is_urgent=urgent), each)
            for each in open_ones
        )
    )
    outcomes = [(UUID(each["id"]), end) for each, end in zip(open_ones, ends, strict=True)]
    return rules.after(outcomes, attempt.attempts, pace, was_reached=bool(attempt.reached))


def _message(attempt: Attempt, locale: str, *, is_urgent: bool) -> Message:
    """Of the kind alone: what happened is read inside, after signing in."""
    kind = kind_of(attempt.event)
    return Message(
        key_of(attempt.key.notice_id),
        i18n.text(locale, f"notice.outside.{kind}.title"),
        i18n.text(locale, f"notice.outside.{kind}.body"),
        f"{runtime.settings().public_url}/inbox",
        is_urgent,
    )


async def note(ends: Sequence[tuple[Key, Following]]) -> list[None]:
    now = clock.now()
    async with unit_of_work(OPERATOR) as tx:
        await queries.note(
            tx,
            [
                {
                    "participant_id": key.participant_id,
                    "notice_id": key.notice_id,
                    "channel": key.channel,
                    "state": end.state,
                    "reason": end.reason,
                    "not_before": None if end.wait is None else now + timedelta(seconds=end.wait),
                    "reached": end.reached,
                    "gone": end.gone,
                    "is_uncounted": end.is_fault,
                }
                for key, end in ends
            ],
        )
    return [None] * len(ends)
