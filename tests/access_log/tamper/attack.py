"""What whoever holds the database can do with it, as deeds compose it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import service as access_log
from api.access_log import verifier as v
from api.access_log.service import Appended
from api.core.crypto import fresh_pem
from tests.access_log.superuser import hexed, unguarded
from tests.access_log.tamper.scene import Scene

Bundle = dict[str, Any]
Served = Callable[[Bundle], Awaitable[Bundle]]


@dataclass
class Attack:
    """`serving` is what becomes of Hanako's bundle on its way to her."""

    scene: Scene
    serving: Served | None = None
    makes_head_maps: bool = True
    hours_later: int = 1
    commits: list[bytes] = field(default_factory=list)
    sealed: list[bytes] = field(default_factory=list)
    taros: Bundle = field(default_factory=dict)

    @property
    def admin(self) -> asyncpg.Connection:
        return self.scene.admin

    @property
    def hanako(self) -> UUID:
        return self.scene.world.hanako

    @property
    def taro(self) -> UUID:
        return self.scene.world.taro

    @property
    def n(self) -> int:
        """A read by Dr Satō in the middle of Hanako's log, seen by her phone."""
        return self.scene.world.target

    def filled(self, statement: str) -> str:
        world = self.scene.world
        return statement.format(
            hanako=world.hanako,
            taro=world.taro,
            n=world.target,
            last=world.last,
            seen=world.seen,
            month=world.month,
        )

    async def sql(self, statement: str, *args: object) -> None:
        await self.admin.execute(statement, *args)

    async def unguarded(self, *statements: str) -> None:
        await unguarded(self.admin, *statements)

    async def rows(self, participant: UUID | None = None) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await self.admin.fetch(
            "SELECT * FROM access_event WHERE participant_id = $1 ORDER BY pseq",
            participant or self.hanako,
        )
        return found

    async def row(self, number: int, participant: UUID | None = None) -> asyncpg.Record:
        return (await self.rows(participant))[number - 1]

    async def rechain(self, participant: UUID | None = None) -> dict[bytes, bytes]:
        """Numbers, previous commits, commits and the head as if all of it had been so from the
        beginning; answers what became of which commit."""
        participant = participant or self.hanako
        became, number, previous = {}, 0, v.ZEROS
        changes = []
        for row in await self.rows(participant):
            number += 1
            at = micros(row["at"])
            commit = v.commit_hash(row["inner_hash"], participant.bytes, number, previous, at)
            became[row["commit"]] = commit
            changes.append(
                f"UPDATE access_event SET pseq = {number}, prev = {hexed(previous)},"
                f" commit = {hexed(commit)} WHERE eid = '{row['eid']}';"
            )
            previous = commit
        await self.unguarded(
            "".join(changes),
            f"UPDATE access_log_head SET last_pseq = {number}, last_commit = {hexed(previous)}"
            f" WHERE participant_id = '{participant}'",
        )
        return became

    async def drop_event(self, number: int) -> bytes:
        """The row alone; answers its commit."""
        row = await self.row(number)
        await self.unguarded(f"DELETE FROM access_event WHERE eid = '{row['eid']}'")
        return bytes(row["commit"])

    async def append_copy(self, number: int) -> None:
        """An event like that one, after the last, chained as PostgreSQL would."""
        row = await self.row(number)
        head = await self.admin.fetchrow(
            "SELECT last_pseq + 1 AS pseq, last_commit, clock_timestamp() AS at"
            " FROM access_log_head WHERE participant_id = $1",
            self.hanako,
        )
        commit = v.commit_hash(
            row["inner_hash"],
            self.hanako.bytes,
            head["pseq"],
            head["last_commit"],
            micros(head["at"]),
        )
        await self.unguarded(
            "INSERT INTO access_event SELECT participant_id,"
            f" {head['pseq']}, '{head['at'].isoformat()}', eid, event, outcome, actor_kind,"
            " actor_id, facility_id, purpose_of_use, inner_hash,"
            f" {hexed(head['last_commit'])}, {hexed(commit)}, sealed, key_version, epoch,"
            f" pg_current_xact_id() FROM access_event WHERE eid = '{row['eid']}'",
            f"UPDATE access_log_head SET last_pseq = {head['pseq']},"
            f" last_commit = {hexed(commit)} WHERE participant_id = '{self.hanako}'",
        )

    @asynccontextmanager
    async def clock_moved(self, by: str) -> AsyncIterator[None]:
        """The functions that append take the time from elsewhere."""
        await self.sql(
            "CREATE SCHEMA moved; GRANT USAGE ON SCHEMA moved TO PUBLIC;"
            "CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            f" RETURN pg_catalog.clock_timestamp() {by};"
        )
        functions = [
            row[0]
            for row in await self.admin.fetch(
                "SELECT oid::regprocedure::text FROM pg_proc WHERE prosrc LIKE '%clock_timestamp%'"
                " AND (proname LIKE '%append%' OR proname = 'records_read')"
            )
        ]
        for each in functions:
            await self.sql(
                f"ALTER FUNCTION {each} SET search_path = moved, pg_catalog, public, pg_temp"
            )
        yield
        for each in functions:
            await self.sql(f"ALTER FUNCTION {each} SET search_path = public, pg_temp")

    def replace_log_key(self) -> None:
        for path in (self.scene.home / "keys" / "log").glob("*.pem"):
            path.write_bytes(fresh_pem())
        self.scene.start_again()

    async def restore(self, source: str) -> None:
        """This database is again what that one is."""
        await self.scene.become(source)

    async def read_without_event(self) -> None:
        """A read as the application does it, whose caller then forgets to append what is owed."""
        with mock.patch.object(access_log, "owed_statement", _forgotten):
            answer = await self.scene.read()
        if answer.status_code != 200:
            raise asyncpg.InsufficientPrivilegeError(answer.text)

    @property
    def log_key(self) -> Ed25519PrivateKey:
        return self.scene.keys.log.current().private


def micros(at: Any) -> int:
    return int(at.timestamp()) * 1_000_000 + int(at.microsecond)


async def _forgotten(_: object, owed: Sequence[object]) -> tuple[str, list[Appended]]:
    return "SELECT", [Appended(1, datetime.now(UTC), bytes(32)) for _ in owed]
