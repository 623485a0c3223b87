"""What a facility without a system of its own types in: the forms, and the FHIR they become.

- Vitals: one Observation per value with LOINC and UCUM, blood pressure as a panel: FHIR's vital
  signs, which JP Core's JP_Observation_VitalSigns follows.
- A sheet of care and daily life: a QuestionnaireResponse. Questions and answers keep their codes,
  so a sheet can be compared with the next one; care levels are those of the law.
- A note: a Composition with one section. It is somebody's signed text of a day; a
  DocumentReference would point at a file, and there is none.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from html import escape, unescape
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Raw

from api.core import i18n
from api.fhir import codes
from api.identity.my_number import contains_my_number
from api.records.mapping import CARE
from api.records.parse import Json, as_object, as_objects, as_text

Kind = Literal["note", "life", "vitals"]
KINDS: Final[tuple[Kind, ...]] = ("note", "life", "vitals")
ENTRY: Final = "urn:tsunagu:entry"
LIFE_SHEET: Final = "urn:tsunagu:questionnaire:life-sheet|1"
ANSWER: Final = "urn:tsunagu:life-sheet"
UCUM: Final = "http://unitsofmeasure.org"
VITAL_SIGNS: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
LONGEST: Final = 4000
EARLIEST: Final = date(2000, 1, 1)
JAPAN: Final = timezone(timedelta(hours=9))

Values = Mapping[str, str]


class Vital(NamedTuple):
    """`bounds`: nobody alive is outside; `usual`: outside it the form asks once."""

    name: str
    loinc: str
    unit: str
    ucum: str
    bounds: tuple[str, str]
    usual: tuple[str, str]


VITALS: Final = (
    Vital("systolic", "8480-6", "mmHg", "mm[Hg]", ("30", "350"), ("80", "200")),
    Vital("diastolic", "8462-4", "mmHg", "mm[Hg]", ("15", "250"), ("40", "120")),
    Vital("pulse", "8867-4", "回/分", "/min", ("10", "300"), ("40", "130")),
    Vital("breaths", "9279-1", "回/分", "/min", ("3", "100"), ("10", "30")),
    Vital("temperature", "8310-5", "℃", "Cel", ("20", "45"), ("34.5", "39.5")),
    Vital("oxygen", "59408-5", "%", "%", ("20", "100"), ("90", "100")),
    Vital("weight", "29463-7", "kg", "kg", ("0.3", "400"), ("25", "150")),
    Vital("height", "8302-2", "cm", "cm", ("20", "260"), ("100", "200")),
    Vital("glucose", "2339-0", "mg/dL", "mg/dL", ("10", "2000"), ("60", "300")),
)
PANEL: Final = "85354-9"
_OF_NAME: Final = {each.name: each for each in VITALS}

_HELP: Final = ("alone", "watched", "partly", "fully")
CHOICES: Final = {
    "care_level": (
        *("none", "applying", "support1", "support2"),
        *("care1", "care2", "care3", "care4", "care5"),
    ),
    "physical": ("independent", "j1", "j2", "a1", "a2", "b1", "b2", "c1", "c2"),
    "cognition": ("independent", "i", "iia", "iib", "iiia", "iiib", "iv", "m"),
    "moving": _HELP,
    "eating": _HELP,
    "toileting": _HELP,
    "bathing": _HELP,
    "dressing": _HELP,
    "swallowing": ("fine", "sometimes", "often"),
    "sleep": ("well", "sometimes", "badly"),
    "talking": ("fine", "partly", "hardly"),
    "living": ("alone", "couple", "family", "facility"),
}
WORDS: Final = ("services", "wishes", "remarks")
TOPICS: Final = ("visit", "day", "handover", "meeting", "phone", "other")
FIELDS: Final[dict[Kind, tuple[str, ...]]] = {
    "note": ("topic", "text"),
    "life": (*CHOICES, *WORDS),
    "vitals": tuple(each.name for each in VITALS),
}
WHEN: Final = ("on", "time")

_NUMBER: Final = re.compile(r"\d{1,4}(\.\d{1,2})?", re.ASCII)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_AFTER: Final = {"vitals": "corrected", "life": "amended", "note": "amended"}
_FIRST: Final = {"vitals": "final", "life": "completed", "note": "final"}


class Writer(NamedTuple):
    """Who writes, as the record names them: their name and that of their facility."""

    professional_id: UUID
    name: str
    facility: str


class Typed(NamedTuple):
    """What was typed, read. `faults` and `odd` are message keys by field; odd values ask once.

    `values` are the fields as they go back into the form: nothing typed is lost, but a 個人番号.
    """

    values: dict[str, str]
    faults: dict[str, str]
    odd: dict[str, str]

    @property
    def sure(self) -> str:
        """What saying yes to exactly these odd values looks like."""
        said = "|".join(f"{name}={self.values[name]}" for name in sorted(self.odd))
        return sha256(said.encode()).hexdigest()[:32] if self.odd else ""


def read(kind: Kind, fields: Values, today: date, now: time) -> Typed:
    """`now` is the time of day in Japan: an observation is not of the future."""
    typed = {name: _clean(fields.get(name, "")) for name in (*WHEN, *FIELDS[kind])}
    faults: dict[str, str] = {}
    odd: dict[str, str] = {}
    for name in FIELDS[kind]:
        if contains_my_number(typed[name]):
            typed[name], faults[name] = "", "error.entry.my_number"
    _read_when(typed, faults, today, now)
    if kind == "vitals":
        _read_vitals(typed, faults, odd)
    elif kind == "life":
        for name, options in CHOICES.items():
            if typed[name] not in ("", *options):
                faults[name] = "error.entry.choice"
        _bound(typed, faults, WORDS)
    else:
        if typed["topic"] not in TOPICS:
            faults["topic"] = "error.entry.choice"
        if not typed["text"] and "text" not in faults:
            faults["text"] = "error.entry.text"
        _bound(typed, faults, ("text",))
    if not faults and not any(typed[name] for name in FIELDS[kind]):
        faults[FIELDS[kind][0]] = "error.entry.empty"
    return Typed(typed, faults, odd)


def resources_of(
    kind: Kind, values: Values, entry_id: UUID, subject: str, writer: Writer, *, is_again: bool
) -> list[Json]:
    """Of values without fault. `is_again`: a correction of what was written before."""
    status = (_AFTER if is_again else _FIRST)[kind]
    who = _who(writer)
    at = _moment(values)
    if kind == "vitals":
        return [
            {**each, "status": status, "subject": {"reference": subject}, "performer": [who]}
            for each in _observations(values, entry_id, at)
        ]
    base: Json = {
        "identifier": {"system": ENTRY, "value": str(entry_id)},
        "status": status,
        "subject": {"reference": subject},
    }
    if kind == "life":
        return [
            {
                "resourceType": "QuestionnaireResponse",
                **base,
                "questionnaire": LIFE_SHEET,
                "authored": at,
                "author": who,
                "item": _answers(values),
            }
        ]
    topic = i18n.text("ja", f"entry.topic.{values['topic']}")
    lines = "".join(f"<p>{escape(line)}</p>" for line in values["text"].splitlines() if line)
    return [
        {
            "resourceType": "Composition",
            **base,
            "type": {"coding": [{"system": codes.LOINC, "code": "34109-9", "display": "Note"}]},
            "category": [{"coding": [{"system": codes.CATEGORY, "code": CARE}]}],
            "date": at,
            "author": [who],
            "title": i18n.text("ja", "entry.note.title", topic=topic),
            "section": [
                {
                    "title": topic,
                    "code": {"coding": [{"system": f"{ANSWER}:topic", "code": values["topic"]}]},
                    "text": {
                        "status": "generated",
                        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>',
                    },
                }
            ],
        }
    ]


def withdrawn(resource: Json, writer: Writer) -> Json:
    """The same, said to be an error by `writer`: it stays to be seen that it was one."""
    kept = {k: v for k, v in resource.items() if k not in ("id", "meta")}
    by: dict[Kind, Json] = {
        "vitals": {"performer": [_who(writer)]},
        "life": {"author": _who(writer)},
        "note": {"author": [_who(writer)]},
    }
    return {**kept, **by[kind_of(resource)], "status": "entered-in-error"}


def is_withdrawn(resource: Json) -> bool:
    return resource.get("status") == "entered-in-error"


def kind_of(resource: Json) -> Kind:
    """Which form a stored resource was written on."""
    names: dict[str, Kind] = {"Composition": "note", "QuestionnaireResponse": "life"}
    return names.get(as_text(resource.get("resourceType")), "vitals")


def part_of(resource: Json) -> str:
    """Which value of an entry an Observation is; "" where the entry is one resource."""
    written = resource.get("identifier")
    own = as_objects(written)[0] if isinstance(written, list) else as_object(written)
    return as_text(own.get("value")).partition(":")[2]


def values_of(resources: Sequence[Json]) -> dict[str, str]:
    """What was typed, from what was stored: to be corrected."""
    found: dict[str, str] = {}
    for resource in resources:
        match kind_of(resource):
            case "vitals":
                found |= _when(as_text(resource.get("effectiveDateTime")))
                found |= _vital_values(resource)
            case "life":
                found |= _when(as_text(resource.get("authored")))
                for item in as_objects(resource.get("item")):
                    answer = next(iter(as_objects(item.get("answer"))), {})
                    coding = as_object(answer.get("valueCoding"))
                    said = as_text(coding.get("code")) or as_text(answer.get("valueString"))
                    found[as_text(item.get("linkId"))] = said
            case "note":
                found |= _when(as_text(resource.get("date")))
                section = next(iter(as_objects(resource.get("section"))), {})
                topics = as_objects(as_object(section.get("code")).get("coding"))
                found["topic"] = as_text(topics[0].get("code")) if topics else "other"
                div = as_text(as_object(section.get("text")).get("div"))
                paragraphs = re.findall(r"<p>(.*?)</p>", div, re.DOTALL)
                found["text"] = "\n".join(unescape(each) for each in paragraphs)
    return found


def _who(writer: Writer) -> Json:
    return {
        "identifier": {"system": codes.PROFESSIONAL, "value": str(writer.professional_id)},
        "display": f"{writer.name}（{writer.facility}）",
    }


def _clean(text: str) -> str:
    """Line by line, without invisible characters; what PostgreSQL cannot keep is none of ours."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(c for c in line if c.isprintable() or c == "\u3000") for line in lines)
    return "\n".join(each.rstrip() for each in kept).strip()


def _bound(typed: dict[str, str], faults: dict[str, str], names: Sequence[str]) -> None:
    for name in names:
        if len(typed[name]) > LONGEST:
            faults[name] = "error.entry.too_long"


def _read_when(typed: dict[str, str], faults: dict[str, str], today: date, now: time) -> None:
    try:
        on = date.fromisoformat(typed["on"])
    except ValueError:
        faults["on"] = "error.entry.on"
        return
    if not EARLIEST <= on <= today:
        faults["on"] = "error.entry.on"
    written = unicodedata.normalize("NFKC", typed["time"])
    if written:
        clocked = _CLOCK.fullmatch(written)
        if clocked is None:
            faults["time"] = "error.entry.time"
            return
        typed["time"] = f"{int(clocked[1]):02}:{clocked[2]}"
        if on == today and time(int(clocked[1]), int(clocked[2])) > now:
            faults["time"] = "error.entry.time"


def _read_vitals(typed: dict[str, str], faults: dict[str, str], odd: dict[str, str]) -> None:
    for each in VITALS:
        written = unicodedata.normalize("NFKC", typed[each.name]).strip()
        if not written:
            continue
        typed[each.name] = written
        if _NUMBER.fullmatch(written) is None:
            faults.setdefault(each.name, "error.entry.number")
            continue
        number = Decimal(written)
        if not Decimal(each.bounds[0]) <= number <= Decimal(each.bounds[1]):
            faults[each.name] = "error.entry.bounds"
        elif not Decimal(each.usual[0]) <= number <= Decimal(each.usual[1]):
            odd[each.name] = "entry.odd"
    upper, lower = typed["systolic"], typed["diastolic"]
    if bool(upper) != bool(lower):
        faults.setdefault("diastolic" if upper else "systolic", "error.entry.pair")
    elif upper and not {"systolic", "diastolic"} & set(faults) and Decimal(upper) <= Decimal(lower):
        faults["systolic"] = "error.entry.pressure"


def _moment(values: Values) -> str:
    if not values["time"]:
        return values["on"]
    return (
        datetime.fromisoformat(f"{values['on']}T{values['time']}").replace(tzinfo=JAPAN).isoformat()
    )


def _when(written: str) -> dict[str, str]:
    on, _, rest = written.partition("T")
    return {"on": on, "time": rest[:5]}


def _observations(values: Values, entry_id: UUID, at: str) -> list[Json]:
    found = []
    if values["systolic"]:
        parts = [_OF_NAME[name] for name in ("systolic", "diastolic")]
        panel = _observation(PANEL, i18n.text("ja", "entry.vital.pressure"), entry_id, at)
        panel["component"] = [
            {"code": _code(each), "valueQuantity": _quantity(each, values[each.name])}
            for each in parts
        ]
        found.append(panel)
    for each in VITALS[2:]:
        if values[each.name]:
            name = i18n.text("ja", f"entry.vital.{each.name}")
            one = _observation(each.loinc, name, entry_id, at)
            found.append(one | {"valueQuantity": _quantity(each, values[each.name])})
    return found


def _observation(loinc: str, name: str, entry_id: UUID, at: str) -> Json:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": ENTRY, "value": f"{entry_id}:{loinc}"}],
        "category": [{"coding": [{"system": VITAL_SIGNS, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": codes.LOINC, "code": loinc}], "text": name},
        "effectiveDateTime": at,
    }


def _code(vital: Vital) -> Json:
    name = i18n.text("ja", f"entry.vital.{vital.name}")
    return {"coding": [{"system": codes.LOINC, "code": vital.loinc}], "text": name}


def _quantity(vital: Vital, number: str) -> Json:
    whole, point, rest = number.partition(".")
    value = f"{whole.lstrip('0') or '0'}{point}{rest}"
    return {"value": Raw(value.encode()), "unit": vital.unit, "system": UCUM, "code": vital.ucum}


def _vital_values(resource: Json) -> dict[str, str]:
    found = {}
    for part in (resource, *as_objects(resource.get("component"))):
        coding = as_objects(as_object(part.get("code")).get("coding"))
        loinc = as_text(coding[0].get("code")) if coding else ""
        number = as_object(part.get("valueQuantity")).get("value")
        for each in VITALS:
            if each.loinc == loinc and number is not None:
                found[each.name] = (
                    bytes(number).decode() if isinstance(number, Raw) else str(number)
                )
    return found


def _answers(values: Values) -> list[Json]:
    items: list[Json] = []
    for name in (*CHOICES, *WORDS):
        said = values[name]
        if not said:
            continue
        answer: Json = {"valueString": said}
        if name in CHOICES:
            display = i18n.text("ja", f"entry.life.{name}.{said}")
            answer = {
                "valueCoding": {"system": f"{ANSWER}:{name}", "code": said, "display": display}
            }
        text = i18n.text("ja", f"entry.life.{name}")
        items.append({"linkId": name, "text": text, "answer": [answer]})
    return items
