"""Files of measurements as people have them: what each line becomes."""

from datetime import date, time

import pytest

from api.phr.vitals import lines
from api.phr.vitals.columns import Column
from api.phr.vitals.table import MAX_BYTES, MAX_LINES, NoTable

TODAY, NOW = date(2026, 5, 20), time(12, 0)
JAPANESE = "測定日,時刻,最高血圧(mmHg),最低血圧(mmHg),脈拍(bpm)\n2026/5/1,7:05,132,84,66\n"


def table(body: str | bytes) -> lines.Table:
    return lines.read_table(body.encode() if isinstance(body, str) else body, TODAY, NOW)


def entries(found: lines.Table) -> list[tuple[str, dict[str, str]]]:
    return [(draft.kind.name, draft.values) for line in found.lines for draft in line.drafts]


def faults(found: lines.Table) -> list[tuple[int, str, str]]:
    return [(line.number, *fault[:2]) for line in found.lines for fault in line.faults]


PRESSURE = (
    "blood-pressure",
    {"on": "2026-05-01", "time": "07:05", "systolic": "132", "diastolic": "84", "pulse": "66"},
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(JAPANESE.encode(), id="utf-8"),
        pytest.param(JAPANESE.encode("utf-8-sig"), id="utf-8 with its mark"),
        pytest.param(JAPANESE.encode("cp932"), id="Shift_JIS"),
        pytest.param(JAPANESE.replace(",", "\t").encode("cp932"), id="tabs"),
        pytest.param(JAPANESE.replace(",", "\t").encode("utf-16"), id="UTF-16, as Excel writes"),
        pytest.param(JAPANESE.replace(",", ";").encode(), id="semicolons"),
        pytest.param(JAPANESE.replace("\n", "\r\n").encode(), id="lines of Windows"),
        pytest.param(JAPANESE.replace("\n", "\n\n").encode(), id="empty lines"),
        pytest.param(JAPANESE.replace("132,84,66", "１３２,８４,６６").encode(), id="full width"),
        pytest.param(JAPANESE.replace("132,84", '"132mmHg","84"').encode(), id="quotes and units"),
        pytest.param(JAPANESE.replace("2026/5/1", "令和8年5月1日").encode(), id="era"),
        pytest.param(("血圧手帳\n山本花子さま\n" + JAPANESE).encode(), id="lines above"),
        pytest.param(
            b"Date,Time,SYS (mmHg),DIA (mmHg),Pulse (bpm)\n2026-05-01,07:05,132,84,66\n",
            id="English",
        ),
        pytest.param(
            b"measured_at,systolic,diastolic,heart_rate\n2026-04-30T22:05:00Z,132,84,66\n",
            id="ISO with an offset",
        ),
        pytest.param(
            "測定日時,収縮期血圧,拡張期血圧,心拍数\n2026年5月1日 午前7時5分,132,84,66".encode(),
            id="no line end",
        ),
    ],
)
def test_one_measurement_in_every_hand(body: bytes) -> None:
    found = table(body)
    assert entries(found) == [PRESSURE]
    assert faults(found) == []


def test_columns_say_what_they_are_taken_for() -> None:
    found = table(
        "日付,体重(kg),体重(lb),血糖値(mmol/L),メモ,体重,体温（℃）\n"
        "2026/5/1,62.5,138,5.4,散歩,62.6,36.4\n"
    )
    assert list(found.columns) == [
        Column("日付", "on"),
        Column("体重(kg)", "weight"),
        Column("体重(lb)", "", "unit"),
        Column("血糖値(mmol/L)", "", "unit"),
        Column("メモ", "", "unknown"),
        Column("体重", "", "twice"),
        Column("体温（℃）", "temperature"),
    ]
    assert entries(found) == [
        ("weight", {"on": "2026-05-01", "weight": "62.5"}),
        ("temperature", {"on": "2026-05-01", "temperature": "36.4"}),
    ]


def test_each_reading_of_glucose_is_its_own_and_hba1c_and_steps_are_of_the_day() -> None:
    found = table(
        "日付,時刻,空腹時血糖(mg/dL),食後血糖,血糖値,HbA1c(%),歩数,SpO2\n"
        '2026/5/1,7:00,101,148,120,6.4,"8,214",97\n'
    )
    when = {"on": "2026-05-01", "time": "07:00"}
    assert entries(found) == [
        ("hba1c", {"on": "2026-05-01", "hba1c": "6.4"}),
        ("steps", {"on": "2026-05-01", "steps": "8214"}),
        ("oxygen", {**when, "oxygen": "97"}),
        ("glucose", {**when, "glucose": "120"}),
        ("glucose", {**when, "glucose": "101", "meal": "fasting"}),
        ("glucose", {**when, "glucose": "148", "meal": "after"}),
    ]


def test_faults_stand_by_their_line_and_the_others_are_read() -> None:
    found = table(
        "日付,時刻,最高血圧,最低血圧,脈拍,空腹時血糖\n"
        "2026/5/1,7:00,132,84,66,\n"
        "5/2/2026,7:00,132,84,66,\n"
        "2026/5/3,25:00,132,84,66,\n"
        "2026/5/4,7:00,84,132,66,\n"
        "2026/5/5,7:00,132,,66,\n"
        "2026/5/6,7:00,1320,84,66,\n"
        "2026/5/21,7:00,132,84,66,\n"
        "2026/5/20,12:01,132,84,66,\n"
        "2026/5/7,7:00,--,－,,\n"
        "2026/5/8,7:00,百三十,84,66,-5\n"
    )
    assert faults(found) == [
        (3, "on", "vitals.import.fault.day"),
        (4, "time", "error.own.time"),
        (5, "systolic", "error.entry.pressure"),
        (6, "diastolic", "error.own.required"),
        (7, "systolic", "error.own.bounds"),
        (8, "on", "error.own.future"),
        (9, "time", "error.own.time_ahead"),
        (10, "on", "error.own.empty"),
        (11, "systolic", "error.own.number"),
        (11, "fasting", "error.own.number"),
    ]
    assert [line.number for line in found.lines if line.drafts] == [2]


def test_a_pulse_without_blood_pressure_is_its_own_entry() -> None:
    found = table("日付,最高血圧,最低血圧,脈拍\n2026/5/1,,,66\n")
    assert entries(found) == [("pulse", {"on": "2026-05-01", "pulse": "66"})]


def test_odd_values_are_marked_and_not_refused() -> None:
    ((draft,),) = [line.drafts for line in table("日付,体温\n2026/5/1,40.1\n").lines]
    assert draft.sure


def test_what_is_stored_already_or_stands_twice_is_recognised() -> None:
    found = table("日付,体重\n2026/5/1,62.50\n2026/5/1,62.5kg\n2026/5/2,62.5\n")
    held = {lines.mark_of("weight", {"on": "2026-05-02", "time": "", "weight": "62.5"})}
    marked = lines.with_held(found, held)
    assert [draft.is_held for line in marked.lines for draft in line.drafts] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"\n \n", "empty", id="blank"),
        pytest.param(b",,\n,,\n", "empty", id="cells of nothing"),
        pytest.param("日付,体重\n".encode(), "empty", id="headings alone"),
        pytest.param("体重,身長\n62,150\n".encode(), "headings", id="no day"),
        pytest.param("日付,身長\n2026/5/1,150\n".encode(), "headings", id="nothing known"),
        pytest.param(b"PK\x03\x04" + bytes(50), "kind", id="a workbook of Excel"),
        pytest.param(b"%PDF-1.7", "kind", id="PDF"),
        pytest.param(b"a,b\0c\n", "kind", id="no text"),
        pytest.param(b"\x81\xff\xfe\x80 ,", "encoding", id="no known encoding"),
        pytest.param('日付,体重\n2026/5/1,"62\n'.encode(), "broken", id="an open quote"),
        pytest.param(b"x" * (MAX_BYTES + 1), "large", id="too large"),
        pytest.param(
            ("日付,体重\n" + "2026/5/1,62\n" * (MAX_LINES + 1)).encode(), "lines", id="too long"
        ),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NoTable) as refused:
        table(body)
    assert refused.value.reason == reason


def test_ten_thousand_lines_are_read() -> None:
    found = table("日付,体重\n" + "2026/5/1,62\n" * MAX_LINES)
    assert len(found.lines) == MAX_LINES
