"""Covering up: the chain made anew, then the tree, then the signatures."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import verifier as v
from tests.access_log.tamper import rewriting
from tests.access_log.tamper.attack import Attack
from tests.access_log.tamper.kinds import (
    FACILITY,
    FILE,
    FSCK,
    KEPT,
    SEALER,
    WITNESS,
    Chapter,
    Holds,
)
from tests.access_log.tamper.rows import EVENT, change

stranger = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

cover = Chapter("Covering up a changed event")


async def edited(attack: Attack) -> dict[bytes, bytes]:
    """One event's outcome is another, and all commits after it follow."""
    await attack.unguarded(attack.filled(change("at", "at - interval '1 minute'")))
    return await attack.rechain()


@cover.add("chain", "The chain is made anew from the change on", *FILE, FACILITY)
async def chain(attack: Attack) -> None:
    await edited(attack)


@cover.add("entries", "… and the entries of the tree", *FILE, FACILITY)
async def tree_entries(attack: Attack) -> None:
    await rewriting.replace_entries(attack, await edited(attack))


@cover.add("tiles", "… and the tiles", SEALER, *FILE, FACILITY)
async def tiles(attack: Attack) -> None:
    await rewriting.replace_entries(attack, await edited(attack))
    await rewriting.regrow(attack)


@cover.add("roots", "… and the roots, and the newest head map", SEALER, *FILE, FACILITY)
async def roots(attack: Attack) -> None:
    await rewritten(attack)


async def rewritten(attack: Attack) -> None:
    """Events, entries, head map, tiles and roots all say the new history."""
    await rewriting.replace_entries(attack, await edited(attack))
    await rewriting.remap(attack)
    await rewriting.regrow(attack)
    await rewriting.reroot(attack)


@cover.add(
    "signed-by-stranger",
    "… and the checkpoints, signed by a key of the attacker's own",
    SEALER,
    WITNESS,
    *FILE,
    FACILITY,
)
async def signed_by_stranger(attack: Attack) -> None:
    await rewritten(attack)
    await rewriting.resign(attack, stranger)


@cover.add(
    "signed-by-log",
    "… and the checkpoints, signed by the log's own key: a second history",
    SEALER,
    WITNESS,
    KEPT,
    FACILITY,
    holds=Holds.KEYS,
)
async def signed_by_log(attack: Attack) -> None:
    await rewritten(attack)
    await rewriting.resign(attack, attack.log_key)


@cover.add(
    "second-history",
    "… and the copy of the checkpoint in the log's folder: nothing at home contradicts",
    WITNESS,
    KEPT,
    FACILITY,
    holds=Holds.KEYS,
)
async def second_history(attack: Attack) -> None:
    await rewritten(attack)
    await rewriting.resign(attack, attack.log_key)
    await rewriting.keep_checkpoint(attack)
    await attack.sql("DELETE FROM witness_state")


@cover.add(
    "event-unmade",
    "With everything in hand, one event is taken out of history and all made anew without it",
    WITNESS,
    KEPT,
    FACILITY,
    holds=Holds.KEYS,
)
async def event_unmade(attack: Attack) -> None:
    gone = await attack.drop_event(attack.n)
    became = await attack.rechain()
    kept = [each for each in await rewriting.entries_of(attack) if each[2:] != gone]
    await rewriting.put_entries(attack, kept)
    await rewriting.replace_entries(attack, became)
    await rewriting.remap(attack)
    await rewriting.regrow(attack)
    await rewriting.reroot(attack)
    await rewriting.resign(attack, attack.log_key)
    await rewriting.keep_checkpoint(attack)
    await attack.sql("DELETE FROM witness_state")


@cover.add(
    "everything-shorter",
    "The end of everything is cut off: events, entries, tiles, roots, checkpoints",
    SEALER,
    WITNESS,
    KEPT,
    FACILITY,
)
async def everything_shorter(attack: Attack) -> None:
    await rewriting.cut_to(attack, attack.scene.world.old_size)


tree = Chapter("The tree alone")
tree.sql(
    "entry",
    "An entry of the tree is altered",
    "UPDATE log_entry SET entry = substr(entry, 1, 2) || sha256('x') WHERE entry ="
    " '\\x0101'::bytea || (SELECT commit FROM access_event WHERE " + EVENT + ")",
    *FILE,
    FACILITY,
)
tree.sql(
    "entry-gone",
    "The newest entry is deleted",
    "DELETE FROM log_entry WHERE idx = (SELECT max(idx) FROM log_entry)",
    SEALER,
    FSCK,
)
tree.sql(
    "entry-more",
    "An entry is put at the end",
    "INSERT INTO log_entry SELECT max(idx) + 1, '\\x0102'::bytea || sha256('x') FROM log_entry",
    SEALER,
    FSCK,
)


@tree.add("entries-swapped", "Two entries change places", *FILE)
async def entries_swapped(attack: Attack) -> None:
    made = await rewriting.entries_of(attack)
    first, second = (made.index(v.entry_of(1, row["commit"])) for row in (await attack.rows())[-2:])
    made[first], made[second] = made[second], made[first]
    await rewriting.put_entries(attack, made)


tree.sql(
    "tile",
    "The hashes of a tile are altered",
    "UPDATE log_tile SET hashes = decode(repeat('5a', length(hashes)), 'hex') WHERE level = 0",
    SEALER,
    *FILE,
)
tree.sql(
    "root",
    "A root is altered",
    "UPDATE log_root SET root = sha256('x') WHERE size = (SELECT max(size) FROM log_root)",
    SEALER,
    FSCK,
)

CHAPTERS = (cover, tree)
