"""Stored records of checkups read into values that can be set side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from api.phr.checkup.items import ITEMS, Answered, Item, Measured, is_plausible, item_of
from api.records.checkup_xml import items as national
from api.records.checkup_xml.resources import IDENTIFIER
from api.records.mapping import codings_of, name_of
from api.records.parse import Json, as_object, as_objects, as_text, decimal_of, digits_of
from api.records.provenance import by_of

Source = Literal["typed", "file", "facility"]
# Activity is written in either; the two are the same amount.
_SAME_UNIT: Final = {"[IU]/L": "U/L"}
_NOT_SAID: Final = frozenset({"cancelled", "entered-in-error"})


class Value(NamedTuple):
    """`text` as it was written, without the unit. `number` is None for what cannot be set beside
    others: a limit, another unit, a number nobody alive has (then `is_odd`). `code`: an answer."""

    text: str
    unit: str = ""
    number: Decimal | None = None
    code: str = ""
    is_odd: bool = False


class Line(NamedTuple):
    """One record of the shelf, as it is stored."""

    record_id: UUID
    resource_type: str
    facility_id: UUID
    is_own: bool
    on: date
    system: str
    identifier: str
    body: Json | None


class Checkup(Struct, frozen=True, kw_only=True):
    """`ids` are the records it was read from, or the entry; `document_id` the file one brought.

    `is_doubled`: the same was brought as a file and sent by a facility. `version`: of what was
    typed. `by`: who wrote it down, "" of a facility's.
    """

    checkup_id: UUID
    on: date
    source: Source
    facility_id: UUID | None = None
    place: str = ""
    program: str = ""
    values: Mapping[str, Value]
    ids: frozenset[UUID]
    document_id: UUID | None = None
    is_doubled: bool = False
    version: int = 0
    by: str = ""

    @property
    def numbers(self) -> dict[str, Decimal]:
        return {
            name: value.number for name, value in self.values.items() if value.number is not None
        }

    @property
    def answers(self) -> dict[str, str]:
        return {name: value.code for name, value in self.values.items() if value.code}


def checkups_of(lines: Iterable[Line]) -> list[Checkup]:
    """Each checkup once. Records of one file belong together; of other ways in, those of one
    facility and day."""
    groups: dict[tuple[UUID, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.facility_id, _key(line)), []).append(line)
    found = [(key, _checkup(members)) for (_, key), members in groups.items()]
    shown: list[tuple[str, Checkup]] = [each for each in found if each[1].values]
    return _without_doubles(shown)


def newest_first(checkups: Iterable[Checkup]) -> list[Checkup]:
    order = {"facility": 0, "file": 1, "typed": 2}
    return sorted(checkups, key=lambda each: (-each.on.toordinal(), order[each.source],
                                              str(each.checkup_id)))  # fmt: skip


def typed_values(values: Mapping[str, str]) -> dict[str, Value]:
    """What was typed into an entry."""
    found: dict[str, Value] = {}
    for item in ITEMS:
        written = values.get(item.name, "")
        if not written:
            continue
        if isinstance(item, Measured):
            found[item.name] = Value(written, item.unit, Decimal(written))
        else:
            found[item.name] = _answer(item, written, written)
    return found


def _key(line: Line) -> str:
    """What the records of one checkup share."""
    if line.system != IDENTIFIER:
        return line.on.isoformat()
    if line.resource_type == "DocumentReference":
        return line.identifier
    return line.identifier.rsplit(":", 2)[0]


def _checkup(members: Sequence[Line]) -> Checkup:
    values: dict[str, tuple[str, Value]] = {}
    place = ""
    for line in members:
        for resource in _observations(line.body or {}):
            place = place or _place(resource)
            for code, name, value in _values(resource):
                before = values.get(name)
                # Of the waist as measured, judged and told oneself the first is the surest.
                if before is None or code < before[0]:
                    values[name] = code, value
    first = members[0]
    document = next(
        (each.record_id for each in members if each.resource_type == "DocumentReference"), None
    )
    return Checkup(
        checkup_id=document or min(each.record_id for each in members),
        on=first.on,
        source="file" if first.is_own else "facility",
        facility_id=None if first.is_own else first.facility_id,
        place=place if first.is_own else "",
        values={name: value for name, (_, value) in values.items()},
        ids=frozenset(each.record_id for each in members),
        document_id=document if first.is_own else None,
        by=next((by_of(each.facility_id, each.body) for each in members if each.body), ""),
    )


def _without_doubles(found: Sequence[tuple[str, Checkup]]) -> list[Checkup]:
    """What a facility sent stands for the same file brought by the participant."""
    sent = {key: each for key, each in found if each.source == "facility"}
    kept: dict[UUID, Checkup] = {each.checkup_id: each for _, each in found}
    for key, each in found:
        same = sent.get(key)
        if each.source != "file" or same is None or same.values != each.values:
            continue
        del kept[each.checkup_id]
        kept[same.checkup_id] = Checkup(
            checkup_id=same.checkup_id,
            on=same.on,
            source="facility",
            facility_id=same.facility_id,
            values=same.values,
            ids=same.ids | each.ids,
            document_id=each.document_id,
            is_doubled=True,
        )
    return list(kept.values())


def _observations(resource: Json) -> Iterator[Json]:
    """The resource itself, or what a document has in it."""
    if resource.get("resourceType") == "Observation":
        yield resource
    for entry in as_objects(resource.get("entry")):
        inner = as_object(entry.get("resource"))
        if inner.get("resourceType") == "Observation":
            yield inner


def _values(resource: Json) -> Iterator[tuple[str, str, Value]]:
    if as_text(resource.get("status")) in _NOT_SAID:
        return
    for holder in (resource, *as_objects(resource.get("component"))):
        for _, code, _ in codings_of(holder.get("code")):
            item = item_of(code)
            value = None if item is None else _value(item, holder)
            if item is not None and value is not None:
                yield code, item.name, value
                break


def _value(item: Item, holder: Json) -> Value | None:
    if isinstance(item, Answered):
        concept = as_object(holder.get("valueCodeableConcept"))
        codes = [code for _, code, _ in codings_of(concept)]
        text = name_of(concept) or as_text(holder.get("valueString"))
        return _answer(item, codes[0] if codes else "", text) if codes or text else None
    quantity = as_object(holder.get("valueQuantity"))
    number = decimal_of(quantity.get("value"))
    if number is None:
        text = as_text(holder.get("valueString"))
        return Value(text) if text else None
    sign = as_text(quantity.get("comparator"))
    unit = as_text(quantity.get("unit")) or as_text(quantity.get("code"))
    written = f"{sign}{digits_of(quantity.get('value'))}"
    if not _is_unit(item, unit) or not is_plausible(item, number):
        return Value(written, unit, is_odd=True)
    return Value(written, item.unit, None if sign else number)


def _answer(item: Answered, code: str, text: str) -> Value:
    said = dict(item.answers)
    return Value(said.get(code, text), code=code if code in said else "")


def _is_unit(item: Measured, unit: str) -> bool:
    code = national.unit_code(unit)
    return code is not None and _SAME_UNIT.get(code, code) == item.ucum


def _place(resource: Json) -> str:
    performers = as_objects(resource.get("performer"))
    return as_text(performers[0].get("display")) if performers else ""
