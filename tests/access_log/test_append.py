"""Events go in one way: numbered, chained and in the name of who acted, or nothing commits."""

import asyncio
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from api.access_log import appending, commitments, erasing, receipts, verifier
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import NONE, Owed, Place
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import signed_context, unit_of_work
from api.core.errors import Unavailable
from api.core.ids import uuid7
from api.core.lane import Answer, call_context
from api.records import queries
from api.records import service as records
from tests.attacks.conftest import World, make_world
from tests.conftest import Deployment

ZERO = bytes(32)


@pytest.fixture
async def world(people: object) -> World:
    return await make_world()


@pytest.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


async def chain(admin: asyncpg.Connection, who: Actor) -> list[asyncpg.Record]:
    """The log as the database holds it, found to be whole."""
    rows = await admin.fetch(
        "SELECT * FROM access_event WHERE participant_id = $1 ORDER BY pseq", who.participant_id
    )
    head = await admin.fetchrow(
        "SELECT last_pseq, last_commit, owes FROM access_log_head WHERE participant_id = $1",
        who.participant_id,
    )
    previous = ZERO
    for number, row in enumerate(rows, 1):
        assert row["pseq"] == number, "a gap"
        assert row["prev"] == previous
        previous = verifier.commit_hash(
            row["inner_hash"],
            row["participant_id"].bytes,
            number,
            row["prev"],
            appending.microseconds(row["at"]),
        )
        assert row["commit"] == previous
    assert (head["last_pseq"], head["last_commit"], head["owes"]) == (len(rows), previous, [])
    return rows


async def inner_hashes(who: Actor) -> list[bytes]:
    """Of the actor's own events, from their opened fields."""
    async with unit_of_work(who) as tx:
        rows = await tx.fetch("SELECT * FROM access_event ORDER BY pseq")
        events = await access_log.opened_in(tx, rows)
    return [
        verifier.inner_hash(
            verifier.field_digest(
                verifier.salt(each.ek_other if name == "other" else each.ek, name), name, text
            )
            for name, text in each.texts.items()
        )
        for each in events
        if each is not None
    ]


async def test_twenty_writers_at_once_leave_one_chain_without_a_gap(
    world: World, admin: asyncpg.Connection
):
    subject = world.taro.participant_id
    assert subject
    before = len(await chain(admin, world.taro))

    async def writes(number: int) -> None:
        for _ in range(5):
            if number % 2:
                await records.read(world.mori, subject)
            else:
                async with unit_of_work(world.mori, subject=subject) as tx:
                    await access_log.append(tx, EventName.PARTICIPANT_FOUND, detail={})

    await asyncio.gather(*map(writes, range(20)))
    rows = await chain(admin, world.taro)
    assert len(rows) == before + 100
    times = [row["at"] for row in rows]
    assert times == sorted(times)
    assert await inner_hashes(world.taro) == [row["inner_hash"] for row in rows]


async def test_postgresql_commits_to_every_kind_of_event_as_the_verifier_does(
    world: World, admin: asyncpg.Connection
):
    before = len(await chain(admin, world.hanako))
    for event in EventName:
        async with unit_of_work(world.hanako) as tx:
            found = await access_log.append(tx, event, detail={"said": str(event)})
        assert found.number is not None
    rows = await chain(admin, world.hanako)
    assert [row["event"] for row in rows[before:]] == [str(event) for event in EventName]
    assert rows[-1]["commit"] == found.commit
    assert await inner_hashes(world.hanako) == [row["inner_hash"] for row in rows]


async def test_an_event_without_a_participant_commits_with_zeros(
    world: World, admin: asyncpg.Connection
):
    async with unit_of_work(OPERATOR) as tx:
        found = await access_log.append_system(
            tx, EventName.OPERATOR_ACTED, outcome="permitted", detail={"what": "an update"}
        )
    row = await admin.fetchrow("SELECT * FROM system_event WHERE commit = $1", found.commit)
    assert row
    at = appending.microseconds(row["at"])
    assert found.commit == verifier.commit_hash(row["inner_hash"], bytes(16), 0, ZERO, at)
    assert (found.number, row["actor_kind"]) == (None, "operator")


async def test_what_she_is_not_told_is_in_the_hash_and_on_no_page(world: World):
    secret = uuid7()
    async with unit_of_work(world.mori, subject=world.hanako.participant_id) as tx:
        await access_log.append(
            tx,
            EventName.RECORD_STORED,
            detail={"resources": [], "ids": []},
            undisclosed={"resources": [{"type": "Condition", "count": 1}], "ids": [secret]},
        )
    row = (await access_log.page(world.hanako, count=1)).rows[0]
    assert row.detail["resources"] == []
    assert row.record_ids == ()
    async with unit_of_work(world.hanako) as tx:
        rows = await tx.fetch("SELECT * FROM access_event WHERE eid = $1", row.eid)
        (event,) = await access_log.opened_in(tx, rows)
    assert event is not None
    assert verifier.to_base64url(secret.bytes) in event.texts["other"]
    assert [name for name, text in event.texts.items() if "Condition" in text] == ["other"]


async def read_alone(tx: asyncpg.Connection, world: World, times: int = 1) -> Answer:
    """As the records service reads, but whoever calls forgets the event."""
    subject = world.taro.participant_id
    assert subject
    plan = await plan_of(tx, world, world.taro)
    for _ in range(times):
        row = await queries.read_in(tx, world.mori, subject, plan)  # type: ignore[arg-type]
    assert row is not None, "out of date"
    assert row["shown"] == 1
    return Answer(subject, None, row)


async def plan_of(tx: asyncpg.Connection, world: World, who: Actor) -> queries.ReadPlan:
    """All prescriptions, as Dr Mori may ask for them."""
    standing = await tx.fetchval(
        "SELECT f.revision || '.' || p.revision FROM facility f JOIN professional p"
        " USING (facility_id) WHERE p.professional_id = $1",
        world.mori.professional_id,
    )
    async with unit_of_work(who) as own:
        version = await own.fetchval("SELECT policy_version FROM access_log_head")
    return queries.ReadPlan(
        form="bundle",
        types=(),
        record_id=None,
        standing=standing,
        policy_version=version,
        categories=("prescription",),
        source_permitted=(),
        source_denied=(),
        level=0,
        data_from=None,
        sees_own=True,
        exceptions="",
        before=None,
        page_size=50,
        base_url="",
        event=EventName.RECORD_READ,
    )


class Raw:
    """A connection as the application's role, as `Transaction` offers it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.fetchrow, self.fetchval = connection.fetchrow, connection.fetchval


@pytest.fixture
async def app_role(database: Deployment):
    connection = await asyncpg.connect(database.app_dsn)
    yield connection
    await connection.close()


async def test_postgresql_refuses_to_commit_a_read_without_its_event(
    world: World, app_role: asyncpg.Connection, admin: asyncpg.Connection
):
    before = len(await chain(admin, world.taro))
    transaction = app_role.transaction()
    await transaction.start()
    await read_alone(Raw(app_role), world)  # type: ignore[arg-type]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="without its event"):
        await transaction.commit()
    assert len(await chain(admin, world.taro)) == before


async def test_one_event_does_not_pay_for_two_reads(
    world: World, app_role: asyncpg.Connection, admin: asyncpg.Connection
):
    before = len(await chain(admin, world.taro))
    transaction = app_role.transaction()
    await transaction.start()
    answer = await read_alone(Raw(app_role), world, times=2)  # type: ignore[arg-type]
    shared = access_log.common(world.mori, {})
    owed = Owed(answer.subject, EventName.RECORD_READ, "permitted", shared, NONE, NONE)
    await access_log.append_owed(app_role, [owed])
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="without its event"):
        await transaction.commit()
    assert len(await chain(admin, world.taro)) == before


async def test_no_other_event_pays_for_a_read(
    world: World, app_role: asyncpg.Connection, admin: asyncpg.Connection
):
    before = len(await chain(admin, world.taro))
    transaction = app_role.transaction()
    await transaction.start()
    answer = await read_alone(Raw(app_role), world)  # type: ignore[arg-type]
    nonce = await app_role.fetchval("SELECT app.transaction_nonce()")
    context = signed_context("t", world.mori, answer.subject, app_role.get_server_pid(), nonce)
    await app_role.execute("SELECT set_config('app.context', $1, true)", context)
    await app_role.execute(
        "SELECT access_log_append('identity:session:opened', 'permitted', $1, sha256('x'),"
        " '\\x00', 1::smallint)",
        uuid4(),
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="without its event"):
        await transaction.commit()
    assert len(await chain(admin, world.taro)) == before


async def test_what_is_owed_is_written_in_the_name_of_who_read_whatever_the_body_says(
    world: World, app_role: asyncpg.Connection, admin: asyncpg.Connection
):
    transaction = app_role.transaction()
    await transaction.start()
    answer = await read_alone(Raw(app_role), world)  # type: ignore[arg-type]
    shared = access_log.common(world.sato, {"actor": {"name": "佐藤 健一"}})
    lied = Owed(answer.subject, EventName.SIGNED_IN, "permitted", shared, NONE, NONE)
    await access_log.append_owed(app_role, [lied])
    await transaction.commit()
    row = (await chain(admin, world.taro))[-1]
    assert row["event"] == EventName.RECORD_READ
    assert row["actor_id"] == world.mori.professional_id
    assert row["facility_id"] == world.hospital.facility_id


async def test_nothing_is_appended_that_nobody_owes(
    world: World, app_role: asyncpg.Connection, admin: asyncpg.Connection
):
    before = len(await chain(admin, world.taro))
    with pytest.raises(asyncpg.PostgresError, match="not what is owed"):
        await app_role.execute(
            "SELECT access_log_append_owed(ARRAY[$1::uuid], '{permitted}', ARRAY[$2::uuid],"
            " ARRAY[sha256('')], ARRAY['\\x00'::bytea], '{1}', '{NULL}')",
            world.taro.participant_id,
            uuid4(),
        )
    assert len(await chain(admin, world.taro)) == before


async def test_a_receipt_promises_no_other_commit_than_the_one_that_is_written(
    world: World, app_role: asyncpg.Connection, admin: asyncpg.Connection
):
    before = len(await chain(admin, world.taro))
    transaction = app_role.transaction()
    await transaction.start()
    answer = await read_alone(Raw(app_role), world)  # type: ignore[arg-type]
    place = Place(answer.row["last_pseq"], sha256(b"elsewhere").digest(), answer.row["at"])
    shared = access_log.common(world.mori, {})
    owed = Owed(answer.subject, EventName.RECORD_READ, "permitted", shared, NONE, NONE, place)
    with pytest.raises(Unavailable):
        await access_log.append_owed(app_role, [owed])
    await transaction.rollback()
    assert len(await chain(admin, world.taro)) == before


async def test_reads_of_one_participant_in_one_batch_stand_one_after_the_other(
    world: World, admin: asyncpg.Connection
):
    subject = world.taro.participant_id
    assert subject
    before = len(await chain(admin, world.taro))
    pages = await asyncio.gather(*(records.read(world.mori, subject) for _ in range(24)))
    rows = {row["pseq"]: row["commit"] for row in await chain(admin, world.taro)}
    assert len(rows) == before + 24
    assert {page.event.number: page.event.commit for page in pages} == {
        number: commit for number, commit in rows.items() if number > before
    }


async def test_each_call_of_a_batch_reads_and_owes_for_its_own_subject_and_facility_alone(
    world: World, app_role: asyncpg.Connection, admin: asyncpg.Connection
):
    taro, hanako = world.taro.participant_id, world.hanako.participant_id
    assert taro
    assert hanako
    of_taro = await plan_of(app_role, world, world.taro)
    of_hanako = await plan_of(app_role, world, world.hanako)
    calls = [
        (world.mori, taro, of_taro),
        (world.mori, hanako, of_hanako._replace(record_id=world.record_id)),
        (world.mori, taro, of_taro._replace(policy_version=of_taro.policy_version - 1)),
        (world.sato, taro, of_taro._replace(categories=())),
        (world.mori, taro, of_taro._replace(page_size=0)),
        (world.mori, uuid7(), of_taro),
    ]
    before = {each: len(await chain(admin, each)) for each in (world.taro, world.hanako)}
    transaction = app_role.transaction()
    await transaction.start()
    rows = await app_role.fetch(
        "SELECT * FROM records_read($1::app.read_call[])",
        [
            (call_context(app_role, actor, subject, queries.digest(plan)), *plan)
            for actor, subject, plan in calls
        ],
    )
    found = {row["n"]: (row["shown"], row["entries"] is None) for row in rows}
    assert {n: found[n] for n in (1, 2, 5)} == {1: (1, False), 2: (0, True), 5: (0, True)}
    assert found.get(4, (0, True)) == (0, True), "what the hospital wrote is not the clinic's"
    assert not {3, 6} & set(found), "out of date, and nobody"
    shared = access_log.common(world.mori, {})
    await access_log.append_owed(
        app_role,
        [
            Owed(calls[n - 1][1], EventName.RECORD_READ, "permitted", shared, NONE, NONE)
            for n in sorted(found)
        ],
    )
    await transaction.commit()
    assert len(await chain(admin, world.hanako)) == before[world.hanako] + 1
    assert len(await chain(admin, world.taro)) == before[world.taro] + len(found) - 1


@pytest.mark.parametrize(
    "call",
    [
        "access_log_append('a:b:c', 'permitted', uuidv7(), sha256(''), '\\x00', 1::smallint)",
        "access_log_append_system('a:b:c', 'permitted', uuidv7(), sha256(''), '\\x00')",
    ],
)
async def test_without_a_signed_context_nothing_is_appended(
    app_role: asyncpg.Connection, call: str
):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_role.execute(f"SELECT {call}")


async def test_a_stolen_context_writes_in_its_own_name_only(
    world: World, admin: asyncpg.Connection
):
    """SQL slipped into a query of Dr Satō's: it is he who stands in the log."""
    async with unit_of_work(world.sato, subject=world.taro.participant_id) as tx:
        await tx.execute(
            "SELECT access_log_append('records:record:read', 'permitted', uuidv7(), sha256('x'),"
            " '\\x00', 1::smallint)"
        )
    row = (await chain(admin, world.taro))[-1]
    assert row["actor_id"] == world.sato.professional_id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_event SET outcome = 'denied'",
        "UPDATE access_event SET sealed = '\\x00'",
        "UPDATE access_event SET sealed = NULL",
        "UPDATE access_event SET sealed = NULL, outcome = 'denied'",
        "DELETE FROM access_event",
        "TRUNCATE access_event",
        "TRUNCATE access_event_other",
        "UPDATE system_event SET sealed = '\\x00'",
        "DELETE FROM erasure_certificate",
    ],
)
async def test_the_log_refuses_change_also_as_a_replica_would_bring_it(
    world: World, admin: asyncpg.Connection, statement: str
):
    async with unit_of_work(OPERATOR, subject=world.hanako.participant_id) as tx:
        await erasing.erase_in(tx, "to have a certificate")
    transaction = admin.transaction()
    await transaction.start()
    try:
        await admin.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await admin.execute(statement)
    finally:
        await transaction.rollback()


async def test_an_erasure_leaves_her_order_and_everybody_elses_log(
    world: World, admin: asyncpg.Connection
):
    hanako, taro = world.hanako, world.taro
    others = await inner_hashes(taro)
    before = await chain(admin, hanako)
    async with unit_of_work(OPERATOR, subject=hanako.participant_id) as tx:
        certificate = await erasing.erase_in(tx, "kept long enough")
    after = await chain(admin, hanako)
    assert [row["commit"] for row in after] == [row["commit"] for row in before]
    assert all(row["sealed"] is None for row in after)
    assert await inner_hashes(hanako) == []
    assert await inner_hashes(taro) == others
    assert hanako.participant_id
    assert certificate.value == verifier.erasure_value(
        hanako.participant_id.bytes,
        len(before),
        before[-1]["commit"],
        appending.microseconds(certificate.at),
    )
    told = await admin.fetchrow(
        "SELECT event FROM system_event WHERE event = $1 ORDER BY at DESC LIMIT 1",
        EventName.ERASED,
    )
    assert told
    rows = (await access_log.page(hanako, count=50)).rows
    assert all(row.is_erased and row.detail == {} for row in rows)


@pytest.mark.parametrize("kind", ["participant", "professional", "support", "system"])
async def test_nobody_but_an_operator_erases(world: World, kind: str):
    who = {
        "participant": world.hanako,
        "professional": world.mori,
        "support": world.ueda,
        "system": Actor(kind=ActorKind.SYSTEM, facility_id=world.hospital.facility_id),
    }[kind]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(who, subject=world.hanako.participant_id) as tx:
            await erasing.erase_in(tx, "x")


async def test_one_read_whose_event_fails_costs_the_others_of_its_batch_nothing(
    world: World, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    compose = commitments.compose
    marked = access_log.common(world.mori, {})
    before = {who: len(await chain(admin, who)) for who in (world.taro, world.hanako)}

    def faulty(eid: UUID, event: str, outcome: str, shared: object, *more: object) -> object:
        if outcome == "denied":
            raise RuntimeError("no event of this one")
        return compose(eid, event, outcome, shared, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(commitments, "compose", faulty)
    assert marked
    subjects = [world.taro.participant_id, world.hanako.participant_id] * 3
    answers = await asyncio.gather(
        *(records.read(world.mori, each) for each in subjects if each), return_exceptions=True
    )
    monkeypatch.undo()
    assert [isinstance(each, RuntimeError) for each in answers] == [False, True] * 3
    assert len(await chain(admin, world.taro)) == before[world.taro] + 3
    assert len(await chain(admin, world.hanako)) == before[world.hanako]


@pytest.mark.parametrize("about", ["taro", "hanako", "nobody", "no record"])
async def test_whoever_asks_gets_a_receipt_that_says_nothing_of_whom_they_asked_about(
    world: World, client: httpx.AsyncClient, database: Deployment, about: str
):
    token = await world.hospital_emr.token()
    patient = {
        "taro": world.taro.participant_id,
        "hanako": world.hanako.participant_id,
    }.get(about, uuid7())
    path = f"/fhir/R4/MedicationRequest?patient={patient}"
    if about == "no record":
        path = f"/fhir/R4/MedicationRequest/{patient}"
    answer = await client.get(path, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == (404 if about == "no record" else 200)
    receipt = verifier.parse_receipt(answer.headers["tsunagu-receipt"])
    private = database.keys.log.current().private
    key = verifier.Vkey(
        receipts.origin_of(database.settings.public_url, "kumamoto-demo"),
        verifier.ED25519,
        private.public_key().public_bytes_raw(),
    )
    assert receipt.is_signed(key)
    assert receipt.merge_by == receipt.at + verifier.MERGE_DELAY


async def test_a_receipt_is_for_the_event_that_stands_in_the_log(
    world: World, client: httpx.AsyncClient, admin: asyncpg.Connection
):
    token = await world.hospital_emr.token()
    answer = await client.get(
        f"/fhir/R4/MedicationRequest?patient={world.taro.participant_id}",
        headers={"authorization": f"Bearer {token}"},
    )
    receipt = verifier.parse_receipt(answer.headers["tsunagu-receipt"])
    row = (await chain(admin, world.taro))[-1]
    assert (row["commit"], appending.microseconds(row["at"])) == (receipt.commit, receipt.at)


async def test_coming_months_have_their_tables_and_making_them_again_changes_nothing(
    world: World, app_role: asyncpg.Connection
):
    made = "SELECT access_log_make_months(12)"
    assert await app_role.fetchval(made) <= 1, "a month may have begun since"
    assert await app_role.fetchval(made) == 0


async def test_where_nothing_can_be_signed_nothing_is_read(
    world: World, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """What is answered has its receipt; what cannot have one is no event either."""
    who, system = world.taro, ActorKind.SYSTEM
    asking = Actor(kind=system, facility_id=world.hospital.facility_id, purpose_of_use="TREAT")
    before = await chain(admin, who)

    def away() -> None:
        raise FileNotFoundError("log_signing.key")

    with monkeypatch.context() as patched:
        patched.setattr(receipts, "_current", away)
        with pytest.raises((Unavailable, FileNotFoundError)):
            await records.read(asking, who.participant_id)
    assert len(await chain(admin, who)) == len(before)
    assert (await records.read(asking, who.participant_id)).number == len(before) + 1
