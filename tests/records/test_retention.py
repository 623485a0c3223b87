"""What is past the time the network keeps its kind is withdrawn; all else stays."""

from collections.abc import Iterator
from datetime import date

import msgspec
import pytest

from api.core import clock
from api.core.actor import Actor
from api.directory import service as directory
from api.fhir.codes import INDICATION
from api.records.incoming import service as ingest
from api.records.retention import rules, service
from tests.records import shapes, stored
from tests.records.conftest import Person
from tests.records.test_ingest import untold

LTS = {"tag": [{"system": INDICATION, "code": "LTS"}]}


@pytest.mark.parametrize(
    ("category", "on", "marks", "is_past"),
    [
        ("lab", date(2025, 11, 28), (), True),
        ("lab", date(2025, 11, 29), (), False),
        ("lab", date(1999, 1, 1), ("LTS",), False),
        ("lab", date(1999, 1, 1), ("UNINFORMED",), True),
        ("condition", date(2021, 11, 28), (), True),
        ("document", date(1900, 1, 1), (), False),
    ],
)
def test_a_kind_is_kept_for_its_years(
    category: str, on: date, marks: tuple[str, ...], is_past: bool
):
    days = rules.kept_from({"lab": 1, "condition": 5}, date(2026, 11, 29))
    assert rules.is_past(category, on, frozenset(marks), days) is is_past


def test_of_a_leap_day_and_of_more_years_than_there_are():
    days = rules.kept_from({"lab": 1, "care": 9000}, date(2028, 2, 29))
    assert days == {"lab": date(2027, 2, 28), "care": date(1, 2, 28)}


@pytest.fixture
def one_year_of_labs(monkeypatch: pytest.MonkeyPatch, clinic: Actor) -> Iterator[None]:
    profile = directory.profile()
    kept = msgspec.structs.replace(profile.retention, categories={"lab": 1})
    strict = msgspec.structs.replace(profile, retention=kept)
    with monkeypatch.context() as patch:
        patch.setattr(directory, "profile", lambda: strict)
        yield


@pytest.mark.usefixtures("one_year_of_labs")
async def test_old_results_go_at_once_and_she_is_told_in_one_line(clinic: Actor, hanako: Person):
    old, new = "2020-01-01", clock.today_in_japan().isoformat()
    sent = [
        shapes.lab(effectiveDateTime=old, valueString="1"),
        shapes.lab(effectiveDateTime=old, valueString="2"),
        shapes.lab(effectiveDateTime=old, meta=LTS),
        untold(shapes.lab(effectiveDateTime=old, valueString="3")),
        shapes.lab(effectiveDateTime=new),
        shapes.condition(onsetDateTime=old),
    ]
    await ingest.store_resources(clinic, sent, name="test", subject=hanako.id)
    dry = await service.expire(is_dry_run=True)
    assert dry.records["lab"] >= 3
    assert all(row["is_current"] for row in await stored.records(hanako.id))
    await service.expire()
    rows = await stored.records(hanako.id)
    assert len(rows) == 6
    assert sum(row["is_current"] for row in rows) == 3
    event, arrived = await stored.log(hanako.id)
    assert (event.event, arrived.event) == ("records:record:expired", "records:record:stored")
    assert event.detail["resources"] == [{"type": "Observation", "category": "lab", "count": 2}]
    assert (await stored.undisclosed(hanako.id))[-1]["types"] == [
        {"type": "Observation", "category": "lab", "count": 1}
    ]
    await service.expire()
    assert len(await stored.log(hanako.id)) == 2


async def test_without_years_named_everything_is_kept(clinic: Actor, hanako: Person):
    await ingest.store_resources(
        clinic, [shapes.lab(effectiveDateTime="1990-01-01")], name="test", subject=hanako.id
    )
    assert (await service.expire()).participants == 0
    assert (await stored.records(hanako.id))[0]["is_current"]
