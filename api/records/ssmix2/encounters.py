"""ADT-01 to ADT-52: visits and stays. One message is one Encounter: what it says had happened."""

from typing import Final, NamedTuple

from api.fhir import codes
from api.records.parse import Json
from api.records.ssmix2 import coded
from api.records.ssmix2.coded import Context, Part
from api.records.ssmix2.er7 import Message, Segment


class _Event(NamedTuple):
    """What a type means, and where its date stands: segment and field, in the order of trust."""

    title: str
    status: str
    dates: tuple[tuple[str, int], ...]
    is_end: bool = False


_ADMITTED: Final = ("PV1", 44)
_DISCHARGED: Final = ("PV1", 45)
_EVENTS: Final = {
    "ADT-01": _Event("担当医の変更", "in-progress", (("EVN", 6), ("EVN", 2))),
    "ADT-12": _Event("外来受診", "finished", (_ADMITTED,)),
    "ADT-21": _Event("入院予定", "planned", (("PV2", 8),)),
    "ADT-22": _Event("入院", "in-progress", (_ADMITTED,)),
    "ADT-31": _Event("外出・外泊", "onleave", (("EVN", 6),)),
    "ADT-32": _Event("外出・外泊からの帰院", "in-progress", (("EVN", 6), ("PV2", 47))),
    "ADT-41": _Event("転科・転棟予定", "planned", (("PV2", 8),)),
    "ADT-42": _Event("転科・転棟", "in-progress", (("EVN", 6),)),
    "ADT-51": _Event("退院予定", "planned", (("PV2", 9),), is_end=True),
    "ADT-52": _Event("退院", "finished", (_DISCHARGED,), is_end=True),
}
_CANCELS: Final = frozenset(["A11", "A12", "A13", "A25", "A26", "A27", "A52", "A53", "A55"])
_CLASSES: Final = {
    "I": ("IMP", "入院"),
    "O": ("AMB", "外来"),
    "E": ("EMER", "救急"),
    "P": ("PRENC", "入院前"),
    "R": ("AMB", "外来"),
    "B": ("IMP", "入院"),
}


def encounter(message: Message, context: Context) -> list[Part]:
    """One Encounter: planned, going on, finished or cancelled, as its type says."""
    event = _EVENTS[context.key.type]
    pv1 = message.first("PV1")
    kind = pv1.text(2) if pv1 else ""
    fallback = "O" if context.key.type == "ADT-12" else "I"
    code, display = _CLASSES.get(kind, _CLASSES[fallback])
    is_cancelled = message.head.text(9, 2) in _CANCELS
    at = _date(message, event) or context.moment
    admitted = coded.moment(pv1.text(44)) if pv1 else None
    if event.is_end:
        period = {"start": admitted, "end": at}
    else:
        period = {"start": at, "end": at if event.status == "finished" else None}
    department = _department(pv1) if pv1 else {}
    found = coded.resource(
        "Encounter",
        "JP_Encounter",
        context,
        {
            "status": "cancelled" if is_cancelled else event.status,
            "class": {"system": f"{coded.HL7}v3-ActCode", "code": code, "display": display},
            "type": [{"text": event.title}],
            "serviceType": department,
            "participant": _participants(pv1) if pv1 else [],
            "period": coded.plain(period),
            "location": _location(pv1) if pv1 else [],
        },
    )
    title = f"{event.title}の取り消し" if is_cancelled else event.title
    return [Part("encounter", found, title)]


def _date(message: Message, event: _Event) -> str | None:
    for name, field in event.dates:
        segment = message.first(name)
        if segment is not None and (at := coded.moment(segment.text(field))) is not None:
            return at
    return None


def _department(pv1: Segment) -> Json:
    code = pv1.text(10) or (pv1.text(3) if pv1.text(3, 6) == "C" else "")
    if not code:
        return {}
    coding: Json = {"system": codes.DEPARTMENT, "code": code}
    name = pv1.text(10, 2)
    return {"coding": [coding]} | ({"text": name} if name else {})


def _participants(pv1: Segment) -> list[Json]:
    """The doctor in charge and who sent or admitted; by name, as the paper would say."""
    roles = ((7, "ATND"), (8, "REF"), (9, "CON"), (17, "ADM"))
    found = []
    for field, role in roles:
        name = coded.person(pv1.components(field))
        if name:
            kind = coded.coded(f"{coded.HL7}v3-ParticipationType", role)
            found.append({"type": [kind], "individual": {"display": name}})
    return found


def _location(pv1: Segment) -> list[Json]:
    place = pv1.components(3)
    if place.text(6) == "C" or not place:
        return []
    words = " ".join(filter(None, (place.text(1), place.text(2), place.text(3))))
    return [{"location": {"display": words}}] if words else []
