"""What a full look at the log may find."""

from collections import Counter
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

MOST: Final = 200


class Code(StrEnum):
    """Each has a sentence in both languages, `log.finding.<code>`."""

    EVENT_MISSING = "event_missing"  # numbers are not without gap
    EVENT_ALTERED = "event_altered"  # its commit is not that of what stands there
    BODY_ALTERED = "body_altered"  # its fields do not give its commit
    BODY_UNREADABLE = "body_unreadable"  # the key at hand does not open it, or is gone
    BODY_MISSING = "body_missing"  # emptied, and no certificate says so
    BODY_NOT_ERASED = "body_not_erased"  # a certificate says it is emptied
    KEY_NOT_DESTROYED = "key_not_destroyed"  # a certificate says it is
    COLUMNS_DIFFER = "columns_differ"  # what searches go by is not what the body says
    HEAD_DIFFERS = "head_differs"  # number or commit of the last event
    HEAD_MISSING = "head_missing"  # events of somebody who has no head
    TIME_WRONG = "time_wrong"  # before that of the event it follows, or not yet come
    NOT_SEALED = "not_sealed"  # longer than promised
    SOURCE_MISSING = "source_missing"  # an entry of the tree whose event or certificate is gone
    ENTRY_MISSING = "entry_missing"
    TILE_DIFFERS = "tile_differs"
    ROOT_DIFFERS = "root_differs"
    CHECKPOINT_WRONG = "checkpoint_wrong"  # not of a root of the log, or not signed by it
    COSIGNATURE_WRONG = "cosignature_wrong"
    KEY_CHANGE_WRONG = "key_change_wrong"
    CERTIFICATE_ALTERED = "certificate_altered"
    ERASURE_LOST = "erasure_lost"  # a key is gone and its certificate too: erase again
    MAP_DIFFERS = "map_differs"  # a head map is not that of the heads it counts
    GUARD_MISSING = "guard_missing"  # a table of the log lets itself be altered
    ROLLED_BACK = "rolled_back"  # the log is shorter than a checkpoint that was signed
    FORKED = "forked"  # a checkpoint that was signed is no beginning of the tree


class Finding(msgspec.Struct, frozen=True):
    """`number` is an event's, `place` an index or a size of the tree."""

    code: Code
    participant: UUID | None = None
    number: int | None = None
    place: int | None = None


class Findings:
    """Counts all, keeps the first."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: list[Finding] = []

    def add(
        self,
        code: Code,
        *,
        participant: UUID | None = None,
        number: int | None = None,
        place: int | None = None,
    ) -> None:
        self.counts[code] += 1
        if len(self.first) < MOST:
            self.first.append(Finding(code, participant, number, place))
