"""Checks an access log without trusting whoever runs it: one file, of its own.

It needs Python 3.11, the standard library and `cryptography`. The bytes it checks are described in
docs/reference/access-log-format.md; section numbers of RFC 6962 and names of C2SP stand beside the
functions. The log itself makes its hashes with the functions below: there is no second copy.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

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


def salt(key: bytes, name: str) -> bytes:
    """Of one field; `key` is `ek`, or `ek_other` for `other`. One block of RFC 5869 Expand."""
    return hmac.digest(key, b"phr-acl/1 salt\0" + name.encode() + b"\x01", "sha256")


def field_digest(salted: bytes, name: str, text: str) -> bytes:
    """`text` is the canonical JSON of the value."""
    line = f'["{to_base64url(salted)}","{name}",{text}]'
    return sha256(b"phr-acl/1 field\0" + line.encode())


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
