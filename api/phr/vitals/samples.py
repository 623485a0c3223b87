"""What becomes of a device's sample: new, the same, a later edit, or one that came too late.

A phone sends what it kept while it was offline, in any order and more than once. Each sample has a
key of its own there. The same key and content again changes nothing; with another content the later
edit stands, whichever arrives first; and what was removed here stays removed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

Outcome = Literal["created", "changed", "unchanged", "conflict", "refused"]

MOST_SAMPLES: Final = 200
LONGEST_KEY: Final = 100
LONGEST_DEVICE: Final = 100


class Sample(NamedTuple):
    """Read without fault. `edited_at` is when its content was settled on the device."""

    key: str
    kind: str
    values: Mapping[str, str]
    edited_at: datetime
    device: str


class Held(NamedTuple):
    """What stands under a key. `values` is None where it was removed; `edited_at` is that of its
    newest edit, on whichever side it was made."""

    entry_id: UUID
    kind: str
    version: int
    values: Mapping[str, str] | None
    edited_at: datetime


class Verdict(NamedTuple):
    """`reason` is a message key, "" where there is nothing to say."""

    outcome: Outcome
    reason: str = ""


def judge(sample: Sample, held: Held | None) -> Verdict:
    if held is None:
        return Verdict("created")
    if held.values is None:
        return Verdict("refused", "vitals.sample.removed")
    if held.kind != sample.kind:
        return Verdict("refused", "vitals.sample.other_kind")
    if dict(held.values) == dict(sample.values):
        return Verdict("unchanged")
    if sample.edited_at > held.edited_at:
        return Verdict("changed")
    return Verdict("conflict", "vitals.sample.later_kept")
