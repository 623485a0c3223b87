"""The published vectors: our core, the slow oracle and Cedar decide every one of them alike."""

import re

import pytest

from tests.consent import cedar
from tests.consent.oracle import oracle
from tests.consent.vectors.__main__ import files
from tests.consent.vectors.form import FOLDER, Vector, VectorFile, decided, read, written

PATHS = sorted(FOLDER.glob("*.json"))
FILES: dict[str, VectorFile] = {path.name: read(path) for path in PATHS}


def each(name: str) -> list[tuple[Vector, VectorFile]]:
    return [(vector, FILES[name]) for vector in FILES[name].vectors]


def test_they_are_many_and_each_is_named_once() -> None:
    names = [vector.given.name for file in FILES.values() for vector in file.vectors]
    assert len(names) >= 300
    for file in FILES.values():
        own = [vector.given.name for vector in file.vectors]
        assert len(set(own)) == len(own), file.title


def test_what_is_published_is_what_the_cases_say_now() -> None:
    made = files()
    assert sorted(made) == sorted(FILES)
    for name, file in made.items():
        assert (FOLDER / name).read_bytes() == written(file), name


@pytest.mark.parametrize("name", FILES)
def test_the_core_decides_every_vector_so(name: str) -> None:
    for vector, file in each(name):
        assert decided(vector.given, file.networks) == vector.decision, vector.given.name


@pytest.mark.parametrize("name", FILES)
def test_the_oracle_decides_every_vector_so(name: str) -> None:
    for vector, file in each(name):
        case = vector.given
        found = oracle(
            file.networks[case.network],
            case.participation,
            case.directive,
            case.request,
            case.record,
        )
        assert found == (vector.decision.outcome, vector.decision.step), case.name


@pytest.mark.parametrize("name", FILES)
def test_cedar_decides_every_vector_so(name: str) -> None:
    """The row we name is always among those Cedar was determined by."""
    for vector, file in each(name):
        said = vector.decision
        outcome, step, rows = cedar.decide(vector.given, file.networks[vector.given.network])
        assert (outcome, step) == (said.outcome, said.step), vector.given.name
        axis = said.filter if step == "filter" else said.recipient
        if rows and axis is not None and axis.provision is not None:
            assert axis.provision in rows, vector.given.name


def test_every_step_and_every_way_to_be_decided_is_among_them() -> None:
    steps = {vector.decision.step for file in FILES.values() for vector in file.vectors}
    source = (FOLDER.parents[2] / "api" / "consent" / "facts.py").read_text("utf-8")
    literal = re.search(r"^Step = Literal\[(.*?)\]", source, re.DOTALL | re.MULTILINE)
    assert literal
    # A running session is no part of the vectors: what it reaches is tried in tests/emergency.
    in_session = {"emergency_reach", "emergency"}
    assert steps | in_session == set(re.findall(r'"(\w+)"', literal.group(1)))
    ways = {
        (axis.by, axis.outcome)
        for file in FILES.values()
        for vector in file.vectors
        for axis in (vector.decision.recipient, vector.decision.filter)
        if axis
    }
    assert ways == {
        ("provision", "permit"),
        ("provision", "deny"),
        ("network_default", "permit"),
        ("network_default", "deny"),
        ("nothing_matches", "deny"),
        ("home_area", "permit"),
        ("awaits_notice", "deny"),
        ("asks_first", "deny"),
    }
