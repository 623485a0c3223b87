"""OML-11: laboratory results, one Observation for each OBX."""

from collections import Counter
from typing import Final

from api.records.parse import Json
from api.records.ssmix2 import coded
from api.records.ssmix2.coded import Context, Part
from api.records.ssmix2.er7 import Components, Message, Segment

STATUSES: Final = {
    "F": "final",
    "C": "corrected",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "I": "registered",
    "O": "registered",
    "N": "registered",
    "X": "cancelled",
    "U": "final",
}
# W: posted as wrong (of another patient); D: to be deleted.
_TAKEN_BACK: Final = ("W", "D")
_INTERPRETATIONS: Final = frozenset(
    [
        "L",
        "H",
        "LL",
        "HH",
        "N",
        "A",
        "AA",
        "S",
        "R",
        "I",
        "MS",
        "VS",
        "POS",
        "NEG",
        "IND",
        "<",
        ">",
        "B",
        "W",
        "U",
        "D",
        "DET",
        "ND",
    ]
)


def laboratory(message: Message, context: Context) -> list[Part]:
    """An Observation for each OBX that has a result; a note behind it is part of it."""
    parts: list[Part] = []
    seen: Counter[str] = Counter()
    specimen: Segment | None = None
    group: Segment | None = None
    last: Json | None = None
    for segment in message.segments:
        match segment.name:
            case "SPM":
                specimen, last = segment, None
            case "OBR":
                group, last = segment, None
            case "OBX":
                last = _result(segment, context, specimen, group)
                if last is not None:
                    code = segment.text(3) or segment.text(3, 2)
                    name = f"{code}-{segment.text(4)}"
                    seen[name] += 1
                    parts.append(Part(coded.part_name(f"{name}-{seen[name]}"), last))
            case "NTE" if last is not None and segment.whole(3):
                last.setdefault("note", []).append({"text": segment.whole(3)})
    return parts


def _result(
    obx: Segment, context: Context, specimen: Segment | None, group: Segment | None
) -> Json | None:
    """Taken when the specimen was (SPM-17); else as the result, the order or the folder says."""
    taken = coded.moment(specimen.components(17).of(1).text(1)) if specimen else None
    at = taken or coded.moment(obx.text(14))
    if at is None and group is not None:
        at = coded.moment(group.text(7))
    found = observation(obx, context, "JP_Observation_LabResult", "laboratory", at)
    if found is None:
        return None
    if specimen is not None and (kind := coded.concept(specimen.components(4))):
        found["specimen"] = {"display": kind["text"]}
    return found


def observation(
    obx: Segment, context: Context, profile: str, category: str, at: str | None
) -> Json | None:
    """None for a result that is taken back, or that names no test."""
    if obx.text(11) in _TAKEN_BACK:
        return None
    code = coded.concept(obx.components(3))
    if not code:
        return None
    unit = obx.components(6)
    value = value_of(obx, unit)
    rest: Json = {
        "status": STATUSES.get(obx.text(11), "unknown"),
        "category": [coded.coded(f"{coded.HL7}observation-category", category)],
        "code": code,
        "effectiveDateTime": at or context.moment,
        "issued": _instant(obx.text(14)),
        **value,
        "interpretation": _interpretation(obx),
        "method": coded.concept(obx.components(17)),
    }
    span = coded.reference_range(obx.whole(7), unit)
    if span:
        rest["referenceRange"] = [span]
    if not value:
        rest["dataAbsentReason"] = coded.coded(f"{coded.HL7}data-absent-reason", "unknown")
    return coded.resource("Observation", profile, context, rest)


def value_of(obx: Segment, unit: Components | None = None) -> Json:
    """The one `value[x]` of a result by OBX-2; what does not fit its type is kept as words."""
    words = obx.whole(5)
    if not words:
        return {}
    first = obx.components(5)
    match obx.text(2):
        case "NM" | "ST" | "":
            measured = coded.compared(words, unit)
            # A number that came as words keeps its words where they would lose something.
            if measured and (obx.text(2) == "NM" or "comparator" in measured or unit):
                return {"valueQuantity": measured}
        case "SN":
            return _structured(first, unit) or {"valueString": _joined(first)}
        case "CWE" | "CE" | "CNE" | "CF":
            chosen = coded.concept(first)
            if chosen:
                return {"valueCodeableConcept": chosen}
        case "DT" | "TS" | "DTM":
            if (at := coded.moment(words)) is not None:
                return {"valueDateTime": at}
    return {"valueString": words}


def _structured(parts: Components, unit: Components | None) -> Json:
    """SN: comparator ^ number ^ separator ^ number. `< 0.5` may stand in one part, too."""
    comparator, first, separator, second = (parts.text(n) for n in (1, 2, 3, 4))
    if not first:
        measured = coded.compared(comparator, unit)
        return {"valueQuantity": measured} if measured else {}
    if not second:
        measured = coded.compared(f"{comparator if comparator != '=' else ''}{first}", unit)
        return {"valueQuantity": measured} if measured and separator in ("", "+") else {}
    low, high = coded.quantity(first, unit), coded.quantity(second, unit)
    if low and high and separator == "-":
        return {"valueRange": {"low": low, "high": high}}
    if low and high and separator in (":", "/"):
        return {"valueRatio": {"numerator": low, "denominator": high}}
    return {}


def _joined(parts: Components) -> str:
    return "".join(parts.texts())


def _interpretation(obx: Segment) -> list[Json]:
    found = []
    for each in obx.every(8):
        code = each.text(1)
        if code in _INTERPRETATIONS:
            found.append(coded.coded(f"{coded.HL7}v3-ObservationInterpretation", code))
        elif code:
            found.append({"text": code})
    return found


def _instant(text: str) -> str | None:
    at = coded.moment(text)
    return at if at and "T" in at else None
