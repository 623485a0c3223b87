"""What may be written of a child, and how it reads to others."""

from datetime import date, time
from uuid import UUID

import msgspec
import pytest

from api.fhir.codes import LOINC
from api.phr.child import kinds
from api.phr.child.age import Gestation
from api.phr.entries.fields import OURS, read_day
from api.phr.entries.kinds import decoded, resource_of, values_of
from api.phr.entries.typed import read

BORN = date(2026, 5, 1)
TODAY = date(2026, 11, 1)
NOON = time(12)
HANAKO = UUID(int=1)
ENTRY = UUID(int=2)


def grown(on: str, *, gestation: Gestation | None = None, **fields: str):
    day = read_day(on) or BORN
    kind = kinds.grown_on(kinds.GROWTH, "female", BORN, gestation, day)
    return read(kind, {"on": on, **fields}, TODAY, NOON)


@pytest.mark.parametrize(
    ("on", "fields", "faults"),
    [
        ("2026-06-01", {"weight": "4.125"}, {}),
        ("2026-06-01", {"weight": "４．１kg", "height": "52 cm", "head": "36", "chest": "37"}, {}),
        ("2026-06-01", {}, {"weight": "error.own.empty"}),
        ("2026-06-01", {"weight": "-4"}, {"weight": "error.own.number"}),
        ("2026-06-01", {"weight": "412.5"}, {"weight": "error.own.bounds"}),
        ("2026-06-01", {"weight": "4.1234"}, {"weight": "error.own.decimals"}),
        ("2026-06-01", {"height": "5200"}, {"height": "error.own.bounds"}),
        ("2026-04-30", {"weight": "3"}, {"on": "error.own.early"}),
        ("2026-11-02", {"weight": "7"}, {"on": "error.own.future"}),
        ("2026-02-30", {"weight": "7"}, {"on": "error.own.day"}),
    ],
)
def test_what_cannot_be_is_told_by_field(on, fields, faults):
    assert grown(on, **fields).faults == faults


@pytest.mark.parametrize(
    ("on", "gestation", "fields", "odd"),
    [
        ("2026-11-01", None, {"weight": "7.5", "height": "66", "head": "42"}, set()),
        ("2026-11-01", None, {"weight": "15"}, {"weight"}),
        ("2026-11-01", None, {"weight": "3.1"}, {"weight"}),
        ("2026-11-01", None, {"height": "100"}, {"height"}),
        ("2026-06-01", None, {"weight": "1.8"}, {"weight"}),
        # Before the day a child was expected the survey says nothing: nothing is odd.
        ("2026-06-01", Gestation(30), {"weight": "1.8"}, set()),
        ("2026-11-01", Gestation(30), {"weight": "15"}, {"weight"}),
    ],
)
def test_what_is_far_from_every_child_of_that_age_is_asked_about(on, gestation, fields, odd):
    found = grown(on, gestation=gestation, **fields)
    assert (found.faults, set(found.odd)) == ({}, odd)
    assert bool(found.sure) == bool(odd)


@pytest.mark.parametrize(
    ("fields", "faults", "odd"),
    [
        ({"name": "ゆい", "sex": "female"}, {}, {}),
        ({"name": "ゆい", "sex": "female", "weeks": "39", "days": "2"}, {}, {}),
        ({"name": "ゆい"}, {"sex": "error.own.required"}, {}),
        ({"sex": "male"}, {"name": "error.own.required"}, {}),
        ({"name": "ゆい", "sex": "other"}, {"sex": "error.own.choice"}, {}),
        ({"name": "ゆい", "sex": "male", "days": "2"}, {"weeks": "error.child.weeks"}, {}),
        (
            {"name": "ゆい", "sex": "male", "weeks": "39", "days": "7"},
            {"days": "error.own.bounds"},
            {},
        ),
        (
            {"name": "ゆい", "sex": "male", "weeks": "24", "weight": "0.65"},
            {},
            {"weeks": "own.odd", "weight": "own.odd"},
        ),
    ],
)
def test_a_book_begins_with_who_it_is_of(fields, faults, odd):
    found = read(kinds.CHILD, {"on": "2026-05-01", **fields}, TODAY, NOON)
    assert (found.faults, found.odd) == (faults, odd)


def kept(kind, values):
    """As it comes back from the store."""
    return decoded(msgspec.json.encode(resource_of(kind, values, ENTRY, "book", HANAKO)))


def coded_in(resource):
    codings = [resource["code"]["coding"][0]]
    codings += [part["code"]["coding"][0] for part in resource.get("component", ())]
    return {each["system"] for each in codings}


@pytest.mark.parametrize("name", [*kinds.PAIRS, "book"])
def test_nobody_takes_a_childs_figures_for_the_keepers(name):
    pair = kinds.PAIRS.get(name, kinds.BOOK)
    values = {
        "on": "2026-05-01",
        **{each.name: filled(each) for each in pair.of_child.fields},
    }
    theirs = kept(pair.of_child, values)
    assert theirs["focus"]
    assert coded_in(theirs) == {OURS}
    own = kept(pair.own, values)
    assert "focus" not in own
    assert values_of(pair.of_child, theirs) == values
    for theirs_alone in ("name", "is_quiet"):
        values.pop(theirs_alone, None)
    assert values_of(pair.own, own) == values


def filled(field):
    match field.name:
        case "weight":
            return "3.215"
        case "days":
            return "2"
        case "name" | "note" | "place":
            return "ことば"
        case "weeks" | "height" | "head" | "chest":
            return "39"
        case "is_quiet":
            return "yes"
        case _:
            return field.options[-1].code


def test_in_the_childs_own_account_a_weight_is_a_weight_to_everybody():
    values = {"on": "2026-06-01", "weight": "4.1", "height": "52", "head": "36", "chest": "37"}
    own = kept(kinds.GROWN.own, values)
    codes = [part["code"]["coding"][0] for part in own["component"]]
    assert [(each["system"], each["code"]) for each in codes] == [
        (LOINC, "29463-7"),
        (LOINC, "8302-2"),
        (LOINC, "9843-4"),
        (OURS, "child-chest"),
    ]


def test_titles_say_nothing_of_what_was_typed_and_names_are_unique():
    names = [each.name for each in kinds.KINDS]
    assert len(set(names)) == len(names) == 8
    assert all(each.category == "child" for each in kinds.KINDS)
