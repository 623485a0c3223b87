"""Samples of a device taken in many at a time: one transaction, one event."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.consent import stored
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.vitals import queries
from api.phr.vitals.kinds import KINDS, OF_NAME
from api.phr.vitals.samples import Held, Sample, Sent, Verdict, judge, read_sample


class Answer(NamedTuple):
    """`entry_id` is None of what was refused."""

    key: str
    verdict: Verdict
    entry_id: UUID | None


async def take(actor: Actor, sent: Sequence[Sent]) -> list[Answer]:
    """An answer for each, in their order; what is refused keeps none of the others back.

    Raises `NotTakingPart`.
    """
    now = clock.now()
    read = [read_sample(each, now) for each in sent]
    async with unit_of_work(actor) as tx:
        # Of two phones that send the same at once, one comes after the other.
        await stored.locked_settings_in(tx)
        if tx.subject is None:
            raise NotFound
        ids = [
            entries.id_of_key(tx.subject, OF_NAME[each.kind], each.key)
            if isinstance(each, Sample)
            else None
            for each in read
        ]
        held = await _held(tx, actor, [each for each in ids if each is not None])
        answers, wishes = list[Answer](), dict[UUID, Wish]()
        settled = dict[UUID, datetime]()
        for one, entry_id, asked in zip(read, ids, sent, strict=True):
            if entry_id is None or isinstance(one, Verdict):
                answers.append(Answer(asked.key, _refusal(one), None))
                continue
            verdict = judge(one, held.get(entry_id))
            if entry_id in wishes and verdict.outcome == "changed":
                verdict = Verdict("refused", "vitals.sample.twice")
            if verdict.outcome in ("created", "changed"):
                before = held.get(entry_id)
                wishes[entry_id] = _wish(one, before)
                settled[entry_id] = one.edited_at
                held[entry_id] = Held(entry_id, 0, one.values, one.edited_at)
            is_there = verdict.outcome != "refused"
            answers.append(Answer(one.key, verdict, entry_id if is_there else None))
        if wishes:
            await entries.write_all_in(tx, actor, list(wishes.values()))
            await queries.note(tx, settled)
    return answers


def _refusal(read: Sample | Verdict) -> Verdict:
    return read if isinstance(read, Verdict) else Verdict("refused")


def _wish(sample: Sample, before: Held | None) -> Wish:
    wish = Wish(
        OF_NAME[sample.kind], sample.values, by="device", device=sample.device, is_read=True
    )
    if before is None:
        return wish._replace(key=sample.key)
    return wish._replace(entry_id=before.entry_id, version=before.version)


async def _held(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Held]:
    """An edit made here counts from when it was made here."""
    known = await queries.known(tx, ids)
    if not known:
        return {}
    found = await entries.several_in(tx, actor, KINDS, list(known))
    held = {entry_id: Held(entry_id, 0, None, edited_at) for entry_id, edited_at in known.items()}
    for each in found:
        edited_at = known[each.entry_id]
        if each.by != "device":
            edited_at = max(edited_at, each.written_at)
        held[each.entry_id] = Held(each.entry_id, each.version, each.values, edited_at)
    return held
