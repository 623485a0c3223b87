"""ADT-00 and ADT-61: the person, allergies, insurance, and what was measured at the desk."""

from collections import Counter
from typing import Final

from api.records.parse import Json
from api.records.ssmix2 import coded
from api.records.ssmix2.coded import Context, Part
from api.records.ssmix2.er7 import Components, Message, Segment
from api.records.ssmix2.results import observation

PATIENT: Final = "patient"
_KINDS: Final = {
    "DA": "medication",
    "MC": "medication",
    "FA": "food",
    "EA": "environment",
    "AA": "environment",
    "PA": "environment",
    "LA": "environment",
}
_SEVERITIES: Final = {"SV": "severe", "MO": "moderate", "MI": "mild"}
_VERIFICATIONS: Final = {
    "C": "confirmed",
    "D": "refuted",
    "E": "entered-in-error",
    "P": "unconfirmed",
    "S": "unconfirmed",
    "U": "unconfirmed",
}
_BODY: Final = ("9N001", "9N006", "9N011", "9N016")
_USES: Final = {"PRN": "home", "ORN": "home", "WPN": "work"}


def demographics(message: Message, context: Context) -> list[Part]:
    """ADT-00: the Patient, and all that comes with them."""
    pid = message.first("PID")
    parts = [Part(PATIENT, _patient(message, pid, context))] if pid else []
    seen: Counter[str] = Counter()
    for obx in message.all("OBX"):
        code = obx.text(3)
        seen[code] += 1
        is_body = code[:5] in _BODY
        found = observation(
            obx,
            context,
            profile="JP_Observation_BodyMeasurement" if is_body else "JP_Observation_Common",
            category="vital-signs" if is_body else "laboratory",
            at=_known_at(message),
        )
        if found:
            parts.append(Part(coded.part_name(f"obx-{code}-{seen[code]}"), found))
    parts += _disabilities(message, context)
    parts += allergies(message, context)
    parts += _insurances(message, context)
    return parts


def allergies(message: Message, context: Context) -> list[Part]:
    """An AllergyIntolerance for each AL1 and IAM."""
    parts = []
    seen: Counter[str] = Counter()
    for name in ("AL1", "IAM"):
        for segment in message.all(name):
            found = _allergy(segment, context)
            if found is None:
                continue
            code = segment.text(3) or segment.text(3, 2)
            seen[code] += 1
            parts.append(Part(coded.part_name(f"allergy-{code}-{seen[code]}"), found))
    return parts


def _allergy(segment: Segment, context: Context) -> Json | None:
    """AL1 of the basic data, IAM of ADT-61; None for one that is to be taken back."""
    is_iam = segment.name == "IAM"
    if is_iam and segment.text(6) == "D":
        return None
    code = coded.concept(segment.components(3))
    if not code:
        return None
    status = segment.text(17) if is_iam else ""
    verification = _VERIFICATIONS.get(status, "confirmed")
    if verification == "entered-in-error":
        return None
    severity = segment.text(4)
    kind = _KINDS.get(segment.text(2), "")
    reaction = segment.whole(5)
    is_over = is_iam and status == "I"
    return coded.resource(
        "AllergyIntolerance",
        "JP_AllergyIntolerance",
        context,
        {
            "clinicalStatus": coded.coded(
                f"{coded.HL7}allergyintolerance-clinical", "inactive" if is_over else "active"
            ),
            "verificationStatus": coded.coded(
                f"{coded.HL7}allergyintolerance-verification", verification
            ),
            "category": [kind] if kind else [],
            "criticality": "high" if severity == "SV" else "",
            "code": code,
            "onsetDateTime": coded.moment(segment.text(11 if is_iam else 6)),
            "recordedDate": coded.moment(segment.text(13)) if is_iam else None,
            "reaction": [_reaction(reaction, severity)] if reaction else [],
        },
    )


def _reaction(text: str, severity: str) -> Json:
    return coded.plain(
        {"manifestation": [{"text": text}], "severity": _SEVERITIES.get(severity, "")}
    )


def _patient(message: Message, pid: Segment, context: Context) -> Json:
    birth = coded.birth_on(pid.text(7))
    died = coded.moment(pid.text(29))
    return {
        "resourceType": "Patient",
        "meta": {"profile": [f"{coded.JP}JP_Patient"]},
        "identifier": [{"system": context.number_system, "value": context.number}],
    } | coded.plain(
        {
            "active": True,
            "name": coded.names(pid, 5),
            "telecom": [*_telecoms(pid, 13, "home"), *_telecoms(pid, 14, "work")],
            "gender": coded.GENDERS.get(pid.text(8), "unknown"),
            "birthDate": birth.isoformat() if birth else "",
            "deceasedDateTime": died,
            "deceasedBoolean": True if pid.text(30) == "Y" and not died else None,
            "address": [found for each in pid.every(11) if (found := coded.address(each))],
            "contact": [found for nk1 in message.all("NK1") if (found := _contact(nk1))],
        }
    )


def _telecoms(segment: Segment, field: int, use: str) -> list[Json]:
    return [
        {"system": "phone", "value": value, "use": _USES.get(each.text(2), use)}
        for each in segment.every(field)
        if (value := coded.telephone(each))
    ]


def _contact(nk1: Segment) -> Json:
    """Next of kin; the person themselves is none."""
    if nk1.text(3) == "SEL":
        return {}
    names = coded.names(nk1, 2)
    relation = coded.concept(nk1.components(3))
    address = coded.address(nk1.components(4))
    return coded.plain(
        {
            "relationship": [relation] if relation else [],
            "name": names[0] if names else {},
            "telecom": _telecoms(nk1, 5, "home"),
            "address": address,
        }
    )


def _disabilities(message: Message, context: Context) -> list[Part]:
    return [
        Part(
            f"db1-{place}",
            coded.resource(
                "Observation",
                "JP_Observation_SocialHistory",
                context,
                {
                    "status": "final",
                    "category": [coded.coded(f"{coded.HL7}observation-category", "social-history")],
                    "code": {"text": "障害の有無"},
                    "effectiveDateTime": coded.moment(db1.text(5)) or _known_at(message),
                    "valueBoolean": True,
                },
            ),
        )
        for place, db1 in enumerate(message.all("DB1"), 1)
        if db1.text(2) in ("", "PT") and db1.text(4) == "Y"
    ]


def _insurances(message: Message, context: Context) -> list[Part]:
    return [
        Part(f"in1-{place}", _insurance(in1, context), in1.text(2, 2))
        for place, in1 in enumerate(message.all("IN1"), 1)
        if in1.components(2) or in1.components(3)
    ]


def _insurance(in1: Segment, context: Context) -> Json:
    period = coded.plain({"start": coded.moment(in1.text(12)), "end": coded.moment(in1.text(13))})
    payor: Components = in1.components(3)
    return {
        "resourceType": "Coverage",
        "meta": {"profile": [f"{coded.JP}JP_Coverage"]},
        "status": "active",
        "beneficiary": context.subject,
    } | coded.plain(
        {
            "type": coded.concept(in1.components(2)),
            "relationship": coded.concept(in1.components(17)),
            "period": period,
            "subscriberId": in1.text(36),
            "payor": [{"display": in1.text(4) or payor.text(1) or "-"}],
        }
    )


def _known_at(message: Message) -> str | None:
    """When what the basic data says was known: the person's last change, else the message's."""
    pid, evn = message.first("PID"), message.first("EVN")
    return (
        (coded.moment(pid.text(33)) if pid else None)
        or (coded.moment(evn.text(2)) if evn else None)
        or coded.moment(message.head.text(7))
    )
