"""What the operator's console says of the log's upkeep, in their language."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.sealing import fsck, queries, restoring, rotation, service, witness_queries
from api.access_log.sealing.findings import Finding
from api.access_log.sealing.fsck import Report
from api.access_log.sealing.halting import Halted
from api.access_log.sealing.publishing import WITNESSES
from api.access_log.sealing.restoring import Restored
from api.access_log.sealing.sealer import LogKeys
from api.access_log.witnessing.listed import read_witnesses
from api.core import i18n
from api.core.actor import OPERATOR
from api.core.crypto import KeyRing
from api.core.database import unit_of_work
from api.core.provisioning import unusable
from api.core.settings import SettingFault

PROGRESS: Final = "log.fsck.progress"
SHOWN: Final = 20


class Said(NamedTuple):
    text: str
    is_good: bool


async def check(dsn: str, keys: KeyRing, locale: str, progress: Callable[[int, int], None]) -> Said:
    """`dsn` is the application role's, here and below."""
    async with _connected(dsn, keys) as connection:
        report = await fsck.check(connection, log_keys(keys), progress)
    counted = i18n.text(
        locale,
        "log.fsck.counted",
        events=report.counts["events"] + report.counts["system_events"],
        entries=report.counts["entries"],
        checkpoints=report.counts["checkpoints"],
    )
    return Said("\n".join([counted, *_findings(report, locale)]), report.is_good)


async def restore_check(
    dsn: str, keys: KeyRing, home: Path, mirror: str | None, locale: str
) -> Said:
    async with _connected(dsn, keys) as connection:
        done = await restoring.check(connection, log_keys(keys), home, mirror)
    return Said("\n".join(_restored(done, locale)), done.report.is_good)


async def list_witnesses(dsn: str, keys: KeyRing, home: Path, locale: str) -> Said:
    """Not good when one of them is listed and does not cosign."""
    listed = read_witnesses(home / WITNESSES)
    async with _connected(dsn, keys) as connection:
        states = await witness_queries.witness_states(connection)
    lines, is_good = [], True
    for each in listed:
        state = states.get(str(each.key))
        lines.append(f"{each.key.name}  {each.url}")
        if state is None or state["cosigned_at"] is None:
            lines.append("  " + i18n.text(locale, "log.witness.never"))
        else:
            at = i18n.moment(locale, state["cosigned_at"])
            lines.append("  " + i18n.text(locale, "log.witness.seen", size=state["size"], at=at))
        if state is not None and state["fault"] is not None:
            fault = i18n.text(locale, f"auditor.fault.{state['fault']}")
            lines.append("  " + i18n.text(locale, "log.witness.fault", fault=fault))
        is_good = is_good and state is not None and state["fault"] is None
    if not listed:
        lines.append(i18n.text(locale, "log.witness.none", place=str(home / WITNESSES)))
    return Said("\n".join(lines), is_good)


async def rotate_key(dsn: str, keys: KeyRing, home: Path, locale: str) -> Said:
    """An operator's act, and an event like any other; the database is open for it."""
    async with _connected(dsn, keys) as connection:
        try:
            new = await rotation.rotate(connection, keys.log, home)
        except Halted as error:
            raise SettingFault(
                f"The key in {keys.folder / 'log'} is not this log's. Nothing was changed."
            ) from error
    async with unit_of_work(OPERATOR) as tx:
        detail = {"key": str(new)}
        await access_log.append_system(
            tx, EventName.KEY_CHANGED, outcome="permitted", detail=detail
        )
    return Said(i18n.text(locale, "log.key.rotated", key=str(new)), is_good=True)


def log_keys(keys: KeyRing) -> LogKeys:
    return LogKeys(keys.log, keys.log_blind, keys.log_master)


@asynccontextmanager
async def _connected(dsn: str, keys: KeyRing) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await service.connect(dsn, keys)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise unusable(dsn, error) from error
    try:
        if not (await queries.state(connection)).origin:
            raise SettingFault("There is no log yet: start Tsunagu first.")
        yield connection
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError) as error:
        raise SettingFault("This database is not ready: run `tsunagu migrate` first.") from error
    finally:
        await connection.close()


def _restored(done: Restored, locale: str) -> list[str]:
    lines = [i18n.text(locale, "log.restore.here", size=done.report.size)]
    if done.newest is not None:
        size, where = done.newest.checkpoint.size, done.newest.where
        lines.append(i18n.text(locale, "log.restore.newest", size=size, where=where))
    lines += [i18n.text(locale, "log.restore.silent", url=url) for url in done.unreachable]
    if done.missing:
        lines.append(i18n.text(locale, "log.restore.missing", count=done.missing))
    lost = sum(last - first + 1 for first, last in done.gaps)
    if lost:
        lines.append(i18n.text(locale, "log.restore.gap", count=lost))
    if done.keys_destroyed or done.bodies_emptied:
        lines.append(
            i18n.text(
                locale,
                "log.restore.erased",
                keys=done.keys_destroyed,
                bodies=done.bodies_emptied,
            )
        )
    lines += _findings(done.report, locale)
    end = "log.restore.good" if done.report.is_good else "log.restore.halted"
    return [*lines, i18n.text(locale, end)]


def _findings(report: Report, locale: str) -> list[str]:
    if report.is_good:
        return [i18n.text(locale, "log.fsck.good")]
    lines = [_said(finding, locale) for finding in report.findings[:SHOWN]]
    rest = len(report.findings) - SHOWN
    if rest > 0:
        lines.append(i18n.text(locale, "log.fsck.more", count=rest))
    return lines


def _said(finding: Finding, locale: str) -> str:
    text = i18n.text(locale, f"log.finding.{finding.code}")
    named = {
        "log.finding.participant": finding.participant and str(finding.participant),
        "log.finding.number": finding.number,
        "log.finding.place": finding.place,
    }
    said = [i18n.text(locale, key, value=v) for key, v in named.items() if v is not None]
    return f"{text} ({', '.join(said)})" if said else text
