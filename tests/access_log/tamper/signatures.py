"""Checkpoints, cosignatures, keys, and head maps that lie."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import verifier as v
from api.access_log.sealing import last_checkpoint
from api.access_log.transparency import notes
from api.access_log.transparency.head_map import Head
from tests.access_log.superuser import hexed, quoted
from tests.access_log.tamper import false_files, rewriting
from tests.access_log.tamper.attack import Attack, Bundle
from tests.access_log.tamper.kinds import (
    FILE,
    FSCK,
    KEPT,
    PHONES,
    SEALER,
    WITNESS,
    By,
    Chapter,
    Holds,
)

Lie = Callable[[Attack, Head], Head | None]
stranger = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))

checkpoints = Chapter("Checkpoints and cosignatures")
RENEWED = "An hour later there is a newer checkpoint with its own cosignatures."


@checkpoints.add(
    "two-of-one-size",
    "A second checkpoint of the newest size, signed by the log's key over another root",
    SEALER,
    WITNESS,
    *FILE,
    holds=Holds.KEYS,
)
async def two_of_one_size(attack: Attack) -> None:
    size = await attack.admin.fetchval("SELECT max(size) FROM log_checkpoint")
    note = notes.checkpoint(attack.scene.world.origin, size, v.sha256(b"x"), attack.log_key)
    last_checkpoint.write(attack.scene.home, str(note))
    await attack.unguarded(
        "DELETE FROM log_cosignature",
        f"UPDATE log_checkpoint SET note = {quoted(str(note))}, root = {hexed(v.sha256(b'x'))}"
        f" WHERE size = {size}",
    )


checkpoints.sql(
    "checkpoint-text",
    "A checkpoint's note is altered: another size under the old signature",
    "UPDATE log_checkpoint SET note = regexp_replace(note, E'\\n[0-9]+\\n', E'\\n999999\\n')"
    " WHERE size = (SELECT max(size) FROM log_checkpoint)",
    SEALER,
    *FILE,
)
checkpoints.sql(
    "cosignature-forged",
    "A stored cosignature is replaced by other bytes in the witness's name",
    "UPDATE log_cosignature SET line = left(line, -25) || 'AAAAAAAAAAAAAAAAAAAA' || right(line, 5)"
    " WHERE size = (SELECT max(size) FROM log_cosignature)",
    FSCK,
    note=RENEWED,
)
checkpoints.sql(
    "cosignature-replayed",
    "The cosignature of an older checkpoint is stored under the newest",
    "UPDATE log_cosignature n SET line = o.line FROM log_cosignature o WHERE o.witness = n.witness"
    " AND n.size = (SELECT max(size) FROM log_cosignature)"
    " AND o.size = (SELECT min(size) FROM log_cosignature)",
    FSCK,
    note=RENEWED,
)

keys = Chapter("The log's key")


@keys.add(
    "key-change-forged",
    "A change of the log's key that the old key has not signed, into a key of the attacker's",
    SEALER,
    *FILE,
)
async def key_change_forged(attack: Attack) -> None:
    origin = attack.scene.world.origin
    text = v.key_change_text(
        origin, v.parse_vkey(attack.scene.world.log_key), notes.vkey(origin, stranger)
    )
    note = notes.sign(text, origin, stranger)
    await attack.unguarded(
        "INSERT INTO key_change (number, note, value, epoch) SELECT 1,"
        f" {quoted(str(note))}, {hexed(v.key_change_value(text))}, epoch FROM log_state"
    )


@keys.add(
    "key-replaced",
    "The log's key is replaced by another one",
    SEALER,
    *FILE,
    holds=Holds.KEYS,
)
async def key_replaced(attack: Attack) -> None:
    attack.replace_log_key()


maps = Chapter("Head maps that lie", Holds.KEYS)


def instead(name: str, what: str, *by: By, hours: int = 1) -> Callable[[Lie], Lie]:
    """A map that lies about Hanako, made in place of the hour's own."""

    def added(lie: Lie) -> Lie:
        async def deed(attack: Attack) -> None:
            attack.makes_head_maps = False
            attack.hours_later = hours
            await rewriting.lie_in_map(attack, lambda head: lie(attack, head))

        maps.add(name, what, *by)(deed)
        return lie

    return added


@instead("map-smaller", "A head map counts fewer events than there are", FSCK)
def _smaller(attack: Attack, head: Head) -> Head | None:
    return head._replace(events=attack.n, commit=attack.commits[attack.n - 1])


@instead("map-larger", "A head map counts more events than there are", *FILE)
def _larger(attack: Attack, head: Head) -> Head | None:
    return head._replace(events=head.events + 1)


@instead("map-other-commit", "A head map counts rightly, over another event", *FILE)
def _other_commit(attack: Attack, head: Head) -> Head | None:
    return head._replace(commit=v.sha256(b"x"))


@instead("map-place", "Head maps have a participant at another place", *FILE, hours=3)
def _other_place(attack: Attack, head: Head) -> Head | None:
    return head._replace(position=4000)


@instead("map-without", "Head maps leave a participant out", *FILE, hours=3)
def _without(attack: Attack, head: Head) -> Head | None:
    return None


@maps.add(
    "two-maps",
    "Beside the true head map there is another that counts fewer events, for a shortened file",
    FSCK,
    KEPT,
)
async def two_maps(attack: Attack) -> None:
    number = attack.n + 1
    await rewriting.lie_in_map(
        attack, lambda head: head._replace(events=number, commit=attack.commits[number - 1])
    )
    lying = await attack.admin.fetchval("SELECT max(number) FROM head_map")

    async def shortened(bundle: Bundle) -> Bundle:
        await false_files.prepare(attack)
        counted = await false_files.count_in(attack, lying, number)
        return false_files.proved(
            attack, bundle | {"events": bundle["events"][:number], "head_map": counted}
        )

    attack.serving = shortened


@maps.add("map-old", "No head map is made any more", *PHONES, holds=Holds.DATABASE)
async def map_old(attack: Attack) -> None:
    attack.makes_head_maps = False
    attack.hours_later = 3


@maps.add("map-tile", "A hash of the newest head map is altered", *FILE, holds=Holds.DATABASE)
async def map_tile(attack: Attack) -> None:
    attack.makes_head_maps = False
    await attack.sql(
        "UPDATE head_map_tile SET hashes = decode(repeat('5a', length(hashes)), 'hex')"
        " WHERE level = 0"
    )


@maps.add(
    "map-numbers",
    "The numbers beside the newest head map are altered",
    *FILE,
    holds=Holds.DATABASE,
)
async def map_numbers(attack: Attack) -> None:
    attack.makes_head_maps = False
    await attack.sql("UPDATE head_map_tile SET numbers = set_byte(numbers, 7, 1) WHERE level = 0")


CHAPTERS = (checkpoints, keys, maps)
