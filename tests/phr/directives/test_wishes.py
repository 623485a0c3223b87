"""Wishes, people and documents: pure, case by case."""

import base64
from datetime import date, time
from uuid import UUID

import msgspec
import pytest

from api.phr.directives import comparing, kinds, paper, people
from api.phr.directives.kinds import DOCUMENT, PEOPLE, STATEMENT
from api.phr.directives.people import Person
from api.phr.entries.kinds import Kind, decoded, resource_of, values_of
from api.phr.entries.typed import read
from api.records import mapping, parse
from api.records.mapping import SubjectRef
from api.records.own.plain import facts_of

TODAY = date(2026, 5, 12)
ENTRY = UUID("0198a000-0000-7000-8000-000000000001")
HANAKO = UUID("0198a000-0000-7000-8000-000000000002")
YUMI = Person("山本ゆみ", "長女", "090-1234-5678")
SATO = Person("佐藤先生", "かかりつけ医", "096-123-4567")
TARO = Person("太郎", "", "+81 96 765 4321")

PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 picture \xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR picture \x00\x00\x00\x00IEND\xaeB`\x82"

WISHES = {
    "on": "2026-05-01",
    "life": "not",
    "resuscitation": "ask",
    "ventilation": "unsure",
    "tube": "try",
    "place": "home",
    "organs": "heart",
    "organs_not": "眼球",
    "own_words": "痛みは取ってほしい。\n庭が見えるところにいたい。",
}
FULL = {
    "wish-statement": WISHES,
    "wish-people": {"on": "2026-05-01", **people.values_of([YUMI, SATO])},
    "wish-document": {"on": "2026-05-01", **paper.typed("尊厳死宣言", "2019-04-01", PDF)},
}


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_what_was_written_comes_back_word_for_word(kind: Kind) -> None:
    typed = read(kind, FULL[kind.name], TODAY, time(9))
    assert typed.faults == {}
    resource = resource_of(kind, typed.values, ENTRY, "", HANAKO)
    back = values_of(kind, decoded(msgspec.json.encode(resource)))
    assert back == {name: value for name, value in FULL[kind.name].items() if value}


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_it_is_a_directive_to_every_reader_and_dated_by_the_day_it_says(kind: Kind) -> None:
    typed = read(kind, FULL[kind.name], TODAY, time(9))
    made = resource_of(kind, typed.values, ENTRY, "", HANAKO)
    resource = parse.decode(msgspec.json.encode(made), max_bytes=1_000_000)
    found = mapping.classify(resource, SubjectRef(f"Patient/{HANAKO}"))
    assert (found.category, found.effective_on) == ("directive", date(2026, 5, 1))
    assert facts_of(resource)[0].value


def test_a_reader_sees_each_answer_under_what_was_asked() -> None:
    typed = read(STATEMENT, WISHES, TODAY, time(9))
    resource = resource_of(STATEMENT, typed.values, ENTRY, "", HANAKO)
    text = base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()
    for line in (
        "回復の見込みがないときの、命をのばすための治療: してほしくない",
        "心臓や呼吸が止まったときの、心臓マッサージなど: 家族などと相談して決めてほしい",
        "管や胃ろうからの栄養: 効果があるか、しばらく試してほしい",
        "最期をすごしたい場所: 自宅",
        "臓器提供: 心臓が停止した後にかぎり、提供する",
        "提供したくない臓器: 眼球",
        "庭が見えるところにいたい。",
    ):
        assert line in text
    narrative = resource["text"]["div"]
    assert "<b>最期をすごしたい場所</b><br/>自宅" in narrative
    assert "痛みは取ってほしい。<br/>庭が" in narrative


def test_no_markup_of_somebodys_words_comes_into_the_narrative() -> None:
    typed = read(STATEMENT, {**WISHES, "own_words": "<script>&"}, TODAY, time(9))
    resource = resource_of(STATEMENT, typed.values, ENTRY, "", HANAKO)
    assert "&lt;script&gt;&amp;" in resource["text"]["div"]
    assert "<script>" not in resource["text"]["div"]


def test_what_stands_unsealed_says_nothing_of_the_wish() -> None:
    typed = read(STATEMENT, WISHES, TODAY, time(9))
    resource = resource_of(STATEMENT, typed.values, ENTRY, "", HANAKO)
    assert resource["type"] == {
        "coding": [
            {"system": "http://loinc.org", "code": "75320-2", "display": "もしものときの希望"}
        ]
    }
    assert {kind.code.code for kind in kinds.KINDS} <= mapping.ADVANCE_DIRECTIVES


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({"life": "maybe"}, {"life": "error.own.choice"}),
        ({"organs": "no"}, {"organs_not": "error.wish.organs_not"}),
        ({"organs": ""}, {"organs_not": "error.wish.organs_not"}),
        ({"on": "2026-05-13"}, {"on": "error.own.future"}),
        ({"own_words": "あ" * 2001}, {"own_words": "error.own.too_long"}),
        ({"own_words": "123456789018"}, {"own_words": "error.entry.my_number"}),
        (dict.fromkeys([*WISHES][1:], ""), {"life": "error.own.empty"}),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    changed: dict[str, str], faults: dict[str, str]
) -> None:
    assert read(STATEMENT, {**WISHES, **changed}, TODAY, time(9)).faults == faults


def test_people_are_moved_put_and_taken_out_in_order() -> None:
    both = (YUMI, SATO)
    assert people.people_of(people.values_of(both)) == both
    assert people.moved(both, 1, "up") == (SATO, YUMI)
    assert people.moved(both, 0, "down") == (SATO, YUMI)
    assert people.moved(both, 0, "up") == both
    assert people.moved(both, 1, "down") == both
    assert people.moved(both, 7, "up") == both
    assert people.moved(both, -1, "down") == both
    assert people.put(both, None, TARO) == (YUMI, SATO, TARO)
    assert people.put(both, 0, TARO) == (TARO, SATO)
    assert people.without(both, 0) == (SATO,)
    assert people.people_of({}) == ()


def test_people_need_a_name_and_a_number_that_rings() -> None:
    assert people.faults_of(YUMI) == {}
    assert people.faults_of(Person("", "長女", "")) == {
        "name": "error.own.required",
        "telephone": "error.own.required",
    }
    assert people.faults_of(Person("ゆみ", "", "123")) == {"telephone": "error.notes.telephone"}
    typed = read(
        PEOPLE,
        {"on": "2026-05-01", **people.values_of([YUMI, Person("太郎", "", "1")])},
        TODAY,
        time(9),
    )
    assert typed.faults == {"p2_telephone": "error.notes.telephone"}


def test_a_reader_sees_the_people_in_the_order_to_call_them() -> None:
    typed = read(PEOPLE, {"on": "2026-05-01", **people.values_of([SATO, TARO])}, TODAY, time(9))
    resource = resource_of(PEOPLE, typed.values, ENTRY, "", HANAKO)
    text = base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()
    assert text.splitlines() == [
        "1番目: 佐藤先生　かかりつけ医　096-123-4567",
        "2番目: 太郎　+81 96 765 4321",
    ]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param(PDF, "", id="pdf"),
        pytest.param(b"\n junk " + PDF, "", id="pdf after some bytes"),
        pytest.param(JPEG, "", id="jpeg"),
        pytest.param(PNG, "", id="png"),
        pytest.param(b"", "error.wish.file.needed", id="empty"),
        pytest.param(PDF[:-10], "error.wish.file.broken", id="pdf cut"),
        pytest.param(JPEG[:-4], "error.wish.file.broken", id="jpeg cut"),
        pytest.param(PNG[:-10], "error.wish.file.broken", id="png cut"),
        pytest.param(b"\0\0\0\x18ftypheic....", "error.wish.file.picture", id="heic"),
        pytest.param(b"GIF89a....", "error.wish.file.picture", id="gif"),
        pytest.param(b"RIFF....WEBP", "error.wish.file.picture", id="webp"),
        pytest.param(b"PK\x03\x04 word", "error.wish.file.kind", id="word"),
        pytest.param(b"<html>%PDF</html>", "error.wish.file.kind", id="html"),
        pytest.param(b"MZ\x90\0 program", "error.wish.file.kind", id="program"),
        pytest.param(b"<svg/>", "error.wish.file.kind", id="svg"),
        pytest.param(
            PDF[:-6] + b" " * paper.MOST_BYTES + b"%%EOF\n", "error.wish.file.large", id="large"
        ),
    ],
)
def test_a_document_is_what_its_bytes_say(body: bytes, fault: str) -> None:
    assert paper.fault_of(body) == fault


def test_the_largest_document_there_may_be_is_taken() -> None:
    body = PDF[:-6] + b" " * (paper.MOST_BYTES - len(PDF)) + b"%%EOF\n"
    assert (len(body), paper.fault_of(body)) == (paper.MOST_BYTES, "")
    fields = paper.typed("書類", "2019-04-01", body)
    assert len(fields["content"]) == paper.MOST_BASE64
    assert read(DOCUMENT, {"on": "2026-05-01", **fields}, TODAY, time(9)).faults == {}


@pytest.mark.parametrize("body", [PDF, JPEG, PNG, PDF + b"\n", PDF + b"\n\n"])
def test_a_document_comes_back_byte_for_byte(body: bytes) -> None:
    fields = paper.typed("書類", "2019-04-01", body)
    assert paper.body_of(fields["content"]) == body
    assert paper.size_of(fields["content"]) == len(body)
    assert fields["media"] == paper.media_of(body)


def test_what_changed_is_told_in_the_order_of_the_questions() -> None:
    after = {**WISHES, "life": "ask", "organs_not": "", "tube": "try"}
    assert comparing.changes(WISHES, after, [*kinds.QUESTIONS, *kinds.WORDS]) == [
        ("life", "not", "ask"),
        ("organs_not", "眼球", ""),
    ]
    assert comparing.changes({}, {"life": "not"}, ["life", "tube"]) == [("life", "", "not")]
    assert comparing.changes(WISHES, WISHES, ["life"]) == []
