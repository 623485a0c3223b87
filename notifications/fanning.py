"""A notice becomes what the inbox holds and what goes out, in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from api.core import clock, runtime
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from notifications import queries, rules
from notifications.channels import configured
from notifications.kinds import kind_of
from notifications.rules import Recipient


async def fan_out(these: Sequence[tuple[UUID, UUID]] | None = None, *, limit: int = 200) -> int:
    """Of `these` (participant and notice) or of the oldest, those that are due. Answers how many.

    Invariant: whatever was fanned out before is not again; the inbox holds a notice once.
    """
    async with unit_of_work(OPERATOR) as tx:
        due = await queries.due(tx, these, limit)
        if not due:
            return 0
        now = clock.now()
        open_ways = configured.names(runtime.settings()) | {rules.LETTER}
        told: dict[UUID, list[Recipient]] = defaultdict(list)
        for row in await queries.recipients(tx, [row["participant_id"] for row in due]):
            told[row["subject_id"]].append(
                Recipient(row["participant_id"], row["part"], open_ways & set(row["channels"]))
            )
        deliveries: list[dict[str, object]] = [
            {
                "participant_id": planned.recipient,
                "notice_id": row["notice_id"],
                "channel": planned.channel,
                "subject_id": row["participant_id"],
                "event": row["event"],
                "state": "waiting" if planned.has_address else "no_address",
                "not_before": planned.not_before,
            }
            for row in due
            for planned in rules.plan(kind_of(row["event"]), told[row["participant_id"]], now)
        ]
        keys = [(row["participant_id"], row["notice_id"]) for row in due]
        return await queries.place(tx, keys, deliveries)
