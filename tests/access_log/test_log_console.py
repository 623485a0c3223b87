"""The operator's console: looking at the log, a new key, and what is said after a restore."""

import asyncio
from datetime import UTC, datetime

import pytest

from api.access_log.sealing import nightly
from api.access_log.sealing.findings import Code
from api.core import i18n
from tests.access_log.house import LogHouse
from tests.cli.console import environment, tsunagu
from tests.serving import free_port


@pytest.fixture
def env(log_house: LogHouse) -> dict[str, str]:
    (log_house.home / "keys").mkdir(exist_ok=True)
    for each in log_house.roles.folder.iterdir():
        if each.is_file():
            (log_house.home / "keys" / each.name).write_bytes(each.read_bytes())
    (log_house.home / "keys" / "log_blind.key").write_bytes(log_house.log_keys.blind)
    return environment(log_house.home, free_port(), APP_DATABASE_URL=log_house.app_dsn)


async def test_the_operator_looks_at_the_log_and_changes_its_key(
    log_house: LogHouse, env: dict[str, str]
):
    early = await asyncio.to_thread(tsunagu, "log", "rotate-key", env=env)
    assert (early.returncode, early.stderr) == (
        2,
        "There is no log yet: start Tsunagu first.\n",
    )
    sealer = await log_house.sealer(share=True)
    await log_house.append(await log_house.participant(), 3)
    await sealer.round()
    good = await asyncio.to_thread(tsunagu, "log", "fsck", env=env)
    assert (good.returncode, good.stdout) == (
        0,
        "3 events, 5 entries and 1 checkpoints were looked at.\nNothing was found.\n",
    )
    rotated = await asyncio.to_thread(tsunagu, "log", "rotate-key", env=env | {"LANG": "ja_JP"})
    assert rotated.returncode == 0, rotated.stderr
    assert rotated.stdout.startswith("これから履歴には新しい鍵で署名します。")
    await sealer.round()
    assert await log_house.halted() is None
    event = await log_house.admin.fetchrow("SELECT event, actor_kind FROM system_event")
    assert tuple(event) == ("access_log:key:changed", "operator")
    nobody = await asyncio.to_thread(tsunagu, "log", "witnesses", env=env)
    assert nobody.stdout.startswith("Nobody cosigns this log.")
    await log_house.as_superuser("DELETE FROM access_event WHERE pseq = 3")
    bad = await asyncio.to_thread(tsunagu, "log", "fsck", env=env)
    assert bad.returncode == 1
    assert "An event is missing (participant " in bad.stdout
    assert not await nightly.check(log_house.app_dsn, log_house.home)
    assert await log_house.admin.fetchval("SELECT count(*) FROM fsck_run") == 3


async def test_the_operator_is_told_what_a_restore_lost(log_house: LogHouse, env: dict[str, str]):
    await log_house.append(await log_house.participant(), 3)
    await (await log_house.sealer(share=True)).round()
    await log_house.as_superuser(
        "TRUNCATE log_entry, log_tile, log_root, log_checkpoint, log_cursor, log_cosignature,"
        " log_gap"
    )
    beside = await asyncio.to_thread(tsunagu, "log", "restore-check", env=env)
    assert (beside.returncode, beside.stderr) == (
        2,
        "Something still uses this database: stop Tsunagu first.\n",
    )
    await log_house.leave()
    done = await asyncio.to_thread(tsunagu, "log", "restore-check", env=env)
    await log_house.enter(log_house.name)
    assert done.returncode == 1
    assert "5 entries that were signed are missing" in done.stdout
    assert "Signing stays stopped" in done.stdout
    unknown = await asyncio.to_thread(
        tsunagu, "log", "restore-check", "--recover-from", "https://x.example", env=env
    )
    assert unknown.returncode == 2


@pytest.mark.parametrize(
    ("now", "last", "is_due"),
    [
        (datetime(2026, 12, 1, 18, 30, tzinfo=UTC), None, True),
        (datetime(2026, 12, 1, 17, 59, tzinfo=UTC), None, False),
        (datetime(2026, 12, 1, 19, 1, tzinfo=UTC), None, False),
        (
            datetime(2026, 12, 1, 18, 30, tzinfo=UTC),
            datetime(2026, 12, 1, 18, 2, tzinfo=UTC),
            False,
        ),
        (
            datetime(2026, 12, 1, 18, 30, tzinfo=UTC),
            datetime(2026, 11, 30, 18, 2, tzinfo=UTC),
            True,
        ),
    ],
)
def test_every_night_once(now: datetime, last: datetime | None, is_due: bool):
    assert nightly.is_due(now, last) is is_due


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_every_finding_has_its_sentence(locale: str):
    assert [code for code in Code if not i18n.has_text(locale, f"log.finding.{code}")] == []
