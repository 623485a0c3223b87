"""Signs what `verifier` checks: notes, cosignatures, key changes and receipts."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log.verifier import (
    COSIGNATURE,
    ED25519,
    MERGE_DELAY,
    Malformed,
    Note,
    Receipt,
    SignatureLine,
    Vkey,
    checkpoint_text,
    cosigned_text,
    is_key_name,
    key_change_text,
    receipt_message,
)


def vkey(name: str, key: Ed25519PrivateKey, kind: int = ED25519) -> Vkey:
    if not is_key_name(name):
        raise Malformed("a key's name has no spaces and no plus")
    return Vkey(name, kind, key.public_key().public_bytes_raw())


def signature_line(text: str, name: str, key: Ed25519PrivateKey) -> SignatureLine:
    return SignatureLine(name, vkey(name, key).key_id, key.sign(text.encode()))


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Note:
    if not text.endswith("\n"):
        raise Malformed("the text of a note ends in a newline")
    return Note(text, (signature_line(text, name, key),))


def cosignature_line(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> SignatureLine:
    """Of a witness, over a checkpoint's text, at a time in seconds since 1970 UTC."""
    signature = seconds.to_bytes(8) + key.sign(cosigned_text(text, seconds))
    return SignatureLine(name, vkey(name, key, COSIGNATURE).key_id, signature)


def checkpoint(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> Note:
    return sign(checkpoint_text(origin, size, root), origin, key)


def key_change(origin: str, old: Ed25519PrivateKey, new: Vkey) -> Note:
    return sign(key_change_text(origin, vkey(origin, old), new), origin, old)


def receipt(commit: bytes, at: int, origin: str, key: Ed25519PrivateKey) -> Receipt:
    """For the facility that read; `at` in microseconds since 1970 UTC."""
    merge_by = at + MERGE_DELAY
    signature = key.sign(receipt_message(commit, at, merge_by))
    return Receipt(vkey(origin, key).key_id, commit, at, merge_by, signature)
