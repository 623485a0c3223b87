"""The sealed part of the log made to say something else."""

from collections.abc import Callable, Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import verifier as v
from api.access_log.sealing import head_maps, last_checkpoint
from api.access_log.sealing import queries as sealing_queries
from api.access_log.transparency import entries, head_map, notes, tiles, tree
from api.access_log.transparency.head_map import Head
from tests.access_log.superuser import hexed, quoted
from tests.access_log.tamper.attack import Attack, micros


async def entries_of(attack: Attack) -> list[bytes]:
    rows = await attack.admin.fetch("SELECT entry FROM log_entry ORDER BY idx")
    return [row["entry"] for row in rows]


async def put_entries(attack: Attack, made: Iterable[bytes]) -> None:
    lines = ",".join(f"({n},{hexed(each)})" for n, each in enumerate(made))
    await attack.unguarded(
        "DELETE FROM log_entry", f"INSERT INTO log_entry (idx, entry) VALUES {lines}"
    )


async def replace_entries(attack: Attack, became: Mapping[bytes, bytes]) -> None:
    """Where events' commits have become others."""
    made = [each[:2] + became.get(each[2:], each[2:]) for each in await entries_of(attack)]
    await put_entries(attack, made)


async def regrow(attack: Attack) -> None:
    """Every tile, as the entries are now."""
    leaves = entries.leaves(b"".join(await entries_of(attack)))
    made = tiles.grown(_no_tile, 0, leaves)
    lines = ",".join(f"({t.level},{t.number},{hexed(t.hashes)})" for t in made)
    await attack.unguarded(
        "DELETE FROM log_tile", f"INSERT INTO log_tile (level, idx, hashes) VALUES {lines}"
    )


async def reroot(attack: Attack) -> None:
    """Every root, as the entries are now; sizes that are no more go."""
    leaves = entries.leaves(b"".join(await entries_of(attack)))
    size = len(leaves) // 32
    sizes = [row[0] for row in await attack.admin.fetch("SELECT size FROM log_root")]
    source = tree.over(leaves)
    kept = {each: tree.root(source, each) for each in {*sizes, size} if each <= size}
    lines = ",".join(f"({each},{hexed(root)})" for each, root in kept.items())
    await attack.unguarded(
        "DELETE FROM log_root", f"INSERT INTO log_root (size, root) VALUES {lines}"
    )


async def resign(attack: Attack, key: Ed25519PrivateKey) -> None:
    """Every checkpoint, by this key over the roots as they are now; cosignatures, which nobody
    can make, go."""
    origin = attack.scene.world.origin
    size = len(await entries_of(attack))
    roots = {
        row["size"]: row["root"]
        for row in await attack.admin.fetch("SELECT size, root FROM log_root")
    }
    sizes = {row[0] for row in await attack.admin.fetch("SELECT size FROM log_checkpoint")}
    made = {
        each: str(notes.checkpoint(origin, each, roots[each], key))
        for each in {*sizes, size}
        if each <= size
    }
    lines = ",".join(f"({each},{hexed(roots[each])},{quoted(note)})" for each, note in made.items())
    await attack.unguarded(
        "DELETE FROM log_cosignature",
        "DELETE FROM log_checkpoint",
        f"INSERT INTO log_checkpoint (size, root, note) VALUES {lines}",
    )


async def keep_checkpoint(attack: Attack) -> None:
    """The copy outside the database follows what the database says."""
    note = await attack.admin.fetchval("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
    last_checkpoint.write(attack.scene.home, note)


async def remap(attack: Attack) -> None:
    """The newest head map, as the heads are now; its entry too."""
    newest = await attack.admin.fetchrow("SELECT * FROM head_map ORDER BY number DESC LIMIT 1")
    _, raw = await sealing_queries.heads(attack.admin)
    built = head_map.build(head_maps._heads(attack.scene.keys.log_blind, raw))
    value = v.head_map_value(micros(newest["at"]), built.root)
    tiles_ = ",".join(
        f"({newest['number']},{t.level},{t.number},{hexed(t.hashes)},{hexed(t.numbers)})"
        for t in built.tiles
    )
    await attack.unguarded(
        "DELETE FROM head_map_tile",
        f"INSERT INTO head_map_tile (map, level, idx, hashes, numbers) VALUES {tiles_}",
        f"UPDATE head_map SET root = {hexed(built.root)}, value = {hexed(value)}"
        f" WHERE number = {newest['number']}",
    )
    await replace_entries(attack, {newest["value"]: value})


async def cut_to(attack: Attack, size: int) -> None:
    """Nothing that came after this size of the tree has ever been."""
    kept = [each[2:] for each in (await entries_of(attack))[:size]]
    listed = ",".join(map(hexed, kept))
    await attack.unguarded(
        f"DELETE FROM access_event WHERE commit <> ALL (ARRAY[{listed}])",
        f"DELETE FROM system_event WHERE commit <> ALL (ARRAY[{listed}])",
        f"DELETE FROM head_map_tile USING head_map m WHERE map = m.number"
        f" AND m.value <> ALL (ARRAY[{listed}])",
        f"DELETE FROM head_map WHERE value <> ALL (ARRAY[{listed}])",
        f"DELETE FROM log_entry WHERE idx >= {size}",
        *(
            f"DELETE FROM {table} WHERE size > {size}"
            for table in ("log_cosignature", "log_checkpoint", "log_root")
        ),
        "DELETE FROM witness_state",
        "UPDATE access_log_head h SET (last_pseq, last_commit) = (SELECT pseq, commit"
        " FROM access_event e WHERE e.participant_id = h.participant_id"
        " ORDER BY pseq DESC LIMIT 1) WHERE EXISTS"
        " (SELECT FROM access_event e WHERE e.participant_id = h.participant_id)",
    )
    await remap(attack)
    await regrow(attack)


async def lie_in_map(attack: Attack, lie: Callable[[Head], Head | None]) -> None:
    """A head map in which Hanako does not stand as she is; it goes into the tree like one."""
    attack.commits = [row["commit"] for row in await attack.rows()]
    position = await attack.admin.fetchval(
        "SELECT position FROM access_log_head WHERE participant_id = $1", attack.hanako
    )
    at, raw = await sealing_queries.heads(attack.scene.sealer)
    every = head_maps._heads(attack.scene.keys.log_blind, raw)
    heads = {each.position: each for each in every}
    told = lie(heads.pop(position))
    if told is not None:
        heads[told.position] = told
    built = head_map.build(heads[each] for each in sorted(heads))
    value = v.head_map_value(at, built.root)
    number = await sealing_queries.add_head_map(
        attack.scene.sealer, at, built.root, built.participants, value
    )
    await sealing_queries.put_head_map_tiles(attack.scene.sealer, number, built.tiles)


def _no_tile(level: int, index: int) -> bytes:
    return b""
