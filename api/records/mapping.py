"""What a FHIR resource is to Tsunagu: its category, whose it is, when, and how delicate."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from api.fhir.codes import (
    BUNDLE_IDENTIFIER,
    CATEGORY,
    ICD10_SYSTEMS,
    INDICATION,
    INSTITUTION_EXTENSION,
    JLAC10,
    LOINC,
    RESOURCE_INSTANCE,
    canonical_system,
)
from api.records import sensitivity
from api.records.matching.patients import demographics_of
from api.records.matching.persons import Demographics
from api.records.parse import (
    Fault,
    Json,
    as_object,
    as_objects,
    as_text,
    profiles,
    read_day,
    read_moment,
    walk,
)
from api.records.shapes import DOCUMENT, SHAPES

Resolve = Callable[[str], Json | None]

HIDDEN_MARKS: Final = frozenset({"UNINFORMED", "UNDELIVERED"})
MARKS: Final = HIDDEN_MARKS | {"LTS"}
CARE: Final = "care"
# The very first and last day there is are sent to PostgreSQL as infinite, and those have no year.
FIRST_DAY: Final = date.min + timedelta(days=1)
LAST_DAY: Final = date.max - timedelta(days=1)
# The section of the national checkup form an Observation stood in.
CHECKUP_SECTION: Final = "urn:oid:1.2.392.200119.6.1010"
# JLAC10, what is measured: height, weight, BMI, waist, visceral fat, relative weight, heart rate,
# and blood pressure of each turn. In a checkup these are vital signs, all else is laboratory.
VITAL_TESTS: Final = frozenset(
    {"9N001", "9N006", "9N011", "9N016", "9N021", "9N026", "9N121"}
    | {"9A751", "9A752", "9A755", "9A761", "9A762", "9A765"}
)

_CATEGORY_OF_TYPE: Final = {
    "AllergyIntolerance": "allergy",
    "CarePlan": "care",
    "CareTeam": "care",
    "Condition": "condition",
    "Coverage": "insurance",
    "DeviceUseStatement": "condition",
    "Encounter": "encounter",
    "FamilyMemberHistory": "condition",
    "Goal": "care",
    "ImagingStudy": "imaging",
    "Immunization": "immunization",
    "MedicationAdministration": "injection",
    "MedicationDispense": "dispensing",
    "MedicationRequest": "prescription",
    "MedicationStatement": "prescription",
    "Patient": "basic",
    "Procedure": "procedure",
    "QuestionnaireResponse": "care",
    "Specimen": "lab",
}
# Which categories a resource type can hold; the reverse of `classify`, for whole-type answers.
_SEVERAL_CATEGORIES: Final = {
    "AllergyIntolerance": ("allergy", "contraindication"),
    "Bundle": ("document", "checkup", "care", "directive"),
    "Composition": ("document", "checkup", "care", "directive"),
    "DiagnosticReport": ("lab", "imaging"),
    "DocumentReference": ("document", "checkup", "care", "directive"),
    "MedicationRequest": ("prescription", "injection"),
    "Observation": (
        "lab",
        "infection",
        "vitals",
        "encounter",
        "imaging",
        "procedure",
        "care",
        "checkup",
        "maternal",
    ),
    "ServiceRequest": ("lab", "imaging"),
}
CATEGORIES_OF_TYPE: Final = {
    **{name: (category,) for name, category in _CATEGORY_OF_TYPE.items()},
    **_SEVERAL_CATEGORIES,
}
_CATEGORY_OF_OBSERVATION: Final = {
    "activity": "vitals",
    "exam": "encounter",
    "imaging": "imaging",
    "procedure": "procedure",
    "social-history": "care",
    "survey": "care",
    "vital-signs": "vitals",
}
_CHECKUP_DOCUMENTS: Final = frozenset({"53576-5"})
# LOINC: what somebody wants done, or who speaks for them, when they cannot say it themselves;
# whether somebody is pregnant, and until when.
ADVANCE_DIRECTIVES: Final = frozenset(
    {"42348-3", "42349-1", "64298-3", "75320-2", "81334-5", "86533-7"}
)
PREGNANCY: Final = frozenset({"82810-3", "11778-8", "11779-6", "11780-4", "11640-0"})
_IMAGING_REPORTS: Final = frozenset(
    {"LP29684-5", "LP29708-2", "RAD", "RX", "CT", "NMR", "OUS", "NMS", "CUS", "VUS", "XRC"}
    | {"imaging", "radiology"}
)
_UNSURE: Final = frozenset({"unconfirmed", "provisional", "differential"})
_DOCUMENT_TYPES: Final = frozenset({"Bundle", "Composition", "DocumentReference"})
_TITLE_ELEMENTS: Final = (
    "title",
    "code",
    "medicationCodeableConcept",
    "vaccineCode",
    "description",
    "relationship",
    "type",
    "class",
)
_MAX_TITLE: Final = 120
_SPACES: Final = re.compile(r"[\s\x00-\x1f\x7f]+")


class Identifier(msgspec.Struct, frozen=True):
    """A FHIR identifier: its system as a URL or OID, its value as sent."""

    system: str
    value: str


class SubjectRef(msgspec.Struct, frozen=True):
    """Whose record it is, as the sender names the person.

    A literal reference, a logical identifier, or a Patient inside the same resource or Bundle
    (then its identifiers, birth date and `person`). All names must lead to one participant.
    """

    reference: str = ""
    identifiers: tuple[Identifier, ...] = ()
    birth_on: date | None = None
    person: Demographics | None = None

    def names(self) -> tuple[str, ...]:
        """Every full name of the person: the literal reference and each `system|value`."""
        literal = (self.reference,) if self.reference else ()
        return literal + tuple(f"{each.system}|{each.value}" for each in self.identifiers)

    def short_names(self) -> tuple[str, ...]:
        """The bare identifier values: for a person at a console to name someone, never to match."""
        return tuple(each.value for each in self.identifiers)


class Classified(msgspec.Struct, frozen=True):
    """What a record is, beside its text.

    `effective_on` is the day as written, `effective_at` the instant in UTC where there is one;
    `sensitivity` 0 to 2; `marks` as in `own_marks`; `institution` ten digits.
    """

    resource_type: str
    category: str
    subject: SubjectRef
    effective_on: date | None
    effective_at: datetime | None
    sensitivity: int
    marks: frozenset[str]
    identifier: Identifier | None
    institution: str | None
    status: str
    title: str


def classify(resource: Json, subject: SubjectRef) -> Classified:
    """Say what a checked resource is. A document is as delicate as the most delicate part."""
    name = as_text(resource.get("resourceType"))
    main = composition_of(resource) if name == "Bundle" else resource
    marks: set[str] = set()
    sensitive = 0
    for part in walk(resource):
        if "meta" in part:
            marks.update(own_marks(part))
        if "resourceType" in part:
            sensitive = max(sensitive, *_own_levels(part))
    on, at = _effective(resource)
    status = _status(main)
    return Classified(
        resource_type=name,
        category=_category(name, main),
        subject=subject,
        effective_on=on,
        effective_at=at,
        sensitivity=sensitive,
        marks=frozenset(marks),
        identifier=_identifier(resource),
        institution=institution_number(resource),
        status=status,
        title=_title(main, status),
    )


def find_subject(resource: Json, path: str, resolve: Resolve) -> SubjectRef | Fault:
    """Find whose record it is; `resolve` gives the Bundle's own resource for a reference."""
    name = as_text(resource.get("resourceType"))
    if name == "Patient":
        return _patient_ref("", resource)
    element = SHAPES[name].subject
    where = f"{path}.{element}"
    named = as_object(resource.get(element))
    logical = _identifiers([named.get("identifier")])
    reference = as_text(named.get("reference"))
    if not reference:
        return SubjectRef("", logical) if logical else Fault("no_subject", where)
    if reference.startswith("#"):
        target = _contained(resource, reference[1:])
    else:
        target = resolve(reference)
    if target is not None:
        if target.get("resourceType") != "Patient":
            return Fault("subject_not_patient", where)
        found = _patient_ref("" if reference.startswith("#") else reference, target)
        return msgspec.structs.replace(found, identifiers=found.identifiers + logical)
    if reference.startswith(("#", "urn:")):
        return SubjectRef("", logical) if logical else Fault("unknown_subject", where)
    if not re.search(r"(^|/)Patient/[A-Za-z0-9\-.]{1,64}$", reference):
        return Fault("subject_not_patient", where)
    return SubjectRef(reference, logical)


def composition_of(document: Json) -> Json:
    """Give the Composition a document Bundle opens with, {} if it does not."""
    entries = as_objects(document.get("entry"))
    first = as_object(entries[0].get("resource")) if entries else {}
    return first if first.get("resourceType") == "Composition" else {}


def institution_number(resource: Json) -> str | None:
    """Give the 10-digit number of the facility a JP-CLINS resource says it comes from."""
    for extension in as_objects(resource.get("extension")):
        if extension.get("url") == INSTITUTION_EXTENSION:
            return as_text(as_object(extension.get("valueIdentifier")).get("value")) or None
    bundle = as_object(resource.get("identifier"))
    if bundle.get("system") == BUNDLE_IDENTIFIER:
        number = as_text(bundle.get("value")).partition("^")[0]
        return number if re.fullmatch("[0-9]{10}", number) else None
    return None


def patient_entry(entry: Json) -> SubjectRef:
    """Give the names of the Patient a Bundle entry holds, by which other entries refer to it."""
    patient = as_object(entry.get("resource"))
    literal = as_text(entry.get("fullUrl")) or f"Patient/{as_text(patient.get('id'))}"
    return _patient_ref(literal, patient)


def _patient_ref(reference: str, patient: Json) -> SubjectRef:
    birth_on = read_day(patient.get("birthDate"))
    is_whole = len(as_text(patient.get("birthDate"))) == len("2000-01-01")
    identifiers = _identifiers(as_objects(patient.get("identifier")))
    return SubjectRef(
        reference, identifiers, birth_on if is_whole else None, demographics_of(patient)
    )


def _identifiers(written: list[object] | list[Json]) -> tuple[Identifier, ...]:
    read = (as_object(each) for each in written)
    pairs = ((as_text(each.get("system")), as_text(each.get("value"))) for each in read)
    return tuple(Identifier(canonical_system(system), value) for system, value in pairs if value)


def _contained(resource: Json, inner_id: str) -> Json | None:
    inner = as_objects(resource.get("contained"))
    return next((each for each in inner if each.get("id") == inner_id), None)


def _category_codings(resource: Json) -> frozenset[tuple[str, str]]:
    category = resource.get("category")
    concepts = as_objects(category) if isinstance(category, list) else [as_object(category)]
    return frozenset((s, code) for concept in concepts for s, code, _ in codings_of(concept))


def _category_codes(resource: Json) -> frozenset[str]:
    return frozenset(code for _, code in _category_codings(resource))


def _category(name: str, resource: Json) -> str:
    if name in _DOCUMENT_TYPES:
        if (CATEGORY, CARE) in _category_codings(resource):
            return CARE
        typed = [(system, code) for system, code, _ in codings_of(resource.get("type"))]
        if any(system == LOINC and code in ADVANCE_DIRECTIVES for system, code in typed):
            return "directive"
        codes = {code for _, code in typed}
        return "checkup" if codes & _CHECKUP_DOCUMENTS else "document"
    if name == "Observation":
        return _observation_category(resource)
    if name in ("DiagnosticReport", "ServiceRequest"):
        return "imaging" if _category_codes(resource) & _IMAGING_REPORTS else "lab"
    if name == "AllergyIntolerance" and _is_contraindication(resource):
        return "contraindication"
    if name in {"MedicationRequest", "MedicationDispense"} and _is_injection(resource):
        return "injection"
    return _CATEGORY_OF_TYPE[name]


def _observation_category(resource: Json) -> str:
    if any(sensitivity.of_test(code) is not None for code in _jlac10(resource)):
        return "infection"
    if any(
        system == LOINC and code in PREGNANCY
        for system, code, _ in codings_of(resource.get("code"))
    ):
        return "maternal"
    codings = _category_codings(resource)
    if any(system == CHECKUP_SECTION for system, _ in codings):
        return "checkup"
    codes = {code for _, code in codings} & _CATEGORY_OF_OBSERVATION.keys()
    return _CATEGORY_OF_OBSERVATION[min(codes)] if codes else "lab"


def _is_contraindication(allergy: Json) -> bool:
    """JP-CLINS rule R2011: 薬剤禁忌 is a drug with criticality high."""
    kinds = allergy.get("category")
    return (
        isinstance(kinds, list) and "medication" in kinds and allergy.get("criticality") == "high"
    )


def _is_injection(resource: Json) -> bool:
    return any(profile.endswith("_Injection") for profile in profiles(resource))


def _jlac10(resource: Json) -> Iterator[str]:
    for system, code, _ in codings_of(resource.get("code")):
        if system == JLAC10 or "JLAC10" in system or "InfectionLabo" in system:
            yield code


def _own_levels(resource: Json) -> Iterator[int]:
    yield 0
    if resource["resourceType"] == "AllergyIntolerance":
        return
    for code in _jlac10(resource):
        yield sensitivity.of_test(code) or 0
    for element in ("code", "reasonCode", "conclusionCode"):
        value = resource.get(element)
        for concept in as_objects(value) if isinstance(value, list) else [as_object(value)]:
            yield sensitivity.of_words(as_text(concept.get("text")))
            for system, code, display in codings_of(concept):
                yield sensitivity.of_words(display)
                if system in ICD10_SYSTEMS:
                    yield sensitivity.of_disease(code)


def own_marks(resource: Json) -> Iterator[str]:
    """Give the marks a resource bears itself, whatever is inside it."""
    for tag in as_objects(as_object(resource.get("meta")).get("tag")):
        code = as_text(tag.get("code"))
        # A hiding mark binds under any system: a misspelt one must not show the record.
        if code in HIDDEN_MARKS or (code in MARKS and tag.get("system") == INDICATION):
            yield code


def _effective(resource: Json) -> tuple[date | None, datetime | None]:
    """The first date the type names; the sender's last update where it names none."""
    name = as_text(resource.get("resourceType"))
    main = composition_of(resource) if name == "Bundle" else resource
    shape = SHAPES["Composition"] if name == "Bundle" else SHAPES.get(name, DOCUMENT)
    candidates = [main.get(element) for element in shape.dates]
    candidates += [resource.get("timestamp"), as_object(resource.get("meta")).get("lastUpdated")]
    for value in candidates:
        start = value.get("start") if isinstance(value, dict) else value
        try:
            on, at = read_moment(start)
        except ValueError:
            continue
        if on is None or FIRST_DAY <= on <= LAST_DAY:
            return on, at
        return min(max(on, FIRST_DAY), LAST_DAY), None
    return None, None


def identifiers_of(resource: Json) -> tuple[Identifier, ...]:
    """Give all its identifiers."""
    written = resource.get("identifier")
    return _identifiers(as_objects(written) if isinstance(written, list) else [as_object(written)])


def _identifier(resource: Json) -> Identifier | None:
    """The name under which a final result replaces the interim one: never a guess among many."""
    if resource.get("resourceType") == "Patient":
        return None
    named = [each for each in identifiers_of(resource) if each.system]
    instances = [each for each in named if each.system == RESOURCE_INSTANCE]
    candidates = instances or named
    return candidates[0] if len(candidates) == 1 else None


def _status(resource: Json) -> str:
    """The status; of a condition or allergy the clinical one, unless it was entered in error."""
    verification = {code for _, code, _ in codings_of(resource.get("verificationStatus"))}
    if "entered-in-error" in verification:
        return "entered-in-error"
    clinical = (code for _, code, _ in codings_of(resource.get("clinicalStatus")))
    own = as_text(resource.get("status")) or as_text(resource.get("lifecycleStatus"))
    return own or next(clinical, "")


def _title(resource: Json, status: str) -> str:
    name = _plain_title(resource)
    if status == "entered-in-error":
        return f"{name}（取り消し済み）"
    if resource.get("resourceType") != "Condition" or not name or "疑" in name:
        return name
    verification = {code for _, code, _ in codings_of(resource.get("verificationStatus"))}
    return f"{name}（疑い）" if verification & _UNSURE else name


def _plain_title(resource: Json) -> str:
    if resource.get("resourceType") == "Patient":
        return ""  # a name belongs to the person's own data, not to a timeline
    drug = as_object(resource.get("medicationReference"))
    inner = _contained(resource, as_text(drug.get("reference"))[1:]) or {}
    said = [resource[element] for element in _TITLE_ELEMENTS if element in resource]
    device = as_object(resource.get("device"))
    used = _contained(resource, as_text(device.get("reference"))[1:]) or {}
    names = [each.get("name") for each in as_objects(used.get("deviceName"))]
    found = [*said, inner.get("code"), drug, used.get("type"), *names, device]
    name = next(filter(None, map(name_of, found)), "")
    return _SPACES.sub(" ", name).strip()[:_MAX_TITLE]


def name_of(value: object) -> str:
    """What a text or CodeableConcept is called: its text, else its first display, else ""."""
    if isinstance(value, str):
        return value
    concept = as_object(value)
    text = as_text(concept.get("text"))
    if text:
        return text
    displays = (display for _, _, display in codings_of(concept) if display)
    return next(displays, "") or as_text(concept.get("display"))


def codings_of(concept: object) -> list[tuple[str, str, str]]:
    """System as a URL, code and display of each coding of a CodeableConcept."""
    return [
        (
            canonical_system(as_text(coding.get("system"))),
            as_text(coding.get("code")),
            as_text(coding.get("display")),
        )
        for coding in as_objects(as_object(concept).get("coding"))
    ]


def drug_of(resource: Json) -> Json:
    """The drug of a medication record as a CodeableConcept, from inside the record where it is kept
    there; {} where it names none."""
    concept = as_object(resource.get("medicationCodeableConcept"))
    if concept:
        return concept
    named = as_object(resource.get("medicationReference"))
    reference = as_text(named.get("reference"))
    inner = _contained(resource, reference[1:]) if reference.startswith("#") else None
    if inner is not None:
        return as_object(inner.get("code"))
    display = as_text(named.get("display"))
    return {"text": display} if display else {}
