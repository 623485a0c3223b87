"""One call, one transaction: the unit of work every service runs in, and its signed context.

PostgreSQL learns who acts, and for whom, only from a context signed with a key the application
role cannot read. A context is bound to one backend and one transaction, so SQL slipped into a
query can neither make one nor use one it has seen before.
"""

import asyncio
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

import asyncpg
from piccolo.engine.postgres import PostgresEngine

from api.core.actor import Actor
from api.core.crypto import KeyRing
from api.core.errors import NotFound, Unavailable
from api.core.reserved import is_reserved

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")


class _Engine(PostgresEngine):
    """Piccolo's engine would call a server as soon as it is made; ours waits to be opened."""

    async def get_version(self) -> float:
        return float(self.min_version_number)


DB = _Engine(config={}, extensions=())


class Transaction:
    """The open transaction of this task; Piccolo's queries inside it run on its connection."""

    def __init__(
        self, connection: Any, actor: Actor | None = None, subject: UUID | None = None
    ) -> None:
        self.connection = connection
        self.actor = actor
        self.subject = subject
        self.nonce: object = None  # of this transaction, as its contexts are signed with

    @property
    def acting(self) -> Actor:
        """LookupError in a transaction in nobody's name."""
        if self.actor is None:
            raise LookupError("this transaction is in nobody's name")
        return self.actor

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> None:
        await self.connection.execute(sql, *args)


class NestedTransaction(RuntimeError):
    """A service called a service that opens its own transaction."""


_context_key: bytes = b""
WAIT_SECONDS = 10
# Of the pool's connections: those only reserved doors' transactions take, and those of the lanes.
RESERVED, IN_LANES = 4, 8
_for_others = asyncio.Semaphore(1)


async def open_database(dsn: str, keys: KeyRing, *, connections: int = 24) -> None:
    """Opens the pool as the application's role."""
    global _context_key, _for_others
    _context_key = keys.context
    _for_others = asyncio.Semaphore(max(1, connections - RESERVED - IN_LANES))
    DB.config = {"dsn": dsn}
    await DB.start_connection_pool(
        min_size=min(4, connections),
        max_size=connections,
        reset=_reset,
        # Every statement here is keyed; planning it again for each value costs more than it saves.
        server_settings={
            "application_name": "tsunagu",
            "plan_cache_mode": "force_generic_plan",
        },
    )


async def close_database() -> None:
    if DB.pool:
        await DB.close_connection_pool()


async def _reset(connection: Any) -> None:
    """Only SET LOCAL is used, so a connection comes back clean unless a transaction is open."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


@asynccontextmanager
async def unit_of_work(actor: Actor, *, subject: UUID | None = None) -> AsyncIterator[Transaction]:
    """One transaction in the name of `actor`, about `subject` (default: the actor's own records).

    Commits on leaving, rolls back on any exception. Raises `NestedTransaction` inside another
    one, `Unavailable` when the database cannot be reached, and `NotFound` for a proxy whose powers
    are no longer what they were: until the commit nobody can take them away.
    """
    if DB.current_transaction.get() is not None:
        raise NestedTransaction
    try:
        async with _connection() as connection, connection.transaction():
            started = await connection.fetchval("SELECT app.transaction_nonce()")
            pid = connection.get_server_pid()
            await _enter(connection, actor, subject, pid, started)
            transaction = Transaction(connection, actor, subject or actor.participant_id)
            transaction.nonce = started
            token = DB.current_transaction.set(transaction)  # type: ignore[arg-type]
            try:
                yield transaction
            finally:
                DB.current_transaction.reset(token)
    except (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise Unavailable from error


async def _enter(
    connection: Any, actor: Actor, subject: UUID | None, pid: int, nonce: object
) -> None:
    if actor.powers is None:
        await connection.execute(
            "SELECT set_config('app.context', $1, true)",
            signed_context("t", actor, subject, pid, nonce),
        )
        return
    asks = signed_context("a", actor, None, pid, nonce)
    powers = await connection.fetchval("SELECT app.enter_as_proxy($1)", asks)
    elsewhere = subject not in (None, actor.participant_id)
    if elsewhere or powers is None or not actor.powers <= set(powers):
        raise NotFound


@asynccontextmanager
async def _connection() -> AsyncIterator[Any]:
    """One of the pool's; the last ones are for what `api.admission` reserves alone."""
    if DB.pool is None:
        raise Unavailable
    async with nullcontext() if is_reserved.get() else _in_turn():
        try:
            connection = await DB.pool.acquire(timeout=WAIT_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable from error
        try:
            yield connection
        finally:
            await DB.pool.release(connection)


@asynccontextmanager
async def _in_turn() -> AsyncIterator[None]:
    places = _for_others
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await places.acquire()
    except TimeoutError as error:
        raise Unavailable from error
    try:
        yield
    finally:
        places.release()


async def turn_to(tx: Transaction, subject: UUID) -> None:
    """From here on the transaction is about this subject, in the same name: for a deed that two
    logs tell of. Never for a proxy, whose context names one principal.
    """
    actor = tx.acting
    if actor.is_proxy:
        raise NotFound
    pid = tx.connection.get_server_pid()
    await tx.execute(
        "SELECT set_config('app.context', $1, true)",
        signed_context("t", actor, subject, pid, tx.nonce),
    )
    tx.subject = subject


async def go_on_as(tx: Transaction, actor: Actor) -> None:
    """From here on the transaction is `actor`'s, about themselves or whom they act for: for a deed
    begun in the same person's own name. Raises `NotFound` as `unit_of_work` does."""
    if actor.account_id is None or actor.account_id != tx.acting.account_id:
        raise NotFound
    await _enter(tx.connection, actor, None, tx.connection.get_server_pid(), tx.nonce)
    tx.actor, tx.subject = actor, actor.participant_id


def signed_context(form: str, actor: Actor, subject: UUID | None, pid: int, nonce: object) -> str:
    """The context as PostgreSQL checks it; form `t` is a transaction's, `c` one call's, `a` asks to
    act as a proxy and is good for nothing else."""
    fields = (
        form,
        actor.kind,
        actor.account_id or "",
        subject or actor.participant_id or "",
        actor.facility_id or "",
        actor.professional_id or "",
        actor.purpose_of_use or "",
        pid,
        nonce,
    )
    if "|" in str(actor.purpose_of_use):
        raise ValueError("a purpose of use is a code")
    text = "|".join(map(str, fields))
    return f"{text}|{hmac.digest(_context_key, text.encode(), 'sha256').hex()}"


async def ping() -> None:
    """Raises `Unavailable` unless the database answers a query."""
    if DB.pool is None:
        raise Unavailable
    try:
        await DB.pool.fetchval("SELECT 1", timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable from error
