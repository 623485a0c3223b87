"""OMP-01, OMP-02: prescriptions and injections; OMP-11, OMP-12: what was given."""

from typing import Final

from api.records.parse import Json
from api.records.ssmix2 import coded
from api.records.ssmix2.coded import Context, Part
from api.records.ssmix2.er7 import Components, Message, Segment

_INJECTIONS: Final = ("OMP-02", "OMP-12")
_CANCELLED: Final = frozenset(["CA", "DC", "OC", "CR", "DR"])
_GIVEN: Final = {"CP": "completed", "PA": "completed", "RE": "not-done", "NA": "not-done"}
_SPAN: Final = {"d": ("日", "d"), "w": ("週", "wk"), "m": ("月", "mo"), "h": ("時間", "h")}


class _Group:
    """An order and what follows it, up to the next."""

    def __init__(self, order: Segment | None) -> None:
        self.order = order
        self.main: Segment | None = None
        self.timings: list[Segment] = []
        self.routes: list[Segment] = []
        self.components: list[Segment] = []
        self.notes: list[str] = []


def requests(message: Message, context: Context) -> list[Part]:
    """OMP-01, OMP-02: a MedicationRequest for each drug."""
    groups = [each for each in _groups(message, "RXE") if each.main is not None]
    return [
        Part(f"rx-{place}", found)
        for place, group in enumerate(groups, 1)
        if (found := _request(group, context)) is not None
    ]


def administrations(message: Message, context: Context) -> list[Part]:
    """OMP-11, OMP-12: a MedicationAdministration for each drug."""
    groups = [each for each in _groups(message, "RXA") if each.main is not None]
    return [
        Part(f"rxa-{place}", found)
        for place, group in enumerate(groups, 1)
        if (found := _administration(group, context)) is not None
    ]


def _groups(message: Message, main: str) -> list[_Group]:
    """Each drug with its order. Drugs of one order without an ORC of their own share it."""
    groups: list[_Group] = []
    order: Segment | None = None
    for segment in message.segments:
        if segment.name == "ORC":
            order = segment
            continue
        if segment.name == main:
            groups.append(_Group(order))
            groups[-1].main = segment
            continue
        if not groups:
            continue
        match segment.name:
            case "TQ1":
                groups[-1].timings.append(segment)
            case "RXR":
                groups[-1].routes.append(segment)
            case "RXC":
                groups[-1].components.append(segment)
            case "NTE" if segment.whole(3):
                groups[-1].notes.append(segment.whole(3))
    return groups


def _request(group: _Group, context: Context) -> Json | None:
    rxe, order = group.main, group.order
    if rxe is None:
        return None
    drug = _drug(coded.concept(rxe.components(2)), group.components)
    if not drug:
        return None
    is_injection = context.key.type in _INJECTIONS
    control = order.text(1) if order else ""
    supply = coded.plain(
        {
            "quantity": coded.quantity(rxe.text(10), rxe.components(11)),
            "expectedSupplyDuration": _days(group),
        }
    )
    profile = "JP_MedicationRequest_Injection" if is_injection else "JP_MedicationRequest"
    return coded.resource(
        "MedicationRequest",
        profile,
        context,
        {
            **drug,
            "status": "cancelled" if control in _CANCELLED else "completed",
            "intent": "order",
            "authoredOn": _ordered_at(order) or context.moment,
            "requester": _by(order),
            "groupIdentifier": _group_of(order, context),
            "dosageInstruction": _dosages(group),
            "dispenseRequest": supply,
            "note": [{"text": each} for each in group.notes],
        },
    )


def _administration(group: _Group, context: Context) -> Json | None:
    rxa = group.main
    if rxa is None or rxa.text(21) == "D":
        return None
    drug = _drug(coded.concept(rxa.components(5)), group.components)
    if not drug:
        return None
    start = coded.moment(rxa.text(3)) or context.moment
    if start is None:
        return None
    end = coded.moment(rxa.text(4))
    spans = end is not None and end > start
    is_injection = context.key.type in _INJECTIONS
    giver = coded.person(rxa.components(10))
    profile = "JP_MedicationAdministration" + ("_Injection" if is_injection else "")
    return coded.resource(
        "MedicationAdministration",
        profile,
        context,
        {
            **drug,
            "status": _GIVEN.get(rxa.text(20), "completed"),
            "effectivePeriod": {"start": start, "end": end} if spans else None,
            "effectiveDateTime": None if spans else start,
            "performer": [{"actor": {"display": giver}}] if giver else [],
            "dosage": coded.plain(
                {
                    "route": _route(group),
                    "dose": coded.quantity(rxa.text(6), rxa.components(7)),
                }
            ),
            "note": [{"text": each} for each in group.notes],
        },
    )


def _drug(code: Json, components: list[Segment]) -> Json:
    """The drug; of a mixture all that is in it, inside the record. {} where none is named."""
    parts = []
    for rxc in components:
        found = coded.concept(rxc.components(2))
        if not found:
            continue
        amount = coded.quantity(rxc.text(3), rxc.components(4))
        one = {"value": coded.number("1")}
        strength = {"strength": {"numerator": amount, "denominator": one}} if amount else {}
        parts.append({"itemCodeableConcept": found} | strength)
    if not parts:
        return {"medicationCodeableConcept": code} if code else {}
    names = [each["itemCodeableConcept"]["text"] for each in parts]
    words = code.get("text", "") or " + ".join(names)
    mixture = {
        "resourceType": "Medication",
        "id": "mixture",
        "code": code or {"text": words},
        "ingredient": parts,
    }
    return {"contained": [mixture], "medicationReference": {"reference": "#mixture"}}


def _dosages(group: _Group) -> list[Json]:
    rxe = group.main
    if rxe is None:
        return []
    dose = coded.quantity(rxe.text(3), rxe.components(5))
    told = [each for field in (7, 21) for each in rxe.every(field)]
    words = " ".join(filter(None, (each.text(2) or each.text(1) for each in told)))
    route = _route(group)
    found = []
    timings: list[Segment | None] = [*group.timings] or [None]
    for timing in timings:
        usage = _usage(timing) if timing else {}
        text = " ".join(filter(None, (usage.get("text", ""), words)))
        found.append(
            coded.plain(
                {
                    "text": text,
                    "timing": _timing(timing, usage) if timing else {},
                    "route": route,
                    "doseAndRate": [{"doseQuantity": dose}] if dose else [],
                }
            )
        )
    return [each for each in found if each]


def _usage(timing: Segment) -> Json:
    """TQ1-3 is a code in subcomponents of its first component; some write it in components."""
    first: Components = timing.components(3)
    inner = first.of(1)
    return coded.concept(inner if inner.text(2) or inner.text(3) else first)


def _timing(timing: Segment, usage: Json) -> Json:
    start, end = coded.moment(timing.text(7)), coded.moment(timing.text(8))
    bounds = coded.plain(
        {"start": start, "end": end if end and (not start or end >= start) else ""}
    )
    return coded.plain({"repeat": {"boundsPeriod": bounds} if bounds else {}, "code": usage})


def _days(group: _Group) -> Json:
    for timing in group.timings:
        value = coded.number(timing.text(6))
        unit = timing.components(6).of(2).text(1).lower()[:1] or "d"
        if value is not None and unit in _SPAN:
            name, code = _SPAN[unit]
            return {"value": value, "unit": name, "system": coded.UCUM, "code": code}
    return {}


def _route(group: _Group) -> Json:
    return coded.concept(group.routes[0].components(1)) if group.routes else {}


def _ordered_at(order: Segment | None) -> str | None:
    return coded.moment(order.text(9)) if order else None


def _by(order: Segment | None) -> Json:
    name = (
        (coded.person(order.components(12)) or coded.person(order.components(10))) if order else ""
    )
    return {"display": name} if name else {}


def _group_of(order: Segment | None, context: Context) -> Json:
    value = order.text(4) if order else ""
    return {"system": f"{context.number_system}:order", "value": value} if value else {}
