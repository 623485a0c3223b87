"""The worker: takes jobs as they come, and does each until it is done, parked or to be tried later.

Each way out has a queue of its own, so that one that hangs holds up nobody on another. What a job
raises is kept with it: our own classes with a code, never an address or an answer's text.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.domain.models import HealthCheckEvent, Job
from pgqueuer.domain.settings import DBSettings

from api.core.actor import OPERATOR
from api.core.crypto import KeyRing
from api.core.database import unit_of_work
from api.core.errors import Problem, Unavailable
from api.core.logging import frames, log
from api.core.provisioning import role_dsn
from notifications import delivering, fanning, queries
from notifications.channels import Channel
from notifications.delivering import Attempt, Key
from notifications.reaching import coding
from notifications.rules import Following, Pace
from notifications.together import Together

QUEUES: Final = DBSettings(db_schema="jobs")
BATCH: Final = 50
SWEEP_SECONDS: Final = 60.0
KEPT_DAYS: Final = 30
AGAIN_SECONDS: Final = 5.0


class NotDone(Exception):
    """What our own code did not expect; the job is kept, `failed`, for whoever looks into it."""


class Manager(QueueManager):
    """The first probe may go out before anybody listens; unheard, it is sent once more."""

    async def listener_healthy(
        self,
        timeout: timedelta = timedelta(seconds=10),  # noqa: ASYNC109 - as its library declares it
    ) -> HealthCheckEvent:
        try:
            return await super().listener_healthy(timeout / 2)
        except FailingListenerError:
            return await super().listener_healthy(timeout / 2)


def worker_dsn(app_dsn: str, keys: KeyRing) -> str:
    return role_dsn(app_dsn, "tsunagu_worker", keys.worker_password)


class Worker:
    """`heartbeat`: seconds after which a job of a worker that died is another's."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        channels: Mapping[str, Channel],
        pace: Pace,
        heartbeat: float = 30.0,
    ) -> None:
        self._queries = Queries(
            AsyncpgPoolDriver(pool),
            qbe=QueryBuilderEnvironment(settings=QUEUES),
            qbq=QueryQueueBuilder(settings=QUEUES),
            qbs=QuerySchedulerBuilder(settings=QUEUES),
        )
        self._pool = pool
        self._channels = channels
        self._pace = pace
        self._heartbeat = timedelta(seconds=heartbeat)
        self._fanned: Together[tuple[UUID, UUID], None] = Together(_fan_out)
        self._begun: Together[Key, Attempt | None] = Together(delivering.begin)
        self._noted: Together[tuple[Key, Following], None] = Together(delivering.note)
        self._managers = [self._manager({"notice": self._notice, "mail_code": self._mail_code})]
        self._managers += [
            self._manager({f"deliver_{name}": partial(self._deliver, channel)})
            for name, channel in channels.items()
        ]

    def _manager(self, doers: Mapping[str, Callable[[Job], Awaitable[None]]]) -> QueueManager:
        manager = Manager(self._queries)
        for name, doer in doers.items():
            manager.entrypoint(name, accepts_context=False, on_failure="hold")(
                partial(_guarded, doer)
            )
        return manager

    async def run(self) -> None:
        """Works until it is cancelled or `stop` is called."""
        logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)  # it would log what we may not
        async with asyncio.TaskGroup() as group:
            sweep = group.create_task(self._sweep())
            managers = [group.create_task(self._run(manager)) for manager in self._managers]
            for each in managers:
                await each
            sweep.cancel()

    async def _run(self, manager: QueueManager) -> None:
        await manager.run(
            dequeue_timeout=timedelta(seconds=5),
            batch_size=BATCH,
            max_concurrent_tasks=BATCH * 4,
            heartbeat_timeout=self._heartbeat,
            shutdown_on_listener_failure=True,
        )

    def stop(self) -> None:
        """What is under way is ended first."""
        for manager in self._managers:
            manager.shutdown.set()

    async def _notice(self, job: Job) -> None:
        participant, notice = _parts(job)
        await self._fanned((UUID(participant), UUID(notice)))

    async def _deliver(self, channel: Channel, job: Job) -> None:
        participant, notice, name = _parts(job)
        key = Key(UUID(participant), UUID(notice), name)
        attempt = await self._begun(key)
        if attempt is None:
            return
        end = await delivering.send(channel, attempt, self._pace)
        await self._noted((key, end))
        if end.is_fault:
            log.error("notices:channel:misconfigured", channel=name, reason=end.reason)
        if end.wait is not None:
            raise RetryRequested(timedelta(seconds=end.wait), end.reason)

    async def _mail_code(self, job: Job) -> None:
        (participant,) = _parts(job)
        end = await coding.send_code(self._channels.get("mail"), UUID(participant))
        if end is not None and job.attempts < self._pace.attempts:
            raise RetryRequested(timedelta(seconds=self._pace.back_off(job.attempts + 1)), end)

    async def _sweep(self) -> None:
        """Makes lost jobs again, and forgets what the queue's own log says of old ones."""
        while True:
            with suppress(Problem, asyncpg.PostgresError, OSError):
                async with unit_of_work(OPERATOR) as tx:
                    made = await queries.requeue(tx)
                if made:
                    log.warning("notices:jobs:made_again", count=made)
                await self._pool.execute(_FORGET, KEPT_DAYS)
            await asyncio.sleep(SWEEP_SECONDS)


AWAY: Final = (
    Unavailable,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
_FORGET: Final = "DELETE FROM jobs.pgqueuer_log WHERE created < now() - make_interval(days => $1)"


def _parts(job: Job) -> list[str]:
    return (job.payload or b"").decode().split("/")


async def _fan_out(these: Sequence[tuple[UUID, UUID]]) -> list[None]:
    await fanning.fan_out(these)
    return [None] * len(these)


async def _guarded(doer: Callable[[Job], Awaitable[None]], job: Job) -> None:
    """The database being away is waited for; anything else unforeseen is kept, without its text."""
    try:
        await doer(job)
    except RetryRequested:
        raise
    except AWAY as error:
        reason = type(error).__name__
        log.error("notices:job:postponed", entrypoint=job.entrypoint, error=reason)
        raise RetryRequested(timedelta(seconds=AGAIN_SECONDS), reason) from None
    except Exception as error:
        name = type(error).__name__
        log.error("notices:job:failed", entrypoint=job.entrypoint, error=name, frames=frames(error))
        raise NotDone(name) from None


@asynccontextmanager
async def working(
    app_dsn: str,
    keys: KeyRing,
    channels: Mapping[str, Channel],
    pace: Pace | None = None,
    heartbeat: float = 30.0,
) -> AsyncIterator[Worker]:
    """A worker whose own connections are open; the application's pool is open already."""
    try:
        async with asyncpg.create_pool(
            worker_dsn(app_dsn, keys),
            min_size=2,
            max_size=8,
            server_settings={"application_name": "tsunagu worker"},
        ) as pool:
            yield Worker(pool, channels, pace or Pace(), heartbeat)
    finally:
        for channel in channels.values():
            await channel.close()
