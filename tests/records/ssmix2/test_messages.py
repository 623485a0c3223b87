"""What each message says becomes what FHIR says; nothing is guessed, nothing is lost."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.fhir import codes
from api.records.parse import decode, encode
from api.records.ssmix2 import er7, path, reading
from api.records.ssmix2.coded import moment
from api.records.ssmix2.reading import Read, Unreadable
from tests.records.ssmix2 import writing
from tests.records.ssmix2.writing import Wanted

NUMBER = "N12345678"
SAMPLES = Path(__file__).parent / "samples"


def read(wanted: Wanted) -> Read | Unreadable:
    name = path.parse(writing.path(Path("/"), NUMBER, wanted).name)
    assert name is not None
    return reading.read(writing.encoded(NUMBER, wanted), name, {"reference": "Patient/1"}, "urn:n")


def resources(wanted: Wanted) -> list[dict[str, Any]]:
    """As they would be read back: through the text that is stored."""
    found = read(wanted)
    assert isinstance(found, Read), found
    return [decode(encode(item.resource).encode()) for item in found.items]


def digits(quantity: dict[str, Any]) -> str:
    value = quantity["value"]
    return str(value) if isinstance(value, int) else bytes(value).decode()


def result(kind: str, value: str, *, unit: str = "", flag: str = "", status: str = "F") -> Any:
    body = (
        "SPM|1|||023^血清^JC10|||||||||||||202405070845",
        "OBR|1|||3^生化学^JC10|||202405070800",
        f"OBX|1|{kind}|3B035000002327201^AST^JC10||{value}|{unit}|13-30|{flag}|||{status}",
    )
    (found,) = resources(Wanted("OML-11", body=body))
    return found


@pytest.mark.parametrize("kind", writing.KINDS)
@pytest.mark.parametrize(
    ("charset", "newline", "declared"),
    [
        ("iso2022_jp", "\r", "~ISO IR87"),
        ("iso2022_jp", "\n", "~ISOIR87"),
        ("iso2022_jp", "\r\n", "~ISO IR87"),
        ("utf-8-sig", "\r\n", "UNICODE UTF-8"),
        ("cp932", "\r", "~ISO IR87"),
        ("euc_jp", "\n", ""),
    ],
)
def test_every_type_is_read_in_every_encoding(kind: str, charset: str, newline: str, declared: str):
    usual = read(Wanted(kind))
    other = read(Wanted(kind, charset=charset, newline=newline, declared=declared))
    assert isinstance(usual, Read)
    assert isinstance(other, Read)
    told = [encode(item.resource) for item in usual.items]
    assert [encode(item.resource) for item in other.items] == told
    assert not other.left


@pytest.mark.parametrize(
    ("kind", "on"),
    [
        ("ADT-12", date(2024, 5, 7)),
        ("ADT-21", date(2024, 5, 10)),
        ("ADT-22", date(2024, 5, 7)),
        ("ADT-41", date(2024, 5, 12)),
        ("PPR-01", date(2024, 5, 1)),
        ("OMP-11", date(2024, 5, 7)),
        ("OML-11", date(2024, 5, 7)),
        ("OMG-01", date(2024, 5, 8)),
    ],
)
def test_the_date_is_where_the_types_table_says(kind: str, on: date):
    found = read(Wanted(kind, date="20240509"))
    assert isinstance(found, Read)
    assert found.items[0].effective_on == on


@pytest.mark.parametrize("written", ["00000000", "20240230", "", "sometime"])
def test_without_a_date_of_its_own_the_folders_holds(written: str):
    body = (f"ORC|NW|1|||||||{written}", *writing.BODIES["OMP-01"][1:])
    (drug,) = resources(Wanted("OMP-01", body=body))
    assert drug["authoredOn"] == "2024-05-07"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024", "2024"),
        ("202405", "2024-05"),
        ("20240507", "2024-05-07"),
        ("202405070830", "2024-05-07T08:30:00+09:00"),
        ("20240507083015.123", "2024-05-07T08:30:15+09:00"),
        ("20240507083015+0000", "2024-05-07T08:30:15+00:00"),
        ("2024050708", "2024-05-07"),
        ("202405072400", "2024-05-07"),
        ("20240230", None),
        ("20241301", None),
        ("00000000", None),
        ("", None),
    ],
)
def test_a_time_is_japanese_where_no_zone_is_said(written: str, meant: str | None):
    assert moment(written) == meant


def test_a_number_keeps_its_digits_and_its_unit():
    found = result("NM", "7.40", unit="mg/dL^mg/dL^99XYZ", flag="H")
    assert digits(found["valueQuantity"]) == "7.40"
    assert found["valueQuantity"]["unit"] == "mg/dL"
    assert found["effectiveDateTime"] == "2024-05-07T08:45:00+09:00"
    assert found["code"]["coding"][0]["system"] == codes.JLAC10
    assert found["interpretation"][0]["coding"][0]["code"] == "H"
    span = found["referenceRange"][0]
    assert (digits(span["low"]), digits(span["high"]), span["text"]) == ("13", "30", "13-30")


@pytest.mark.parametrize(
    ("kind", "value"),
    [("ST", "< 0.5"), ("ST", "<0.5"), ("SN", "<^0.5"), ("SN", "< 0.5"), ("NM", "＜0.5")],
)
def test_below_the_limit_is_a_comparator(kind: str, value: str):
    found = result(kind, value, unit="mg/dL")["valueQuantity"]
    assert (found["comparator"], digits(found), found["unit"]) == ("<", "0.5", "mg/dL")


@pytest.mark.parametrize(
    ("kind", "value", "element", "meant"),
    [
        ("ST", "陰性", "valueString", "陰性"),
        ("ST", "1+", "valueString", "1+"),
        ("NM", "溶血", "valueString", "溶血"),
        ("TX", "一行目~二行目", "valueString", "一行目\n二行目"),
        ("SN", "^1^:^128", "valueRatio", None),
        ("SN", "^3^-^5", "valueRange", None),
        ("CWE", "1^陰性^99XYZ", "valueCodeableConcept", None),
        ("TS", "20240507", "valueDateTime", "2024-05-07"),
    ],
)
def test_any_other_value_is_kept_as_what_it_is(
    kind: str, value: str, element: str, meant: str | None
):
    found = result(kind, value)
    assert element in found
    assert meant is None or found[element] == meant


def test_a_result_that_is_not_there_says_so_and_a_wrong_one_is_left_out():
    assert "dataAbsentReason" in result("NM", "", status="X")
    body = (*writing.BODIES["OML-11"][:3], "OBX|1|NM|X^Y^JC10||1|||||" + "|W")
    assert read(Wanted("OML-11", body=body)) == Unreadable("empty")


def test_a_hidden_infection_is_delicate_by_its_code():
    body = (
        *writing.BODIES["OML-11"][:3],
        "OBX|1|ST|5F500000002306211^HIV-1抗体^JC10||陰性||||||F",
    )
    found = read(Wanted("OML-11", body=body))
    assert isinstance(found, Read)
    assert (found.items[0].classified.category, found.items[0].classified.sensitivity) == (
        "infection",
        1,
    )


def test_a_diagnosis_has_its_name_icd10_onset_and_end():
    body = (
        "PRB|AD|20240507|20054174^胃炎^MDCDX2|7|||20240501||20240601|K297^^I10^O^外来時^JHSD0004"
        "||||R^治癒^HL70241||20240430|慢性胃炎の疑い|1^主診断^JHSD0007",
        "PRB|DE|20240507|20059841^２型糖尿病^MDCDX2|8",
    )
    (found,) = resources(Wanted("PPR-01", body=body))
    assert found["code"]["text"] == "慢性胃炎の疑い"
    assert [each["code"] for each in found["code"]["coding"]] == ["20054174", "K297"]
    assert (found["onsetDateTime"], found["abatementDateTime"]) == ("2024-04-30", "2024-06-01")
    assert found["clinicalStatus"]["coding"][0]["code"] == "resolved"
    assert found["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert "主診断" in {each.get("text") for each in found["category"]}


def test_a_diagnosis_its_hospital_keeps_close_is_restricted():
    row = "PRB|AD|20240507|20054174^胃炎^MDCDX2|7" + "|" * 21 + "V^非常に限定^HL70177"
    found = read(Wanted("PPR-01", body=(row,)))
    assert isinstance(found, Read)
    assert found.items[0].classified.sensitivity == 1


def test_a_prescription_has_drug_use_days_and_amount():
    (found,) = resources(Wanted("OMP-01"))
    assert found["medicationCodeableConcept"]["coding"][0]["system"] == codes.HOT9
    (dose,) = found["dosageInstruction"]
    assert dose["text"] == "内服・経口・１日２回朝夕食後"
    assert dose["timing"]["code"]["coding"][0]["system"] == codes.USAGE
    supply = found["dispenseRequest"]
    assert (digits(supply["quantity"]), digits(supply["expectedSupplyDuration"])) == ("60", "30")
    cancelled = ("ORC|CA|1", *writing.BODIES["OMP-01"][1:])
    assert resources(Wanted("OMP-01", body=cancelled))[0]["status"] == "cancelled"


def test_a_drip_holds_what_is_mixed_in_it():
    (found,) = resources(Wanted("OMP-02"))
    (mixture,) = found["contained"]
    names = [each["itemCodeableConcept"]["text"] for each in mixture["ingredient"]]
    assert names == ["生理食塩液100mL", "セファゾリンNa注射用1g"]
    assert found["medicationReference"] == {"reference": "#mixture"}


def test_a_cancelled_admission_is_a_cancelled_encounter():
    (found,) = resources(Wanted("ADT-22", kind="ADT^A11^ADT_A09"))
    assert found["status"] == "cancelled"


def test_the_person_has_both_names_wherever_the_writer_put_the_mark():
    for tail in ("^^^^^L^I", "^^^^L^I", "^^^^^^L^I"):
        lines = writing.lines(NUMBER, Wanted("ADT-00"))
        pid = f"PID|0001||{NUMBER}||山本^花子{tail}~ヤマモト^ハナコ{tail[:-1]}P||19680503|F"
        body = "\r".join([lines[0], pid]).encode("iso2022_jp")
        name = path.parse(writing.path(Path("/"), NUMBER, Wanted("ADT-00")).name)
        assert name is not None
        found = reading.read(body, name, {}, "urn:n")
        assert isinstance(found, Read)
        marks = [each["extension"][0]["valueCode"] for each in found.items[0].resource["name"]]
        assert marks == ["IDE", "SYL"]


def test_a_deleted_persons_basic_data_are_withdrawn():
    found = read(Wanted("ADT-00", kind="ADT^A23^ADT_A21"))
    assert isinstance(found, Read)
    assert found.is_withdrawn


def test_every_sample_is_read_whole():
    files = [each for each in SAMPLES.rglob("*") if each.is_file()]
    assert len(files) == 21
    for file in files:
        name = path.parse(file.name)
        assert name is not None
        assert reading.misplaced(file.parent.parts, name) is None
        found = reading.read(file.read_bytes(), name, {"reference": "Patient/1"}, "urn:n")
        assert isinstance(found, Read), file
        assert found.items
        assert not found.left


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (r"A\F\B\S\C\R\D\E\E\T\F", r"A|B^C~D\E&F"),
        (r"一行\.br\二行", "一行\n二行"),
        (r"\X41\\X42\!", "AB!"),
        (r"\H\太字\N\です", "太字です"),
        (r"片方だけ\の印", r"片方だけ\の印"),
        (r"C:\temp\new", r"C:\temp\new"),
        ('""', ""),
    ],
)
def test_escapes_mean_what_they_say_and_a_lone_mark_is_a_character(written: str, said: str):
    assert er7.unescaped(written, er7.Delimiters()) == said


def test_a_header_may_choose_its_own_delimiters():
    message = er7.parse(["MSH#*~\\&#HIS", "PID#1##7*x"])
    assert message.segments[1].text(3) == "7"
    assert message.segments[1].text(3, 2) == "x"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("1454876436_-_ADT-00_999999999999999_20240103093710304_-_1", True),
        ("1454876436_20240101_OMD_000063467845410_20240101102928489_092_0", True),
        ("1454876436_20240101_OML-11_000063467845410_20240101102928_092_2", True),
        ("1454876436_20240101_OML-11_000063467845410_20240101102928489_092_3", False),
        ("1454876436_20240101_OML-11_000063467845410_20240101102928489_092", False),
        ("1454876436_2024011_OML-11_000063467845410_20240101102928489_092_1", False),
        ("1454876436_20240101_OML-11_000063467845410_20240101102928489_092_1.tmp", False),
        ("README.txt", False),
    ],
)
def test_a_name_is_of_the_grammar_or_it_is_none(name: str, is_one: bool):
    assert (path.parse(name) is not None) is is_one
