"""HL7 v2 data types as FHIR ones: codes, numbers, times, names, addresses."""

import re
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from api.fhir import codes
from api.records.parse import Json
from api.records.ssmix2.er7 import Components, Segment
from api.records.ssmix2.path import OrderKey, day_of

JP: Final = "http://jpfhir.jp/fhir/core/StructureDefinition/"
HL7: Final = "http://terminology.hl7.org/CodeSystem/"
UCUM: Final = "http://unitsofmeasure.org"
_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_MERIT9: Final = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code"
_JFAGY: Final = "http://jpfhir.jp/fhir/core/CodeSystem/JP_Jfagy"
_SYSTEMS: Final = {
    "JC10": codes.JLAC10,
    "JLAC10": codes.JLAC10,
    "HOT": codes.HOT9,
    "HOT7": codes.HOT7,
    "HOT9": codes.HOT9,
    "HOT13": codes.HOT13,
    "YJ": codes.YJ,
    "MDCDX2": codes.DISEASE_KEY,
    "I10": codes.ICD10,
    "ICD10": codes.ICD10,
    "JAMISDP01": codes.USAGE,
    "MR9P": _MERIT9,
    "LN": codes.LOINC,
    "UCUM": UCUM,
}
# A table of Japan or of the facility itself has no address of its own: its name is kept.
_NAMED: Final = "urn:tsunagu:hl7v2:"
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{0,12})?|[+-]?\.\d{1,12}", re.ASCII)
_TIME: Final = re.compile(
    r"(\d{4})(\d{2})?(\d{2})?(?:(\d{2})(\d{2})?(\d{2})?(?:\.\d{1,4})?)?([+-]\d{4})?", re.ASCII
)
_COMPARED: Final = re.compile(r"\s*(<=|>=|<|>|≦|≧|＜|＞)\s*([\d.+-]+)\s*")
_COMPARATORS: Final = {"≦": "<=", "≧": ">=", "＜": "<", "＞": ">"}
_RANGE: Final = re.compile(r"\s*([\d.+-]+?)\s*[-~～〜]\s*([\d.+-]+)\s*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
GENDERS: Final = {"M": "male", "F": "female", "O": "other", "A": "other", "U": "unknown"}


class Context(NamedTuple):
    """What a mapper knows besides the message: whose it is and what the file's name says."""

    subject: Json
    number_system: str
    number: str
    key: OrderKey
    stamp: str

    @property
    def day(self) -> date | None:
        return day_of(self.key.date)

    @property
    def moment(self) -> str | None:
        """The folder's date, for where the message's own date is missing or impossible."""
        return self.day.isoformat() if self.day else None


class Part(NamedTuple):
    """One resource of a message. `name` tells it from the message's others, version to version;
    `level` is the least sensitivity its hospital gave it."""

    name: str
    resource: Json
    title: str = ""
    level: int = 0


def part_name(text: str) -> str:
    """A name made of what a message says: without control characters, and of bounded length."""
    name = _CONTROL.sub(" ", text)
    return name if len(name) <= 100 else f"sha256-{sha256(name.encode()).hexdigest()}"


def system_of(table: str) -> str:
    """The URL that stands for a table by its name in a message; "" where none is named."""
    name = table.strip()
    if name in _SYSTEMS:
        return _SYSTEMS[name]
    if name.startswith("HL7") and name[3:].isdigit():
        return f"{HL7}v2-{name[3:].zfill(4)}"
    return f"{_NAMED}{name}" if name else ""


def codings(parts: Components) -> list[Json]:
    """Of a CE or CWE both triples, each that has a code."""
    found = []
    for start in (1, 4):
        code, display = parts.text(start), parts.text(start + 1)
        if not code:
            continue
        table = parts.text(start + 2)
        system = _allergen_system(code) if table == "J-FAGY" else system_of(table)
        coding: Json = {"system": system, "code": code, "display": display}
        found.append({name: value for name, value in coding.items() if value})
    return found


def _allergen_system(code: str) -> str:
    kinds = {"J9F": "FoodAllergen", "J9N": "NonFoodNonMedicationAllergen"}
    return f"{_JFAGY}{kinds.get(code[:3], 'MedicationAllergen')}_CS"


def concept(parts: Components) -> Json:
    """{} where the field says nothing."""
    coded = codings(parts)
    text = parts.text(2) or parts.text(5) or parts.text(9)
    if not coded and not text:
        return {}
    return {"coding": coded, "text": text or coded[0]["code"]} if coded else {"text": text}


def coded(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one code."""
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def number(text: str) -> msgspec.Raw | None:
    """The digits as they were written, in the form JSON takes; None for what is no number."""
    text = text.strip().translate(_WIDE)
    if not _NUMBER.fullmatch(text):
        return None
    sign = "-" if text.startswith("-") else ""
    whole, point, rest = text.lstrip("+-").partition(".")
    whole = whole.lstrip("0") or "0"
    return msgspec.Raw(f"{sign}{whole}{point if rest else ''}{rest}".encode())


_WIDE: Final = {ord("０") + n: str(n) for n in range(10)} | {ord("．"): ".", ord("－"): "-"}


def quantity(value: str, unit: Components | None = None) -> Json:
    """{} where the value is no number."""
    said = number(value)
    if said is None:
        return {}
    return {"value": said} | unit_of(unit)


def unit_of(unit: Components | None) -> Json:
    """With its UCUM code only where the message says that it is one."""
    if unit is None or not unit:
        return {}
    code, name, table = unit.text(1), unit.text(2) or unit.text(1), unit.text(3)
    if code and table in ("MR9P", "UCUM"):
        return {"unit": name, "system": _SYSTEMS[table], "code": code}
    return {"unit": name} if name else {}


def compared(text: str, unit: Components | None = None) -> Json:
    """A number with or without a comparator; {} for anything else."""
    found = _COMPARED.fullmatch(text)
    if found is None:
        return quantity(text, unit)
    value = quantity(found[2], unit)
    if not value:
        return {}
    return {"comparator": _COMPARATORS.get(found[1], found[1])} | value


def reference_range(text: str, unit: Components | None = None) -> Json:
    """Always with the words it came in; with bounds where they are plain."""
    if not text:
        return {}
    found: Json = {}
    both = _RANGE.fullmatch(text)
    if both is not None:
        bounds = {"low": quantity(both[1], unit), "high": quantity(both[2], unit)}
        found = bounds if all(bounds.values()) else {}
    else:
        one = compared(text, unit)
        comparator = one.pop("comparator", "")
        if comparator and one:
            found = {"high" if comparator.startswith("<") else "low": one}
    return found | {"text": text}


def moment(text: str) -> str | None:
    """A FHIR dateTime, Japanese time where none is said; None for an impossible or absent one."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    if year == "0000" or (month is None and hour is not None) or (day is None and hour is not None):
        return None
    if month is None:
        return year
    if not 1 <= int(month) <= 12:
        return None
    if day is None:
        return f"{year}-{month}"
    if day_of(f"{year}{month}{day}") is None:
        return None
    if hour is None or minute is None:
        return f"{year}-{month}-{day}"
    second = second or "00"
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return f"{year}-{month}-{day}"
    offset = f"{zone[:3]}:{zone[3:]}" if zone else "+09:00"
    if int(offset[1:3]) > 14 or int(offset[4:]) > 59:
        return f"{year}-{month}-{day}"
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{offset}"


def birth_on(text: str) -> date | None:
    return day_of(text.strip())


def person(parts: Components) -> str:
    """The name of a member of staff: XCN, family and given name."""
    return " ".join(filter(None, (parts.of(2).text(1), parts.text(3)))) or parts.text(1)


def names(segment: Segment, field: int) -> list[Json]:
    """XPN repetitions; whether kanji or kana stands at component 8, of short writers at 7 or 6."""
    found = []
    for parts in segment.every(field):
        family, given = parts.of(1).text(1), parts.text(2)
        if not family and not given:
            continue
        marks = [each for each in parts.texts()[5:] if each in ("I", "P", "A")]
        code = marks[0] if marks else ""
        name: Json = {"use": "official", "text": f"{family} {given}".strip()}
        if code in ("I", "P"):
            kind = "IDE" if code == "I" else "SYL"
            name = {"extension": [{"url": _REPRESENTATION, "valueCode": kind}], **name}
        if family:
            name["family"] = family
        if given:
            name["given"] = [given]
        found.append(name)
    return found


def address(parts: Components) -> Json:
    """The whole address stands in component 8 or in 1 to 4; {} where there is none."""
    lines = [parts.text(4), parts.text(3), parts.of(1).text(1), parts.text(2), parts.text(8)]
    text = "".join(filter(None, lines))
    found = {"text": text, "postalCode": parts.text(5), "country": parts.text(6)}
    return {name: value for name, value in found.items() if value} if text else {}


def telephone(parts: Components) -> str:
    """XTN: the number stands in component 12, or in 1 of old writers."""
    return parts.text(12) or parts.text(1)


def plain(resource: Json) -> Json:
    """Without what says nothing."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}


def resource(kind: str, profile: str, context: Context, rest: Json) -> Json:
    """One resource about the participant in the shape of a JP Core profile."""
    element = "patient" if kind == "AllergyIntolerance" else "subject"
    head: Json = {"resourceType": kind}
    if profile:
        head["meta"] = {"profile": [f"{JP}{profile}"]}
    return head | {element: context.subject} | plain(rest)
