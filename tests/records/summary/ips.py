"""What HL7's International Patient Summary asks of a document, as checks of our own.

The numbers are those of the guide's profiles (Bundle-uv-ips, Composition-uv-ips, Patient-uv-ips and
the profiles of the entries) and of FHIR R4's documents chapter.
"""

from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

Json = dict[str, Any]

LOINC = "http://loinc.org"
REQUIRED = {"11450-4", "48765-2", "10160-0"}
# Which resources may stand in which section.
MAY_STAND = {
    "48765-2": {"AllergyIntolerance"},
    "10160-0": {"MedicationStatement", "MedicationRequest"},
    "11450-4": {"Condition"},
    "11369-6": {"Immunization"},
    "30954-2": {"Observation", "DiagnosticReport"},
    "47519-4": {"Procedure"},
    "8716-3": {"Observation"},
    "11348-0": {"Condition"},
    "42348-3": {"DocumentReference", "Consent"},
    "10162-6": {"Observation"},
}
# Each must be there, one of them where several are named.
MUST_SAY = {
    "AllergyIntolerance": ("code", "patient"),
    "Condition": ("code", "subject", "clinicalStatus"),
    "MedicationStatement": (
        "status",
        "medicationCodeableConcept",
        "subject",
        "effectiveDateTime|effectivePeriod",
    ),
    "Immunization": (
        "status",
        "vaccineCode",
        "patient",
        "occurrenceDateTime|occurrenceString",
    ),
    "Observation": (
        "status",
        "code",
        "subject",
        "effectiveDateTime|effectivePeriod|effectiveInstant",
    ),
    "DiagnosticReport": ("status", "code", "subject", "effectiveDateTime|effectivePeriod"),
    "Procedure": ("status", "code", "subject", "performedDateTime|performedPeriod"),
    "DocumentReference": ("status", "content", "subject"),
}


def faults(bundle: Json) -> list[str]:
    return [f"{rule.__name__}: {fault}" for rule in RULES for fault in rule(bundle)]


def composition(bundle: Json) -> Json:
    found: Json = bundle["entry"][0]["resource"]
    return found


def resources(bundle: Json) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"]]


def section(bundle: Json, code: str) -> Json | None:
    found = [
        each
        for each in composition(bundle)["section"]
        if code in [coding["code"] for coding in each["code"]["coding"]]
    ]
    return found[0] if found else None


def held(bundle: Json, code: str) -> list[Json]:
    """The resources of one section, in its order."""
    by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    found = section(bundle, code) or {}
    named = (entry["reference"] for entry in found.get("entry", ()))
    return [by_url[each] for each in named if each in by_url]


def is_a_document(bundle: Json) -> Iterator[str]:
    if (bundle["resourceType"], bundle["type"]) != ("Bundle", "document"):
        yield "no document"
    if not bundle["identifier"]["system"] or not bundle["identifier"]["value"]:
        yield "bdl-9: no identifier"
    if not bundle["timestamp"].endswith("Z"):
        yield "bdl-10: no timestamp"
    if composition(bundle)["resourceType"] != "Composition":
        yield "bdl-11: no Composition first"
    kinds = [each["resourceType"] for each in resources(bundle)]
    for name in ("Composition", "Patient"):
        if kinds.count(name) != 1:
            yield f"{kinds.count(name)} of {name}"


def every_entry_has_its_own_address(bundle: Json) -> Iterator[str]:
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    if len(set(urls)) != len(urls):
        yield "bdl-7: an address twice"
    for entry in bundle["entry"]:
        if entry["fullUrl"] != f"urn:uuid:{entry['resource']['id']}":
            yield entry["fullUrl"]


def references_stay_inside(bundle: Json) -> Iterator[str]:
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    named = list(_references(bundle))
    for each in named:
        if each not in urls:
            yield each
    for entry in bundle["entry"][1:]:
        if entry["fullUrl"] not in named:
            yield f"{entry['resource']['resourceType']} is not reached"


def the_composition_is_an_ips(bundle: Json) -> Iterator[str]:
    found = composition(bundle)
    if {"system": LOINC, "code": "60591-5"}.items() - found["type"]["coding"][0].items():
        yield "type"
    for name in ("status", "subject", "date", "author", "title", "section"):
        if not found.get(name):
            yield name
    codes = [each["code"]["coding"][0]["code"] for each in found["section"]]
    if len(set(codes)) != len(codes):
        yield "a section twice"
    for missing in REQUIRED - set(codes):
        yield f"no {missing}"


def every_section_has_text_and_entries_or_a_reason(bundle: Json) -> Iterator[str]:
    for each in composition(bundle)["section"]:
        code = each["code"]["coding"][0]
        if code["system"] != LOINC or not each["title"] or not each["text"]["div"]:
            yield f"{code}"
        if bool(each.get("entry")) == bool(each.get("emptyReason")):
            yield f"ips-comp-1: {code}"
        for resource in held(bundle, code["code"]):
            if resource["resourceType"] not in MAY_STAND[code["code"]]:
                yield f"{resource['resourceType']} in {code}"


def every_resource_says_what_it_must(bundle: Json) -> Iterator[str]:
    for each in resources(bundle):
        for names in MUST_SAY.get(each["resourceType"], ()):
            if not any(each.get(name) for name in names.split("|")):
                yield f"{each['resourceType']}.{names}"


def the_patient_has_a_name_and_a_birth_date_or_says_why_not(bundle: Json) -> Iterator[str]:
    (patient,) = (each for each in resources(bundle) if each["resourceType"] == "Patient")
    if not patient.get("birthDate") and not patient.get("_birthDate", {}).get("extension"):
        yield "birthDate"
    for name in patient.get("name") or [{}]:
        if not name.get("text") and not name.get("_text", {}).get("extension"):
            yield "ips-pat-1: name"


def narratives_are_xhtml(bundle: Json) -> Iterator[str]:
    """And of the few elements FHIR allows; with nothing that runs or loads."""
    allowed = {"div", "p", "br", "b", "h2", "h3", "table", "thead", "tbody", "tr", "th", "td"}
    for text in _narratives(bundle):
        root = ElementTree.fromstring(text["div"])
        for each in root.iter():
            name = each.tag.removeprefix("{http://www.w3.org/1999/xhtml}")
            extra = {key.rpartition("}")[2] for key in each.attrib} - {"lang"}
            if name not in allowed or extra:
                yield f"{name} {extra}"
        if not "".join(root.itertext()).strip():
            yield "txt-2: an empty narrative"


def nothing_was_entered_in_error(bundle: Json) -> Iterator[str]:
    for each in resources(bundle):
        if "entered-in-error" in str(each):
            yield each["resourceType"]


RULES: tuple[Callable[[Json], Iterator[str]], ...] = (
    is_a_document,
    every_entry_has_its_own_address,
    references_stay_inside,
    the_composition_is_an_ips,
    every_section_has_text_and_entries_or_a_reason,
    every_resource_says_what_it_must,
    the_patient_has_a_name_and_a_birth_date_or_says_why_not,
    narratives_are_xhtml,
    nothing_was_entered_in_error,
)


def _references(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if isinstance(tree.get("reference"), str):
            yield tree["reference"]
        for inner in tree.values():
            yield from _references(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _references(inner)


def _narratives(bundle: Json) -> Iterator[Json]:
    yield from (each["text"] for each in resources(bundle) if "text" in each)
    yield from (each["text"] for each in composition(bundle)["section"])
