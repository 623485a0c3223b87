"""Checks an access log without trusting whoever runs it: one file, of its own.

It needs Python 3.11, the standard library and `cryptography`. The bytes it checks are described in
docs/reference/access-log-format.md; section numbers of RFC 6962 and names of C2SP stand beside the
functions. The log itself makes its hashes with the functions below: there is no second copy.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ZEROS: Final = bytes(32)
ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
HEAD_DEPTH: Final = 32
MERGE_DELAY: Final = 60_000_000
MOST_SIGNATURES: Final = 64


class Malformed(ValueError):
    """Not of the form the format asks for; the text says what was expected."""


class Forged(ValueError):
    """A signature line in the name of a known key that this key never made."""


# --- Hash inputs -------------------------------------------------------------------------------


def sha256(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


FIELDS: Final = tuple(
    "about actor basis detail embargo on_behalf other purpose resources way".split()  # noqa: SIM905
)
_SALTED: Final = {name: b"phr-acl/1 salt\0" + name.encode() + b"\x01" for name in FIELDS}


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def salt(key: bytes, name: str) -> bytes:
    """Of one field; `key` is `ek`, or `ek_other` for `other`. One block of RFC 5869 Expand."""
    return salts(key, (name,))[0]


def salts(key: bytes, names: Iterable[str]) -> list[bytes]:
    """HMAC (RFC 2104) with what depends on the key alone computed once."""
    block = key.ljust(64, b"\0")
    inner, outer = (hashlib.sha256(block.translate(pad)) for pad in (_INNER, _OUTER))
    found = []
    for name in names:
        within, around = inner.copy(), outer.copy()
        within.update(_SALTED[name])
        around.update(within.digest())
        found.append(around.digest())
    return found


def field_digest(salted: bytes, name: str, text: str) -> bytes:
    """`text` is the canonical JSON of the value."""
    return tail_digest(salted, field_tail(name, text))


def field_tail(name: str, text: str) -> bytes:
    """What follows the salt in the line that is hashed; many events have it in common."""
    return f'","{name}",{text}]'.encode()


def tail_digest(salted: bytes, tail: bytes) -> bytes:
    encoded = binascii.b2a_base64(salted, newline=False).translate(_URL_SAFE).rstrip(b"=")
    return hashlib.sha256(b'phr-acl/1 field\0["' + encoded + tail).digest()


def inner_hash(digests: Iterable[bytes]) -> bytes:
    ordered = sorted(digests)
    return sha256(b"phr-acl/1 fields\0" + len(ordered).to_bytes(2) + b"".join(ordered))


def commit_hash(inner: bytes, participant: bytes, number: int, previous: bytes, at: int) -> bytes:
    """`at` in microseconds since 1970 UTC; an event without a participant has zeros in between."""
    return sha256(
        b"phr-acl/1 event\0" + inner + participant + number.to_bytes(8) + previous + at.to_bytes(8)
    )


def head_map_value(at: int, root: bytes) -> bytes:
    return sha256(b"phr-acl/1 head map\0" + at.to_bytes(8) + root)


def key_change_value(statement: str) -> bytes:
    """Of a key change's four lines, each with its newline."""
    return sha256(statement.encode())


def erasure_value(participant: bytes, events: int, last_commit: bytes, at: int) -> bytes:
    return sha256(
        b"phr-acl/1 erasure\0" + participant + events.to_bytes(8) + last_commit + at.to_bytes(8)
    )


def genesis_value(origin: str) -> bytes:
    return sha256(b"phr-acl/1 genesis\0" + origin.encode())


PARTICIPANT_EVENT: Final = 0x01
SYSTEM_EVENT: Final = 0x02
HEAD_MAP: Final = 0x05
KEY_CHANGE: Final = 0x06
ERASURE: Final = 0x07
PADDING: Final = 0x08


def entry_of(kind: int, value: bytes) -> bytes:
    """34 bytes."""
    return bytes((0x01, kind)) + value


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def head_value(blind: bytes, events: int, last_commit: bytes) -> bytes:
    return sha256(b"phr-acl/1 head\0" + blind + events.to_bytes(8) + last_commit)


def head_leaf(value: bytes) -> bytes:
    return sha256(b"\x21" + value)


def head_node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x22" + left + right)


def _empty_heads() -> tuple[bytes, ...]:
    hashes = [sha256(b"\x20")]
    for _ in range(HEAD_DEPTH):
        hashes.append(head_node(hashes[-1], hashes[-1]))
    return tuple(hashes)


EMPTY_HEADS: Final = _empty_heads()
"""By level: the hash of a subtree of the head map in which nobody stands."""


# --- Text forms --------------------------------------------------------------------------------


def to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def from_base64(text: str) -> bytes:
    """Only of the one text that encodes these bytes: a changed letter is always noticed."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("base64 was expected") from error
    if to_base64(value) != text:
        raise Malformed("base64 in its one form was expected")
    return value


def to_base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def from_base64url(text: str, length: int | None = None) -> bytes:
    """Without padding, and like `from_base64` only of the one text."""
    try:
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Malformed("base64url was expected") from error
    if to_base64url(value) != text or length not in (None, len(value)):
        raise Malformed(f"base64url of {length or 'some'} bytes was expected")
    return value


def decimal(text: str) -> int:
    """Without sign or leading zeros, below 2⁶³."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and text == str(int(text))):
        raise Malformed("a number without leading zeros was expected")
    value = int(text)
    if value >= 1 << 63:
        raise Malformed("a number below 2^63 was expected")
    return value


# --- Signed notes (c2sp.org/signed-note) ---------------------------------------------------------


class Vkey(NamedTuple):
    """A verifier key: `<name>+<key id>+<base64 of type and public key>`."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.public)[:4]

    def __str__(self) -> str:
        encoded = to_base64(bytes((self.kind,)) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def signed(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SignatureLine(NamedTuple):
    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {to_base64(self.key_id + self.signature)}\n"


class Note(NamedTuple):
    """`text` ends in a newline, the last one that is signed."""

    text: str
    lines: tuple[SignatureLine, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.lines))}"

    def of(self, key: Vkey) -> list[bytes]:
        """What stands there in the name of this key, verified or not."""
        return [
            line.signature
            for line in self.lines
            if (line.name, line.key_id) == (key.name, key.key_id)
        ]


def is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(each.isspace() for each in name)


def parse_vkey(text: str, kind: int = ED25519) -> Vkey:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = from_base64(encoded)
    if not is_key_name(name) or len(material) != 33 or material[0] != kind:
        raise Malformed(f"an Ed25519 verifier key of type {kind} was expected")
    key = Vkey(name, kind, material[1:])
    if key_id != key.key_id.hex():
        raise Malformed("the key id of a verifier key does not belong to the key")
    return key


def parse_note(text: str) -> Note:
    if any(each < " " and each != "\n" for each in text):
        raise Malformed("a signed note without control characters was expected")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Malformed("a signed note in UTF-8 was expected") from error
    split = text.rfind("\n\n")
    signatures = text[split + 2 :]
    if split < 0 or not signatures.endswith("\n"):
        raise Malformed("a signed note was expected")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise Malformed(f"at most {MOST_SIGNATURES} signatures were expected")
    return Note(text[: split + 1], tuple(map(_signature_line, lines)))


def _signature_line(line: str) -> SignatureLine:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = from_base64(encoded)
    if dash != "—" or not is_key_name(name) or len(blob) < 5:
        raise Malformed("a signature line was expected")
    return SignatureLine(name, blob[:4], blob[4:])


def is_signed(note: Note, key: Vkey) -> bool:
    """Raises `Forged` where a line only claims to be of this key."""
    found = note.of(key)
    if not all(key.signed(note.text.encode(), each) for each in found):
        raise Forged(key.name)
    return bool(found)


def cosigned_at(note: Note, key: Vkey) -> int | None:
    """When this witness saw the checkpoint, in seconds since 1970 UTC (c2sp.org/tlog-cosignature).

    Raises `Forged` where a line only claims to be of this key.
    """
    times = []
    for each in note.of(key):
        seconds = int.from_bytes(each[:8])
        if seconds >= 1 << 63 or not key.signed(cosigned_text(note.text, seconds), each[8:]):
            raise Forged(key.name)
        times.append(seconds)
    return max(times, default=None)


def cosigned_text(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


# --- Checkpoints, key changes, receipts ----------------------------------------------------------


class Checkpoint(NamedTuple):
    """c2sp.org/tlog-checkpoint. Extension lines are allowed, signed, and mean nothing here."""

    origin: str
    size: int
    root: bytes


def parse_checkpoint(text: str) -> Checkpoint:
    """Of a note's text."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise Malformed("a checkpoint of three lines was expected")
    root = from_base64(lines[2])
    if len(root) != 32:
        raise Malformed("a root of 32 bytes was expected")
    return Checkpoint(lines[0], decimal(lines[1]), root)


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{to_base64(root)}\n"


def key_change_text(origin: str, old: Vkey, new: Vkey) -> str:
    return f"phr-acl/1 key change\n{origin}\n{old}\n{new}\n"


class Receipt(NamedTuple):
    """Times in microseconds since 1970 UTC."""

    key_id: bytes
    commit: bytes
    at: int
    merge_by: int
    signature: bytes

    def __str__(self) -> str:
        times = self.at.to_bytes(8) + self.merge_by.to_bytes(8)
        return to_base64url(self.key_id + self.commit + times + self.signature)

    def is_signed(self, key: Vkey) -> bool:
        return self.key_id == key.key_id and key.signed(
            receipt_message(self.commit, self.at, self.merge_by), self.signature
        )


def receipt_message(commit: bytes, at: int, merge_by: int) -> bytes:
    return b"phr-acl/1 receipt\0" + commit + at.to_bytes(8) + merge_by.to_bytes(8)


def parse_receipt(text: str) -> Receipt:
    raw = from_base64url(text, 116)
    at, merge_by = int.from_bytes(raw[36:44]), int.from_bytes(raw[44:52])
    return Receipt(raw[:4], raw[4:36], at, merge_by, raw[52:])


# --- Proofs of RFC 6962 --------------------------------------------------------------------------

EMPTY_ROOT: Final = sha256(b"")


def inclusion_root(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root this proof leads to (RFC 9162 2.1.3.2, for the proofs of RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise Malformed("a leaf inside the tree was expected")
    path = iter(proof)
    node, last = leaf, size - 1
    while last:
        if index & 1:
            node = node_hash(_next(path), node)
        elif index < last:
            node = node_hash(node, _next(path))
        index, last = index >> 1, last >> 1
    if next(path, None) is not None:
        raise Malformed("a shorter inclusion proof was expected")
    return node


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    try:
        return inclusion_root(leaf, index, size, proof) == root
    except Malformed:
        return False


def is_consistent(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the older tree is a beginning of the other (RFC 9162 2.1.4.2, RFC 6962 2.1.2)."""
    if not 0 <= old_size <= size:
        return False
    if old_size in (0, size):
        beginning = EMPTY_ROOT if old_size == 0 else root
        return not proof and old_root == beginning
    level = (old_size & -old_size).bit_length() - 1  # of the last whole subtree of the older tree
    index, last = (old_size - 1) >> level, (size - 1) >> level
    path = iter(proof)
    try:
        # A power of two is itself that subtree, and its root is known.
        older = newer = old_root if index == 0 else _next(path)
        while last:
            if index & 1:
                sibling = _next(path)
                older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            elif index < last:
                newer = node_hash(newer, _next(path))
            index, last = index >> 1, last >> 1
    except Malformed:
        return False
    return next(path, None) is None and older == old_root and newer == root


def _next(path: Iterable[bytes]) -> bytes:
    for each in path:
        return each
    raise Malformed("a longer proof was expected")


def root_of_many(leaves: Mapping[int, bytes], size: int, nodes: Mapping[str, bytes]) -> bytes:
    """The root to which many leaves lead at once; `nodes` has what they do not give themselves.

    `LookupError` names the first node that is missing. A node that nobody needs is malformed:
    it would be bytes beside the proof.
    """
    known, used = dict(leaves), 0
    for level in range((size - 1).bit_length()):
        above = {}
        for index, node in known.items():
            beside = index ^ 1
            if beside in known:
                sibling = known[beside]
                if index & 1:
                    continue  # its left neighbour has done it
            elif beside << level >= size:
                above[index >> 1] = node  # nothing stands on its right
                continue
            else:
                name = f"{level}/{beside}"
                if name not in nodes:
                    raise LookupError(name)
                sibling, used = nodes[name], used + 1
            above[index >> 1] = node_hash(sibling, node) if index & 1 else node_hash(node, sibling)
        known = above
    if used != len(nodes):
        raise Malformed("no other nodes than the needed ones were expected")
    return known.get(0, b"")


def head_map_root(leaf: bytes, position: int, siblings: Mapping[int, bytes]) -> bytes:
    """The root to which a leaf of the head map leads; siblings that are not given are empty."""
    node = leaf
    for level in range(HEAD_DEPTH):
        sibling = siblings.get(level, EMPTY_HEADS[level])
        is_right = position >> level & 1
        node = head_node(sibling, node) if is_right else head_node(node, sibling)
    return node


# --- Reading a bundle ----------------------------------------------------------------------------

BUNDLE: Final = "tsunagu-log-bundle/1"
REMEMBERED: Final = "tsunagu-log-remembered/1"
PROOF: Final = "c2sp.org/tlog-proof@v1"
UNTOLD: Final = "untold"
MOST: Final = 1 << 53
"""JSON numbers are whole and below this, so that every reader reads the same."""


class Withheld(NamedTuple):
    digest: bytes
    reason: str
    until: str | None


class Event(NamedTuple):
    """`shown` has canonical JSON by the field's name, `digests` those of what is shown."""

    number: int
    at: int
    commit: bytes
    leaf: int | None
    receipt: Receipt | None
    shown: dict[str, str]
    digests: list[bytes]
    withheld: dict[str, Withheld]
    is_announced: bool


class HeadProof(NamedTuple):
    leaf: int
    at: int
    root: bytes
    position: int
    blind: bytes
    number: int
    siblings: dict[int, bytes]


class Consistency(NamedTuple):
    size: int
    root: bytes
    proof: list[bytes]


class KeyChange(NamedTuple):
    note: Note
    old: Vkey
    new: Vkey


class Bundle(NamedTuple):
    origin: str
    log_key: Vkey
    participant: UUID
    note: Note
    checkpoint: Checkpoint
    key_changes: list[KeyChange]
    before: int
    commit_before: bytes
    events: list[Event]
    nodes: dict[str, bytes]
    head_map: HeadProof | None
    consistency: Consistency | None


def read_bundle(text: str) -> Bundle:
    """Raises `Malformed`; what it reads is well formed and not yet true."""
    members = _members(
        _json(text),
        "format origin log_key participant checkpoint key_changes from events nodes head_map"
        " consistency",
    )
    if members["format"] != BUNDLE:
        raise Malformed(f"a file of the format {BUNDLE} was expected")
    note = parse_note(_text(members["checkpoint"]))
    before = _members(members["from"], "number commit")
    nodes = _mapping(members["nodes"])
    bundle = Bundle(
        _text(members["origin"]),
        parse_vkey(_text(members["log_key"])),
        _uuid(members["participant"]),
        note,
        parse_checkpoint(note.text),
        [_key_change(each, _text(members["origin"])) for each in _array(members["key_changes"])],
        _number(before["number"]),
        _hash(before["commit"]),
        [_event(each) for each in _array(members["events"])],
        {_place(name): _hash(node) for name, node in nodes.items()},
        None if members["head_map"] is None else _head_proof(members["head_map"]),
        None if members["consistency"] is None else _consistency(members["consistency"]),
    )
    if bundle.before == 0 and bundle.commit_before != ZEROS:
        raise Malformed("zeros before the first event were expected")
    return bundle


def _event(value: object) -> Event:
    members = _members(value, "number at commit leaf fields withheld", "ek salts receipt")
    pairs = [_pair(each) for each in _array(members["fields"])]
    kept = [_withheld(each) for each in _array(members["withheld"])]
    shown, withheld = dict(pairs), dict(kept)
    if sorted(name for name, _ in (*pairs, *kept)) != list(FIELDS):
        raise Malformed("each of the ten fields once was expected")
    if "other" not in withheld:
        raise Malformed("the field that is never disclosed was not expected")
    is_whole = len(withheld) == 1
    if ("ek" in members) != is_whole or ("salts" in members) == is_whole:
        raise Malformed("the key of an event, or salts where a field is withheld, was expected")
    if is_whole:
        key = _hash(members["ek"])
        salts = {name: salt(key, name) for name in shown}
    else:
        salts = {name: _hash(each) for name, each in _mapping(members["salts"]).items()}
    if salts.keys() != shown.keys():
        raise Malformed("a salt for each field shown was expected")
    values = {name: _json(each) for name, each in shown.items()}
    leaf, receipt = members["leaf"], members.get("receipt")
    if (leaf is None) != ("receipt" in members):
        raise Malformed("a leaf, or a receipt instead, was expected")
    match values.get("about"):
        case None | {"v": 1}:
            pass
        case _:
            raise Malformed("an event of version 1 was expected")
    return Event(
        _number(members["number"]),
        _number(members["at"]),
        _hash(members["commit"]),
        None if leaf is None else _number(leaf),
        None if leaf is not None else parse_receipt(_text(receipt)),
        shown,
        [field_digest(salts[name], name, each) for name, each in shown.items()],
        withheld,
        _is_announced(withheld, values.get("embargo")),
    )


def _is_announced(withheld: Mapping[str, Withheld], embargo: object) -> bool:
    """An event says itself which of its fields are withheld, why and until when."""
    for name, each in withheld.items():
        if name == "other":
            if (each.reason, each.until) != (UNTOLD, None):
                return False
        elif not (
            isinstance(embargo, dict)
            and isinstance(embargo.get("fields"), list)
            and name in embargo["fields"]
            and each.reason == embargo.get("reason")
            and each.until is not None
            and each.until == embargo.get("until")
        ):
            return False
    return True


def _withheld(value: object) -> tuple[str, Withheld]:
    members = _members(value, "name digest reason", "until")
    until = _text(members["until"]) if "until" in members else None
    name = _text(members["name"])
    return name, Withheld(_hash(members["digest"]), _text(members["reason"]), until)


def _pair(value: object) -> tuple[str, str]:
    match value:
        case [str(name), str(text)]:
            return name, _text(text)
    raise Malformed("a field's name and its JSON were expected")


def _head_proof(value: object) -> HeadProof:
    members = _members(value, "leaf at root position blind number proof")
    siblings = {decimal(level): _hash(each) for level, each in _mapping(members["proof"]).items()}
    position = _number(members["position"])
    if position >> HEAD_DEPTH or any(
        level >= HEAD_DEPTH or each == EMPTY_HEADS[level] for level, each in siblings.items()
    ):
        raise Malformed("a place in the head map, and siblings that are not empty, were expected")
    number = _number(members["number"])
    if number == 0:
        raise Malformed("a head map that knows the participant was expected")
    return HeadProof(
        _number(members["leaf"]),
        _number(members["at"]),
        _hash(members["root"]),
        position,
        _hash(members["blind"]),
        number,
        siblings,
    )


def _consistency(value: object) -> Consistency:
    members = _members(value, "size root proof")
    proof = [_hash(each) for each in _array(members["proof"])]
    return Consistency(_number(members["size"]), _hash(members["root"]), proof)


def _key_change(value: object, origin: str) -> KeyChange:
    note = parse_note(_text(value))
    lines = note.text.split("\n")
    if len(lines) != 5:
        raise Malformed("a key change of four lines was expected")
    change = KeyChange(note, parse_vkey(lines[2]), parse_vkey(lines[3]))
    if note.text != key_change_text(origin, change.old, change.new) or len(note.lines) != 1:
        raise Malformed("a key change of this log, signed once, was expected")
    return change


def _json(text: str) -> object:
    def refuse(_: str) -> object:
        raise Malformed("whole numbers were expected")

    try:
        return json.loads(text, object_pairs_hook=_once, parse_float=refuse, parse_constant=refuse)
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed("whole and valid JSON was expected") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("no member twice was expected")
    return members


def _members(value: object, required: str, optional: str = "") -> dict[str, Any]:
    wanted = set(required.split())
    if not isinstance(value, dict) or not wanted <= value.keys() <= wanted | {*optional.split()}:
        raise Malformed(f"an object with {required} was expected")
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("an object was expected")
    return value


def _array(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("an array was expected")
    return value


def _text(value: object) -> str:
    try:
        if isinstance(value, str) and value.encode():
            return value
    except UnicodeEncodeError:
        pass
    raise Malformed("a text was expected")


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < MOST:
        raise Malformed("a whole number below 2^53 was expected")
    return value


def _hash(value: object) -> bytes:
    return from_base64url(_text(value), 32)


def _uuid(value: object) -> UUID:
    try:
        found = UUID(_text(value))
    except ValueError as error:
        raise Malformed("an id was expected") from error
    if str(found) != value:
        raise Malformed("an id in its one form was expected")
    return found


def _place(name: str) -> str:
    level, _, index = name.partition("/")
    decimal(level), decimal(index)
    return name


# --- What is remembered between two checks -------------------------------------------------------


class KnownHead(NamedTuple):
    """The last event seen of a participant, and the place in the head map."""

    number: int
    commit: bytes
    position: int | None
    blind: bytes | None


class Remembered(NamedTuple):
    key: Vkey
    note: Note
    checkpoint: Checkpoint
    heads: dict[UUID, KnownHead]

    def __str__(self) -> str:
        heads = {
            str(participant): {
                "number": head.number,
                "commit": to_base64url(head.commit),
                "position": head.position,
                "blind": None if head.blind is None else to_base64url(head.blind),
            }
            for participant, head in self.heads.items()
        }
        return json.dumps(
            {
                "format": REMEMBERED,
                "key": str(self.key),
                "checkpoint": str(self.note),
                "heads": heads,
            },
            ensure_ascii=False,
            indent=1,
        )


def read_remembered(text: str) -> Remembered:
    members = _members(_json(text), "format key checkpoint heads")
    if members["format"] != REMEMBERED:
        raise Malformed(f"a file of the format {REMEMBERED} was expected")
    note = parse_note(_text(members["checkpoint"]))
    heads = {_uuid(name): _known_head(each) for name, each in _mapping(members["heads"]).items()}
    return Remembered(parse_vkey(_text(members["key"])), note, parse_checkpoint(note.text), heads)


def _known_head(value: object) -> KnownHead:
    members = _members(value, "number commit position blind")
    position, blind = members["position"], members["blind"]
    return KnownHead(
        _number(members["number"]),
        _hash(members["commit"]),
        None if position is None else _number(position),
        None if blind is None else _hash(blind),
    )


# --- Verifying -----------------------------------------------------------------------------------

STALE: Final = 2 * 3600 * 1_000_000
AHEAD: Final = 5 * 60 * 1_000_000


class Outcome(StrEnum):
    VERIFIED = "verified"
    PENDING = "pending"
    FAILED = "failed"


class Code(StrEnum):
    MALFORMED = "malformed"
    FUTURE = "future"
    WRONG_ORIGIN = "wrong_origin"
    BAD_KEY_CHANGE = "bad_key_change"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    FORGED_COSIGNATURE = "forged_cosignature"
    ROLLED_BACK = "rolled_back"
    FORKED = "forked"
    UNLINKED = "unlinked"
    GAP = "gap"
    EVENT_ALTERED = "event_altered"
    NOT_INCLUDED = "not_included"
    OVERDUE = "overdue"
    HEAD_MISMATCH = "head_mismatch"
    HEAD_STALE = "head_stale"
    MISSING = "missing"


class Finding(NamedTuple):
    """`number` is the event's, where there is one; `what` says of what is malformed what it is."""

    code: Code
    number: int | None = None
    what: str = ""


class Verdict(NamedTuple):
    """`subject` is what was read, `remember` what to bring along the next time.

    `witnesses` saw the checkpoint at these seconds since 1970 UTC. `is_on_trust` where the key
    was taken from the file itself.
    """

    outcome: Outcome
    findings: list[Finding]
    subject: "Bundle | Proof | None" = None
    witnesses: Mapping[str, int] = MappingProxyType({})
    is_on_trust: bool = False
    remember: Remembered | None = None


def verify_bundle(
    text: str,
    trusted: Collection[Vkey],
    witnesses: Collection[Vkey],
    remembered: Remembered | None,
    now: int,
) -> Verdict:
    """`now` in microseconds since 1970 UTC. What is found is listed in the order of the format."""
    try:
        bundle = read_bundle(text)
    except Malformed as error:
        return Verdict(Outcome.FAILED, [Finding(Code.MALFORMED, what=str(error))])
    keys = [bundle.log_key, *(each.new for each in bundle.key_changes)]
    cosigned, forged = _cosigned(bundle.note, witnesses)
    is_on_trust = not trusted and remembered is None
    findings = [
        *_key_findings(bundle, keys, {bundle.log_key} if is_on_trust else trusted, remembered),
        *forged,
        *_growth_findings(bundle, remembered),
        *_chain_findings(bundle, remembered),
        *_tree_findings(bundle, keys, now),
        *_head_findings(bundle, remembered, max(cosigned.values(), default=0) * 1_000_000),
        *_future_findings(bundle, cosigned, now),
    ]
    is_pending = bundle.head_map is None or any(each.leaf is None for each in bundle.events)
    outcome = Outcome.FAILED if findings else Outcome.PENDING if is_pending else Outcome.VERIFIED
    return Verdict(
        outcome,
        findings,
        bundle,
        cosigned,
        is_on_trust,
        None if findings else _remember(bundle, keys[-1], remembered),
    )


def _cosigned(note: Note, witnesses: Collection[Vkey]) -> tuple[dict[str, int], list[Finding]]:
    cosigned, forged = {}, []
    for witness in witnesses:
        try:
            seconds = cosigned_at(note, witness)
        except Forged:
            forged.append(Finding(Code.FORGED_COSIGNATURE, what=witness.name))
        else:
            if seconds is not None:
                cosigned[witness.name] = seconds
    return cosigned, forged


def _key_findings(
    bundle: Bundle,
    keys: Sequence[Vkey],
    trusted: Collection[Vkey],
    remembered: Remembered | None,
) -> Iterator[Finding]:
    origins = {bundle.checkpoint.origin, *(each.name for each in (*keys, *trusted))}
    if remembered is not None:
        origins.add(remembered.checkpoint.origin)
    if origins != {bundle.origin}:
        yield Finding(Code.WRONG_ORIGIN)
    for old, change in zip(keys, bundle.key_changes, strict=False):
        if change.old != old or not _is_signed(change.note, change.old):
            yield Finding(Code.BAD_KEY_CHANGE)
    if not _is_signed(bundle.note, keys[-1]):
        yield Finding(Code.BAD_SIGNATURE)
    elif (trusted and not set(trusted) & set(keys)) or (
        remembered is not None and remembered.key not in keys
    ):
        yield Finding(Code.UNKNOWN_KEY)


def _is_signed(note: Note, key: Vkey) -> bool:
    try:
        return is_signed(note, key)
    except Forged:
        return False


def _growth_findings(bundle: Bundle, remembered: Remembered | None) -> Iterator[Finding]:
    """Whether this tree continues the one remembered, and the one the file itself names."""
    now, link = bundle.checkpoint, bundle.consistency
    if link is not None and not is_consistent(link.size, link.root, now.size, now.root, link.proof):
        yield Finding(Code.FORKED)
    if remembered is None:
        return
    before = remembered.checkpoint
    if now.size < before.size:
        yield Finding(Code.ROLLED_BACK)
    elif now.size == before.size:
        if now.root != before.root:
            yield Finding(Code.FORKED)
    elif link is None or link.size != before.size:
        yield Finding(Code.UNLINKED)
    elif link.root != before.root:
        yield Finding(Code.FORKED)


def _chain_findings(bundle: Bundle, remembered: Remembered | None) -> Iterator[Finding]:
    number, previous = bundle.before, bundle.commit_before
    seen = {number: previous}
    for event in bundle.events:
        if event.number != number + 1:
            yield Finding(Code.GAP, number + 1)
        number = event.number
        inner = inner_hash([*event.digests, *(each.digest for each in event.withheld.values())])
        commit = commit_hash(inner, bundle.participant.bytes, number, previous, event.at)
        if commit != event.commit or not event.is_announced:
            yield Finding(Code.EVENT_ALTERED, number)
        previous = seen[number] = event.commit
    known = remembered and remembered.heads.get(bundle.participant)
    if not known:
        if bundle.before:
            yield Finding(Code.GAP, 1)
    elif known.number > number:
        yield Finding(Code.MISSING, number + 1)
    elif known.number < bundle.before:
        yield Finding(Code.GAP, known.number + 1)
    elif seen.get(known.number) != known.commit:
        yield Finding(Code.EVENT_ALTERED, known.number)


def _tree_findings(bundle: Bundle, keys: Sequence[Vkey], now: int) -> Iterator[Finding]:
    size, leaves = bundle.checkpoint.size, {}
    is_ending = False
    for event in bundle.events:
        if event.leaf is None and event.receipt is not None:
            is_ending = True
            promised = event.receipt[1:4] == (event.commit, event.at, event.at + MERGE_DELAY)
            if not promised or not any(map(event.receipt.is_signed, keys)):
                yield Finding(Code.NOT_INCLUDED, event.number)
            elif event.receipt.merge_by < now:
                yield Finding(Code.OVERDUE, event.number)
        elif event.leaf is None or event.leaf >= size or event.leaf in leaves or is_ending:
            yield Finding(Code.NOT_INCLUDED, event.number)
        else:
            leaves[event.leaf] = leaf_hash(entry_of(PARTICIPANT_EVENT, event.commit))
    head = bundle.head_map
    if head is not None:
        if head.leaf >= size or head.leaf in leaves:
            yield Finding(Code.NOT_INCLUDED)
            return
        leaves[head.leaf] = leaf_hash(entry_of(HEAD_MAP, head_map_value(head.at, head.root)))
    try:
        root = root_of_many(leaves, size, bundle.nodes)
        if leaves and root != bundle.checkpoint.root:
            yield Finding(Code.NOT_INCLUDED)
    except LookupError:
        yield Finding(Code.NOT_INCLUDED)
    except Malformed as error:
        yield Finding(Code.MALFORMED, what=str(error))


def _head_findings(
    bundle: Bundle, remembered: Remembered | None, cosigned: int
) -> Iterator[Finding]:
    """`cosigned`: when a witness saw the checkpoint, in microseconds; 0 where none did."""
    head = bundle.head_map
    known = remembered and remembered.heads.get(bundle.participant)
    newest = max((each.at for each in bundle.events if each.leaf is not None), default=0)
    if head is None:
        if bundle.before or (known and known.position is not None):
            yield Finding(Code.HEAD_MISMATCH)
        elif bundle.events and max(newest, cosigned) - bundle.events[0].at > STALE:
            yield Finding(Code.HEAD_STALE)
        return
    commits = {each.number: each.commit for each in bundle.events}
    commits[bundle.before] = bundle.commit_before
    last = max(commits)
    if head.number > last:
        yield Finding(Code.MISSING, last + 1)
        return
    is_known = (
        not known
        or known.position is None
        or (known.position, known.blind) == (head.position, head.blind)
    )
    is_after = all(
        each.leaf is not None and each.leaf < head.leaf
        for each in bundle.events
        if each.number <= head.number
    )
    is_in_map = head.number in commits and head.root == head_map_root(
        head_leaf(head_value(head.blind, head.number, commits[head.number])),
        head.position,
        head.siblings,
    )
    if not (is_known and is_after and is_in_map):
        yield Finding(Code.HEAD_MISMATCH)
    if max(newest, cosigned) - head.at > STALE:
        yield Finding(Code.HEAD_STALE)


def _future_findings(bundle: Bundle, cosigned: Mapping[str, int], now: int) -> Iterator[Finding]:
    latest = now + AHEAD
    for event in bundle.events:
        if event.at > latest:
            yield Finding(Code.FUTURE, event.number)
    if (bundle.head_map is not None and bundle.head_map.at > latest) or any(
        each * 1_000_000 > latest for each in cosigned.values()
    ):
        yield Finding(Code.FUTURE)


def _remember(bundle: Bundle, key: Vkey, remembered: Remembered | None) -> Remembered:
    heads = dict(remembered.heads) if remembered else {}
    last = (
        (bundle.events[-1].number, bundle.events[-1].commit)
        if bundle.events
        else (bundle.before, bundle.commit_before)
    )
    place = (bundle.head_map.position, bundle.head_map.blind) if bundle.head_map else (None, None)
    heads[bundle.participant] = KnownHead(*last, *place)
    return Remembered(key, bundle.note, bundle.checkpoint, heads)


# --- A proof for one event (c2sp.org/tlog-proof) -------------------------------------------------


class Proof(NamedTuple):
    leaf: int
    inner: bytes
    participant: UUID
    number: int
    previous: bytes
    at: int
    hashes: list[bytes]
    note: Note
    checkpoint: Checkpoint


def read_proof(text: str) -> Proof:
    head, _, rest = text.partition("\n\n")
    match head.split("\n"):
        case [first, second, third, *hashes] if first == PROOF:
            extra = from_base64(_after("extra ", second))
            place = decimal(_after("index ", third))
        case _:
            raise Malformed(f"a file that begins with {PROOF}, extra and index was expected")
    path = [from_base64(each) for each in hashes]
    if len(extra) != 96 or any(len(each) != 32 for each in path):
        raise Malformed("96 bytes of extra data and hashes of 32 bytes were expected")
    note = parse_note(rest)
    return Proof(
        place,
        extra[:32],
        UUID(bytes=extra[32:48]),
        int.from_bytes(extra[48:56]),
        extra[56:88],
        int.from_bytes(extra[88:]),
        path,
        note,
        parse_checkpoint(note.text),
    )


def _after(prefix: str, line: str) -> str:
    if not line.startswith(prefix):
        raise Malformed(f"a line that begins with {prefix.strip()} was expected")
    return line.removeprefix(prefix)


def verify_proof(
    text: str,
    trusted: Collection[Vkey],
    witnesses: Collection[Vkey],
    remembered: Remembered | None,
    now: int,
) -> Verdict:
    """That one event is in the log. It says nothing of what the event holds, or of others."""
    try:
        proof = read_proof(text)
    except Malformed as error:
        return Verdict(Outcome.FAILED, [Finding(Code.MALFORMED, what=str(error))])
    cosigned, forged = _cosigned(proof.note, witnesses)
    findings = [
        *_proof_findings(proof, [*trusted, *([remembered.key] if remembered else [])], remembered),
        *forged,
    ]
    latest = now + AHEAD
    if proof.at > latest or any(each * 1_000_000 > latest for each in cosigned.values()):
        findings.append(Finding(Code.FUTURE, proof.number))
    outcome = Outcome.FAILED if findings else Outcome.VERIFIED
    return Verdict(outcome, findings, proof, cosigned)


def _proof_findings(
    proof: Proof, keys: Collection[Vkey], remembered: Remembered | None
) -> Iterator[Finding]:
    now = proof.checkpoint
    if any(each.name != now.origin for each in keys):
        yield Finding(Code.WRONG_ORIGIN)
    claimed = [each for each in keys if proof.note.of(each)]
    if not claimed:
        yield Finding(Code.UNKNOWN_KEY)
    elif not all(_is_signed(proof.note, each) for each in claimed):
        yield Finding(Code.BAD_SIGNATURE)
    if remembered is not None:
        before = remembered.checkpoint
        if now.size == before.size and now.root != before.root:
            yield Finding(Code.FORKED)
    participant = proof.participant.bytes
    commit = commit_hash(proof.inner, participant, proof.number, proof.previous, proof.at)
    leaf = leaf_hash(entry_of(PARTICIPANT_EVENT, commit))
    if not is_included(leaf, proof.leaf, now.size, proof.hashes, now.root):
        yield Finding(Code.NOT_INCLUDED, proof.number)


# --- In plain words ------------------------------------------------------------------------------

SENTENCES: Final = {
    Code.MALFORMED: "The file is not of the form it should have: {what}.",
    Code.FUTURE: "{event} bears a time that has not come yet. If the clock of this computer is"
    " right, the log's is wrong.",
    Code.WRONG_ORIGIN: "The file is of another log than the key or what was remembered.",
    Code.BAD_KEY_CHANGE: "A change of the log's key is not signed by the key before it.",
    Code.BAD_SIGNATURE: "The log's signature is wrong or absent.",
    Code.UNKNOWN_KEY: "The file is signed by a key that nothing you trust leads to. If you gave"
    " none, give the log's key with --key.",
    Code.FORGED_COSIGNATURE: "A cosignature in the name of the witness {what} is not of that"
    " witness.",
    Code.ROLLED_BACK: "The log is shorter than it was when you last checked.",
    Code.FORKED: "The log does not continue the one seen before: its past has been rewritten. Keep"
    " this file and the remembered one; together they prove it.",
    Code.UNLINKED: "The file does not show that the log continues the one you saw before. Fetch it"
    " again with ?since={since}.",
    Code.GAP: "{event} is not there, though later ones are.",
    Code.EVENT_ALTERED: "{event} is not what was committed to.",
    Code.NOT_INCLUDED: "{event} is not in the tree that the log signed.",
    Code.OVERDUE: "{event} should be in the log by now and is not. If the file is old, fetch a new"
    " one.",
    Code.HEAD_MISMATCH: "The log's count of this participant's events is of other events than"
    " these.",
    Code.HEAD_STALE: "The log has not counted this participant's events for more than two hours.",
    Code.MISSING: "{event} has existed, and is not in the file.",
}
EXITS: Final = {Outcome.VERIFIED: 0, Outcome.FAILED: 1, Outcome.PENDING: 3}
UNREADABLE: Final = 2


def described(verdict: Verdict, remembered: Remembered | None = None) -> str:
    """What was found, for a reader who knows nothing of trees."""
    since = remembered.checkpoint.size if remembered else 0
    lines = [_headline(verdict)]
    for finding in verdict.findings:
        event = "The log" if finding.number is None else f"Event {finding.number}"
        sentence = SENTENCES[finding.code]
        lines.append(f"- {sentence.format(event=event, what=finding.what, since=since)}")
    match verdict.subject:
        case Bundle() as bundle:
            lines += ["", *_facts(bundle)]
        case Proof() as proof:
            lines += [
                "",
                f"Log          {proof.checkpoint.origin}, {proof.checkpoint.size} entries",
                f"Participant  {proof.participant}",
                f"Event        {proof.number}, of {_moment(proof.at)}",
            ]
    if verdict.subject is not None:
        seen = [f"{name} at {_moment(at * 10**6)}" for name, at in verdict.witnesses.items()]
        lines.append(f"Witnesses    {'; '.join(seen) or 'none named with --witness'}")
    if verdict.is_on_trust and isinstance(verdict.subject, Bundle):
        lines += [
            "",
            "The log's key was taken from the file itself, on trust: whoever made the file could",
            "have made the key. Compare it with the one the network has published, and give it",
            f"with --key: {verdict.subject.log_key}",
        ]
    said = "\n".join(lines)
    return "".join(each if each.isprintable() or each == "\n" else "?" for each in said)


def _headline(verdict: Verdict) -> str:
    match verdict.subject, verdict.outcome:
        case None, _:
            return "UNREADABLE: this file says nothing for or against the log."
        case Proof(), Outcome.VERIFIED:
            return "VERIFIED: this event is in the log. What it holds is not in this file."
        case Proof(), _:
            return "FAILED: this does not prove that the event is in the log."
        case _, Outcome.VERIFIED if verdict.is_on_trust:
            return "VERIFIED, if the key is the log's: nothing is missing, nothing was altered."
        case _, Outcome.VERIFIED:
            return "VERIFIED: nothing is missing, nothing was altered."
        case _, Outcome.PENDING:
            return (
                "PENDING: nothing wrong was found; the newest part has yet to enter the log."
                " Try again in a while."
            )
    return "FAILED: this is not shown to be a complete and unaltered log."


def _facts(bundle: Bundle) -> Iterator[str]:
    yield f"Log          {bundle.origin}, {bundle.checkpoint.size} entries"
    yield f"Participant  {bundle.participant}"
    if bundle.before:
        yield f"Left out     events 1 to {bundle.before}, which the file counts and does not show"
    if bundle.events:
        pending = sum(each.leaf is None for each in bundle.events)
        waiting = f", {pending} of them not yet in the log" if pending else ""
        yield f"Events       {bundle.events[0].number} to {bundle.events[-1].number}{waiting}"
    else:
        yield "Events       none"
    if bundle.head_map is not None:
        number, at = bundle.head_map.number, _moment(bundle.head_map.at)
        yield f"Counted      exactly {number} on {at}"
    else:
        yield "Counted      not yet"


def _moment(micros: int) -> str:
    try:
        moment = datetime.fromtimestamp(micros // 1_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return "a time that is none"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a bundle, or a .tlog-proof")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="VKEY",
        help="the log's verifier key, as the network has published it",
    )
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="VKEY",
        help="the verifier key of a witness you know; may be given again",
    )
    parser.add_argument(
        "--remember",
        type=Path,
        metavar="FILE",
        help="keep here what was verified, and compare with it the next time",
    )


def run(options: argparse.Namespace) -> int:
    """Prints the verdict and answers the exit code."""
    try:
        return _run(options.file, options.key, options.witness, options.remember)
    except Malformed as error:
        print(f"UNREADABLE: {error}.", file=sys.stderr)
    except OSError as error:
        print(f"UNREADABLE: {error.filename}: {error.strerror}.", file=sys.stderr)
    return UNREADABLE


def _run(file: Path, keys: list[str], witnesses: list[str], kept: Path | None) -> int:
    trusted = [parse_vkey(each) for each in keys]
    known = [parse_vkey(each, COSIGNATURE) for each in witnesses]
    remembered = read_remembered(_read(kept)) if kept and kept.exists() else None
    text = _read(file)
    verify = verify_proof if text.startswith(PROOF) else verify_bundle
    verdict = verify(text, trusted, known, remembered, time.time_ns() // 1000)
    print(described(verdict, remembered))
    if kept and verdict.remember:
        draft = kept.with_name(f"{kept.name}.new")
        draft.write_text(f"{verdict.remember}\n", encoding="utf-8")
        draft.replace(kept)
    return UNREADABLE if verdict.subject is None else EXITS[verdict.outcome]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"{path} should be a text in UTF-8") from error


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="verifier.py",
        description="Check an access log without trusting whoever runs it.",
        epilog="Exit: 0 verified, 1 failed, 2 unreadable, 3 pending.",
    )
    add_arguments(parser)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
