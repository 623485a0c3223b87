"""A file of the national checkup form becomes values, or says in one sentence why not."""

import base64
import io
import json
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core import i18n
from api.records.checkup_xml import archive, items, reading, resources
from api.records.checkup_xml.reading import Checkup, Unreadable, read
from api.records.mapping import SubjectRef, classify
from api.records.parse import encode
from tests.records import checkup_files
from tests.records.checkup_files import Examined, checkup

TODAY = date(2026, 11, 29)


def fault_of(body: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        read(body, TODAY)
    for locale in i18n.LOCALES:
        assert i18n.text(locale, refused.value.fault.key, **refused.value.fault.params)
    return refused.value.fault.reason


def as_fhir(found: Checkup, body: bytes) -> list[dict]:
    made = resources.resources_of(found, body, "Patient/1")
    return [json.loads(encode(each)) for each in made]


def test_a_checkup_is_read_with_its_person_its_day_and_every_finding() -> None:
    found = read(checkup(), TODAY)
    assert found.on == date(2026, 5, 12)
    assert found.person.name == "クマモト ハナコ"
    assert (found.person.insurer, found.person.number) == ("00430017", "１２３")
    assert (found.institution, found.institution_name) == ("4312345678", "くまもと健診センター")
    assert len(found.items) == len(checkup_files.USUAL)
    assert found.notes == ()


def test_findings_carry_jlac10_codes_units_and_answers_with_their_text() -> None:
    body = checkup()
    document, *found = as_fhir(read(body, TODAY), body)
    by_code = {each["code"]["coding"][0]["code"]: each for each in found}
    sugar = by_code[checkup_files.HBA1C]
    assert (
        sugar["code"]["coding"][0]["system"]
        == "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"
    )
    assert sugar["valueQuantity"] == {
        "value": 5.70,
        "unit": "%",
        "system": "http://unitsofmeasure.org",
        "code": "%",
    }
    assert sugar["interpretation"][0]["text"] == "高い"
    assert sugar["referenceRange"] == [
        {"high": {"value": 5.5, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}}
    ]
    assert by_code[checkup_files.METABOLIC]["valueCodeableConcept"]["text"] == "非該当"
    assert by_code[checkup_files.HISTORY]["valueString"] == "若いころに虫垂炎"
    assert by_code["2A020161001930149"]["dataAbsentReason"]["text"] == "実施していません"
    assert document["resourceType"] == "DocumentReference"
    kinds = {classify(each, SubjectRef("Patient/1")).category for each in (document, *found)}
    assert kinds == {"checkup"}


def test_digits_stay_as_they_were_written() -> None:
    body = checkup(entries=[checkup_files.quantity(checkup_files.HBA1C, "+05.70", "%")])
    made = resources.resources_of(read(body, TODAY), body, "Patient/1")
    assert '"valueQuantity":{"value":5.70,' in encode(made[1])


def test_the_whole_file_is_kept_in_the_document() -> None:
    body = checkup()
    (document, *_) = as_fhir(read(body, TODAY), body)
    assert base64.b64decode(document["content"][0]["attachment"]["data"]) == body


def test_what_is_not_on_the_list_is_kept_and_said() -> None:
    entries = [
        checkup_files.quantity("9Z999000000000001", "7", "cm"),
        checkup_files.quantity(checkup_files.WEIGHT, "54", "貫"),
        checkup_files.quantity(checkup_files.SYSTOLIC, "測定不能", "mm[Hg]"),
    ]
    body = checkup(entries=entries)
    found = read(body, TODAY)
    assert [each.reason for each in found.notes] == ["checkup_item", "checkup_unit"]
    _, unknown, heavy, unmeasured = as_fhir(found, body)
    assert unknown["code"]["text"] == "一覧にない項目"
    assert heavy["valueQuantity"] == {"value": 54, "unit": "貫"}
    assert unmeasured["valueString"] == "測定不能 mm[Hg]"


def test_a_syphilis_test_makes_itself_and_the_whole_file_restricted() -> None:
    entry = checkup_files.choice(checkup_files.SYPHILIS, "1.2.392.200119.6.2100", "2")
    body = checkup(entries=[*checkup_files.USUAL, entry])
    document, *found = as_fhir(read(body, TODAY), body)
    subject = SubjectRef("Patient/1")
    assert classify(document, subject).sensitivity == 1
    assert classify(found[-1], subject).sensitivity == 1
    assert classify(found[-1], subject).category == "infection"
    assert classify(found[0], subject).sensitivity == 0


def test_every_item_of_the_table_can_be_read_again() -> None:
    entries = [checkup_files.words(code, "あり") for code in items.NAMES]
    found = read(checkup(entries=entries), TODAY)
    assert {each.code for each in found.items} == set(items.NAMES)
    assert found.notes == ()


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><ClinicalDocument>&c;</ClinicalDocument>'
)
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><ClinicalDocument>&a;</ClinicalDocument>'
)
ELSEWHERE = '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><ClinicalDocument/>'

BROKEN = {
    "nothing": (b"", "checkup_broken"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "checkup_encoding"),
    "half a file": (checkup()[:-400], "checkup_broken"),
    "a second root": (checkup() + b"<more/>", "checkup_broken"),
    "another root": (b"<html/>", "checkup_root"),
    "a root without its namespace": (b"<ClinicalDocument/>", "checkup_root"),
    "billion laughs": (LAUGHS.encode(), "checkup_dtd"),
    "an external entity": (OUTSIDE.encode(), "checkup_dtd"),
    "an external document type": (ELSEWHERE.encode(), "checkup_dtd"),
    "too deep": (b"<a>" * 5000 + b"</a>" * 5000, "checkup_too_much"),
    "too many elements": (b"<a>" + b"<b/>" * 60_000 + b"</a>", "checkup_too_much"),
    "too large": (b" " * (reading.MAX_BYTES + 1), "too_large"),
    "Shift_JIS, said": (
        checkup(head='<?xml version="1.0" encoding="Shift_JIS"?>').decode().encode("cp932"),
        "checkup_encoding",
    ),
    "Shift_JIS, not said": (checkup().decode().encode("cp932"), "checkup_encoding"),
    "UTF-16": (checkup(head="").decode().encode("utf-16"), "checkup_encoding"),
    "a day that is not": (checkup(on="20260231"), "checkup_date"),
    "a day to come": (checkup(on="20270101"), "checkup_date"),
    "a day before birth": (checkup(on="19500101"), "checkup_date"),
    "no day": (checkup(on=""), "checkup_date"),
    "born in the time to come": (
        checkup(Examined(birth_on=date(2900, 1, 1))),
        "checkup_date",
    ),
    "nobody": (checkup(Examined(name="")), "checkup_no_person"),
    "no finding": (checkup(entries=[]), "checkup_empty"),
    "an Individual Number": (
        checkup(extra='<id extension="123456789018" root="1.2.392.200119.6.999"/>'),
        "checkup_my_number",
    ),
    "an Individual Number in a comment": (
        checkup(extra="<!-- 123456789018 -->"),
        "checkup_my_number",
    ),
    "an Individual Number for another program": (
        checkup(extra="<?note 123456789018?>"),
        "checkup_my_number",
    ),
    "an Individual Number in any attribute": (
        checkup(extra='<id nullFlavor="NI" displayable="1234-5678-9018"/>'),
        "checkup_my_number",
    ),
    "an Individual Number as a telephone": (
        checkup(extra='<telecom value="tel:123456789018"/>'),
        "checkup_my_number",
    ),
    "an Individual Number in words": (
        checkup(
            entries=[checkup_files.words(checkup_files.HISTORY, "番号１２３４-５６７８-９０１８")]
        ),
        "checkup_my_number",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_checkup_is_refused_in_words(name: str) -> None:
    body, reason = BROKEN[name]
    assert fault_of(body) == reason


def test_of_a_file_with_an_individual_number_nothing_may_be_kept() -> None:
    with pytest.raises(Unreadable) as refused:
        read(BROKEN["an Individual Number"][0], TODAY)
    assert not refused.value.may_keep


@given(st.binary(max_size=200), st.integers(0, 2500), st.integers(0, 200))
def test_a_file_changed_anywhere_is_read_or_refused_and_never_breaks_the_reader(
    noise: bytes, at: int, length: int
) -> None:
    body = checkup()
    changed = body[:at] + noise + body[at + length :]
    try:
        found = read(changed, TODAY)
    except Unreadable:
        return
    assert len(resources.resources_of(found, changed, "Patient/1")) == len(found.items) + 1


def test_the_national_archive_gives_its_checkups_and_names_what_lies_beside() -> None:
    body = checkup_files.archive({"h1.xml": checkup(), "readme.txt": b"x"})
    found = {
        name.split("/", 1)[1]: each if isinstance(each, bytes) else each.reason
        for name, each in archive.members(body)
    }
    assert found == {
        "ix08_V08.xml": "checkup_beside",
        "su08_V08.xml": "checkup_beside",
        "DATA/h1.xml": checkup(),
        "DATA/readme.txt": "checkup_beside",
    }


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        (None, ("checkup_beside", {})),
        (2, ("checkup_beside", {})),
        (3, ("checkup_index", {"counted": "3", "came": "2"})),
        (1, ("checkup_index", {"counted": "1", "came": "2"})),
    ],
)
def test_an_index_that_counts_other_checkups_than_came_says_so(
    counted: int | None, told: tuple[str, dict[str, str]]
) -> None:
    body = checkup_files.archive({"h1.xml": checkup(), "h2.xml": b"x", "a.txt": b"x"}, counted)
    found = dict(archive.members(body))
    index = next(each for name, each in found.items() if name.endswith("ix08_V08.xml"))
    assert not isinstance(index, bytes)
    assert (index.reason, index.params) == told
    assert len(found) == 5


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = checkup_files.archive({"h1.xml": b" " * (reading.MAX_BYTES * 4)})
    dense = checkup_files.archive({"h1.xml": b" " * (reading.MAX_BYTES - 1)})
    reasons = [
        [each.reason for name, each in archive.members(body) if name.endswith("h1.xml")]
        for body in (huge, dense)
    ]
    assert reasons == [["too_large"], ["checkup_too_much"]]
    lying = bytearray(checkup_files.archive({"h1.xml": b"\x00" * (reading.MAX_BYTES * 4)}))
    size = (reading.MAX_BYTES * 4).to_bytes(4, "little")
    while (at := lying.find(size)) >= 0:
        lying[at : at + 4] = (2000).to_bytes(4, "little")
    ((_, told),) = [pair for pair in archive.members(bytes(lying)) if pair[0].endswith("h1.xml")]
    assert not isinstance(told, bytes)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    many = checkup_files.archive({f"h{n}.xml": b"" for n in range(3)})
    assert [(name, each.reason) for name, each in archive.members(many)] == [
        ("", "checkup_too_much")
    ]


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_broken_archive_is_refused_in_words(cut: float) -> None:
    body = checkup_files.archive({"h1.xml": checkup()})
    ((name, told),) = archive.members(body[: int(len(body) * cut)])
    assert (name, told.reason) == ("", "checkup_archive")


def test_a_locked_archive_says_that_it_is_locked() -> None:
    written = io.BytesIO(checkup_files.archive({"h1.xml": checkup()}))
    with zipfile.ZipFile(written) as zipped:
        inside = next(each for each in zipped.infolist() if each.filename.endswith("h1.xml"))
    body = bytearray(written.getvalue())
    central = body.rfind(b"PK\x01\x02")
    body[central + 8] |= 1
    assert inside.filename.encode() in body[central:]
    told = dict(archive.members(bytes(body)))[inside.filename]
    assert not isinstance(told, bytes)
    assert told.reason == "checkup_locked"
