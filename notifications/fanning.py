"""A notice becomes what the inbox holds and what goes out, in one transaction."""

from collections import defaultdict
from collections.abc import Sequence, Set
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.core import clock, runtime
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from notifications import planning, queries
from notifications.channels import configured
from notifications.kinds import Kind, kind_of
from notifications.planning import Quiet, Recipient


class _Told(NamedTuple):
    """A recipient, and for others whose name their notice may say; None where it may not."""

    recipient: Recipient
    about: str | None


async def fan_out(these: Sequence[tuple[UUID, UUID]] | None = None, *, limit: int = 200) -> int:
    """Of `these` (participant and notice) or of the oldest, those that are due. Answers how many.

    Invariant: whatever was fanned out before is not again; an inbox holds a notice once.
    """
    async with unit_of_work(OPERATOR) as tx:
        due = await queries.due(tx, these, limit)
        if not due:
            return 0
        now = clock.now()
        open_ways = configured.names(runtime.settings()) | {planning.LETTER}
        concerned: dict[UUID, list[_Told]] = defaultdict(list)
        for row in await queries.recipients(tx, [row["participant_id"] for row in due]):
            concerned[row["subject_id"]].append(_told(row, open_ways))
        deliveries: list[dict[str, object]] = []
        copies: list[dict[str, object]] = []
        for row in due:
            people = concerned[row["participant_id"]]
            names = {each.recipient.participant_id: each.about for each in people}
            these_people = [each.recipient for each in people]
            events = {}
            for one in planning.told(row["event"], these_people):
                key = one.participant_id
                event, params = _said(row["event"], one, names[key])
                events[key] = event
                if one.part != "subject":
                    copies.append(
                        {
                            "participant_id": key,
                            "notice_id": row["notice_id"],
                            "event": event,
                            "params": params,
                        }
                    )
            deliveries += [
                {
                    "participant_id": planned.recipient,
                    "notice_id": row["notice_id"],
                    "channel": planned.channel,
                    "subject_id": row["participant_id"],
                    "event": events[planned.recipient],
                    "state": "waiting" if planned.has_address else "no_address",
                    "not_before": planned.not_before,
                }
                for planned in planning.plan(row["event"], these_people, now)
            ]
        keys = [(row["participant_id"], row["notice_id"]) for row in due]
        return await queries.place(tx, keys, deliveries, copies)


def _told(row: asyncpg.Record, open_ways: Set[str]) -> _Told:
    chosen = msgspec.json.decode(row["chosen"] or "[]", type=list[tuple[str, str, bool]])
    quiet = None
    if row["quiet_from"] is not None:
        quiet = Quiet(row["quiet_from"], row["quiet_until"])
    recipient = Recipient(
        row["participant_id"],
        row["part"],
        frozenset(open_ways & set(row["channels"])),
        off=frozenset((kind, way) for kind, way, is_on in chosen if not is_on),
        on=frozenset((kind, way) for kind, way, is_on in chosen if is_on),
        quiet=quiet,
    )
    return _Told(recipient, None if row["is_safe"] else row["about"])


def _said(event: str, one: Recipient, name: str | None) -> tuple[str, dict[str, Any]]:
    """What somebody else is told: whose it is and of which kind, and nothing of what it says.
    Nobody's name to who is in safe mode."""
    if one.part == "subject":
        return event, {}
    if name is None:
        return "quiet", {}
    kind = kind_of(event)
    if kind is Kind.EMERGENCY:
        return "emergency_of_another", {"name": name}
    return "of_another", {"name": name, "kind": kind}
