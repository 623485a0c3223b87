"""The FHIR R4 resource types Tsunagu takes, and what each must say to have a meaning."""

from typing import Final

import msgspec

_MEDICATION: Final = "medicationCodeableConcept|medicationReference"
_REQUEST_STATUS: Final = (
    "draft active on-hold revoked completed cancelled stopped ended entered-in-error unknown"
)
_EVENT_STATUS: Final = (
    "preparation in-progress not-done on-hold stopped completed entered-in-error unknown"
)
_MEDICATION_STATUS: Final = f"{_EVENT_STATUS} cancelled declined intended not-taken active"
_OBSERVATION_STATUS: Final = (
    "registered partial preliminary final amended corrected appended cancelled"
    " entered-in-error unknown"
)


class Shape(msgspec.Struct, frozen=True):
    """What a type must carry: required elements (alternatives by `|`) and its dates in order."""

    subject: str
    required: tuple[str, ...] = ()
    statuses: frozenset[str] = frozenset()
    dates: tuple[str, ...] = ()


def _shape(subject: str, required: str = "", statuses: str = "", dates: str = "") -> Shape:
    return Shape(
        subject, tuple(required.split()), frozenset(statuses.split()), tuple(dates.split())
    )


SHAPES: Final = {
    "AllergyIntolerance": _shape("patient", "code", dates="onsetDateTime recordedDate"),
    "CarePlan": _shape("subject", "status intent", _REQUEST_STATUS, "period created"),
    "CareTeam": _shape("subject", dates="period"),
    "Composition": _shape(
        "subject", "status type date title", "preliminary final amended entered-in-error", "date"
    ),
    "Condition": _shape(
        "subject", "code", dates="onsetDateTime onsetPeriod recordedDate abatementDateTime"
    ),
    "Coverage": _shape(
        "beneficiary", "status", "active cancelled draft entered-in-error", "period"
    ),
    "DeviceUseStatement": _shape(
        "subject",
        "status device",
        "active completed entered-in-error intended stopped on-hold",
        "timingDateTime timingPeriod recordedOn",
    ),
    "DiagnosticReport": _shape(
        "subject", "status code", _OBSERVATION_STATUS, "effectiveDateTime effectivePeriod issued"
    ),
    "DocumentReference": _shape(
        "subject", "status content", "current superseded entered-in-error", "date"
    ),
    "Encounter": _shape(
        "subject",
        "status class",
        "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
        "period",
    ),
    "FamilyMemberHistory": _shape(
        "patient",
        "status relationship",
        "partial completed entered-in-error health-unknown",
        "date",
    ),
    "Goal": _shape("subject", "lifecycleStatus description", dates="startDate"),
    "ImagingStudy": _shape(
        "subject", "status", "registered available cancelled entered-in-error unknown", "started"
    ),
    "Immunization": _shape(
        "patient",
        "status vaccineCode occurrenceDateTime|occurrenceString",
        "completed entered-in-error not-done",
        "occurrenceDateTime recorded",
    ),
    "MedicationAdministration": _shape(
        "subject",
        f"status {_MEDICATION} effectiveDateTime|effectivePeriod",
        _MEDICATION_STATUS,
        "effectiveDateTime effectivePeriod",
    ),
    "MedicationDispense": _shape(
        "subject", f"status {_MEDICATION}", _MEDICATION_STATUS, "whenHandedOver whenPrepared"
    ),
    "MedicationRequest": _shape(
        "subject", f"status intent {_MEDICATION}", _REQUEST_STATUS, "authoredOn"
    ),
    "MedicationStatement": _shape(
        "subject",
        f"status {_MEDICATION}",
        _MEDICATION_STATUS,
        "effectiveDateTime effectivePeriod dateAsserted",
    ),
    "Observation": _shape(
        "subject",
        "status code",
        _OBSERVATION_STATUS,
        "effectiveDateTime effectiveInstant effectivePeriod issued",
    ),
    "Patient": _shape("", "identifier"),
    "Procedure": _shape(
        "subject", "status code", _EVENT_STATUS, "performedDateTime performedPeriod"
    ),
    "QuestionnaireResponse": _shape(
        "subject",
        "status",
        "in-progress completed amended entered-in-error stopped",
        "authored",
    ),
    "ServiceRequest": _shape(
        "subject",
        "status intent",
        "draft active on-hold revoked completed entered-in-error unknown",
        "occurrenceDateTime authoredOn",
    ),
    "Specimen": _shape("subject", dates="receivedTime"),
}

# A document Bundle is stored whole; its subject and date are those of its Composition.
DOCUMENT: Final = _shape("", "identifier timestamp entry")

# Resources about no patient: kept only inside the records that refer to them.
SUPPORTING: Final = frozenset(
    {
        "Device",
        "Location",
        "Medication",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Substance",
    }
)

R4_TYPES: Final = frozenset(
    """
    Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse
    AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement
    CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse
    ClinicalImpression CodeSystem Communication CommunicationRequest CompartmentDefinition
    Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
    CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest
    DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference
    EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare
    EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
    FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService
    ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation
    ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure MeasureReport
    Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
    MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization
    MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
    MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
    MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition
    MessageHeader MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition
    OperationDefinition OperationOutcome Organization OrganizationAffiliation Parameters Patient
    PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole
    Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup
    ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment
    RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen
    SpecimenDefinition StructureDefinition StructureMap Subscription Substance
    SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation
    SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task
    TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription
    """.split()  # noqa: SIM905
)
