"""Made-up records for the demo network, in the shapes facilities send, the same every time."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from api.fhir.codes import (
    BUNDLE_IDENTIFIER,
    DOCUMENT_TYPE,
    ICD10,
    INDICATION,
    INSTITUTION,
    INSTITUTION_EXTENSION,
    JLAC10,
    RESOURCE_INSTANCE,
    patient_in_facility,
)
from api.records.demo_stories import HBS, STORIES, Care, Drug, Letter, Story, Test
from api.records.medicines import BRIDGED
from api.records.parse import Json

_HL7: Final = "http://terminology.hl7.org/CodeSystem"
_UCUM: Final = "http://unitsofmeasure.org"
_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_DOSE_FORMS: Final = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code"


def demo_patient_number(participant_key: str, facility: str) -> str:
    """Give the patient number under which a facility knows the person in these records."""
    return f"{_random(participant_key, facility).randrange(10**8):08d}"


def demo_bundles(
    participant_key: str, birth_on: date, sex: str, facilities: Sequence[str], today: date
) -> list[Json]:
    """Make all records of one person: per facility one transaction, and each document.

    `participant_key` is "hanako", "taro" or "yumi"; `sex` a FHIR gender; `facilities` 10-digit
    numbers, the family doctor first. Decimals are `Decimal`: write with `parse.encode`.
    Identical arguments give identical records.
    """
    writer = _Writer(participant_key, birth_on, sex, today)
    home, others = facilities[0], facilities[1:] or facilities[:1]
    story = STORIES[participant_key]
    bundles = [writer.transaction(home, writer.regular_care(home, story))]
    bundles.append(writer.transaction(others[0], writer.second_opinion(others[0], story)))
    bundles += [
        writer.document(home if letter.is_home else others[0], letter) for letter in story.letters
    ]
    return bundles


class _Writer:
    """Writes the resources of one person; every number comes from a seed of the person's key."""

    def __init__(self, key: str, birth_on: date, sex: str, today: date) -> None:
        self.key = key
        self.birth_on = birth_on
        self.sex = sex
        self.today = today
        self.dice = _random(key, "records")
        self.count = 0

    def regular_care(self, facility: str, story: Story) -> list[Json]:
        made = [self.condition(facility, *each) for each in story.conditions]
        made += [self.allergy(facility, *each) for each in story.allergies]
        made += [self.immunization(facility, *each) for each in story.vaccines]
        for visit in range(story.visits):
            on = self.today - timedelta(days=9 + visit * story.days_between)
            made.append(self.encounter(facility, on))
            made += [self.prescription(facility, drug, on, story.supply) for drug in story.drugs]
            made += [self.result(facility, test, on) for test in story.tests]
            made.append(self.blood_pressure(facility, on))
        made += [self.care(facility, each) for each in story.care]
        return made

    def second_opinion(self, facility: str, story: Story) -> list[Json]:
        on = self.today - timedelta(days=33)
        made = [self.encounter(facility, on), self.infection(facility, on)]
        for visit in range(story.elsewhere_visits):
            then = on - timedelta(days=visit * 84)
            made += [self.prescription(facility, drug, then, 84) for drug in story.elsewhere]
            made += [self.result(facility, test, then) for test in story.tests[:3]]
        made += self.imaging(facility, *story.imaging, on)
        if story.untold is not None:
            made.append(self.untold(facility, *story.untold, on))
        return made

    def condition(self, facility: str, icd10: str, name: str, years: int) -> Json:
        on = self.today - timedelta(days=365 * years + 12)
        return {
            **self._head("Condition", facility, on),
            "clinicalStatus": _concept(f"{_HL7}/condition-clinical", "active"),
            "verificationStatus": _concept(f"{_HL7}/condition-ver-status", "confirmed"),
            "category": [_concept(f"{_HL7}/condition-category", "problem-list-item")],
            "code": {**_concept(ICD10, icd10, name), "text": name},
            "subject": self._subject(facility),
            "onsetDateTime": on.isoformat(),
            "recordedDate": on.isoformat(),
        }

    def untold(self, facility: str, icd10: str, name: str, on: date) -> Json:
        """A diagnosis the person has not been told of yet: it must never reach their side."""
        resource = self.condition(facility, icd10, name, 0)
        tag = {"system": INDICATION, "code": "UNINFORMED", "display": "未告知"}
        resource["meta"]["tag"] = [tag]
        resource["verificationStatus"] = _concept(f"{_HL7}/condition-ver-status", "provisional")
        return resource | {"onsetDateTime": on.isoformat(), "recordedDate": on.isoformat()}

    def allergy(self, facility: str, name: str, category: str, criticality: str) -> Json:
        on = self.today - timedelta(days=800)
        return {
            **self._head("AllergyIntolerance", facility, on),
            "clinicalStatus": _concept(f"{_HL7}/allergyintolerance-clinical", "active"),
            "category": [category],
            "criticality": criticality,
            "code": {"text": name},
            "patient": self._subject(facility),
            "recordedDate": on.isoformat(),
        }

    def immunization(self, facility: str, cvx: str, name: str, days: int) -> Json:
        on = self.today - timedelta(days=days)
        return {
            **self._head("Immunization", facility, on),
            "status": "completed",
            "vaccineCode": {**_concept("http://hl7.org/fhir/sid/cvx", cvx), "text": name},
            "patient": self._subject(facility),
            "occurrenceDateTime": on.isoformat(),
        }

    def encounter(self, facility: str, on: date) -> Json:
        return {
            **self._head("Encounter", facility, on),
            "status": "finished",
            "class": {"system": f"{_HL7}/v3-ActCode", "code": "AMB", "display": "外来"},
            "subject": self._subject(facility),
            "period": {"start": _at(on, 9), "end": _at(on, 10)},
        }

    def prescription(self, facility: str, drug: Drug, on: date, days: int) -> Json:
        tablets = {"unit": "錠", "system": _DOSE_FORMS, "code": "TAB"}
        instruction = {
            "text": f"{drug.usage} {days}日分",
            "timing": {"code": {"text": drug.usage}},
            "doseAndRate": [{"doseQuantity": {"value": 1, **tablets}}],
        }
        return {
            **self._head("MedicationRequest", facility, on),
            "status": "active" if on + timedelta(days=days) + BRIDGED > self.today else "completed",
            "intent": "order",
            "medicationCodeableConcept": {
                **_concept(drug.system, drug.code, drug.name),
                "text": drug.name,
            },
            "subject": self._subject(facility),
            "authoredOn": _at(on, 10),
            "dosageInstruction": [instruction],
            "dispenseRequest": {
                "quantity": {"value": drug.daily * days, **tablets},
                "expectedSupplyDuration": {
                    "value": days,
                    "unit": "日",
                    "system": _UCUM,
                    "code": "d",
                },
            },
        }

    def result(self, facility: str, test: Test, on: date) -> Json:
        low, high, step = Decimal(test.low), Decimal(test.high), Decimal(test.step)
        value = low + step * self.dice.randrange(int((high - low) / step) + 1)
        return {
            **self._observation(facility, on, "laboratory"),
            "code": {**_concept(JLAC10, test.jlac10, test.name), "text": test.name},
            "valueQuantity": {"value": value, "unit": test.unit},
            "referenceRange": [
                {
                    edge: {"value": Decimal(at), "unit": test.unit}
                    for edge, at in zip(("low", "high"), test.normal, strict=True)
                    if at
                }
            ],
        }

    def infection(self, facility: str, on: date) -> Json:
        jlac10, name = HBS
        return {
            **self._observation(facility, on, "laboratory"),
            "code": {**_concept(JLAC10, jlac10, name), "text": name},
            "valueCodeableConcept": {"text": "陰性"},
        }

    def blood_pressure(self, facility: str, on: date) -> Json:
        upper, lower = 124 + self.dice.randrange(24), 72 + self.dice.randrange(16)
        return {
            **self._observation(facility, on, "vital-signs"),
            "code": {**_concept("http://loinc.org", "85354-9"), "text": "血圧"},
            "component": [
                _pressure("8480-6", "収縮期血圧", upper),
                _pressure("8462-4", "拡張期血圧", lower),
            ],
        }

    def imaging(
        self,
        facility: str,
        modality: str,
        title: str,
        site: str,
        finding: str,
        images: int,
        on: date,
    ) -> list[Json]:
        """The images' metadata, and the report on them."""
        study = {
            **self._head("ImagingStudy", facility, on),
            "status": "available",
            "subject": self._subject(facility),
            "started": _at(on, 11),
            "description": title,
            "modality": [{"system": _DICOM, "code": modality, "display": modality}],
            "series": [
                {
                    "uid": f"2.25.{uuid5(NAMESPACE_OID, f'{self.key}-{title}').int}",
                    "modality": {"system": _DICOM, "code": modality, "display": modality},
                    "bodySite": {"display": site},
                    "numberOfInstances": images,
                }
            ],
        }
        report = {
            **self._head("DiagnosticReport", facility, on),
            "status": "final",
            "category": [_concept("http://loinc.org", "LP29684-5", "放射線")],
            "code": {"text": f"{title}の報告書"},
            "subject": self._subject(facility),
            "effectiveDateTime": _at(on, 11),
            "conclusion": finding,
        }
        return [study, report]

    def care(self, facility: str, noted: Care) -> Json:
        on = self.today - timedelta(days=noted.days)
        return {
            **self._head("CarePlan", facility, on),
            "status": "active",
            "intent": "plan",
            "title": noted.title,
            "description": "\n".join(f"{asked}：{said}" for asked, said in noted.answers),
            "subject": self._subject(facility),
            "created": _at(on, 15),
        }

    def transaction(self, facility: str, resources: Iterable[Json]) -> Json:
        entries = [
            {
                "fullUrl": self._urn(each["id"]),
                "resource": {name: value for name, value in each.items() if name != "id"},
                "request": {"method": "POST", "url": each["resourceType"]},
            }
            for each in resources
        ]
        return {
            "resourceType": "Bundle",
            "type": "transaction",
            "identifier": self._bundle_identifier(facility, "RECORDS"),
            "entry": entries,
        }

    def document(self, facility: str, letter: Letter) -> Json:
        on = self.today - timedelta(days=letter.days)
        patient, author = self._urn("patient"), self._urn("organization")
        composition = {
            "resourceType": "Composition",
            "id": f"{self.key}-document",
            "status": "final",
            "type": _concept(DOCUMENT_TYPE, letter.loinc, letter.title),
            "subject": {"reference": patient},
            "date": _at(on, 17),
            "author": [{"reference": author}],
            "title": letter.title,
            "section": [
                {"title": title, "text": {"status": "generated", "div": _div(text)}}
                for title, text in letter.sections
            ],
        }
        person = {
            "resourceType": "Patient",
            "id": f"{self.key}-patient",
            "identifier": [self._patient_identifier(facility)],
            "gender": self.sex,
            "birthDate": self.birth_on.isoformat(),
        }
        place = {
            "resourceType": "Organization",
            "id": f"{self.key}-organization",
            "identifier": [{"system": INSTITUTION, "value": facility}],
        }
        return {
            "resourceType": "Bundle",
            "type": "document",
            "identifier": self._bundle_identifier(facility, f"DOCUMENT-{letter.loinc}"),
            "timestamp": _at(on, 17),
            "entry": [
                {"fullUrl": self._urn("composition"), "resource": composition},
                {"fullUrl": patient, "resource": person},
                {"fullUrl": author, "resource": place},
            ],
        }

    def _head(self, resource_type: str, facility: str, on: date) -> Json:
        self.count += 1
        name = f"{self.key}-{self.count}"
        institution = {"system": INSTITUTION, "value": facility}
        return {
            "resourceType": resource_type,
            "id": name,
            "meta": {"lastUpdated": _at(on, 18)},
            "extension": [{"url": INSTITUTION_EXTENSION, "valueIdentifier": institution}],
            "identifier": [{"system": RESOURCE_INSTANCE, "value": f"{facility}-{name}"}],
        }

    def _observation(self, facility: str, on: date, category: str) -> Json:
        return {
            **self._head("Observation", facility, on),
            "status": "final",
            "category": [_concept(f"{_HL7}/observation-category", category)],
            "subject": self._subject(facility),
            "effectiveDateTime": _at(on, 9),
        }

    def _subject(self, facility: str) -> Json:
        return {"type": "Patient", "identifier": self._patient_identifier(facility)}

    def _patient_identifier(self, facility: str) -> Json:
        number = demo_patient_number(self.key, facility)
        return {"system": patient_in_facility(facility), "value": number}

    def _bundle_identifier(self, facility: str, name: str) -> Json:
        value = f"{facility}^{self.today.year}^{self.key.upper()}-{name}"
        return {"system": BUNDLE_IDENTIFIER, "value": value}

    def _urn(self, name: str) -> str:
        return f"urn:uuid:{uuid5(NAMESPACE_OID, f'tsunagu-demo-{self.key}-{name}')}"


def _random(*names: str) -> random.Random:
    return random.Random("/".join(names))  # noqa: S311 - a story to tell, not a secret to keep


def _concept(system: str, code: str, display: str = "") -> Json:
    shown = {"display": display} if display else {}
    return {"coding": [{"system": system, "code": code, **shown}]}


def _pressure(loinc: str, name: str, value: int) -> Json:
    quantity = {"value": value, "unit": "mmHg", "system": _UCUM, "code": "mm[Hg]"}
    code = {**_concept("http://loinc.org", loinc), "text": name}
    return {"code": code, "valueQuantity": quantity}


def _at(on: date, hour: int) -> str:
    return f"{on.isoformat()}T{hour:02d}:00:00+09:00"


def _div(text: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'
