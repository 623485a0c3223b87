"""A log in a database of its own, which a test may kill, alter and restore."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import bodies
from api.access_log.commitments import NONE, Profile, common, compose
from api.access_log.keystore import NOBODY, Unwrapper
from api.access_log.sealing import last_checkpoint, queries, sealer
from api.access_log.sealing import service as sealing
from api.access_log.sealing.sealer import LogKeys, Sealer
from api.access_log.transparency import entries, notes, tree
from api.access_log.verifier import Checkpoint, is_signed, parse_checkpoint, parse_note
from api.core.actor import Actor, ActorKind
from api.core.crypto import KeyRing, SigningKeys, fresh_key
from api.core.ids import uuid7
from api.core.provisioning import app_dsn, database_dsn
from tests.access_log.superuser import unguarded

ORIGIN = "localhost/log"
BLIND = bytes(range(32))
NEVER = timedelta(days=3650)
EVENT = "records:record:read"
WHO = ["t", "system", "", "", "", "", "TREAT"]
SHARED = common(
    Actor(kind=ActorKind.SYSTEM, purpose_of_use="TREAT"), {}, Profile("kumamoto_demo", 1)
)


@dataclass
class LogHouse:
    """`admin` is PostgreSQL's superuser; `home` keeps the log's keys and its last checkpoint;
    `names` are all databases of this log's, to be dropped."""

    name: str
    admin_dsn: str
    roles: KeyRing
    home: Path
    admin: asyncpg.Connection
    open: list[asyncpg.Connection] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def keys(self) -> SigningKeys:
        return SigningKeys(self.home / "keys" / "log")

    @property
    def log_keys(self) -> LogKeys:
        return LogKeys(self.keys, BLIND, self.roles.log_master)

    @property
    def app_dsn(self) -> str:
        return app_dsn(self.admin_dsn, self.roles)

    async def connect(self) -> asyncpg.Connection:
        connection = await sealing.connect(self.app_dsn, self.roles)
        self.open.append(connection)
        return connection

    async def sealer(self, *, share: bool = False, head_maps: timedelta = NEVER) -> Sealer:
        """One that holds the lock, or only believes so."""
        connection = await self.connect()
        assert share or await queries.try_lock(connection)
        await queries.fix_origin(connection, ORIGIN)
        return Sealer(connection, self.log_keys, self.home, head_maps)

    async def run_sealer(self) -> None:
        await sealer.run(self.connect, self.log_keys, self.home, ORIGIN)

    def forbid_signing(self) -> None:
        last_checkpoint.write, self._write = _no_room, last_checkpoint.write

    def allow_signing(self) -> None:
        last_checkpoint.write = self._write

    async def as_superuser(self, deed: str) -> None:
        """What triggers refuse to everybody else."""
        await unguarded(self.admin, deed)

    async def participant(self, connection: asyncpg.Connection | None = None) -> UUID:
        participant = uuid4()
        await (connection or self.admin).execute(
            "INSERT INTO participant (participant_id, name, name_kana, sex, birth_on)"
            " VALUES ($1, '山田 花子', 'ヤマダ ハナコ', 'female', '1980-01-01')",
            participant,
        )
        return participant

    async def append(
        self, participant: UUID, count: int = 1, connection: asyncpg.Connection | None = None
    ) -> list[bytes]:
        """Events as services append them; answers their commits."""
        connection = connection or self.admin
        version = await connection.fetchval(
            "SELECT key_version FROM access_log_head WHERE participant_id = $1", participant
        )
        cipher = await self._cipher(connection, participant, version or 1)
        composed = [compose(uuid7(), EVENT, "permitted", SHARED, None, NONE) for _ in range(count)]
        rows = await connection.fetch(
            "SELECT e.commit"
            " FROM unnest($3::uuid[], $4::bytea[], $5::bytea[]) AS n(eid, inner_hash, sealed)"
            " CROSS JOIN LATERAL app.append_event($1, $2, $6, 'permitted', n.eid, n.inner_hash,"
            "  n.sealed, $7::smallint) e",
            WHO,
            participant,
            [each.eid for each in composed],
            [each.inner for each in composed],
            [bodies.seal(cipher, participant, version or 1, each.body) for each in composed],
            EVENT,
            version or 1,
        )
        return [row["commit"] for row in rows]

    async def _cipher(
        self, connection: asyncpg.Connection, participant: UUID, version: int
    ) -> AESGCM:
        tenant = await connection.fetchval("SELECT wrapped FROM keystore.tenant_key")
        unwrapper = Unwrapper(self.roles.log_master, tenant)
        fresh = fresh_key(unwrapper.tenant, b"tsunagu/1 log\0" + participant.bytes)
        await connection.execute(
            "INSERT INTO keystore.participant_key (participant_id, purpose, version, wrapped)"
            " VALUES ($1, 'log', $2, $3) ON CONFLICT DO NOTHING",
            participant,
            version,
            fresh,
        )
        wrapped = await connection.fetchval(
            "SELECT wrapped FROM keystore.participant_key WHERE participant_id = $1"
            " AND version = $2",
            participant,
            version,
        )
        return unwrapper.cipher(participant, wrapped)

    async def append_system(self, *, facility: bool) -> bytes:
        """What a facility asked of nobody, or what an operator did; answers its commit."""
        place = uuid7() if facility else None
        kind = ActorKind.SYSTEM if facility else ActorKind.OPERATOR
        shared = common(Actor(kind=kind, facility_id=place), {}, Profile("kumamoto_demo", 1))
        composed = compose(uuid7(), EVENT, "denied", shared, None, NONE)
        tenant = await self.admin.fetchval("SELECT wrapped FROM keystore.tenant_key")
        cipher = Unwrapper(self.roles.log_master, tenant).system
        commit: bytes = await self.admin.fetchval(
            """WITH moment AS (SELECT clock_timestamp() AS at)
               INSERT INTO system_event (eid, at, event, outcome, actor_kind, facility_id,
                   inner_hash, commit, sealed, epoch)
                 SELECT $1, at, $2, 'denied', $3, $4, $5, app.event_commit($5,
                   '00000000-0000-0000-0000-000000000000', 0, decode(repeat('00', 32), 'hex'), at),
                   $6, 1 FROM moment RETURNING commit""",
            composed.eid,
            EVENT,
            kind,
            place,
            composed.inner,
            bodies.seal(cipher, NOBODY, 1, composed.body),
        )
        return commit

    async def erase(self, participant: UUID) -> None:
        """As an operator does, short of the signed context."""
        await self.admin.execute(
            """WITH head AS (UPDATE access_log_head SET key_version = key_version + 1
                 WHERE participant_id = $1 RETURNING last_pseq, last_commit),
               moment AS (SELECT clock_timestamp() AS at)
               INSERT INTO erasure_certificate
                   (participant_id, at, events, last_commit, reason, value, epoch)
                 SELECT $1, at, last_pseq, last_commit, 'asked',
                   app.erasure_value($1, last_pseq, last_commit, at), 1 FROM head, moment""",
            participant,
        )
        await self.admin.execute(
            "DELETE FROM keystore.participant_key WHERE participant_id = $1", participant
        )
        await self.admin.execute(
            "UPDATE access_event SET sealed = NULL WHERE participant_id = $1", participant
        )

    async def commits(self) -> set[bytes]:
        return {row["commit"] for row in await self.admin.fetch("SELECT commit FROM access_event")}

    async def entries(self) -> list[bytes]:
        rows = await self.admin.fetch("SELECT entry FROM log_entry ORDER BY idx")
        return [row["entry"] for row in rows]

    async def checkpoint(self) -> Checkpoint | None:
        """The newest, its signature checked."""
        text = await self.admin.fetchval(
            "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1"
        )
        if text is None:
            return None
        note = parse_note(text)
        assert is_signed(note, notes.vkey(ORIGIN, self.keys.current().private))
        return parse_checkpoint(note.text)

    async def halted(self) -> str | None:
        reason: str | None = await self.admin.fetchval("SELECT halted_reason FROM log_state")
        return reason

    async def assert_whole(self) -> None:
        """Every committed event is in the tree once, and the newest checkpoint is its root."""
        sealed = await self.entries()
        commits = await self.commits()
        assert len(sealed) == len(set(sealed))
        assert {each[2:] for each in sealed if each[1] == 1} == commits
        checkpoint = await self.checkpoint()
        assert checkpoint is not None
        assert checkpoint.size == len(sealed)
        assert checkpoint.root == root_of(sealed)

    async def leave(self) -> None:
        """Nobody is connected any more."""
        for each in self.open:
            each.terminate()
        self.open.clear()
        await self.admin.close()
        server = await asyncpg.connect(database_dsn(self.admin_dsn, "postgres"))
        for _ in range(1_000):
            if not await server.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1", self.name
            ):
                break
            await asyncio.sleep(0.02)
        await server.close()

    async def enter(self, name: str) -> None:
        """From now on in this database."""
        await self.leave()
        self.name, self.admin_dsn = name, database_dsn(self.admin_dsn, name)
        self.admin = await asyncpg.connect(self.admin_dsn)

    async def close(self) -> None:
        for each in self.open:
            each.terminate()
        await self.admin.close()


def root_of(sealed: list[bytes]) -> bytes:
    return tree.root(tree.over(entries.leaves(b"".join(sealed))), len(sealed))


async def until(check, seconds: float = 60) -> None:
    for _ in range(int(seconds / 0.05)):
        if await check():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(check.__name__)


def _no_room(home: Path, note: str) -> None:
    raise OSError("no room")
