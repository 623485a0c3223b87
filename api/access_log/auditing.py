"""What the auditor looks at: how the tree grew, who vouches for it, and what was found wrong."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import queries
from api.access_log.reconciling import queries as reconciling
from api.access_log.reconciling.service import WITH_RECEIPT
from api.access_log.sealing.findings import Code
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound

POINTS: Final = 60
CODES: Final = frozenset(Code)
MOST_RUNS: Final = 20
DAYS: Final = 31


class Checkpoint(NamedTuple):
    """A signed size of the tree, and how many witnesses cosigned it."""

    size: int
    at: datetime
    cosignatures: int


class WitnessView(NamedTuple):
    """`size` is the newest it cosigned; `fault` the code of what is wrong since `faulty_since`.

    There is evidence where it holds a checkpoint of ours that is none of this tree.
    """

    name: str
    url: str
    is_mirror: bool
    size: int
    mirrored: int
    cosigned_at: datetime | None
    tried_at: datetime | None
    fault: str | None
    faulty_since: datetime | None
    has_evidence: bool


class Run(NamedTuple):
    """One full look at the log: how much of what was `looked` at, what was wrong by code."""

    kind: str
    started_at: datetime
    finished_at: datetime
    size: int
    looked: dict[str, int]
    findings: dict[str, int]


class Reconciliation(NamedTuple):
    """One facility's day in Japan: receipts sent to it, those it knows of, and those it does not.

    `unknown` counts an alarm: receipts it holds, signed by us, of nothing in the log. Until it
    has compared that day, all it was sent is only `sent`.
    """

    facility_id: UUID
    day: date
    sent: int
    known: int
    missing: int
    unknown: int = 0
    is_compared: bool = True


class Gap(NamedTuple):
    """Places of the tree whose events a restore lost; `at` is when they came back without them."""

    first: int
    last: int
    at: datetime

    @property
    def lost(self) -> int:
        return self.last - self.first + 1

    @property
    def on(self) -> date:
        return clock.day_in_japan(self.at)


class Trouble(NamedTuple):
    """What everybody is told of the log. Nobody knows whose the events were that a gap lost."""

    is_halted: bool
    gaps: list[Gap]


class Overview(NamedTuple):
    """`checkpoints` are spread over the tree's whole life, the newest last."""

    origin: str | None
    halted_reason: str | None
    halted_at: datetime | None
    checkpoints: list[Checkpoint]
    witnesses: list[WitnessView]
    runs: list[Run]
    reconciliations: list[Reconciliation]


async def overview(actor: Actor) -> Overview:
    """For auditors. Raises `NotFound` for anybody else."""
    if actor.kind is not ActorKind.AUDITOR:
        raise NotFound
    async with unit_of_work(actor) as tx:
        state = await queries.log_state(tx)
        return Overview(
            state["origin"],
            state["halted_reason"],
            state["halted_at"],
            [Checkpoint(*row) for row in await queries.checkpoints(tx, POINTS)],
            [WitnessView(*row) for row in await queries.witnesses(tx)],
            [_run(row) for row in await queries.runs(tx, MOST_RUNS)],
            [
                Reconciliation(*row)
                for row in await reconciling.days(
                    tx, clock.today_in_japan() - timedelta(days=DAYS), WITH_RECEIPT
                )
            ],
        )


async def trouble(actor: Actor) -> Trouble:
    async with unit_of_work(actor) as tx:
        state = await queries.log_state(tx)
        gaps = [Gap(*row) for row in await queries.gaps(tx)]
    return Trouble(state["halted_reason"] is not None, gaps)


def _run(row: queries.Record) -> Run:
    counts: dict[str, int] = msgspec.json.decode(row["counts"])
    findings = {name: count for name, count in counts.items() if name in CODES and count}
    looked = {name: count for name, count in counts.items() if name not in CODES}
    return Run(row["kind"], row["started_at"], row["finished_at"], row["size"], looked, findings)
