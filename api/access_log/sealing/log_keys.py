"""The log's keys: which of them are its own, from the statements of the old ones."""

from collections.abc import Sequence

from api.access_log.sealing.halting import Halted, Reason
from api.access_log.verifier import (
    Checkpoint,
    Forged,
    Malformed,
    Vkey,
    is_signed,
    key_change_text,
    parse_checkpoint,
    parse_note,
    parse_vkey,
)


def chain(origin: str, current: Vkey, notes: Sequence[str]) -> list[Vkey]:
    """All keys of the log, oldest first.

    The one at hand is the newest, or the one before while a change is under way. Raises `Halted`
    when the statements do not lead to it.
    """
    try:
        changes = [_change(origin, note) for note in notes]
    except (Malformed, Forged) as error:
        raise Halted(Reason.KEY_UNKNOWN) from error
    keys = [old for old, _ in changes] + ([changes[-1][1]] if changes else [current])
    if [new for _, new in changes] != keys[1:] or current not in keys[-2:]:
        raise Halted(Reason.KEY_UNKNOWN)
    return keys


def _change(origin: str, text: str) -> tuple[Vkey, Vkey]:
    note = parse_note(text)
    lines = note.text.split("\n")
    if len(lines) != 5:
        raise Malformed("a key change of four lines was expected")
    old, new = parse_vkey(lines[2]), parse_vkey(lines[3])
    if note.text != key_change_text(origin, old, new) or not is_signed(note, old):
        raise Malformed("a key change signed by the old key was expected")
    return old, new


def checkpoint_of(text: str, keys: Sequence[Vkey]) -> Checkpoint:
    """Raises `Halted` unless it is a note of this log and one of its keys signed it."""
    try:
        note = parse_note(text)
        checkpoint = parse_checkpoint(note.text)
        if checkpoint.origin != keys[-1].name:
            raise Halted(Reason.OTHER_LOG)
        if any(is_signed(note, key) for key in keys):
            return checkpoint
    except (Malformed, Forged) as error:
        raise Halted(Reason.NOT_A_PREFIX) from error
    raise Halted(Reason.KEY_UNKNOWN)
