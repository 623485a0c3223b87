"""Files with proofs as whoever runs the server could make them, to deceive a phone."""

import msgspec

from api.access_log import verifier as v
from api.access_log.sealing import head_maps
from api.access_log.transparency import bundle as bundles
from api.access_log.transparency import entries, head_map, tree
from tests.access_log import synthetic
from tests.access_log.tamper import rewriting
from tests.access_log.tamper.attack import Attack, Bundle, micros


def proved(attack: Attack, bundle: Bundle) -> Bundle:
    """With the nodes that a proof of what is in this file takes."""
    size = v.parse_checkpoint(v.parse_note(bundle["checkpoint"]).text).size
    source = tree.over(entries.leaves(b"".join(attack.sealed[:size])))
    leaves = {each["leaf"] for each in bundle["events"] if each["leaf"] is not None}
    if bundle["head_map"] is not None:
        leaves.add(bundle["head_map"]["leaf"])
    nodes = {
        f"{level}/{index}": v.to_base64url(tree.node(source, level, index, size))
        for level, index in bundles.needed_nodes(leaves, size)
    }
    return bundle | {"nodes": nodes}


async def prepare(attack: Attack) -> None:
    """What lies for a file are made of."""
    attack.sealed = await rewriting.entries_of(attack)
    attack.taros = msgspec.json.decode((await attack.scene.bundle("taro")).content)


def own_log(attack: Attack) -> Bundle:
    """A log that was never the network's, in its name."""
    own = synthetic.Log(origin=attack.scene.world.origin, now=attack.scene.now)
    for _ in range(5):
        own.append(attack.hanako)
    own.seal()
    own.count()
    return own.bundle(attack.hanako)


async def count_in(attack: Attack, number: int, events: int) -> Bundle:
    """Hanako's place in this head map, which says that she has so many events."""
    made = await attack.admin.fetchrow("SELECT * FROM head_map WHERE number = $1", number)
    kept = {
        (row["level"], row["idx"]): row["hashes"]
        for row in await attack.admin.fetch("SELECT * FROM head_map_tile WHERE map = $1", number)
    }
    position = await attack.admin.fetchval(
        "SELECT position FROM access_log_head WHERE participant_id = $1", attack.hanako
    )
    siblings = head_map.proof(lambda level, idx: kept.get((level, idx), b""), position)
    return {
        "leaf": attack.sealed.index(v.entry_of(v.HEAD_MAP, made["value"])),
        "at": micros(made["at"]),
        "root": v.to_base64url(made["root"]),
        "position": position,
        "blind": v.to_base64url(head_maps.blind(attack.scene.keys.log_blind, attack.hanako)),
        "number": events,
        "proof": {str(level): v.to_base64url(each) for level, each in siblings.items()},
    }
