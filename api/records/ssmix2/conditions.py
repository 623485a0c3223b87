"""PPR-01: diagnoses, one Condition for each PRB."""

from collections import Counter
from typing import Final

from api.records.parse import Json
from api.records.sensitivity import RESTRICTED
from api.records.ssmix2 import coded
from api.records.ssmix2.coded import Context, Part
from api.records.ssmix2.er7 import Components, Message, Segment

_TAKEN_BACK: Final = "DE"
_NOT_CODED: Final = "20084317"
# HL70241, as Japanese hospitals use it for the outcome of a diagnosis.
_OVER: Final = {"D", "R", "F"}
# HL70177: restricted, very restricted.
_CONFIDENTIAL: Final = ("R", "V")
_SUSPECTED: Final = ("疑い", "の疑", "疑診")


def diagnoses(message: Message, context: Context) -> list[Part]:
    """A Condition for each PRB that is not taken back."""
    parts = []
    seen: Counter[str] = Counter()
    for prb in message.all("PRB"):
        if prb.text(1) == _TAKEN_BACK:
            continue
        found = _diagnosis(prb, context)
        if found is None:
            continue
        name = prb.text(4) or f"{prb.text(3)}-{prb.text(16)}"
        seen[name] += 1
        level = RESTRICTED if prb.text(25) in _CONFIDENTIAL else 0
        parts.append(Part(coded.part_name(f"prb-{name}-{seen[name]}"), found, level=level))
    return parts


def _diagnosis(prb: Segment, context: Context) -> Json | None:
    code = _code(prb)
    if not code:
        return None
    ended = coded.moment(prb.text(9))
    outcome = prb.components(14)
    is_over = ended is not None or outcome.text(1) in _OVER
    is_unsure = any(word in code["text"] for word in _SUSPECTED)
    return coded.resource(
        "Condition",
        "JP_Condition",
        context,
        {
            "clinicalStatus": coded.coded(
                f"{coded.HL7}condition-clinical", "resolved" if is_over else "active"
            ),
            "verificationStatus": coded.coded(
                f"{coded.HL7}condition-ver-status", "unconfirmed" if is_unsure else "confirmed"
            ),
            "category": _categories(prb),
            "code": code,
            "onsetDateTime": coded.moment(prb.text(16)) or coded.moment(prb.text(7)),
            "abatementDateTime": ended,
            "recordedDate": coded.moment(prb.text(2)),
            "note": [{"text": outcome.text(2)}] if outcome.text(2) else [],
        },
    )


def _code(prb: Segment) -> Json:
    """The name as the hospital has it, its own code, and ICD-10 where it was given."""
    found = coded.concept(prb.components(3))
    words = prb.whole(17) or found.get("text", "")
    coding = [each for each in found.get("coding", []) if each["code"] != _NOT_CODED]
    coding += [each for parts in prb.every(10) for each in _icd10(parts)]
    if not words and not coding:
        return {}
    return ({"coding": coding} if coding else {}) | {"text": words or coding[0]["code"]}


def _icd10(parts: Components) -> list[Json]:
    code = parts.text(1)
    if not code or parts.text(3) not in ("I10", "ICD10", "ICD-10", ""):
        return []
    return [{"system": coded.system_of("I10"), "code": code}]


def _categories(prb: Segment) -> list[Json]:
    """When it was made (outpatient, on admission, at last), and whether it is the main one."""
    found: list[Json] = [coded.coded(f"{coded.HL7}condition-category", "encounter-diagnosis")]
    for parts in (prb.components(10), prb.components(18)):
        start = 4 if parts is not None and parts.text(6) else 1
        code, display, table = (parts.text(start + n) for n in range(3))
        if code and table.startswith("JHSD"):
            coding = {"system": coded.system_of(table), "code": code, "display": display}
            found.append({"coding": [coded.plain(coding)], "text": display or code})
    return found
