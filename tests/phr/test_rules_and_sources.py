"""The page an auditor reads names what is there, and every edition in force."""

import re

import pytest

from api.phr.checkup import thresholds
from api.phr.child import checkups, growth, milestones
from api.phr.immunization import adults, editions
from api.phr.maternal import fetal_table, schedule, weight
from api.phr.vitals import guidance
from tests.checks.node import ROOT

PAGE = (ROOT / "docs" / "reference" / "rules-and-sources.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("| rule |", "|---"))
]


def test_every_rule_has_its_source_and_how_sure_it_is() -> None:
    assert len(ROWS) >= 45
    grades = ("National", "Several", "One", "**Unsure**", "–")
    for row in ROWS:
        assert len(row) == 6, row[0]
        assert all(row), row[0]
        assert row[3].startswith(grades), row[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_code_and_tests_that_a_rule_names_are_there(row: list[str]) -> None:
    files, tests = (re.findall(r"`([^`]+)`", cell) for cell in row[4:])
    assert files
    assert tests
    assert all((ROOT / each).is_file() for each in files)
    for each in tests:
        path, _, function = each.partition("::")
        assert f"def {function}(" in (ROOT / path).read_text("utf-8"), each


def test_every_edition_in_force_is_named() -> None:
    names = {
        *(each.name for each in editions.EDITIONS),
        *(each.name for each in adults.EDITIONS),
        *(each.edition for each in guidance.LINES),
        checkups.EDITION,
        str(growth.EDITION),
        str(milestones.EDITION),
        schedule.EDITION,
        schedule.RSV_EDITION,
        weight.EDITION,
        fetal_table.EDITION,
        thresholds.EDITION,
    }
    assert [each for each in sorted(names) if f"`{each}`" not in PAGE] == []
