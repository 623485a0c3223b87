"""One pregnancy as it is shown, from nothing but its entries."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from api.phr.maternal import kinds
from api.phr.maternal.book import Book, Newborn, Written, book_of, notes_of
from api.phr.maternal.dates import Gestation

DUE = date(2026, 10, 8)
AT = datetime(2026, 6, 1, tzinfo=UTC)


def entry(kind: str, on: date = date(2026, 5, 28), at: int = 1, **values: str) -> Written:
    return Written(UUID(int=at), kind, 1, on, values, "self", AT)


def book(*entries: Written, **head: str) -> Book:
    found = book_of(entry("pregnancy", edd="2026-10-08", **head), entries)
    assert found is not None
    return found


BIRTH = entry("birth", date(2026, 10, 1), 9, babies="2")


@pytest.mark.parametrize(
    ("entries", "head", "state"),
    [
        ((), {}, "open"),
        ((BIRTH,), {}, "born"),
        ((), {"is_closed": "yes"}, "closed"),
        ((BIRTH,), {"is_closed": "yes"}, "closed"),
    ],
)
def test_a_birth_or_a_wish_closes_it(
    entries: tuple[Written, ...], head: dict[str, str], state: str
) -> None:
    assert book(*entries, **head).state == state


def test_without_a_day_to_count_from_there_is_no_book() -> None:
    assert book_of(entry("pregnancy", height="158"), []) is None


def test_visits_and_what_was_measured_tick_off_what_is_ahead() -> None:
    found = book(
        entry("pregnancy-visit", date(2026, 3, 1), 1, tests="hbs blood_group"),
        entry("pregnancy-ultrasound", date(2026, 3, 2), 2, bpd="20"),
        entry("pregnancy-blood", date(2026, 3, 3), 3, haemoglobin="12"),
        entry("pregnancy-blood", date(2026, 7, 20), 4, glucose_60="150"),
    )
    today = date(2026, 8, 1)
    assert [each.number for each in found.visits(today) if each.state == "done"] == [1]
    days = {(each.test, each.first): each.done_on for each in found.tests(today)}
    assert days["hbs", 0] == days["blood_group", 0] == (date(2026, 3, 1),)
    assert days["ultrasound", 0] == (date(2026, 3, 2),)
    assert days["blood_count", 0] == (date(2026, 3, 3),)
    assert days["blood_glucose", 24] == (date(2026, 7, 20),)
    assert days["blood_glucose", 0] == ()


def test_weights_are_of_their_weeks_and_the_advice_of_the_body_before() -> None:
    found = book(
        entry("pregnancy-visit", date(2026, 5, 28), 1, weight="56.5"),
        entry("pregnancy-visit", date(2026, 3, 26), 2, weight="53"),
        entry("pregnancy-visit", date(2026, 4, 26), 3, girth="80"),
        height="158.5",
        weight_before="52",
    )
    assert [(each.at, each.kilograms) for each in found.weights()] == [
        (Gestation(12, 0), Decimal(53)),
        (Gestation(21, 0), Decimal("56.5")),
    ]
    assert (known := found.advice()) is not None
    assert known == (Decimal("20.7"), ("usual", (10, 13)))
    assert book(height="158").advice() is None
    assert book().advice() is None
    assert book(height="158", weight_before="52", babies="2").advice() is None, "of one child alone"


def test_a_told_weight_goes_before_one_of_the_lengths() -> None:
    lengths = {"bpd": "80", "ac": "260", "fl": "59"}
    found = book(
        entry("pregnancy-ultrasound", date(2026, 8, 6), 1, **lengths),
        entry("pregnancy-ultrasound", date(2026, 7, 30), 2, **lengths, weight_told="1500"),
        entry("pregnancy-ultrasound", date(2026, 7, 1), 3, bpd="60"),
        entry("pregnancy-ultrasound", date(2026, 3, 1), 4, weight_told="60"),
    ).measured()
    assert [(each.at.weeks, each.grams, each.is_told) for each in found] == [
        (8, 60, True),
        (30, 1500, True),
        (31, 1744, False),
    ]
    assert found[0].placed is None
    assert found[1].placed is not None
    assert (found[1].placed.place, found[1].placed.curve.mean) == ("within", 1470)


def test_a_childs_book_begins_with_what_was_written_at_birth() -> None:
    one = entry(
        "newborn", BIRTH.on, 10, number="1", sex="female", weight="2450", length="47.5", head="32"
    )
    found = book(BIRTH, one)
    assert found.newborn(1) == Newborn(
        "female", date(2026, 10, 1), Decimal(2450), Decimal("47.5"), Decimal(32), 39, 0
    )
    assert found.newborn(2) is None
    assert found.missing() == [2]
    assert book(BIRTH, entry("newborn", BIRTH.on, 11, number="2")).newborn(2) == Newborn(
        "unknown", date(2026, 10, 1), None, None, None, 39, 0
    )
    assert book(one).newborn(1) is None
    assert book().missing() == []


def test_the_newest_stands_first_and_says_what_is_worth_knowing() -> None:
    found = book(
        entry("pregnancy-visit", date(2026, 3, 26), 2, systolic="118", diastolic="70"),
        entry("pregnancy-visit", date(2026, 5, 28), 1, systolic="142", diastolic="80"),
    )
    newest, oldest = found.of(kinds.VISIT.name)
    assert [each.name for each in notes_of(newest)] == ["pressure_high"]
    assert notes_of(oldest) == []
    assert found.at(newest.on) == Gestation(21, 0)
    assert found.begin_on == date(2026, 1, 1)
    assert found.id == found.head.entry_id
