"""ヒブ by itself, for whoever began with it: how many by the age of the first, as published."""

import pytest

from api.phr.immunization.plans import Status
from tests.phr.immunization.planned import every, numbers, plan, span, usual

BORN = "2022-05-15"


@pytest.mark.parametrize(
    ("written", "today", "said", "standard"),
    [
        # Begun before seven months: three, 27 days between, and a booster seven months later.
        ("2022-07-15", "2022-07-15", "later 2 4 2022-08-12 2023-05-14", "2022-08-12 2022-09-10"),
        (
            "2022-07-15 2022-08-12",
            "2022-08-12",
            "later 3 4 2022-09-09 2023-05-14",
            "2022-09-09 2022-10-08",
        ),
        (
            "2022-07-15 2022-08-12 2022-09-09",
            "2022-09-09",
            "later 4 4 2023-04-09 2027-05-14",
            "2023-04-09 2023-10-09",
        ),
        ("2022-07-15 2022-08-12 2022-09-09 2023-04-09", "2023-05-01", "done 0 4  ", " "),
        # On the last day of seven months, and on the day after: one dose fewer.
        ("2022-12-14", "2022-12-14", "later 2 4 2023-01-11 2023-05-14", "2023-01-11 2023-02-09"),
        ("2022-12-15", "2022-12-15", "later 2 3 2023-01-12 2023-05-14", "2023-01-12 2023-02-10"),
        (
            "2022-12-15 2023-01-12",
            "2023-01-12",
            "later 3 3 2023-08-12 2027-05-14",
            "2023-08-12 2024-02-12",
        ),
        # Past twelve months the rest of the first doses is left out: the booster, 27 days after.
        ("2022-07-15", "2023-05-14", "open 2 4 2022-08-12 2023-05-14", "2022-08-12 2022-09-10"),
        ("2022-07-15", "2023-05-15", "open 2 2 2022-08-12 2027-05-14", " "),
        ("2022-07-15 2023-05-14", "2023-05-14", "later 3 3 2023-06-11 2027-05-14", " "),
        ("2022-07-15 2023-05-15", "2023-05-15", "done 0 2  ", " "),
        ("2023-05-14", "2023-05-14", "later 2 2 2023-06-11 2027-05-14", " "),
        # From twelve months: one.
        ("2023-05-15", "2023-05-15", "done 0 1  ", " "),
        # The booster until the day before five.
        (
            "2022-07-15 2022-08-12 2022-09-09",
            "2027-05-14",
            "open 4 4 2023-04-09 2027-05-14",
            "2023-04-09 2023-10-09",
        ),
        ("2022-07-15 2022-08-12 2022-09-09", "2027-05-15", "closed 0 0  ", " "),
    ],
)
def test_hib(written: str, today: str, said: str, standard: str) -> None:
    one = plan("hib", BORN, today, *(f"hib {on}" for on in written.split()))
    assert " ".join(map(str, span(one))) == said
    assert " ".join(usual(one)) == standard


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        # A doctor may find 20 days enough, so they count; they are never proposed.
        ("2022-07-15 2022-08-05 2022-08-26", [1, 2, 3]),
        ("2022-07-15 2022-08-04", [1, "too_soon"]),
        ("2022-07-15 2022-08-12 2022-09-09 2023-04-08", [1, 2, 3, "too_soon"]),
        # The booster after doses that were left out: the same, from the last of them.
        ("2022-07-15 2023-05-10 2023-05-31", [1, 2, 3]),
        ("2022-07-15 2023-05-10 2023-05-30", [1, 2, "too_soon"]),
        ("2022-07-13", ["too_young"]),
        ("2022-07-14", [1]),
        ("2023-06-01 2024-06-01", [1, "too_many"]),
        ("2027-05-14", [1]),
        ("2027-05-15", ["too_late"]),
    ],
)
def test_which_doses_of_hib_count(written: str, counted: list[int | str]) -> None:
    assert numbers(plan("hib", BORN, "2028-01-01", *(f"hib {on}" for on in written.split()))) == (
        counted
    )


def test_nobody_who_did_not_begin_with_it_is_shown_it() -> None:
    assert "hib" not in every(BORN, "2023-01-01", "dpt-ipv-hib 2022-08-01")
    assert "hib" not in every("2026-05-15", "2026-08-01")


def test_beside_five_in_one_it_is_for_a_doctor_to_say() -> None:
    """What is left of each then nobody reads from these; the number of five-in-one stays four."""
    both = every(BORN, "2023-05-01", "hib 2022-07-15", "dpt-ipv-hib 2022-09-15")
    assert {both["hib"].status, both["dpt-ipv-hib"].status} == {Status.OLDER}
    assert (numbers(both["hib"]), numbers(both["dpt-ipv-hib"])) == ([1], [1])
    alone = every(BORN, "2023-05-01", "hib 2022-07-15")
    assert alone["dpt-ipv-hib"].status is Status.OLDER
    late = plan("dpt-ipv-hib", BORN, "2026-11-30", "dpt-ipv-hib 2026-11-29")
    assert (late.counted, late.of) == (1, 4)


def test_beside_four_in_one_it_goes_on_by_its_own_rules() -> None:
    four = [f"dpt-ipv {on}" for on in ("2022-08-15", "2022-09-12", "2022-10-10", "2023-10-10")]
    found = every(BORN, "2026-11-30", *four, "hib 2022-07-15", "hib 2022-08-15", "hib 2022-09-12")
    assert found["dpt-ipv-hib"].status is Status.DONE
    assert span(found["hib"]) == ("open", 4, 4, "2023-04-12", "2027-05-14")
