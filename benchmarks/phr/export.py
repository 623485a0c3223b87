"""What taking everything out costs somebody with 20,000 own entries: the time, and the memory.

Figures: `export_20k_s` from the wish to the three files on the disk; `export_extra_mb` above idle.
"""

import asyncio
import gc
import threading
import time
from datetime import date, timedelta
from typing import Final

import psutil

from api.consent.lifecycle import leaving
from api.core import clock, database, runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import service as directory
from api.fhir import codes
from api.identity.card import issue
from api.identity.enrolling import intake
from api.phr.entries import service as entries
from api.phr.entries.fields import Coded, Number
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Wish
from api.records.bringing_in import jobs
from api.records.taking_out import service
from benchmarks.server import Place, place

ASKED: Final = {"export_20k_s": 10, "export_extra_mb": 50}
ENTRIES: Final = 20_000
AT_ONCE: Final = 500
MB: Final = 1024 * 1024

KINDS: Final = tuple(
    Kind(
        name=f"bench-{name}",
        category=category,
        code=Coded(codes.LOINC, code, title),
        title=title,
        fields=(
            Number(
                name="value",
                code=Coded(codes.LOINC, code, title),
                unit=unit,
                ucum=ucum,
                bounds=("0", "1000"),
            ),
        ),
        has_time=True,
    )
    for name, category, code, title, unit, ucum in (
        ("pressure", "vitals", "8480-6", "上の血圧", "mmHg", "mm[Hg]"),
        ("weight", "vitals", "29463-7", "体重", "kg", "kg"),
        ("child", "child", "8302-2", "身長", "cm", "cm"),
        ("checkup", "checkup", "4548-4", "HbA1c", "%", "%"),
    )
)


async def run() -> dict[str, float]:
    """In this process; `export_extra_mb` is the most it needed above idle meanwhile."""
    return await asyncio.to_thread(measured)


def measured() -> dict[str, float]:
    with place() as where:
        return asyncio.run(_exported(where))


async def _exported(where: Place) -> dict[str, float]:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        actor = await _somebody()
        await _write(actor)
        gc.collect()
        watching = Watching()
        started = time.perf_counter()
        export_id = await service.start(actor, "ja")
        await jobs.work_on_next(uuid7())
        taken = time.perf_counter() - started
        most = watching.ended()
        job = await service.one(actor, export_id)
        if job.state != "done" or job.total != ENTRIES:
            raise RuntimeError(f"the export is {job.state} with {job.total} records")
        return {"export_20k_s": round(taken, 2), "export_extra_mb": round(most / MB, 1)}
    finally:
        await database.close_database()


class Watching:
    """Looks twenty times a second at how much more than at its beginning the process needs."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._idle = self._most = self._process.memory_info().rss
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def ended(self) -> int:
        self._over.set()
        self._thread.join()
        return self._most - self._idle

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self._most = max(self._most, self._process.memory_info().rss)


async def _somebody() -> Actor:
    scheme = directory.profile().card_scheme
    card = issue("5" * (16 - scheme.check_length), scheme)
    paper = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", date(1940, 4, 9))
    participant_id, account_id = await intake.admit(OPERATOR, paper, card), uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=participant_id
    )
    actor = Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=account_id,
        participant_id=participant_id,
        name="山本 花子",
    )
    await leaving.take_part(actor, "participating")
    return actor


async def _write(actor: Actor) -> None:
    today = clock.today_in_japan()
    wishes = [
        Wish(
            KINDS[n % len(KINDS)],
            {
                "on": (today - timedelta(days=1 + n // 8)).isoformat(),
                "time": f"{n % 24:02}:{n % 60:02}",
                "value": f"{50 + n % 90}.{n % 10}",
            },
            is_sure=True,
        )
        for n in range(ENTRIES)
    ]
    for start in range(0, ENTRIES, AT_ONCE):
        async with unit_of_work(actor) as tx:
            await entries.write_all_in(tx, actor, wishes[start : start + AT_ONCE])
