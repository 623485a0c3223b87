"""A full look finds what was altered, wherever it was."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from api.access_log.sealing import fsck
from api.access_log.sealing.findings import Code
from api.access_log.sealing.fsck import Report
from api.core import i18n
from api.core.crypto import KeyRing
from tests.access_log.conftest import build_house, pull_down
from tests.access_log.house import LogHouse


async def looked(house: LogHouse, connection: asyncpg.Connection) -> Report:
    return await fsck.check(connection, house.log_keys, lambda *_: None)


@pytest_asyncio.fixture(scope="module")
async def filled(
    log_template: KeyRing, server_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LogHouse]:
    """Two people with some events each, one of whom was erased and went on."""
    log_house = await build_house(log_template, server_dsn, tmp_path_factory.mktemp("fsck"))
    sealer = await log_house.sealer(share=True)
    hanako, taro = await log_house.participant(), await log_house.participant()
    await log_house.append(hanako, 5)
    await log_house.append(taro, 3)
    await log_house.erase(taro)
    await log_house.append(taro, 2)
    await sealer.round()
    await log_house.append(hanako, 4)
    await sealer.round()
    yield log_house
    await pull_down(log_house, server_dsn)


async def test_a_log_nobody_touched_has_no_findings(filled: LogHouse):
    report = await looked(filled, await filled.connect())
    assert report.findings == []
    assert report.counts == {
        "events": 14,
        "system_events": 0,
        "entries": 17,
        "checkpoints": 2,
        "mapped": 2,
    }
    row = await filled.admin.fetchrow("SELECT * FROM fsck_run")
    assert (row["kind"], row["size"], row["findings"]) == ("fsck", 17, "[]")


OF_HANAKO = "participant_id = (SELECT participant_id FROM access_event WHERE pseq = 9)"
OF_TARO = "participant_id <> (SELECT participant_id FROM access_event WHERE pseq = 9)"
CASES = {
    "a column": (
        f"UPDATE access_event SET facility_id = uuidv7() WHERE pseq = 2 AND {OF_HANAKO}",
        {Code.COLUMNS_DIFFER},
    ),
    "the outcome": (
        f"UPDATE access_event SET outcome = 'denied' WHERE pseq = 2 AND {OF_HANAKO}",
        {Code.BODY_ALTERED},
    ),
    "a time": (
        f"UPDATE access_event SET at = at + interval '1 second' WHERE pseq = 2 AND {OF_HANAKO}",
        {Code.EVENT_ALTERED},
    ),
    "a body": (
        f"UPDATE access_event SET sealed = sealed || '\\x00' WHERE pseq = 2 AND {OF_HANAKO}",
        {Code.BODY_UNREADABLE},
    ),
    "a body of another event": (
        f"UPDATE access_event e SET sealed = o.sealed FROM access_event o"
        f" WHERE e.pseq = 2 AND e.{OF_HANAKO} AND o.pseq = 3 AND o.{OF_HANAKO}",
        {Code.BODY_ALTERED},
    ),
    "a body emptied": (
        f"UPDATE access_event SET sealed = NULL WHERE pseq = 2 AND {OF_HANAKO}",
        {Code.BODY_MISSING},
    ),
    "a body brought back": (
        f"UPDATE access_event SET sealed = '\\x00' WHERE pseq = 2 AND {OF_TARO}",
        {Code.BODY_NOT_ERASED},
    ),
    "a certificate": (
        "UPDATE erasure_certificate SET events = 4",
        {Code.CERTIFICATE_ALTERED, Code.BODY_NOT_ERASED},
    ),
    "an event taken out": (
        f"DELETE FROM access_event WHERE pseq = 3 AND {OF_HANAKO}",
        {Code.EVENT_MISSING, Code.SOURCE_MISSING},
    ),
    "the last event taken out": (
        f"DELETE FROM access_event WHERE pseq = 9 AND {OF_HANAKO}",
        {Code.EVENT_MISSING, Code.SOURCE_MISSING},
    ),
    "two events exchanged": (
        f"UPDATE access_event SET pseq = 7 - pseq WHERE pseq IN (3, 4) AND {OF_HANAKO}",
        {Code.EVENT_ALTERED},
    ),
    "a commit": (
        f"UPDATE access_event SET commit = sha256('x') WHERE pseq = 3 AND {OF_HANAKO}",
        {Code.EVENT_ALTERED, Code.SOURCE_MISSING},
    ),
    "the head's number": (
        f"UPDATE access_log_head SET last_pseq = 8 WHERE {OF_HANAKO}",
        {Code.HEAD_DIFFERS},
    ),
    "the head": (
        f"DELETE FROM access_log_head WHERE {OF_HANAKO}",
        {Code.HEAD_MISSING, Code.MAP_DIFFERS},
    ),
    "an entry": (
        "UPDATE log_entry SET entry = '\\x0101' || sha256('x') WHERE idx = 3",
        {Code.SOURCE_MISSING, Code.TILE_DIFFERS, Code.ROOT_DIFFERS},
    ),
    "the genesis entry": (
        "UPDATE log_entry SET entry = '\\x0108' || sha256('x') WHERE idx = 0",
        {Code.TILE_DIFFERS, Code.ROOT_DIFFERS},
    ),
    "an entry taken out": ("DELETE FROM log_entry WHERE idx = 3", {Code.ENTRY_MISSING}),
    "a tile": (
        "UPDATE log_tile SET hashes = sha256('x') || substr(hashes, 33)",
        {Code.TILE_DIFFERS},
    ),
    "an entry under no root": (
        "INSERT INTO log_entry VALUES (17, '\\x0102' || sha256('x'))",
        {Code.ROOT_DIFFERS},
    ),
    "a root": (
        "UPDATE log_root SET root = sha256('x') WHERE size = 13",
        {Code.ROOT_DIFFERS, Code.CHECKPOINT_WRONG},
    ),
    "a checkpoint": (
        "UPDATE log_checkpoint SET note = replace(note, E'\\n17\\n', E'\\n18\\n')",
        {Code.CHECKPOINT_WRONG},
    ),
    "a cosignature": (
        "INSERT INTO log_cosignature SELECT size, 'w+00000000+AAAA', 'x' FROM log_checkpoint",
        {Code.COSIGNATURE_WRONG},
    ),
    "the head map": (
        "UPDATE head_map_tile SET numbers = set_byte(numbers, 7, 4) WHERE level = 0",
        {Code.MAP_DIFFERS},
    ),
    "the head map's root": ("UPDATE head_map SET root = sha256('x')", {Code.MAP_DIFFERS}),
    "somebody left out of the head map": (
        "UPDATE head_map_tile SET numbers = decode('0000000000000000', 'hex')"
        " || substr(numbers, 9) WHERE level = 0",
        {Code.MAP_DIFFERS},
    ),
    "an event twice": (
        "INSERT INTO access_event SELECT participant_id, pseq, at + interval '1 microsecond',"
        " uuidv7(), event, outcome, actor_kind, actor_id, facility_id, purpose_of_use, inner_hash,"
        f" prev, sha256('x'), sealed, key_version, epoch FROM access_event WHERE pseq = 1 AND"
        f" {OF_HANAKO}",
        {Code.EVENT_MISSING, Code.EVENT_ALTERED, Code.BODY_ALTERED},
    ),
    "a life of the database that has not begun": (
        f"UPDATE access_event SET epoch = 2 WHERE pseq = 3 AND {OF_HANAKO}",
        {Code.COLUMNS_DIFFER},
    ),
    "a guard turned off": (
        "ALTER TABLE access_event DISABLE TRIGGER append_only",
        {Code.GUARD_MISSING},
    ),
    "a guard that replica mode silences": (
        "ALTER TABLE log_entry ENABLE TRIGGER append_only",
        {Code.GUARD_MISSING},
    ),
    "a guard taken away": (
        "DROP TRIGGER append_only_truncate ON log_root",
        {Code.GUARD_MISSING},
    ),
    "an older head map that proofs may still be made from": (
        "INSERT INTO head_map SELECT number + 1, at, root, participants, value, epoch"
        " FROM head_map;"
        "INSERT INTO head_map_tile SELECT map + 1, level, idx, hashes, numbers FROM head_map_tile;"
        "UPDATE head_map_tile SET numbers = set_byte(numbers, 7, 4) WHERE level = 0 AND map = 1",
        {Code.MAP_DIFFERS},
    ),
    "a key": (
        "UPDATE keystore.participant_key SET wrapped = set_byte(wrapped, 20, 1)",
        {Code.BODY_UNREADABLE},
    ),
}


@pytest.mark.parametrize(("deed", "codes"), CASES.values(), ids=CASES)
async def test_what_was_altered_is_found(filled: LogHouse, deed: str, codes: set[Code]):
    altered = filled.admin.transaction(isolation="repeatable_read")
    await altered.start()
    try:
        if "TRIGGER" in deed:
            await filled.admin.execute(deed)
        else:
            await filled.as_superuser(deed)
        report = await looked(filled, filled.admin)
    finally:
        await altered.rollback()
    assert {finding.code for finding in report.findings} == codes
    assert not report.is_good


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(days=1)], ids=["back", "ahead"])
async def test_a_clock_that_was_set_wrong_is_found(filled: LogHouse, by: timedelta):
    """All else is right: PostgreSQL committed to the time that it saw."""
    altered = filled.admin.transaction(isolation="repeatable_read")
    await altered.start()
    try:
        await filled.admin.execute(
            "CREATE SCHEMA moved; CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz"
            f" RETURN pg_catalog.clock_timestamp() + interval '{by.total_seconds()} seconds';"
            "ALTER FUNCTION app.append_event SET search_path = moved, pg_catalog, public, app"
        )
        hanako = await filled.admin.fetchval(
            "SELECT participant_id FROM access_event WHERE pseq = 9"
        )
        await filled.append(hanako)
        report = await looked(filled, filled.admin)
    finally:
        await altered.rollback()
    assert Code.TIME_WRONG in {finding.code for finding in report.findings}


def test_every_finding_has_its_words():
    for locale in i18n.LOCALES:
        for code in Code:
            assert i18n.text(locale, f"log.finding.{code}")
