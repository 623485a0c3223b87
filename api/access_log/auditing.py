"""The state of the sealed log, for whoever audits it: nothing here tells of a participant."""

from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import audit_queries as queries
from api.access_log.reconciling import queries as reconciling
from api.access_log.reconciling.service import WITH_RECEIPT
from api.access_log.showing import service as showing
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work

SHOWN: Final = 50
DAYS: Final = 31


class CheckpointLine(NamedTuple):
    """`witnesses` counts those who have cosigned it."""

    size: int
    root: bytes
    at: datetime
    witnesses: int


class WitnessLine(NamedTuple):
    """`fault` is a code (`api.access_log.witnessing.door.Fault`), None when all is well; `evidence`
    a checkpoint of ours that contradicts this log. `size` None: never asked yet."""

    key: str
    url: str
    is_mirror: bool
    size: int | None
    mirrored: int
    cosigned_at: datetime | None
    tried_at: datetime | None
    fault: str | None
    faulty_since: datetime | None
    evidence: str | None


class FsckLine(NamedTuple):
    """`kind`: fsck or restore-check. `counts` also has how often each finding was made, `findings`
    the codes found (`api.access_log.sealing.findings.Code`)."""

    kind: str
    started_at: datetime
    finished_at: datetime
    size: int
    counts: dict[str, int]
    findings: tuple[str, ...]


class DayLine(NamedTuple):
    """One facility's day in Japan. `at` None: not compared, the rest counts nothing then."""

    facility_id: UUID
    day: date
    answers: int
    at: datetime | None
    matched: int
    missing: int
    unknown: int


class Alarm(NamedTuple):
    """A receipt that bears our signature, of something the log does not have."""

    facility_id: UUID
    day: date
    receipt: str
    noted_at: datetime


class Gap(NamedTuple):
    """Places whose events a restore lost; `at` is when they came back without them."""

    first: int
    last: int
    at: datetime

    @property
    def lost(self) -> int:
        return self.last - self.first + 1

    @property
    def on(self) -> date:
        return clock.day_in_japan(self.at)


class MapLine(NamedTuple):
    """The newest head map."""

    at: datetime
    participants: int


class Overview(NamedTuple):
    """`size` is the newest checkpoint's, `halted_reason` a code (`sealing.halting.Reason`). Lists
    have the newest first."""

    origin: str | None
    size: int
    halted_reason: str | None
    halted_at: datetime | None
    checkpoints: list[CheckpointLine]
    head_map: MapLine | None
    witnesses: list[WitnessLine]
    runs: list[FsckLine]
    days: list[DayLine]
    alarms: list[Alarm]
    gaps: list[Gap]


async def overview(actor: Actor) -> Overview:
    """For an auditor or an operator; others see no reconciliation."""
    since = clock.today_in_japan() - timedelta(days=DAYS)
    async with unit_of_work(actor) as tx:
        state = await queries.state(tx)
        head_map = await queries.newest_map(tx)
        return Overview(
            state["origin"],
            state["size"],
            state["halted_reason"],
            state["halted_at"],
            [CheckpointLine(*row) for row in await queries.checkpoints(tx, SHOWN)],
            None if head_map is None else MapLine(*head_map),
            _witnesses({row["witness"]: row for row in await queries.witnesses(tx)}),
            [_run(row) for row in await queries.runs(tx, SHOWN)],
            [DayLine(*row) for row in await reconciling.days(tx, since, WITH_RECEIPT)],
            [Alarm(*row) for row in await reconciling.alarms(tx, SHOWN)],
            [Gap(*row) for row in await queries.gaps(tx)],
        )


class Trouble(NamedTuple):
    """For everybody. `gaps`: a restore lost events there, and nobody knows whose."""

    is_halted: bool
    gaps: list[Gap]


async def trouble(actor: Actor) -> Trouble:
    async with unit_of_work(actor) as tx:
        state = await queries.state(tx)
        found = [Gap(*row) for row in await queries.gaps(tx)]
    return Trouble(state["halted_reason"] is not None, found)


def _witnesses(states: dict[str, Any]) -> list[WitnessLine]:
    """Those the operator has listed, asked already or not."""
    found = []
    for each in showing.witnesses():
        state = states.get(str(each.key))
        known = (None, 0, None, None, None, None, None) if state is None else tuple(state)[1:]
        found.append(WitnessLine(str(each.key), each.url, each.is_mirror, *known))
    return found


def _run(row: Any) -> FsckLine:
    found = msgspec.json.decode(row["findings"], type=list[dict[str, Any]])
    return FsckLine(
        row["kind"],
        row["started_at"],
        row["finished_at"],
        row["size"],
        msgspec.json.decode(row["counts"], type=dict[str, int]),
        tuple(dict.fromkeys(each["code"] for each in found)),
    )
