"""The code systems, identifier systems and purposes Tsunagu speaks at its FHIR border.

Sources: JP Core 1.2 and JP-CLINS 1.x (jpfhir.jp), HL7 v3-ActReason, MEDIS and JAMI masters.
"""

from typing import Final

# Identifier systems of people and places.
CARD: Final = "urn:tsunagu:card"
DESK_CODE: Final = "urn:tsunagu:desk-code"
INSURANCE_MEMBER: Final = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
INSTITUTION: Final = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"
RESOURCE_INSTANCE: Final = "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier"
BUNDLE_IDENTIFIER: Final = "http://jpfhir.jp/fhir/clins/bundle-identifier"
_PATIENT_IN_FACILITY: Final = "urn:oid:1.2.392.100495.20.3.51.1"

# Extensions and tags.
INSTITUTION_EXTENSION: Final = (
    "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber"
)
INDICATION: Final = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
MESSAGE_KEY: Final = "urn:tsunagu:message"

# Code systems.
JLAC10: Final = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"
HOT7: Final = "http://medis.or.jp/CodeSystem/master-HOT7"
HOT9: Final = "http://medis.or.jp/CodeSystem/master-HOT9"
HOT13: Final = "http://medis.or.jp/CodeSystem/master-HOT13"
YJ: Final = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
GENERAL_NAME: Final = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode"
DRUG_NOT_CODED: Final = "http://jpfhir.jp/fhir/eCS/CodeSystem/MedicationCodeNocoded_CS"
DISEASE_KEY: Final = "http://medis.or.jp/CodeSystem/master-disease-keyNumber"
DISEASE_EXCHANGE: Final = "http://medis.or.jp/CodeSystem/master-disease-exCode"
ICD10: Final = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full"
USAGE: Final = "http://jami.jp/CodeSystem/MedicationUsage"
DEPARTMENT: Final = "http://jami.jp/SS-MIX2/CodeSystem/ClinicalDepartment"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
DOCUMENT_TYPE: Final = "http://jpfhir.jp/fhir/Common/CodeSystem/doc-typecodes"
LOINC: Final = "http://loinc.org"
CONSENT_SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PARTICIPATION_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

# Ours: identifier systems of what only this network knows, and the codes of its profile.
PARTICIPANT: Final = "urn:tsunagu:participant"
PROFESSIONAL: Final = "urn:tsunagu:professional"
FACILITY: Final = "urn:tsunagu:facility"
TEAM: Final = "urn:tsunagu:team"
RECORD: Final = "urn:tsunagu:record"
NETWORK: Final = "urn:tsunagu:network"
TERMS: Final = "urn:tsunagu:terms"
PROFESSION: Final = "urn:tsunagu:profession"
CATEGORY: Final = "urn:tsunagu:category"
FACILITY_TYPE: Final = "urn:tsunagu:facility-type"
REGION: Final = "urn:tsunagu:region"
CONSENT_EXTENSION: Final = "urn:tsunagu:consent:"

_URL_OF_OID: Final = {
    "1.2.392.200119.4.504": JLAC10,
    "1.2.392.200119.4.403.2": HOT7,
    "1.2.392.200119.4.403.1": HOT9,
    "1.2.392.200119.4.402.1": HOT13,
    "1.2.392.100495.20.2.73": YJ,
    "1.2.392.100495.20.1.73": YJ,
    "1.2.392.100495.20.2.81": GENERAL_NAME,
    "1.2.392.100495.20.1.81": GENERAL_NAME,
    "1.2.392.200119.4.101.2": DISEASE_KEY,
    "1.2.392.200119.4.101.6": DISEASE_EXCHANGE,
    "1.2.392.200250.2.2.20.20": USAGE,
    "1.2.392.200250.2.2.2": DEPARTMENT,
}

ICD10_SYSTEMS: Final = frozenset(
    {ICD10, "http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.3"}
)

PURPOSES: Final = frozenset({"TREAT", "ETREAT", "BTG", "PATRQT", "HRESCH", "HOPERAT"})


def canonical_system(system: str) -> str:
    """Give the URL of a code system named by its OID; any other name comes back as it is."""
    return _URL_OF_OID.get(system.removeprefix("urn:oid:"), system)


def patient_in_facility(facility_number: str) -> str:
    """Give the identifier system of the patient numbers of one facility (10 digits)."""
    return _PATIENT_IN_FACILITY + facility_number


def facility_of_patient_system(system: str) -> str | None:
    """Give the 10-digit facility number a patient number system belongs to."""
    number = system.removeprefix(_PATIENT_IN_FACILITY)
    is_number = len(number) == 10 and number.isascii() and number.isdigit()
    return number if number != system and is_number else None
