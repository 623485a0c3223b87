"""What a witness tells anybody of what it has seen, as JSON."""

import msgspec


class SeenLog(msgspec.Struct):
    """`checkpoint` is the signed note with its own cosignature, `fork` another
    note that the log signed for a size it had signed before.
    """

    origin: str
    size: int
    root: str
    cosigned_at: int
    mirrored: int
    checkpoint: str
    fork: str | None


class State(msgspec.Struct):
    witness: str
    logs: list[SeenLog]
