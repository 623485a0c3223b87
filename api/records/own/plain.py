"""What one record says, in the few words its own participant can read: a FHIR body in, facts out.

Only what is named here is shown; notes, references and anything unknown stay unread.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from typing import Final

from msgspec import Struct

from api.records.mapping import composition_of, name_of
from api.records.parse import Json, as_object, as_objects, as_text, digits_of, read_day
from api.records.taking_out.resources import source_of

_BRACKETED: Final = re.compile(r"\[([A-Za-z]+)\]", re.ASCII)

MOST_FACTS: Final = 100
LONGEST_VALUE: Final = 5000  # characters; the rest of a long letter is at the facility
DEEPEST_QUESTION: Final = 5

_BLOCKS: Final = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "ul",
        "ol",
        "dt",
        "dd",
    ]
)


class Fact(Struct, frozen=True, omit_defaults=True):
    """`kind` says what it is; `label` holds the sender's own name for it, where there is one."""

    kind: str
    value: str = ""
    label: str = ""
    on: date | None = None


def facts_of(resource: Json) -> list[Fact]:
    """The facts of a stored resource in reading order; none for a type that has nothing to add."""
    read = _READERS.get(as_text(resource.get("resourceType")))
    found = (each for each in read(resource) if each.value or each.on) if read else iter(())
    facts = [_bounded(fact) for fact, _ in zip(found, range(MOST_FACTS), strict=False)]
    writer = source_of(resource)
    return facts if writer is None else [*facts, _bounded(Fact("written_by", writer.name))]


def _bounded(fact: Fact) -> Fact:
    if len(fact.value) <= LONGEST_VALUE:
        return fact
    return Fact(fact.kind, f"{fact.value[:LONGEST_VALUE]}…", fact.label, fact.on)


def _allergy(resource: Json) -> Iterator[Fact]:
    if resource.get("criticality") == "high":
        yield Fact("criticality", "high")
    for reaction in as_objects(resource.get("reaction")):
        for manifestation in as_objects(reaction.get("manifestation")):
            yield Fact("reaction", name_of(manifestation))


def _condition(resource: Json) -> Iterator[Fact]:
    yield from _ended(resource.get("abatementDateTime"))
    yield from _named("site", resource.get("bodySite"))


def _medication(resource: Json) -> Iterator[Fact]:
    dosages = as_objects(resource.get("dosageInstruction")) + as_objects(resource.get("dosage"))
    for dosage in [*dosages, as_object(resource.get("dosage"))]:
        usage = name_of(as_object(as_object(dosage.get("timing")).get("code")))
        yield Fact("usage", as_text(dosage.get("text")) or usage)
    supply = as_object(resource.get("dispenseRequest"))
    yield Fact("amount", _quantity(supply.get("quantity") or resource.get("quantity")))
    days = supply.get("expectedSupplyDuration") or resource.get("daysSupply")
    yield Fact("days", _quantity(days))


def _immunization(resource: Json) -> Iterator[Fact]:
    yield Fact("amount", _quantity(resource.get("doseQuantity")))
    yield Fact("lot", as_text(resource.get("lotNumber")))


def _encounter(resource: Json) -> Iterator[Fact]:
    yield Fact("way", name_of(resource.get("class")))
    period = as_object(resource.get("period"))
    if read_day(period.get("end")) != read_day(period.get("start")):
        yield from _ended(period.get("end"))


def _observation(resource: Json) -> Iterator[Fact]:
    yield Fact("result", _value(resource) or name_of(resource.get("dataAbsentReason")))
    for part in as_objects(resource.get("component")):
        yield Fact("result", _value(part), name_of(part.get("code")))
    for span in as_objects(resource.get("referenceRange")):
        low, high = _quantity(span.get("low")), _quantity(span.get("high"))
        yield Fact("range", as_text(span.get("text")) or ((low or high) and f"{low}〜{high}"))
    yield from _named("reading", resource.get("interpretation"))


def _report(resource: Json) -> Iterator[Fact]:
    yield Fact("conclusion", as_text(resource.get("conclusion")))
    yield from _named("conclusion", resource.get("conclusionCode"))


def _procedure(resource: Json) -> Iterator[Fact]:
    yield from _named("site", resource.get("bodySite"))
    yield Fact("conclusion", name_of(resource.get("outcome")))
    yield from _ended(as_object(resource.get("performedPeriod")).get("end"))


def _imaging(resource: Json) -> Iterator[Fact]:
    yield from _named("way", resource.get("modality"))


def _device(resource: Json) -> Iterator[Fact]:
    yield from _named("site", resource.get("bodySite"))
    yield from _ended(as_object(resource.get("timingPeriod")).get("end"))


def _person(resource: Json) -> Iterator[Fact]:
    """Whom to call, as the facility has it; the rest is on the page about oneself."""
    for contact in as_objects(resource.get("contact")):
        relations = as_objects(contact.get("relationship"))
        named = as_object(contact.get("name"))
        whole = "".join((as_text(named.get("family")), *map(as_text, _given(named))))
        ways = [as_text(each.get("value")) for each in as_objects(contact.get("telecom"))]
        name = as_text(named.get("text")) or whole
        yield Fact(
            "contact",
            " ".join(filter(None, [name, *ways])),
            name_of(relations[0]) if relations else "",
        )


def _given(named: Json) -> list[object]:
    given = named.get("given")
    return given if isinstance(given, list) else []


def _family(resource: Json) -> Iterator[Fact]:
    for condition in as_objects(resource.get("condition")):
        yield Fact("family", name_of(condition.get("code")))


def _plan(resource: Json) -> Iterator[Fact]:
    yield Fact("text", name_of(resource.get("description")))


def _document(resource: Json) -> Iterator[Fact]:
    main = composition_of(resource) if resource.get("resourceType") == "Bundle" else resource
    yield from _sections(main, DEEPEST_QUESTION)


def _sections(within: Json, depth: int) -> Iterator[Fact]:
    if depth == 0:
        return
    for section in as_objects(within.get("section")):
        div = as_text(as_object(section.get("text")).get("div"))
        yield Fact("text", _text_of(div), as_text(section.get("title")))
        yield from _sections(section, depth - 1)


def _reference(resource: Json) -> Iterator[Fact]:
    yield Fact("text", as_text(resource.get("description")))


def _answers(resource: Json, depth: int = DEEPEST_QUESTION) -> Iterator[Fact]:
    if depth == 0:
        return
    for item in as_objects(resource.get("item")):
        for answer in as_objects(item.get("answer")):
            yield Fact("answer", _value(answer), as_text(item.get("text")))
        yield from _answers(item, depth - 1)


_READERS: Final[dict[str, Callable[[Json], Iterator[Fact]]]] = {
    "AllergyIntolerance": _allergy,
    "Bundle": _document,
    "CarePlan": _plan,
    "Composition": _document,
    "Condition": _condition,
    "DeviceUseStatement": _device,
    "DiagnosticReport": _report,
    "DocumentReference": _reference,
    "Encounter": _encounter,
    "FamilyMemberHistory": _family,
    "Goal": _plan,
    "ImagingStudy": _imaging,
    "Immunization": _immunization,
    "MedicationAdministration": _medication,
    "MedicationDispense": _medication,
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "Observation": _observation,
    "Patient": _person,
    "Procedure": _procedure,
    "QuestionnaireResponse": _answers,
}


def _value(holder: Json) -> str:
    """Whatever `value[x]` holds, as text; of a yes-or-no question `true` or `false`."""
    name = next((key for key in holder if key.startswith("value")), "")
    value = holder.get(name)
    match name:
        case "valueBoolean":
            return "true" if value is True else "false"
        case "valueQuantity":
            return _quantity(value)
        case "valueRange":
            span = as_object(value)
            return f"{_quantity(span.get('low'))}〜{_quantity(span.get('high'))}"
        case "valueRatio":
            ratio = as_object(value)
            return f"{_quantity(ratio.get('numerator'))}/{_quantity(ratio.get('denominator'))}"
        case "valueInteger" | "valueDecimal":
            return digits_of(value)
        case _:
            return name_of(value)


def _quantity(value: object) -> str:
    quantity = as_object(value)
    number = digits_of(quantity.get("value"))
    if not number:
        return ""
    comparator = as_text(quantity.get("comparator"))
    unit = as_text(quantity.get("unit")) or as_text(quantity.get("code"))
    return f"{comparator}{number} {unit_said(unit)}".strip()


def unit_said(unit: str) -> str:
    """As people write it: UCUM sets a customary unit in brackets, mm[Hg]."""
    return _BRACKETED.sub(r"\1", unit)


def _named(kind: str, value: object) -> Iterator[Fact]:
    for concept in as_objects(value) if isinstance(value, list) else [as_object(value)]:
        yield Fact(kind, name_of(concept))


def _ended(value: object) -> Iterator[Fact]:
    on = read_day(value)
    if on is not None:
        yield Fact("ended", on=on)


class _Text(HTMLParser):
    """Collects what a narrative says, a line for each block; scripts and styles say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in ("script", "style")
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= bool(self._silent) and tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def _text_of(div: str) -> str:
    reader = _Text()
    reader.feed(div)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)
