"""Someone holds the application's database password, and nothing else."""

import json
from datetime import date
from uuid import UUID, uuid4

import asyncpg
import pytest

from api.core import lane
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.lane import call_context
from api.records.queries import ReadPlan, digest
from tests.conftest import Deployment, acting

READS = "SELECT * FROM records_read($1::app.read_call[])"


@pytest.fixture
async def stolen(database: Deployment):
    connection = await asyncpg.connect(database.app_dsn)
    yield connection
    await connection.close()


OWNED = (
    "participant", "card", "activation_code", "enrolment_ticket", "account", "passkey", "session",
    "participation", "directive", "access_log_head", "access_event", "record", "facility_patient",
    "erasure_certificate", "keystore.participant_key",
    "proxy", "proxy_step", "safe_mode", "proxy_use",
    "number_step", "number_set_aside", "patient_match", "participant_merge",
    "participant_merge_step", "participant_merge_record", "quarantine_delivery",
    "submission", "quarantine", "outbox", "inbox_notice", "support_case",
    "notice_delivery", "push_token", "push_subscription", "mail_address",
)  # fmt: skip


@pytest.mark.parametrize("table", OWNED)
async def test_it_reads_no_row_of_anybody(stolen, people, table):
    assert await stolen.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_event SET outcome = 'permitted'",
        "DELETE FROM access_event",
        "TRUNCATE access_event",
        "UPDATE access_event SET sealed = NULL",
        "INSERT INTO access_event (participant_id, pseq, at, eid, event, outcome, actor_kind,"
        " inner_hash, prev, commit, key_version, epoch) VALUES (gen_random_uuid(), 1, now(),"
        " gen_random_uuid(), 'a:b:c', 'permitted', 'x', sha256(''), sha256(''), sha256(''), 1, 1)",
        "TRUNCATE access_event_other",
        "SELECT count(*) FROM access_event_other",
        "UPDATE access_log_head SET last_pseq = 0",
        "UPDATE access_log_head SET owes = '{}'",
        "UPDATE access_log_head SET last_commit = sha256('')",
        "UPDATE access_log_head SET key_version = 9",
        "SELECT app.append_event(NULL, gen_random_uuid(), 'a:b:c', 'permitted', NULL, NULL, NULL,"
        " 1::smallint)",
        "SELECT access_log_erase('x')",
        "INSERT INTO erasure_certificate (participant_id, at, events, last_commit, reason, value,"
        " epoch) VALUES (gen_random_uuid(), now(), 9, sha256(''), 'x', sha256(''), 1)",
        "DELETE FROM erasure_certificate",
        "DELETE FROM keystore.participant_key",
        "INSERT INTO keystore.participant_key VALUES (gen_random_uuid(), 'log', 1, '')",
        "UPDATE keystore.tenant_key SET wrapped = ''",
        "SELECT keystore.install_tenant_key('')",
        "UPDATE log_state SET origin = 'x', epoch = 9",
        "UPDATE directive SET provisions = '[]'",
        "DELETE FROM participation",
        "DELETE FROM system_event",
        "ALTER TABLE access_event DISABLE TRIGGER append_only",
        "INSERT INTO officer (name, name_kana) VALUES ('x', 'x')",
        "INSERT INTO system_client (client_id, facility_id, name, jwks)"
        " SELECT 'mine', facility_id, 'x', '{}' FROM facility LIMIT 1",
        "SELECT * FROM app.context_key",
        "SELECT app.mac('anything')",
        "SELECT app.install_context_key(''::bytea, ''::bytea)",
        "SELECT * FROM jobs.pgqueuer",
        "DELETE FROM jobs.pgqueuer",
        "DELETE FROM notice_delivery",
        "SET ROLE tsunagu_owner",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (x int)",
        "CREATE FUNCTION app.subject() RETURNS uuid LANGUAGE sql AS 'SELECT null::uuid'",
    ],
)
async def test_it_changes_nothing_it_should_not(stolen, people, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stolen.execute(statement)


async def test_a_made_up_context_is_refused(stolen, people):
    subject = people["hanako"].person_id
    forged = f"t|participant|{uuid4()}|{subject}||||{stolen.get_server_pid()}|1|{'0' * 64}"
    async with stolen.transaction():
        await stolen.execute("SELECT set_config('app.context', $1, true)", forged)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with stolen.transaction():
                await stolen.fetch("SELECT * FROM participant")


async def test_a_true_context_serves_no_other_backend_and_no_later_transaction(stolen, people):
    async with unit_of_work(acting(people["hanako"])) as tx:
        context = await tx.fetchval("SELECT current_setting('app.context')")
        backend = tx.connection.get_server_pid()
        assert await tx.fetchval("SELECT count(*) FROM participant") == 1
        async with stolen.transaction():
            await stolen.execute("SELECT set_config('app.context', $1, true)", context)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with stolen.transaction():
                    await stolen.fetch("SELECT * FROM participant")
    async with unit_of_work(Actor(kind=ActorKind.ANONYMOUS)) as tx:
        assert tx.connection.get_server_pid() == backend, "the pool gave another backend"
        await tx.execute("SELECT set_config('app.context', $1, true)", context)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetch("SELECT * FROM participant")


SYSTEM = Actor(kind=ActorKind.SYSTEM, facility_id=uuid4(), purpose_of_use="TREAT")
READ = ReadPlan(
    form="bundle",
    types=(),
    record_id=None,
    standing="1.1",
    policy_version=1,
    categories=("prescription",),
    source_permitted=(),
    source_denied=(),
    level=9,
    data_from=None,
    sees_own=True,
    exceptions="",
    before=None,
    page_size=50,
    base_url="",
    event="records:record:read",
)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda c: None, id="none"),
        pytest.param(lambda c: "", id="empty"),
        pytest.param(lambda c: c[:-1], id="short"),
        pytest.param(lambda c: c.replace("system", "operator", 1), id="another kind"),
        pytest.param(lambda c: "t" + c[1:], id="another form"),
        pytest.param(lambda c: c[:-64] + "0" * 64, id="unsigned"),
        pytest.param(lambda c: c.rpartition("|")[0] + "||" + "0" * 64, id="one field more"),
    ],
)
async def test_one_call_with_a_spoilt_context_refuses_the_reads_of_its_whole_batch(
    stolen, people, spoil
):
    good = call_context(stolen, SYSTEM, people["hanako"].person_id, digest(READ))
    async with stolen.transaction():
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stolen.fetch(READS, [(good, *READ), (spoil(good), *READ)])


async def test_a_call_is_refused_on_another_backend_for_other_arguments_or_later(
    stolen, people, database, monkeypatch
):
    subject = people["hanako"].person_id
    good = call_context(stolen, SYSTEM, subject, digest(READ))
    other = await asyncpg.connect(database.app_dsn)
    monkeypatch.setattr(lane, "CALL_SECONDS", -1)
    late = call_context(stolen, SYSTEM, subject, digest(READ))
    for connection, context, plan in (
        (other, good, READ),
        (stolen, good, READ._replace(level=8)),
        (stolen, late, READ),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(READS, [(context, *plan)])
    await other.close()
    assert await stolen.fetch(READS, [(good, *READ)]) == [], "only out of date"


@pytest.mark.parametrize(
    ("signed", "forged"),
    [
        pytest.param(
            {"source_denied": ("a/lab", "b/lab")},
            {"source_denied": ["a/lab,b/lab"]},
            id="two sources denied as one that is nowhere",
        ),
        pytest.param(
            {"source_denied": ("a/lab",)},
            {"categories": ["prescription|"], "source_permitted": ["a/lab"], "source_denied": None},
            id="a source denied as one permitted",
        ),
        pytest.param(
            {"source_denied": ("a/lab",)},
            {"source_denied": ["a/lab", None]},
            id="a source denied and nothing",
        ),
        pytest.param(
            {"data_from": date(2020, 4, 1)},
            {"data_from": "2020-04-01 BC"},
            id="a day long before",
        ),
        pytest.param({}, {"page_size": None, "base_url": "50|"}, id="a page without an end"),
        pytest.param({}, {"form": "bundle|", "types": None}, id="no kinds"),
        pytest.param({}, {"search": "{}"}, id="a search"),
        pytest.param({"search": "{}"}, {"search": ""}, id="no search"),
        pytest.param(
            {"event": f"{READ.event}|x", "search": "{}"},
            {"event": READ.event, "search": "x|{}"},
            id="a search that ends an event",
        ),
    ],
)
async def test_a_calls_signature_serves_no_other_arguments_that_look_alike(
    stolen, people, signed, forged
):
    plan = READ._replace(**signed)
    good = call_context(stolen, SYSTEM, people["hanako"].person_id, digest(plan))
    assert await stolen.fetch(READS, [(good, *plan)]) == [], "only out of date"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stolen.fetch(
            "SELECT * FROM records_read(ARRAY("
            "SELECT jsonb_populate_record(c, $2::jsonb) FROM unnest($1::app.read_call[]) c))",
            [(good, *plan)],
            json.dumps(forged),
        )


async def test_a_participants_transaction_sees_that_participant_alone(people):
    async with unit_of_work(acting(people["hanako"])) as tx:
        rows = await tx.fetch("SELECT participant_id FROM participant")
        assert [row["participant_id"] for row in rows] == [people["hanako"].person_id]
        taro: UUID = people["taro"].person_id
        for table in ("card", "record", "directive", "access_event", "participation"):
            assert (
                await tx.fetchval(f"SELECT count(*) FROM {table} WHERE participant_id = $1", taro)
                == 0
            ), table


async def test_it_cannot_write_for_another_participant(people):
    async with unit_of_work(acting(people["hanako"])) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(
                "INSERT INTO participation (participant_id, version, state, terms_version,"
                " data_from) VALUES ($1, 99, 'withdrawn', 'x', $2)",
                people["taro"].person_id,
                date(2026, 1, 1),
            )
