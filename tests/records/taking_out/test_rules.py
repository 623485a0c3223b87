"""Where each kind of record stands in the booklet, and how far a taking out is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from api.records.mapping import CATEGORIES_OF_TYPE
from api.records.taking_out.rules import (
    CHAPTERS,
    File,
    Job,
    chapter_of,
    file_name,
    in_order,
)

NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)


def job(**fields: object) -> Job:
    usual = {
        "export_id": UUID(int=7),
        "state": "running",
        "requested_at": NOW,
        "stage": "",
        "done": 0,
        "total": 0,
        "files": (),
        "finished_at": None,
        "expires_at": None,
    }
    return Job(**(usual | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("category", "chapter"),
    [
        ("basic", "me"),
        ("maternal", "pregnancy"),
        ("child", "children"),
        ("immunization", "vaccinations"),
        ("checkup", "checkups"),
        ("dental", "checkups"),
        ("vitals", "measurements"),
        ("lab", "measurements"),
        ("prescription", "medicines"),
        ("allergy", "medicines"),
        ("directive", "wishes"),
        ("encounter", "care"),
        ("something_new", "care"),
    ],
)
def test_each_kind_has_its_chapter_and_what_nobody_named_one_too(
    category: str, chapter: str
) -> None:
    assert chapter_of(category) == chapter


def test_no_kind_stands_in_two_chapters() -> None:
    named = [category for chapter in CHAPTERS.values() for category in chapter]
    assert len(named) == len(set(named))


def test_every_kind_a_record_can_be_of_is_named_by_a_chapter() -> None:
    named = {category for chapter in CHAPTERS.values() for category in chapter}
    possible = {category for each in CATEGORIES_OF_TYPE.values() for category in each}
    assert possible <= named


def test_kinds_come_chapter_by_chapter_and_nothing_is_left_out() -> None:
    found = in_order({"directive": 1, "something_new": 2, "vitals": 3, "maternal": 4, "basic": 5})
    assert found == ["basic", "maternal", "vitals", "something_new", "directive"]


@pytest.mark.parametrize(
    ("state", "done", "total", "percent"),
    [
        ("waiting", 0, 0, 0),
        ("running", 0, 0, 0),
        ("running", 1, 3, 33),
        ("running", 3, 3, 99),
        ("done", 0, 0, 100),
        ("cancelled", 1, 2, 50),
    ],
)
def test_a_hundred_percent_is_only_what_can_be_fetched(
    state: str, done: int, total: int, percent: int
) -> None:
    assert job(state=state, done=done, total=total).percent == percent


def test_it_is_ready_for_seven_days_and_no_longer() -> None:
    ready = job(
        state="done",
        expires_at=NOW + timedelta(days=7),
        files=(File("pdf", "x", 1, 2),),
    )
    assert ready.is_ready(NOW + timedelta(days=7, seconds=-1))
    assert not ready.is_ready(NOW + timedelta(days=7))
    assert ready.file("pdf") == File("pdf", "x", 1, 2)
    assert ready.file("csv") is None


def test_names_of_files_name_nobody() -> None:
    assert file_name("fhir", "2026-06-01") == "tsunagu-my-record-2026-06-01.fhir.json"
    assert file_name("csv", "2026-06-01") == "tsunagu-my-record-2026-06-01.csv.zip"
