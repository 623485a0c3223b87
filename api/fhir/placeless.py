"""A FHIR answer that names no institution: by what an element is, not by who is known.

Whatever may name one is withheld: attachments, whose bytes cannot be looked through; displays of
references to anything but the person's own and the clinical; narratives, which repeat the rest.
Free text stays: of it, the names found here are for the caller to take out.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from api.fhir.codes import INSTITUTION, INSTITUTION_EXTENSION

Json = dict[str, Any]

# Composed here, of names the caller knows.
_OURS: Final = frozenset({"AuditEvent", "CapabilityStatement", "Consent", "OperationOutcome"})
_PLACES: Final = frozenset(
    {"Endpoint", "HealthcareService", "InsurancePlan", "Location", "Organization"}
)
# References to these may say whom or what they mean.
_NAMED: Final = frozenset(
    {
        "AllergyIntolerance",
        "Composition",
        "Condition",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "Goal",
        "Immunization",
        "Medication",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Patient",
        "Procedure",
        "RelatedPerson",
        "ServiceRequest",
        "Specimen",
        "Substance",
    }
)
_CODED: Final = frozenset({"code", "system", "version", "userSelected"})
_CODINGS: Final = frozenset({"coding", "tag", "security", "class", "modality", "format"})
_MASKED: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "valueCode": "masked",
}
_SAID: Final = "http://hl7.org/fhir/StructureDefinition/rendered-value"
_SAMPLED: Final = frozenset({"origin", "period", "dimensions"})  # digits of a measurement
_UNSAID: Final = {"_value": {"extension": [_MASKED]}}
_LISTS: Final = frozenset({"searchset", "history"})  # of ours, by our addresses
_NUMBERS_OF_PLACES: Final = (
    INSTITUTION,
    *(f"urn:oid:1.2.392.100495.20.3.{each}" for each in ("21", "22", "23", "51.1")),
)
_DIV: Final = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


class Instead(NamedTuple):
    """What stands for a name, for an attachment's bytes, and for a narrative."""

    name: str
    attachment: str
    narrative: str


def without_places(tree: object, instead: Instead) -> tuple[object, frozenset[str]]:
    """The same with every resource in it made placeless, and the names that were taken out."""
    names: set[str] = set()
    return _walked(tree, "", None, _Withholding(instead, names)), frozenset(names)


class _Withholding(NamedTuple):
    instead: Instead
    names: set[str]


def _walked(node: object, key: str, types: Mapping[str, str] | None, to: _Withholding) -> object:
    """`types`: of the resource we are in, what its contained ones are; None outside of any."""
    if isinstance(node, list):
        return [_walked(each, key, types, to) for each in node]
    if not isinstance(node, dict):
        return node
    kind = node.get("resourceType")
    if isinstance(kind, str):
        if kind in _OURS:
            return node
        if kind in _PLACES:
            return _place(node, kind, to)
        if kind != "Bundle" or types is None:
            types = dict(_contained(node))
        node = _resource(node, kind, to)
    elif types is None:
        return {name: _walked(inner, name, None, to) for name, inner in node.items()}
    elif _is_number_of_a_place(node):
        return {"url": node["url"], "extension": [_MASKED]} if "url" in node else dict(_UNSAID)
    elif _is_attachment(node):
        node = _masked(node, ("data", "url"), to)
    elif _is_nameless_reference(node, key, types):
        return _reference(node, to)
    return {name: _walked(inner, name, types, to) for name, inner in node.items()}


def _resource(node: Json, kind: str, to: _Withholding) -> Json:
    found = dict(node)
    if kind == "Binary":
        found = _masked(found, ("data",), to)
    entries = found.get("entry")
    if kind == "Bundle" and found.get("type") not in _LISTS and isinstance(entries, list):
        found["entry"] = [_entry(each) for each in entries]
    text = found.get("text")
    if isinstance(text, dict) and "div" in text:
        found["text"] = {"status": "empty", "div": _DIV.format(to.instead.narrative)}
    meta = found.get("meta")
    if isinstance(meta, dict) and "source" in meta:
        found["meta"] = {name: inner for name, inner in meta.items() if name != "source"}
    return found


def _place(node: Json, kind: str, to: _Withholding) -> Json:
    """Nothing of it but that it is one, and the id others refer to it by."""
    aliases = node.get("alias")
    for each in (node.get("name"), *(aliases if isinstance(aliases, list) else ())):
        _note(each, to)
    kept: Json = {"resourceType": kind}
    if isinstance(node.get("id"), str):
        kept["id"] = node["id"]
    return kept | {"name": to.instead.name}


def _contained(node: Json) -> Iterator[tuple[str, str]]:
    inside = node.get("contained")
    for each in inside if isinstance(inside, list) else ():
        if isinstance(each, dict) and isinstance(each.get("resourceType"), str):
            yield f"#{each.get('id')}", each["resourceType"]


def _entry(node: object) -> object:
    """Where its author keeps it names them."""
    if not isinstance(node, dict) or "://" not in str(node.get("fullUrl")):
        return node
    return {name: inner for name, inner in node.items() if name != "fullUrl"}


def _is_number_of_a_place(node: Json) -> bool:
    """Lists of institutions by their number are public."""
    system, url = node.get("system"), node.get("url")
    named = isinstance(system, str) and system.startswith(_NUMBERS_OF_PLACES)
    return named or url == INSTITUTION_EXTENSION


def _is_attachment(node: Json) -> bool:
    if _SAMPLED & node.keys():
        return False
    return isinstance(node.get("data"), str) or ("url" in node and "contentType" in node)


def _masked(node: Json, names: tuple[str, ...], to: _Withholding) -> Json:
    kept = {name: inner for name, inner in node.items() if name.lstrip("_") not in names}
    for name in names:
        if name in node:
            said = {"url": _SAID, "valueString": to.instead.attachment}
            kept[f"_{name}"] = {"extension": [_MASKED, said]}
    return kept


def _is_nameless_reference(node: Json, key: str, types: Mapping[str, str]) -> bool:
    """A reference that may be to an institution, or to whoever works at one."""
    if _CODED & node.keys() or key in _CODINGS:
        return False
    written, target = node.get("reference"), node.get("type")
    written = written if isinstance(written, str) else ""
    if "://" in written:
        return True  # the address is somebody's
    if not isinstance(node.get("display"), str) and not ("identifier" in node and written):
        return False
    if not isinstance(target, str):
        target = types.get(written) or written.split("/")[0]
    return target.rpartition("/")[2] not in _NAMED


def _reference(node: Json, to: _Withholding) -> Json:
    """A reference within the answer or by our own ids goes on to lead where it led."""
    _note(node.get("display"), to)
    kept: Json = {}
    written, identifier = node.get("reference"), node.get("identifier")
    if isinstance(written, str) and "://" not in written:
        kept["reference"] = written
    if isinstance(identifier, dict) and str(identifier.get("system")).startswith("urn:tsunagu:"):
        kept["identifier"] = identifier
    return kept | {"display": to.instead.name}


def _note(name: object, to: _Withholding) -> None:
    if isinstance(name, str) and name.strip():
        to.names.add(name.strip())
