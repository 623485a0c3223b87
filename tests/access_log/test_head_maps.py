"""Once an hour the tree learns how many events everybody has."""

from datetime import timedelta

import asyncpg

from api.access_log.sealing import head_maps, queries
from api.access_log.transparency import head_map
from api.access_log.verifier import (
    EMPTY_HEADS,
    head_leaf,
    head_map_root,
    head_map_value,
    head_value,
)
from tests.access_log.house import BLIND, LogHouse
from tests.pace import quickest_answer

OFTEN = timedelta(0)


async def proven(house: LogHouse, participant: object) -> tuple[int, bytes]:
    """By the newest map's tiles: how many events the participant has; the map's root."""
    newest = await house.admin.fetchrow("SELECT * FROM head_map ORDER BY number DESC LIMIT 1")
    tiles = {
        (row["level"], row["idx"]): row
        for row in await house.admin.fetch(
            "SELECT * FROM head_map_tile WHERE map = $1", newest["number"]
        )
    }
    head = await house.admin.fetchrow(
        "SELECT * FROM access_log_head WHERE participant_id = $1", participant
    )
    at = head["position"]
    numbers = tiles[0, at // 256]["numbers"]
    number = int.from_bytes(numbers[8 * (at % 256) : 8 * (at % 256) + 8])
    commit = await house.admin.fetchval(
        "SELECT commit FROM access_event WHERE participant_id = $1 AND pseq = $2",
        participant,
        number,
    )
    siblings = head_map.proof(lambda level, idx: tiles[level, idx]["hashes"], at)
    leaf = EMPTY_HEADS[0]
    if number:
        leaf = head_leaf(head_value(head_maps.blind(BLIND, participant), number, commit))
    assert head_map_root(leaf, at, siblings) == newest["root"]
    return number, newest["root"]


async def test_a_map_stands_in_the_tree_after_every_event_it_counts(log_house: LogHouse):
    sealer = await log_house.sealer(head_maps=OFTEN)
    hanako, taro = await log_house.participant(), await log_house.participant()
    for count in (1, 3):
        await log_house.append(hanako, count)
        await log_house.append(taro, 2)
        await sealer.round()
        await log_house.assert_whole()
        number, root = await proven(log_house, hanako)
        at = await log_house.admin.fetchval(
            "SELECT (extract(epoch FROM at) * 1000000)::bigint FROM head_map"
            " ORDER BY number DESC LIMIT 1"
        )
        sealed = await log_house.entries()
        assert sealed[-1] == b"\x01\x05" + head_map_value(at, root)
        assert number == await log_house.admin.fetchval(
            "SELECT last_pseq FROM access_log_head WHERE participant_id = $1", hanako
        )


async def test_an_event_that_commits_after_the_map_is_not_counted_by_it(log_house: LogHouse):
    sealer = await log_house.sealer(head_maps=OFTEN)
    hanako, taro = await log_house.participant(), await log_house.participant()
    await log_house.append(hanako)
    slow = await asyncpg.connect(log_house.admin_dsn)
    await slow.execute("BEGIN")
    await log_house.append(taro, 1, slow)
    await sealer.round()
    await slow.execute("COMMIT")
    assert (await proven(log_house, hanako))[0] == 1
    assert (await proven(log_house, taro))[0] == 0
    await sealer.round()
    assert (await proven(log_house, taro))[0] == 1
    await log_house.assert_whole()
    await slow.close()


async def test_the_tiles_of_the_newest_two_maps_are_kept(log_house: LogHouse):
    sealer = await log_house.sealer(head_maps=OFTEN)
    await log_house.append(await log_house.participant())
    for _ in range(4):
        await sealer.round()
    rows = await log_house.admin.fetch("SELECT DISTINCT map FROM head_map_tile ORDER BY 1")
    assert [row["map"] for row in rows] == [3, 4]
    assert await log_house.admin.fetchval("SELECT count(*) FROM head_map") == 4


async def test_a_map_is_made_by_the_hour(log_house: LogHouse):
    sealer = await log_house.sealer(head_maps=timedelta(hours=1))
    await sealer.round()
    await log_house.append(await log_house.participant())
    for _ in range(3):
        await sealer.round()
    assert await log_house.admin.fetchval("SELECT count(*) FROM head_map") == 1
    connection = await log_house.connect()
    assert not await queries.head_map_is_due(connection, timedelta(hours=1))
    assert await queries.head_map_is_due(connection, timedelta(microseconds=1))


async def test_a_map_of_many_is_quick(log_house: LogHouse):
    """A fortieth of what the benchmark counts, at the machine's pace."""
    await log_house.admin.execute(
        """WITH new AS (INSERT INTO participant (participant_id, name, name_kana, sex, birth_on)
             SELECT gen_random_uuid(), 'X', 'X', 'other', '1980-01-01'
             FROM generate_series(1, $1::int)
             RETURNING participant_id)
           INSERT INTO access_log_head (participant_id, last_pseq, last_commit)
             SELECT participant_id, 7, sha256(uuid_send(participant_id)) FROM new""",
        5_000,
    )
    connection = await log_house.connect()

    async def map_of_all() -> None:
        assert await head_maps.take(connection, BLIND) == 5_000

    assert await quickest_answer(map_of_all, 0.5) < 0.5
