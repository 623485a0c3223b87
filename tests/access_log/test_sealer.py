"""What was logged comes into the tree once, and only what was checked is signed."""

import asyncio

import asyncpg
import pytest

from api.access_log.sealing import fsck, last_checkpoint, queries, rotation
from api.access_log.sealing.findings import Code
from api.access_log.sealing.halting import Reason
from api.access_log.transparency import notes
from api.access_log.verifier import is_signed, key_change_value, parse_note
from api.core.crypto import SigningKeys
from tests.access_log.house import ORIGIN, LogHouse, until


async def test_a_new_log_begins_with_its_genesis_entry(log_house: LogHouse):
    sealer = await log_house.sealer()
    assert await sealer.round() == 1
    assert await sealer.round() == 1
    await log_house.assert_whole()


async def test_events_come_into_the_tree_once_and_the_checkpoint_is_their_root(
    log_house: LogHouse,
):
    sealer = await log_house.sealer()
    await sealer.round()
    hanako, taro = await log_house.participant(), await log_house.participant()
    for count in (1, 2, 255, 256, 300, 1):
        await log_house.append(hanako, count)
        await log_house.append(taro, 1)
        await sealer.round()
        await log_house.assert_whole()
    assert await log_house.halted() is None


async def test_what_commits_late_is_not_lost_and_holds_nobody_up(log_house: LogHouse):
    sealer = await log_house.sealer()
    hanako, taro = await log_house.participant(), await log_house.participant()
    slow = await asyncpg.connect(log_house.admin_dsn)
    transaction = slow.transaction()
    await transaction.start()
    (late,) = await log_house.append(taro, 1, slow)
    for _ in range(3):
        (early,) = await log_house.append(hanako)
        await sealer.round()
        assert b"\x01\x01" + early in await log_house.entries()
        assert b"\x01\x01" + late not in await log_house.entries()
    await transaction.commit()
    await slow.close()
    await sealer.round()
    await log_house.assert_whole()


async def test_an_event_never_comes_into_the_tree_before_the_one_it_follows(log_house: LogHouse):
    """Its transaction may have the lower id: it began first, and waited for the head."""
    sealer = await log_house.sealer()
    hanako, taro = await log_house.participant(), await log_house.participant()
    first, second, third = [await asyncpg.connect(log_house.admin_dsn) for _ in range(3)]
    for each in (first, second, third):
        await each.execute("BEGIN; SELECT pg_current_xact_id()")
    await log_house.append(taro, 1, third)
    await log_house.append(hanako, 1, second)
    await second.execute("COMMIT")
    await log_house.append(hanako, 1, first)
    await first.execute("COMMIT")
    await log_house.append(hanako, 1)
    await sealer.round()
    places = {entry: idx for idx, entry in enumerate(await log_house.entries())}
    rows = await log_house.admin.fetch(
        "SELECT commit FROM access_event WHERE participant_id = $1 ORDER BY pseq", hanako
    )
    assert all(b"\x01\x01" + row["commit"] in places for row in rows)
    await third.execute("COMMIT")
    await sealer.round()
    await log_house.assert_whole()
    for each in (first, second, third):
        await each.close()


async def test_two_sealers_race_and_each_event_is_sealed_once(log_house: LogHouse):
    hanako = await log_house.participant()
    tasks = [asyncio.create_task(log_house.run_sealer()) for _ in range(2)]
    for _ in range(10):
        await log_house.append(hanako, 20)
        await asyncio.sleep(0.1)

    async def is_done() -> bool:
        checkpoint = await log_house.checkpoint()
        return checkpoint is not None and checkpoint.size == 202

    await until(is_done)
    await log_house.assert_whole()
    for task in tasks:
        task.cancel()


async def test_two_that_both_believe_to_hold_the_lock_still_sign_no_size_twice(
    log_house: LogHouse,
):
    hanako = await log_house.participant()
    sealers = [await log_house.sealer(share=True) for _ in range(3)]
    for _ in range(12):
        await log_house.append(hanako, 5)
        await asyncio.gather(*(each.round() for each in sealers), return_exceptions=True)
    await sealers[0].round()
    await log_house.assert_whole()
    assert await log_house.halted() is None


async def test_a_root_without_a_checkpoint_is_signed_by_the_next_sealer(log_house: LogHouse):
    sealer = await log_house.sealer(share=True)
    hanako = await log_house.participant()
    await sealer.round()
    await log_house.append(hanako, 3)
    log_house.forbid_signing()
    with pytest.raises(OSError, match="no room"):
        await sealer.round()
    log_house.allow_signing()
    assert (await log_house.checkpoint()).size == 1
    await (await log_house.sealer(share=True)).round()
    await log_house.assert_whole()


async def test_a_checkpoint_on_the_disk_alone_is_stored_and_never_signed_anew(
    log_house: LogHouse,
):
    sealer = await log_house.sealer(share=True)
    hanako = await log_house.participant()
    await log_house.append(hanako, 3)
    await sealer.round()
    kept = (log_house.home / last_checkpoint.PLACE).read_text("utf-8")
    await log_house.as_superuser("DELETE FROM log_checkpoint WHERE size = 5")
    await (await log_house.sealer(share=True)).round()
    assert await log_house.admin.fetchval("SELECT note FROM log_checkpoint WHERE size = 5") == kept


async def test_postgresql_refuses_to_sign_a_size_twice(log_house: LogHouse):
    sealer = await log_house.sealer()
    await sealer.round()
    connection = await log_house.connect()
    with pytest.raises(asyncpg.UniqueViolationError):
        await queries.add_checkpoint(connection, 1, bytes(32), "another")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("UPDATE log_checkpoint SET note = 'another'")


ALTERED = {
    "an entry": "UPDATE log_entry SET entry = '\\x0101' || sha256('x') WHERE idx = 8",
    "a tile": "UPDATE log_tile SET hashes = sha256('x') || substr(hashes, 33) WHERE level = 0",
    "the tile's end": "UPDATE log_tile SET hashes = substr(hashes, 1, 320) || sha256('x')",
    "a root": "UPDATE log_root SET root = sha256('x') WHERE size = 12",
    "an entry more": "INSERT INTO log_entry VALUES (12, '\\x0101' || sha256('x'))",
    "an entry less": "DELETE FROM log_entry WHERE idx = 11",
    "a tile less": "DELETE FROM log_tile",
    "a tile longer": "UPDATE log_tile SET hashes = hashes || sha256('x')",
}


@pytest.mark.parametrize("deed", ALTERED.values(), ids=ALTERED)
async def test_signing_stops_when_the_tree_was_altered(log_house: LogHouse, deed: str):
    hanako = await log_house.participant()
    await log_house.append(hanako, 5)
    sealer = await log_house.sealer(share=True)
    await sealer.round()
    good = await log_house.checkpoint()
    await log_house.append(hanako, 5)
    log_house.forbid_signing()
    with pytest.raises(OSError, match="no room"):
        await sealer.round()
    log_house.allow_signing()
    await log_house.as_superuser(deed)
    for _ in range(2):
        await log_house.append(hanako)
        await (await log_house.sealer(share=True)).round()
        assert await log_house.halted() in (Reason.TREE_ALTERED, Reason.NOT_A_PREFIX)
        assert await log_house.checkpoint() == good


async def test_signing_stops_when_another_checkpoint_was_signed_before(log_house: LogHouse):
    """Whoever holds the log's key and the database still meets the copy outside of it."""
    hanako = await log_house.participant()
    await log_house.append(hanako, 5)
    await (await log_house.sealer(share=True)).round()
    forged = notes.checkpoint(ORIGIN, 4, bytes(32), log_house.keys.current().private)
    last_checkpoint.write(log_house.home, str(forged))
    await log_house.append(hanako)
    await (await log_house.sealer(share=True)).round()
    assert await log_house.halted() == Reason.NOT_A_PREFIX


@pytest.mark.parametrize(
    "deed",
    ["UPDATE log_cursor SET seen = '3:3:'", "UPDATE log_cursor SET epoch = epoch + 1"],
    ids=["set back", "of another life"],
)
async def test_signing_stops_when_the_sealer_is_told_to_seal_again(log_house: LogHouse, deed: str):
    hanako = await log_house.participant()
    await log_house.append(hanako, 5)
    await (await log_house.sealer(share=True)).round()
    good = await log_house.checkpoint()
    await log_house.admin.execute(deed)
    await log_house.append(hanako)
    await (await log_house.sealer(share=True)).round()
    assert await log_house.halted() == Reason.TREE_ALTERED
    assert await log_house.checkpoint() == good


async def test_signing_stops_with_a_key_that_is_not_the_logs(log_house: LogHouse):
    await (await log_house.sealer(share=True)).round()
    await log_house.append(await log_house.participant())
    log_house.keys.rotate()
    await (await log_house.sealer(share=True)).round()
    assert await log_house.halted() == Reason.KEY_UNKNOWN


async def test_signing_stops_when_the_log_is_shorter_than_what_was_signed(log_house: LogHouse):
    sealer = await log_house.sealer(share=True)
    hanako = await log_house.participant()
    await log_house.append(hanako, 5)
    await sealer.round()
    await log_house.as_superuser(
        "TRUNCATE log_entry, log_tile, log_root, log_checkpoint, log_cursor, log_cosignature,"
        " log_gap"
    )
    await (await log_house.sealer(share=True)).round()
    assert await log_house.halted() == Reason.ROLLED_BACK
    assert await log_house.entries() == []


async def test_a_new_key_is_vouched_for_by_the_old_one_in_the_tree(log_house: LogHouse):
    sealer = await log_house.sealer(share=True)
    hanako = await log_house.participant()
    await log_house.append(hanako, 2)
    await sealer.round()
    old = log_house.keys.current().private
    new = await rotation.rotate(await log_house.connect(), log_house.keys, log_house.home)
    await log_house.append(hanako, 2)
    await sealer.round()
    assert await log_house.halted() is None
    note = parse_note(await log_house.admin.fetchval("SELECT note FROM key_change"))
    assert is_signed(note, notes.vkey(ORIGIN, old))
    assert b"\x01\x06" + key_change_value(note.text) in await log_house.entries()
    newest = parse_note(
        await log_house.admin.fetchval("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
    )
    assert is_signed(newest, new)
    assert not (log_house.home / "keys" / "log" / "1.pem").exists()


async def test_a_key_change_that_stopped_half_way_is_finished(
    log_house: LogHouse, monkeypatch: pytest.MonkeyPatch
):
    sealer = await log_house.sealer(share=True)
    hanako = await log_house.participant()
    await sealer.round()
    monkeypatch.setattr(SigningKeys, "take_over", _no_power)
    with pytest.raises(OSError, match="no power"):
        await rotation.rotate(await log_house.connect(), log_house.keys, log_house.home)
    await log_house.append(hanako)
    await sealer.round()
    assert (await log_house.checkpoint()).size == 4  # the old key goes on
    monkeypatch.undo()
    await rotation.rotate(await log_house.connect(), log_house.keys, log_house.home)
    await log_house.append(hanako)
    await sealer.round()
    assert (await log_house.checkpoint()).size == 5
    assert await log_house.admin.fetchval("SELECT count(*) FROM key_change") == 1
    assert await log_house.halted() is None


def _no_power(keys: SigningKeys) -> None:
    raise OSError("no power")


async def test_a_leaf_does_not_tell_whether_a_facility_asked_for_a_participant(
    log_house: LogHouse,
):
    """It holds the commit, and could try both types of leaf in the public tiles."""
    sealer = await log_house.sealer()
    (commit,) = await log_house.append(await log_house.participant())
    of_nobody = await log_house.append_system(facility=True)
    of_operator = await log_house.append_system(facility=False)
    await sealer.round()
    sealed = await log_house.entries()
    assert {b"\x01\x01" + commit, b"\x01\x01" + of_nobody, b"\x01\x02" + of_operator} <= set(sealed)
    report = await fsck.check(await log_house.connect(), log_house.log_keys, lambda *_: None)
    assert report.findings == []
    await log_house.as_superuser("DELETE FROM system_event")
    report = await fsck.check(await log_house.connect(), log_house.log_keys, lambda *_: None)
    assert [finding.code for finding in report.findings] == [Code.SOURCE_MISSING] * 2
