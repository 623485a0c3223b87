"""What a witness answers (c2sp.org/tlog-witness): pure, from the request and what it has seen.

Invariant: one origin's checkpoints that pass here follow each other, every tree the beginning of
the next; so a witness never cosigns two histories, nor a shorter one after a longer one.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from api.access_log.transparency.entries import WIDTH
from api.access_log.verifier import (
    EMPTY_ROOT,
    Checkpoint,
    Forged,
    Malformed,
    Note,
    Vkey,
    decimal,
    from_base64,
    is_consistent,
    is_signed,
    parse_checkpoint,
    parse_note,
)

MOST_PROOF_LINES: Final = 63
MOST_ENTRIES: Final = 30_000
CLOCK_LEEWAY: Final = 300


class Known(NamedTuple):
    """The newest checkpoint cosigned for a log, and when; of a log never seen, the empty tree."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    seconds: int = 0


class Asked(NamedTuple):
    """The body of add-checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


class Refusal(NamedTuple):
    """`size` is what a 409 tells instead of the text."""

    status: int
    text: str
    size: int | None = None
    is_fork: bool = False


def parse(body: bytes) -> Asked:
    """Raises `Malformed`."""
    head, blank, note_text = _utf8(body).partition("\n\n")
    if not blank:
        raise Malformed("an empty line before the checkpoint was expected")
    first, *lines = head.split("\n")
    word, _, number = first.partition(" ")
    if word != "old":
        raise Malformed("a first line `old`, space, size was expected")
    note = parse_note(note_text)
    return Asked(decimal(number), _hashes(lines), note, parse_checkpoint(note.text))


def parse_entries(body: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The body of add-entries: proof lines, an empty line, the entries. Raises `Malformed`."""
    head, blank, raw = (b"\n" + body).partition(b"\n\n")
    if not blank:
        raise Malformed("an empty line before the entries was expected")
    if not raw or len(raw) % WIDTH or len(raw) > WIDTH * MOST_ENTRIES:
        raise Malformed(f"1 to {MOST_ENTRIES} entries of {WIDTH} bytes were expected")
    return _hashes(_utf8(head).split("\n")[1:]), raw


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed("UTF-8 was expected") from error


def _hashes(lines: list[str]) -> tuple[bytes, ...]:
    if len(lines) > MOST_PROOF_LINES:
        raise Malformed(f"at most {MOST_PROOF_LINES} proof lines were expected")
    hashes = tuple(map(from_base64, lines))
    if any(len(each) != 32 for each in hashes):
        raise Malformed("proof lines of 32 bytes in base64 were expected")
    return hashes


def vouched(note: Note, keys: Iterable[Vkey]) -> Note:
    """The note with the signatures of the log's known keys alone; none are left of a stranger's.

    A line that only claims to be of a known key spoils the note (c2sp.org/signed-note).
    """
    known = {(key.name, key.key_id) for key in keys}
    try:
        is_genuine = any([is_signed(note, key) for key in keys])
    except Forged:
        is_genuine = False
    lines = tuple(each for each in note.lines if (each.name, each.key_id) in known)
    return Note(note.text, lines if is_genuine else ())


def refusal(asked: Asked, known: Known) -> Refusal | None:
    """None where the checkpoint may be cosigned: its signature is checked already."""
    checkpoint = asked.checkpoint
    if asked.old > checkpoint.size:
        return Refusal(400, "The old size is larger than the checkpoint's.")
    if asked.old != known.size:
        return Refusal(409, "The old size is not that of the last checkpoint.", known.size)
    if asked.old == checkpoint.size and checkpoint.root != known.root and known.size:
        return Refusal(409, "There is another checkpoint of this size.", known.size, is_fork=True)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return Refusal(422, "An empty tree has another root.")
    if not is_consistent(known.size, known.root, checkpoint.size, checkpoint.root, asked.proof):
        return Refusal(422, "The last checkpoint is no beginning of this one by this proof.")
    return None


def cosigning_time(now: int, known: Known) -> int | None:
    """Never before the last one, which would say that the smaller tree is the newer one.

    None where the clock is too far back to be right.
    """
    return max(now, known.seconds) if now > known.seconds - CLOCK_LEEWAY else None


def entries_refusal(
    known: Known, size: int, root: bytes, proof: tuple[bytes, ...]
) -> Refusal | None:
    """None where all entries up to this size, whose root is given, begin the checkpoint's tree."""
    if size > known.size:
        return Refusal(400, "These are more entries than the last checkpoint counts.")
    if not is_consistent(size, root, known.size, known.root, proof):
        return Refusal(422, "These are not the entries of the last checkpoint.")
    return None
