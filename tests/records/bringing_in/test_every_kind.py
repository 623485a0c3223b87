"""Every kind of entry that any book has goes out and comes in, and reads there as it did here."""

import base64
from collections.abc import Mapping
from copy import deepcopy
from datetime import time
from itertools import product
from typing import Any, Final

from api.consent.lifecycle import leaving
from api.core import clock
from api.core.database import unit_of_work
from api.phr.entries import kinds as pure
from api.phr.entries import service as entries
from api.phr.entries.fields import Choice, Day, Field, File, Flag, Number, Several
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Wish
from api.phr.entries.typed import read
from api.records.bringing_in.entry_kinds import KINDS, is_of
from api.records.taking_out.resources import decoded, normal_bundle, own_name
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.records.taking_out import taking

UNFINISHED = {"error.own.required", "error.own.empty"}
# What is written here of a document is one by its bytes.
PAPER: Final = base64.b64encode(b"%PDF-1.7 %%EOF").decode()
ALL = tuple(KINDS.values())


def typed(field: Field) -> str:
    """Something that can be typed there."""
    match field:
        case File():
            return PAPER
        case Number():
            low, high = field.usual or field.bounds
            return str(round((float(low) + float(high)) / 2))
        case Choice():
            return field.options[0].code
        case Several():
            return " ".join(each.code for each in field.options[:2])
        case Day():
            return clock.today_in_japan().isoformat()
        case Flag():
            return "yes"
        case _ if field.name.endswith("telephone"):
            return "096-000-0000"
        case _:
            return "メモ（ー＆<b>）"


def filled(kind: Kind) -> Mapping[str, str]:
    """As many fields as go together: one after the other, as long as nothing is wrong."""
    today = clock.today_in_japan()
    values = {"on": today.isoformat(), "time": "00:00" if kind.has_time else ""}
    for field in sorted(kind.fields, key=lambda each: not each.is_required):
        more = {**values, field.name: typed(field)}
        faults = read(kind, more, today, time(23, 59)).faults
        if set(faults.values()) <= UNFINISHED:
            values = more
    found = read(kind, values, today, time(23, 59))
    assert not found.faults, (kind.name, found.faults)
    return values


async def test_every_kind_reads_there_as_it_did_here(hanako: Visitor) -> None:
    assert len(ALL) > 20
    async with unit_of_work(hanako.actor) as tx:
        wishes = [Wish(kind, filled(kind), is_sure=True) for kind in ALL]
        written = await entries.write_all_in(tx, hanako.actor, wishes)
        wishes = [Wish(kind, filled(kind), str(written[0].entry_id), is_sure=True) for kind in ALL]
        await entries.write_all_in(tx, hanako.actor, wishes)
    first = await taking.bundle(hanako.actor)
    other, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(other, "participating")
    done = await taking.brought(other, first)
    assert done.state == "done"
    assert [each.reason for each in done.counts.left] == ["settings"]
    assert done.counts.total == 2 * len(ALL)
    second = await taking.bundle(other)
    assert normal_bundle(decoded(first)) == normal_bundle(decoded(second))
    for kind in ALL:
        here = await entries.entries(hanako.actor, [kind])
        there = await entries.entries(other, [kind])
        assert [each.values for each in here] == [each.values for each in there], kind.name
        assert [each.on for each in here] == [each.on for each in there]
        assert sorted(bool(each.book) for each in there) == [False, True]


BROKEN: list[Any] = [None, [], {}, "x", 1, [{}], [[]], {"coding": 1}, [{"coding": [None]}]]


async def test_what_no_form_could_have_written_is_not_taken_for_an_entry(
    hanako: Visitor,
) -> None:
    """Whatever element is replaced by whatever: it is refused, or still reads."""
    async with unit_of_work(hanako.actor) as tx:
        wishes = [Wish(kind, filled(kind), is_sure=True) for kind in ALL]
        await entries.write_all_in(tx, hanako.actor, wishes)
    refused = 0
    for resource in taking.resources(await taking.bundle(hanako.actor)):
        name = own_name(resource)
        if name is None:
            continue
        kind = KINDS[name.kind]
        assert is_of(kind, resource), kind.name
        for element, harm in product(resource, BROKEN):
            harmed = deepcopy(resource) | {element: harm}
            if is_of(kind, harmed):
                assert pure.values_of(kind, harmed)["on"]
            else:
                refused += 1
    assert refused > len(ALL)
