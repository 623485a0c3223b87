"""What becomes of a device's sample: new, the same, a later edit, or one that came too late.

A phone sends what it kept while it was offline, in any order and more than once. Each sample has a
name of its own there. The same name and content again changes nothing; with another content the
later edit stands, whichever arrives first; and what was removed here stays removed.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Final, Literal, NamedTuple
from uuid import UUID

from api.identity.my_number import contains_my_number
from api.phr.entries.fields import cleaned
from api.phr.entries.kinds import JAPAN
from api.phr.entries.typed import read
from api.phr.vitals.kinds import OF_NAME

Outcome = Literal["created", "changed", "unchanged", "conflict", "refused"]

MOST_SAMPLES: Final = 200


class Sent(NamedTuple):
    """As it came; times as RFC 3339 with their offset, `edited_at` "" for when it was measured."""

    key: str
    kind: str
    measured_at: str
    edited_at: str
    values: Mapping[str, str]
    device: str


class Sample(NamedTuple):
    """Read without fault; `values` with "on" and "time" in Japan."""

    key: str
    kind: str
    values: dict[str, str]
    edited_at: datetime
    device: str


class Held(NamedTuple):
    """What stands under a name. `values` is None where it was removed; `edited_at` is that of its
    newest edit, on whichever side it was made."""

    entry_id: UUID
    version: int
    values: Mapping[str, str] | None
    edited_at: datetime


class Verdict(NamedTuple):
    """`reason` is a message key, "" where there is nothing to say; `field` what it is about."""

    outcome: Outcome
    reason: str = ""
    field: str = ""


def read_sample(sent: Sent, now: datetime) -> Sample | Verdict:
    """A refusal where it cannot be kept. Nothing odd is asked about: a device measured it."""
    kind = OF_NAME.get(sent.kind)
    if kind is None:
        return Verdict("refused", "vitals.sample.kind", "kind")
    measured_at = _instant(sent.measured_at)
    if measured_at is None:
        return Verdict("refused", "vitals.sample.time", "measured_at")
    edited_at = _instant(sent.edited_at) if sent.edited_at else measured_at
    if edited_at is None:
        return Verdict("refused", "vitals.sample.time", "edited_at")
    if measured_at > now:
        return Verdict("refused", "vitals.sample.future", "measured_at")
    if contains_my_number(sent.device):
        return Verdict("refused", "error.entry.my_number", "device")
    for name in sent.values:
        if kind.field(name) is None:
            return Verdict("refused", "vitals.sample.field", name[:40])
    here, today = measured_at.astimezone(JAPAN), now.astimezone(JAPAN).date()
    on, _, at = here.isoformat(timespec="minutes").partition("T")
    when = {"on": on, "time": at[:5]}
    typed = read(kind, {**sent.values, **when}, today, time.max)
    for name, key in typed.faults.items():
        return Verdict("refused", key, name)
    values = {name: value for name, value in typed.values.items() if value}
    # A device whose clock is ahead does not settle what is edited after it.
    return Sample(sent.key, sent.kind, values, min(edited_at, now), cleaned(sent.device))


def judge(sample: Sample, held: Held | None) -> Verdict:
    """What becomes of a sample where this is held under its key: the later edit stays."""
    if held is None:
        return Verdict("created")
    if held.values is None:
        return Verdict("refused", "vitals.sample.removed")
    if held.values == sample.values:
        return Verdict("unchanged")
    if sample.edited_at > held.edited_at:
        return Verdict("changed")
    return Verdict("conflict", "vitals.sample.later_kept")


def _instant(text: str) -> datetime | None:
    """None without an offset: a time of nowhere is no moment."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None and 1900 <= at.year <= 9000 else None
