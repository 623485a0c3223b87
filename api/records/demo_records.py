"""Made-up records for the demo network, in the shapes facilities send, the same every time."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import NAMESPACE_OID, uuid5

import msgspec

from api.fhir.codes import (
    BUNDLE_IDENTIFIER,
    DOCUMENT_TYPE,
    GENERAL_NAME,
    ICD10,
    INDICATION,
    INSTITUTION,
    INSTITUTION_EXTENSION,
    JLAC10,
    RESOURCE_INSTANCE,
    YJ,
    patient_in_facility,
)
from api.records.parse import Json

_HL7: Final = "http://terminology.hl7.org/CodeSystem"
_UCUM: Final = "http://unitsofmeasure.org"
_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_DOSE_FORMS: Final = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code"


class _Drug(msgspec.Struct, frozen=True):
    system: str
    code: str
    name: str
    usage: str
    daily: int


class _Test(msgspec.Struct, frozen=True):
    """One laboratory item: the range its values are drawn from, their last digit, and the reference
    range it comes with ("" for none on that side)."""

    jlac10: str
    name: str
    unit: str
    low: str
    high: str
    step: str
    normal: tuple[str, str]


class _Letter(msgspec.Struct, frozen=True):
    """A document, by the family doctor or else by the hospital. Sections are title and XHTML."""

    is_home: bool
    loinc: str
    title: str
    days: int
    sections: tuple[tuple[str, str], ...]


class _Care(msgspec.Struct, frozen=True):
    """What nurses and carers noted: days ago, title, and what about what."""

    days: int
    title: str
    answers: tuple[tuple[str, str], ...]


class _Story(msgspec.Struct, frozen=True):
    """What the generator tells about one person of the cast."""

    conditions: tuple[tuple[str, str, int], ...]  # ICD-10, name, years ago
    drugs: tuple[_Drug, ...]
    tests: tuple[_Test, ...]
    visits: int
    days_between: int
    allergies: tuple[tuple[str, str, str], ...]  # name, category, criticality
    vaccines: tuple[tuple[str, str, int], ...]  # CVX, name, days ago
    untold: tuple[str, str] | None
    supply: int  # days that each prescription lasts
    elsewhere: tuple[_Drug, ...]  # what the hospital prescribes beside the family doctor
    elsewhere_visits: int
    imaging: tuple[str, str, str, str, int]  # modality, title, site, finding, images
    letters: tuple[_Letter, ...]
    care: tuple[_Care, ...]


_METFORMIN: Final = _Drug(YJ, "3962002F2027", "メトグルコ錠２５０ｍｇ", "１日２回 朝夕食後", 2)
_AMLODIPINE: Final = _Drug(
    GENERAL_NAME, "2171022F2ZZZ", "【般】アムロジピン錠５ｍｇ", "１日１回 朝食後", 1
)
_ROSUVASTATIN: Final = _Drug(
    GENERAL_NAME, "2189017F1ZZZ", "【般】ロスバスタチン錠２．５ｍｇ", "１日１回 夕食後", 1
)
_FUROSEMIDE: Final = _Drug(
    GENERAL_NAME, "2139005F2ZZZ", "【般】フロセミド錠２０ｍｇ", "１日１回 朝食後", 1
)
_CLOPIDOGREL: Final = _Drug(
    GENERAL_NAME, "3399008F2ZZZ", "【般】クロピドグレル錠７５ｍｇ", "１日１回 朝食後", 1
)
_MAGNESIA: Final = _Drug(
    GENERAL_NAME, "2344009F2ZZZ", "【般】酸化マグネシウム錠３３０ｍｇ", "１日３回 毎食後", 3
)
_FEXOFENADINE: Final = _Drug(
    GENERAL_NAME, "4490023F2ZZZ", "【般】フェキソフェナジン錠６０ｍｇ", "１日２回 朝夕食後", 2
)
_AMLODIPINE_ELSEWHERE: Final = _Drug(
    YJ, "2171022F2230", "アムロジピン錠５ｍｇ", "１日１回 朝食後", 1
)
_NIFEDIPINE: Final = _Drug(YJ, "2171014G4021", "ニフェジピンＣＲ錠２０ｍｇ", "１日１回 朝食後", 1)
_ASPIRIN: Final = _Drug(YJ, "3399007H1021", "アスピリン腸溶錠１００ｍｇ", "１日１回 朝食後", 1)

_HBA1C: Final = _Test("3D046000001906202", "HbA1c(NGSP)", "%", "6.6", "7.8", "0.1", ("4.9", "6.0"))
_CREATININE: Final = _Test(
    "3C015000002327101", "クレアチニン", "mg/dL", "0.62", "0.84", "0.01", ("0.46", "0.79")
)
_POTASSIUM: Final = _Test(
    "3H015000002326101", "カリウム", "mEq/L", "3.8", "4.9", "0.1", ("3.6", "4.8")
)
_LDL: Final = _Test(
    "3F077000002327101", "LDL-コレステロール", "mg/dL", "96", "148", "1", ("65", "139")
)
_HDL: Final = _Test("3F070000002327101", "HDL-コレステロール", "mg/dL", "46", "63", "1", ("40", ""))
_ALT: Final = _Test("3B045000002327201", "ALT(GPT)", "U/L", "18", "39", "1", ("7", "23"))
_GGT: Final = _Test("3B090000002327101", "γ-GTP", "U/L", "22", "51", "1", ("", "47"))
_OLD_CREATININE: Final = msgspec.structs.replace(
    _CREATININE, low="1.05", high="1.38", normal=("0.65", "1.07")
)
_HEMOGLOBIN: Final = _Test(
    "2A030000001930101", "ヘモグロビン", "g/dL", "10.8", "12.4", "0.1", ("11.6", "14.8")
)
_HBS: Final = ("5F016141002399831", "HBs抗原")

_STORIES: Final = {
    "hanako": _Story(
        conditions=(
            ("E119", "２型糖尿病", 9),
            ("I10", "本態性高血圧症", 6),
            ("E785", "脂質異常症", 4),
        ),
        drugs=(_METFORMIN, _AMLODIPINE, _ROSUVASTATIN),
        tests=(_HBA1C, _CREATININE, _POTASSIUM, _LDL, _HDL, _ALT, _GGT),
        visits=6,
        days_between=61,
        allergies=(("そば", "food", "low"), ("ペニシリン系抗菌薬", "medication", "high")),
        vaccines=(("88", "インフルエンザワクチン", 120),),
        untold=("D377", "膵のう胞性腫瘍の疑い"),
        supply=56,
        elsewhere=(_AMLODIPINE_ELSEWHERE,),
        elsewhere_visits=4,
        imaging=("CT", "腹部CT", "腹部", "肝臓・腎臓に異常を認めません。", 186),
        letters=(
            _Letter(
                True,
                "57133-1",
                "診療情報提供書",
                20,
                (
                    ("紹介目的", "<p>年に一度の眼底検査をお願いいたします。</p>"),
                    ("現病歴", "<p>糖尿病で通院中の方です。血糖は安定しています。</p>"),
                ),
            ),
            _Letter(
                False,
                "18842-5",
                "退院時サマリー",
                310,
                (
                    ("入院理由", "<p>糖尿病の教育入院（７日間）。</p>"),
                    ("入院経過", "<p>食事と運動の指導を受け、血糖は改善しました。</p>"),
                    (
                        "退院時処方",
                        "<table><tbody><tr><th>薬</th><th>使い方</th></tr><tr>"
                        "<td>メトグルコ錠２５０ｍｇ</td><td>１日２回 朝夕食後</td></tr>"
                        "</tbody></table>",
                    ),
                ),
            ),
        ),
        care=(
            _Care(
                40,
                "療養の相談",
                (
                    ("食事", "夕食が遅くなりがち。間食は減った。"),
                    ("運動", "週に３日、３０分歩く。"),
                ),
            ),
        ),
    ),
    "taro": _Story(
        conditions=(
            ("I500", "うっ血性心不全", 3),
            ("I251", "陳旧性心筋梗塞", 7),
            ("K590", "便秘症", 5),
        ),
        drugs=(_FUROSEMIDE, _CLOPIDOGREL, _AMLODIPINE, _MAGNESIA),
        tests=(_OLD_CREATININE, _POTASSIUM, _HEMOGLOBIN, _LDL),
        visits=5,
        days_between=45,
        allergies=(("造影剤（ヨード）", "medication", "high"),),
        vaccines=(("33", "肺炎球菌ワクチン", 900), ("88", "インフルエンザワクチン", 95)),
        untold=("D400", "前立腺腫瘍の疑い"),
        supply=42,
        elsewhere=(_ASPIRIN, _NIFEDIPINE),
        elsewhere_visits=3,
        imaging=("CR", "胸部X線", "胸部", "心胸郭比55%。胸水は認めません。", 2),
        letters=(
            _Letter(
                True,
                "18842-5",
                "退院時サマリー",
                20,
                (
                    (
                        "入院経過",
                        "<p>心不全の悪化で入院し、利尿薬の調整で軽快して退院しました。</p>",
                    ),
                    (
                        "退院後の方針",
                        "<ul><li>塩分は１日６ｇまで</li><li>体重を毎朝はかる</li></ul>",
                    ),
                ),
            ),
        ),
        care=(
            _Care(
                12,
                "介護・生活情報",
                (("歩く", "家の中はつえで歩く。"), ("食事", "ひとりで食べる。汁物は残す。")),
            ),
            _Care(
                70, "訪問看護の記録", (("むくみ", "すねに軽いむくみ。"), ("体重", "５８．４ｋｇ"))
            ),
        ),
    ),
    "yumi": _Story(
        conditions=(("J301", "花粉症", 8), ("D509", "鉄欠乏性貧血", 1)),
        drugs=(_FEXOFENADINE,),
        tests=(_HEMOGLOBIN, _ALT),
        visits=3,
        days_between=90,
        allergies=(("キウイフルーツ", "food", "low"),),
        vaccines=(("03", "麻しん風しん混合ワクチン", 1500),),
        untold=None,
        supply=28,
        elsewhere=(),
        elsewhere_visits=1,
        imaging=("US", "腹部超音波", "腹部", "異常を認めません。", 24),
        letters=(
            _Letter(
                True,
                "57133-1",
                "診療情報提供書",
                20,
                (("紹介目的", "<p>貧血の精査のため、婦人科での診察をお願いいたします。</p>"),),
            ),
        ),
        care=(),
    ),
}


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
    story = _STORIES[participant_key]
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

    def regular_care(self, facility: str, story: _Story) -> list[Json]:
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

    def second_opinion(self, facility: str, story: _Story) -> list[Json]:
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

    def prescription(self, facility: str, drug: _Drug, on: date, days: int) -> Json:
        tablets = {"unit": "錠", "system": _DOSE_FORMS, "code": "TAB"}
        instruction = {
            "text": f"{drug.usage} {days}日分",
            "timing": {"code": {"text": drug.usage}},
            "doseAndRate": [{"doseQuantity": {"value": 1, **tablets}}],
        }
        return {
            **self._head("MedicationRequest", facility, on),
            "status": "completed",
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

    def result(self, facility: str, test: _Test, on: date) -> Json:
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
        jlac10, name = _HBS
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

    def care(self, facility: str, noted: _Care) -> Json:
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

    def document(self, facility: str, letter: _Letter) -> Json:
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
