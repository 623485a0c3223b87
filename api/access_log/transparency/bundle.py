"""Builds what a participant's phone verifies: the bundle, and the proof for one event."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from api.access_log.transparency import tree
from api.access_log.verifier import (
    BUNDLE,
    PROOF,
    UNTOLD,
    ZEROS,
    Consistency,
    HeadProof,
    Receipt,
    to_base64,
    to_base64url,
)


class Withheld(NamedTuple):
    """`until` is a day, `YYYY-MM-DD`."""

    name: str
    digest: bytes
    reason: str = UNTOLD
    until: str | None = None


class ShownEvent(NamedTuple):
    """`fields` are canonical JSON by name; `leaf` is None while the event has only a receipt.

    `salts` stand in place of `ek` where more than `other` is withheld.
    """

    number: int
    at: int
    commit: bytes
    leaf: int | None
    fields: Iterable[tuple[str, str]]
    withheld: Sequence[Withheld]
    ek: bytes | None = None
    salts: Mapping[str, bytes] | None = None
    receipt: Receipt | None = None


def needed_nodes(leaves: Collection[int], size: int) -> list[tuple[int, int]]:
    """Level and index of what a verifier of these leaves cannot compute, and needs."""
    needed = []
    known = set(leaves)
    for level in range(tree.height(size)):
        for index in sorted(known):
            beside = index ^ 1
            if beside not in known and beside << level < size:
                needed.append((level, beside))
        known = {index >> 1 for index in known}
    return needed


def build(
    *,
    log_key: str,
    origin: str,
    size: int,
    checkpoint: str,
    key_changes: Sequence[str],
    participant: UUID,
    events: Sequence[ShownEvent],
    hash_at: tree.HashAt,
    head_map: HeadProof | None,
    consistency: Consistency | None = None,
    before: tuple[int, bytes] = (0, ZEROS),
) -> dict[str, Any]:
    """Of JSON values. `before` is the last event left out, `hash_at` knows the whole nodes."""
    leaves = {each.leaf for each in events if each.leaf is not None}
    if head_map is not None:
        leaves.add(head_map.leaf)
    return {
        "format": BUNDLE,
        "origin": origin,
        "log_key": log_key,
        "participant": str(participant),
        "checkpoint": checkpoint,
        "key_changes": list(key_changes),
        "from": {"number": before[0], "commit": to_base64url(before[1])},
        "events": [_event(each) for each in events],
        "nodes": {
            f"{level}/{index}": to_base64url(tree.node(hash_at, level, index, size))
            for level, index in needed_nodes(leaves, size)
        },
        "head_map": head_map and _head_map(head_map),
        "consistency": consistency
        and {
            "size": consistency.size,
            "root": to_base64url(consistency.root),
            "proof": [to_base64url(each) for each in consistency.proof],
        },
    }


def _event(event: ShownEvent) -> dict[str, Any]:
    members: dict[str, Any] = {
        "number": event.number,
        "at": event.at,
        "commit": to_base64url(event.commit),
        "leaf": event.leaf,
        "fields": [list(each) for each in event.fields],
        "withheld": [
            {"name": name, "digest": to_base64url(digest), "reason": reason}
            | ({} if until is None else {"until": until})
            for name, digest, reason, until in event.withheld
        ],
    }
    if event.ek is not None:
        members["ek"] = to_base64url(event.ek)
    if event.salts is not None:
        members["salts"] = {name: to_base64url(each) for name, each in event.salts.items()}
    if event.receipt is not None:
        members["receipt"] = str(event.receipt)
    return members


def _head_map(proof: HeadProof) -> dict[str, Any]:
    return {
        "leaf": proof.leaf,
        "at": proof.at,
        "root": to_base64url(proof.root),
        "position": proof.position,
        "blind": to_base64url(proof.blind),
        "number": proof.number,
        "proof": {str(level): to_base64url(each) for level, each in proof.siblings.items()},
    }


def tlog_proof(
    *,
    inner: bytes,
    participant: UUID,
    number: int,
    previous: bytes,
    at: int,
    leaf: int,
    size: int,
    hash_at: tree.HashAt,
    checkpoint: str,
) -> str:
    """c2sp.org/tlog-proof, for one participant's event."""
    extra = inner + participant.bytes + number.to_bytes(8) + previous + at.to_bytes(8)
    path = "".join(f"{to_base64(each)}\n" for each in tree.inclusion(hash_at, leaf, size))
    return f"{PROOF}\nextra {to_base64(extra)}\nindex {leaf}\n{path}\n{checkpoint}"
