"""How a record stands after what the participant said of it: the page and the reads agree."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from api.consent.facts import Directive, Mark, Provision
from api.records.own.choices import Which, choices_of

NOW = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
RECORD, OTHER, CLINIC, PHARMACY, SATO = (UUID(int=n) for n in range(1, 6))
DAY = date(2026, 5, 1)
WHICH = Which(RECORD, "lab", CLINIC, DAY, 1)


def row(**fields: object) -> Provision:
    return Provision(1, "deny", "filter", **fields)  # type: ignore[arg-type]


def share(**fields: object) -> Provision:
    return Provision(1, "permit", "share", **fields)  # type: ignore[arg-type]


def test_nothing_said_leaves_the_record_as_it_came() -> None:
    found = choices_of(Directive(), WHICH, NOW)
    assert (found.level, found.set_level, found.is_kept_back, found.shares) == (1, None, False, ())


def test_the_participants_own_level_stands_for_the_one_it_came_with() -> None:
    marked = Directive(1, marks=(Mark(OTHER, 2), Mark(RECORD, 0)))
    found = choices_of(marked, WHICH, NOW)
    assert (found.level, found.set_level) == (0, 0)


@pytest.mark.parametrize(
    ("rule", "is_hidden", "is_with_visit"),
    [
        (row(record_ids=(OTHER, RECORD)), True, False),
        (row(record_ids=(OTHER,)), False, False),
        (row(source_facility_id=CLINIC, data_from=DAY, data_to=date(2026, 5, 2)), False, True),
        (row(source_facility_id=PHARMACY, data_from=DAY), False, False),
        (row(data_from=date(2026, 4, 30), data_to=DAY), False, False),
        (row(data_to=date(2026, 5, 2), category="lab"), False, True),
        (row(data_to=date(2026, 5, 2), category="condition"), False, False),
        (row(source_facility_id=CLINIC), False, False),  # no period: a switch of its own
        (row(record_ids=(RECORD,), profession="pharmacist"), False, False),
        (row(record_ids=(RECORD,), professional_id=SATO), False, False),
        (row(record_ids=(RECORD,), valid_to=NOW), False, False),
        (row(record_ids=(RECORD,), purposes=("HRESCH",)), False, False),
    ],
)
def test_hidden_is_hidden_from_everyone(
    rule: Provision, is_hidden: bool, is_with_visit: bool
) -> None:
    found = choices_of(Directive(1, (rule,)), WHICH, NOW)
    assert (found.is_hidden, bool(found.periods)) == (is_hidden, is_with_visit)
    assert found.is_kept_back == (is_hidden or is_with_visit)


@pytest.mark.parametrize(
    ("rule", "runs"),
    [
        (share(facility_id=CLINIC, record_ids=(RECORD,), valid_to=LATER), True),
        (share(facility_id=CLINIC, record_ids=(RECORD,), valid_to=NOW), False),
        (share(professional_id=SATO, record_ids=(OTHER,), valid_to=LATER), False),
        (share(professional_id=SATO, category="lab", valid_to=LATER), True),
        (share(professional_id=SATO, category="condition", valid_to=LATER), False),
    ],
)
def test_shares_are_those_that_still_run(rule: Provision, runs: bool) -> None:
    assert choices_of(Directive(1, (rule,)), WHICH, NOW).shares == ((rule,) if runs else ())
