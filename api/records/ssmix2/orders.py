"""OMG and OML-01: what was ordered; OMG-11 to 13: what was found; OMD: meals, as text."""

import base64
from collections.abc import Iterator
from typing import Final

from api.records.parse import Json
from api.records.ssmix2 import coded
from api.records.ssmix2.coded import Context, Part
from api.records.ssmix2.er7 import Message, Segment
from api.records.ssmix2.results import STATUSES, value_of

_KINDS: Final = {
    "OML-01": ("LAB", "検体検査"),
    "OMG-01": ("RAD", "放射線検査"),
    "OMG-02": ("RAD", "内視鏡検査"),
    "OMG-03": ("OTH", "生理検査"),
    "OMG-11": ("RAD", "放射線検査"),
    "OMG-12": ("RAD", "内視鏡検査"),
    "OMG-13": ("OTH", "生理検査"),
}
_PROFILES: Final = {"RAD": "JP_DiagnosticReport_Radiology", "OTH": "JP_DiagnosticReport_Common"}
_CANCELLED: Final = frozenset(["CA", "DC", "OC", "CR", "DR"])
_MEALS: Final = {"T": "食種", "D": "主食", "P": "嗜好品", "S": "補助食"}


def service_requests(message: Message, context: Context) -> list[Part]:
    """One for each OBR; planned for OBR-7 or TQ1-7 where they say so."""
    kind, words = _KINDS[context.key.type]
    parts: list[Part] = []
    order: Segment | None = None
    timing: Segment | None = None
    for segment in message.segments:
        match segment.name:
            case "ORC":
                order, timing = segment, None
            case "TQ1":
                timing = segment
            case "OBR":
                code = coded.concept(segment.components(4)) or {"text": words}
                category = coded.coded(f"{coded.HL7}v2-0074", kind, words)
                found = _request(segment, order, timing, context, category, code)
                parts.append(Part(f"obr-{len(parts) + 1}", found))
            case "NTE" if parts and segment.whole(3):
                parts[-1].resource.setdefault("note", []).append({"text": segment.whole(3)})
    return parts


def _request(
    obr: Segment,
    order: Segment | None,
    timing: Segment | None,
    context: Context,
    category: Json,
    code: Json,
) -> Json:
    is_off = order is not None and order.text(1) in _CANCELLED
    planned = coded.moment(timing.text(7)) if timing else None
    by = coded.person(obr.components(16)) or (coded.person(order.components(12)) if order else "")
    return coded.resource(
        "ServiceRequest",
        "JP_ServiceRequest_Common",
        context,
        {
            "status": "revoked" if is_off else "completed",
            "intent": "order",
            "category": [category],
            "code": code,
            "occurrenceDateTime": planned or coded.moment(obr.text(7)),
            "authoredOn": (coded.moment(order.text(9)) if order else None) or context.moment,
            "requester": {"display": by} if by else {},
            "reasonCode": [found for each in obr.every(31) if (found := coded.concept(each))],
        },
    )


def reports(message: Message, context: Context) -> list[Part]:
    """One for each OBR with all its results in words; of a message without OBR, one of all."""
    kind, words = _KINDS[context.key.type]
    groups: list[tuple[Segment | None, list[Segment]]] = []
    for segment in message.segments:
        if segment.name == "OBR":
            groups.append((segment, []))
        elif segment.name in ("OBX", "NTE"):
            if not groups:
                groups.append((None, []))
            groups[-1][1].append(segment)
    parts = []
    for place, (obr, found) in enumerate(groups, 1):
        lines = list(_lines(found))
        if obr is None and not lines:
            continue
        named = coded.concept(obr.components(4)) if obr else {}
        by = coded.person(obr.components(32)) if obr else ""
        resource = coded.resource(
            "DiagnosticReport",
            _PROFILES[kind],
            context,
            {
                "status": _status(obr, found),
                "category": [coded.coded(f"{coded.HL7}v2-0074", kind, words)],
                "code": named or {"text": words},
                "effectiveDateTime": (coded.moment(obr.text(7)) if obr else None) or context.moment,
                "resultsInterpreter": [{"display": by}] if by else [],
                "conclusion": "\n".join(lines),
            },
        )
        parts.append(Part(f"report-{place}", resource))
    return parts


def _lines(segments: list[Segment]) -> Iterator[str]:
    """Findings as a person would read them; images and other enclosed data are only named."""
    for segment in segments:
        if segment.name == "NTE":
            words, label = segment.whole(3), ""
        elif segment.text(11) in ("D", "W"):
            continue
        elif segment.text(2) in ("ED", "RP"):
            words, label = "（添付）", segment.text(3, 2)
        else:
            words = _spoken(value_of(segment, segment.components(6))) or segment.whole(5)
            label = segment.text(3, 2)
        if words:
            yield f"{label}: {words}" if label else words


def _spoken(value: Json) -> str:
    if "valueCodeableConcept" in value:
        return str(value["valueCodeableConcept"]["text"])
    if "valueQuantity" in value:
        one = value["valueQuantity"]
        digits = bytes(one["value"]).decode()
        return " ".join(filter(None, (one.get("comparator", "") + digits, one.get("unit", ""))))
    return str(value.get("valueString", ""))


def _status(obr: Segment | None, segments: list[Segment]) -> str:
    said = obr.text(25) if obr else ""
    if said in STATUSES:
        return STATUSES[said]
    all_said = {each.text(11) for each in segments if each.name == "OBX"}
    return "preliminary" if all_said & {"P", "R", "S"} else "final"


def meals(message: Message, context: Context) -> list[Part]:
    """Our store has no meals: what was ordered is kept as a text, whole."""
    lines: list[str] = []
    at: str | None = None
    for segment in message.segments:
        match segment.name:
            case "ORC":
                at = at or coded.moment(segment.text(9))
            case "TQ1":
                spans = [segment.text(field)[:8] for field in (7, 8)]
                lines.append("期間: " + "〜".join(coded.moment(each) or "" for each in spans))
            case "ODS":
                kind = _MEALS.get(segment.text(1), segment.text(1))
                when = "、".join(each.text(2) or each.text(1) for each in segment.every(2))
                what = "、".join(each.text(2) or each.text(1) for each in segment.every(3))
                words = " ".join(filter(None, (when, what, segment.whole(4))))
                lines.append(f"{kind}: {words}" if kind else words)
            case "ODT":
                lines.append(" ".join(filter(None, (segment.text(1, 2), segment.whole(3)))))
            case "NTE":
                lines.append(segment.whole(3))
    text = "\n".join(filter(None, lines))
    if not text:
        return []
    return [Part("text", _as_text(text, "食事", at or context.moment, context), "食事")]


def _as_text(text: str, title: str, at: str | None, context: Context) -> Json:
    enclosed = {
        "contentType": "text/plain; charset=utf-8",
        "language": "ja",
        "data": base64.b64encode(text.encode()).decode(),
        "title": title,
    }
    return coded.resource(
        "DocumentReference",
        "",
        context,
        {
            "status": "current",
            "type": {"text": title},
            "description": text[:120],
            "date": at if at and "T" in at else None,
            "context": {"period": {"start": at}} if at else {},
            "content": [{"attachment": enclosed}],
        },
    )
