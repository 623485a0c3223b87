"""Calls of one SQL function that share transactions while they are many.

A call that finds no transaction under way goes at once, alone. Calls that come meanwhile wait for
the next one together: one round trip and one commit for all of them. A further lane opens only
when a whole batch is waiting, so that one slow lock never holds up everyone. No answer leaves
before its commit, and each call carries a signed context of its own (access-log design, flow 1).
A lane may have a second step: what must follow before the commit, for all calls of a batch at once.
Each further round trip waits its turn behind whatever else the process does, so what ends one
transaction goes together with its commit, and with the beginning of the next.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from api.core.actor import Actor
from api.core.database import DB, signed_context
from api.core.errors import Unavailable
from api.core.logging import log

CALL_SECONDS = 5
LANES = 4
MOST_IN_ONE = 16

UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it is stopping, or another backend crashed
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection broke in the middle of an answer
)


class _Call(NamedTuple):
    actor: Actor
    subject: UUID
    digest: bytes
    args: Sequence[object]
    note: Any
    answer: asyncio.Future[Any]


class Answer(NamedTuple):
    """What the function gave for one call, if anything, and the `note` its caller handed in."""

    subject: UUID
    note: Any
    row: asyncpg.Record | None


class Step(NamedTuple):
    """`last` is SQL to run with the commit, its values in it; `results` says what callers get, and
    is asked while PostgreSQL is busy with that."""

    last: str
    results: Callable[[], Sequence[Any]]


Then = Callable[[Any, Sequence[Answer]], Awaitable[Step]]


class Lane:
    """`function` takes an array of `call_type`: a signed context, then the arguments of a call.
    It answers each with a row that has the call's number as `n`, from 1; or with none.

    `then(connection, answers)` runs in the transaction that gave them. What it raises fails its
    batch; each call is tried alone then.
    """

    def __init__(self, function: str, call_type: str, then: Then | None = None) -> None:
        self._sql = f"SELECT * FROM {function}($1::{call_type}[])"  # noqa: S608 - constants
        self._then = then
        self._waiting: list[_Call] = []
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()  # held, or the loop would forget them

    async def call(
        self, actor: Actor, subject: UUID, digest: bytes, args: Sequence[object], note: Any = None
    ) -> Any:
        """The row, or what `then` made of it; committed when it returns.

        The signed context covers `digest`, which the function computes again from its other
        arguments: it serves this one call and no other. Raises `Unavailable` when the database
        cannot be reached; whether the call was committed is then unknown.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(actor, subject, digest, args, note, answer))
        is_full = len(self._waiting) >= MOST_IN_ONE
        if self._under_way == 0 or (is_full and self._under_way < LANES):
            self._under_way += 1
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _drain(self) -> None:
        try:
            # Asked again after each connection is given back: nobody is left waiting for a lane
            # that has gone, and a broken connection is not kept because more is always waiting.
            while self._waiting:
                if DB.pool is None:
                    raise Unavailable
                async with DB.pool.acquire() as connection:
                    while (batch := self._take()) and await self._send(connection, batch):
                        pass
                    if not connection.is_closed() and connection.is_in_transaction():
                        await connection.execute("ROLLBACK")  # chained, and nobody came
        except Exception as error:  # whatever keeps us from a connection, every caller must hear
            log.error("lane:connection:failed", error=type(error).__name__)
            while batch := self._take():
                self._fail(batch, Unavailable())
        finally:
            self._under_way -= 1

    def _take(self) -> list[_Call]:
        """The next calls, in the one order heads are locked in, so that no two batches cross."""
        batch = sorted(self._waiting[:MOST_IN_ONE], key=lambda call: call.subject)
        del self._waiting[:MOST_IN_ONE]
        return batch

    async def _send(self, connection: Any, batch: list[_Call]) -> bool:
        """False when the connection is of no more use."""
        try:
            results = await self._ask(connection, batch)
        except UNREACHABLE:
            self._fail(batch, Unavailable())
        except Exception as error:
            # Nothing was committed. One bad call must not cost the others theirs: each alone.
            if len(batch) == 1:
                self._fail(batch, error)
            else:
                for call in batch:
                    await self._send(connection, [call])
        else:
            for call, result in zip(batch, results, strict=True):
                if not call.answer.done():
                    call.answer.set_result(result)
        return not connection.is_closed()

    async def _ask(self, connection: Any, batch: list[_Call]) -> Sequence[Any]:
        if self._then is None:
            return await self._rows(connection, batch)
        try:
            if not connection.is_in_transaction():
                await connection.execute("BEGIN")
            rows = await self._rows(connection, batch)
            answers = [
                Answer(call.subject, call.note, row) for call, row in zip(batch, rows, strict=True)
            ]
            last, results_of = await self._then(connection, answers)
            chain = " AND CHAIN" if self._waiting else ""
            committing = asyncio.ensure_future(connection.execute(f"{last}; COMMIT{chain}"))
            failure: Exception | None = None
            results: Sequence[Any] = [None] * len(batch)
            try:
                await asyncio.sleep(0)  # it begins
                await asyncio.sleep(0)  # and is on its way
                results = results_of()
            except Exception as error:
                failure = error
            finally:
                await committing
            if failure is not None:  # too late to try again: what they did is in the log
                self._fail(batch, failure)
            return results
        except BaseException:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
            raise

    async def _rows(self, connection: Any, batch: list[_Call]) -> list[asyncpg.Record | None]:
        """In the order of the batch."""
        calls = [
            (call_context(connection, call.actor, call.subject, call.digest), *call.args)
            for call in batch
        ]
        by_number = {row["n"]: row for row in await connection.fetch(self._sql, calls)}
        return [by_number.get(number) for number in range(1, len(calls) + 1)]

    @staticmethod
    def _fail(batch: list[_Call], error: Exception) -> None:
        for call in batch:
            if not call.answer.done():
                call.answer.set_exception(error)


def call_context(connection: Any, actor: Actor, subject: UUID, digest: bytes) -> str:
    """The signed context of one call on this connection, good for the next seconds."""
    expires = int((time.time() + CALL_SECONDS) * 1_000_000)
    nonce = f"{expires}:{digest.hex()}"
    return signed_context("c", actor, subject, connection.get_server_pid(), nonce)
