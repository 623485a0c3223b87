"""HPV with its courses and editions, distances between live vaccines, and rules that change."""

from datetime import date

import pytest

from api.core import i18n
from api.core.i18n import LOCALES
from api.phr.immunization import editions, engine
from api.phr.immunization.engine import Person, plans
from api.phr.immunization.plans import Status, Why
from api.phr.immunization.schedule import Course, Edition, Gap, Months, Step, Target, edition_on
from api.phr.immunization.vaccines import BY_CODE, OF_CVX, VACCINES
from tests.phr.immunization.planned import day, doses, every, numbers, plan, span, usual

GIRL = "2013-10-10"


@pytest.mark.parametrize(
    ("written", "today", "said", "standard"),
    [
        ("", "2026-04-01", "open 1 2 2025-04-01 2030-03-31", "2026-04-01 2027-03-31"),
        ("", "2028-10-09", "open 1 2 2025-04-01 2030-03-31", "2026-04-01 2027-03-31"),
        ("", "2028-10-10", "open 1 3 2025-04-01 2030-03-31", "2026-04-01 2027-03-31"),
        ("", "2030-03-31", "open 1 3 2025-04-01 2030-03-31", "2026-04-01 2027-03-31"),
        ("", "2030-04-01", "closed 0 0  ", " "),
        # Before fifteen: two, six months apart, at least five.
        (
            "hpv9 2026-05-01",
            "2026-05-02",
            "later 2 2 2026-10-01 2030-03-31",
            "2026-11-01 2026-11-01",
        ),
        ("hpv9 2026-05-01 hpv9 2026-10-01", "2026-10-02", "done 0 2  ", " "),
        # On the day before fifteen it is still before.
        (
            "hpv9 2028-10-09",
            "2028-10-10",
            "later 2 2 2029-03-09 2030-03-31",
            "2029-04-09 2029-04-09",
        ),
        # The second within five months: a third is needed, three months later.
        (
            "hpv9 2026-05-01 hpv9 2026-09-30",
            "2026-10-01",
            "later 3 3 2026-12-30 2030-03-31",
            " ",
        ),
        (
            "hpv9 2026-05-01 hpv9 2026-07-01",
            "2026-07-02",
            "later 3 3 2026-10-01 2030-03-31",
            "2026-11-01 2026-11-01",
        ),
        ("hpv9 2026-05-01 hpv9 2026-07-01 hpv9 2026-11-01", "2026-12-01", "done 0 3  ", " "),
        # From fifteen: three.
        (
            "hpv9 2028-10-10",
            "2028-10-11",
            "later 2 3 2028-11-10 2030-03-31",
            "2028-12-10 2028-12-10",
        ),
        (
            "hpv9 2028-10-10 hpv9 2028-12-10",
            "2028-12-11",
            "later 3 3 2029-03-10 2030-03-31",
            "2029-04-10 2029-04-10",
        ),
        # Begun with another one: three in all, the rest with nine strains.
        (
            "hpv2 2025-05-01",
            "2026-05-01",
            "open 2 3 2025-06-01 2030-03-31",
            "2025-07-01 2025-07-01",
        ),
        ("hpv4 2025-05-01 hpv9 2026-05-01", "2026-05-02", "later 3 3 2026-08-01 2030-03-31", " "),
        ("hpv4 2025-05-01 hpv2 2025-07-01", "2026-05-02", "mixed 0 0  ", " "),
        ("hpv9 2025-05-01 hpv4 2025-10-01", "2026-05-02", "mixed 0 0  ", " "),
    ],
)
def test_hpv(written: str, today: str, said: str, standard: str) -> None:
    words = written.split()
    given = [f"{words[i]} {words[i + 1]}" for i in range(0, len(words), 2)]
    one = plan("hpv", GIRL, today, *given)
    assert " ".join(map(str, span(one))) == said
    assert " ".join(usual(one)) == standard


def test_a_second_hpv_dose_within_a_month_counts_in_neither_course() -> None:
    one = plan("hpv", GIRL, "2026-06-01", "hpv9 2026-05-01", "hpv9 2026-05-31")
    assert numbers(one) == [1, "too_soon"]
    assert span(one) == ("later", 2, 2, "2026-10-31", "2030-03-31")


def test_the_routine_for_hpv_is_for_girls() -> None:
    boy = plan("hpv", GIRL, "2026-06-01", "hpv9 2026-05-01", sex="male")
    assert boy.status is Status.NOT_FOR
    assert [each.why for each in boy.given] == [Why.NOT_FOR]
    assert plan("hpv", GIRL, "2026-06-01", sex="unknown").status is Status.OPEN


def test_each_dose_is_judged_by_the_rules_of_its_day() -> None:
    """Until March 2026 the 2-valent vaccine had intervals of its own, two months and a half."""
    given = ["hpv2 2025-05-01", "hpv2 2025-06-01"]
    assert span(plan("hpv", GIRL, "2025-07-01", *given))[3] == "2025-10-01"
    slow = ["hpv2 2025-05-01", "hpv2 2025-09-01"]
    assert span(plan("hpv", GIRL, "2025-10-01", *slow))[3] == "2025-11-16"
    assert numbers(plan("hpv", GIRL, "2026-01-01", *slow, "hpv2 2025-11-15")) == [
        1,
        2,
        "too_soon",
    ]
    assert numbers(plan("hpv", GIRL, "2026-06-01", *slow, "hpv2 2025-11-16")) == [1, 2, 3]
    # From April 2026 three months are asked, of what comes then alone.
    assert span(plan("hpv", GIRL, "2026-04-01", *slow))[3] == "2025-12-01"


@pytest.mark.parametrize(
    ("born", "given", "counted"),
    [
        # Missed while it was not recommended: to March 2025, for whoever had begun a year more.
        ("1997-04-02", "2022-04-01 2022-06-01 2022-10-01", [1, 2, 3]),
        ("1997-04-01", "2022-04-01", ["too_late"]),
        ("1997-04-02", "2022-03-31", ["too_late"]),
        ("2008-04-01", "2025-03-31 2025-06-01 2026-03-31", [1, 2, 3]),
        ("2008-04-01", "2025-03-31 2025-06-01 2026-04-01", [1, 2, "too_late"]),
        ("2008-04-01", "2025-04-01", ["too_late"]),
        # 高1 in fiscal year 2024.
        ("2009-04-01", "2025-03-31 2025-06-01 2025-09-01", [1, 2, 3]),
        ("2009-04-01", "2025-04-01", ["too_late"]),
        ("2009-04-02", "2025-03-31 2026-04-01", [1, "too_late"]),
    ],
)
def test_who_missed_hpv_caught_up(born: str, given: str, counted: list[int | str]) -> None:
    one = plan("hpv", born, "2026-11-30", *(f"hpv9 {on}" for on in given.split()))
    assert numbers(one) == counted
    assert one.next is None


def test_while_catching_up_lasts_it_says_until_when() -> None:
    begun = plan("hpv", "2005-05-05", "2025-05-01", "hpv9 2025-01-10")
    assert (span(begun)[0], span(begun)[4]) == ("open", "2026-03-31")
    assert begun.extended_by == "hpv_missed"
    assert plan("hpv", "2005-05-05", "2025-05-01").status is Status.CLOSED
    assert plan("hpv", "2005-05-05", "2025-05-01", sex="male").status is Status.NOT_FOR


def test_every_longer_period_is_explained_in_both_languages() -> None:
    reasons = {
        each.why
        for edition in editions.EDITIONS
        for target in edition.targets
        for each in target.cohorts
    }
    assert reasons == {"mr_short", "je_missed", "hpv_missed"}
    assert all(i18n.has_text(at, f"vaccine.extended.{why}") for at in LOCALES for why in reasons)


def test_it_says_when_new_rules_change_what_is_next() -> None:
    before = plan("hpv", GIRL, "2026-03-01", "hpv2 2025-12-10", "hpv2 2026-02-01")
    assert before.changes_on == date(2026, 4, 1)
    assert plan("hpv", GIRL, "2026-03-01").changes_on is None
    assert plan("hpv", GIRL, "2026-04-01", "hpv2 2025-12-10").changes_on is None
    assert plan("bcg", "2026-01-01", "2026-03-01").changes_on is None


def test_it_says_when_a_vaccine_leaves_the_routine() -> None:
    last = editions.EDITIONS[-1]
    without = last._replace(
        name="later",
        valid_from=date(2027, 4, 1),
        targets=tuple(each for each in last.targets if each.name != "bcg"),
    )
    found = plans(
        Person(day("2026-11-01"), "male"), [], day("2026-11-30"), (*editions.EDITIONS, without)
    )
    changing = {each.target: each.changes_on for each in found}
    assert changing.pop("bcg") == date(2027, 4, 1)
    assert set(changing.values()) == {None}
    gone = plans(
        Person(day("2026-11-01"), "male"), [], day("2027-04-01"), (*editions.EDITIONS, without)
    )
    assert "bcg" not in {each.target for each in gone}


def test_the_edition_in_force_is_the_newest_begun() -> None:
    assert edition_on(editions.EDITIONS, date(2020, 1, 1)).name == "2024-04"
    assert edition_on(editions.EDITIONS, date(2026, 3, 31)).name == "2024-04"
    assert edition_on(editions.EDITIONS, date(2026, 4, 1)).name == "2026-04"


LIVE_BORN = "2025-05-15"


def test_live_vaccines_that_are_injected_keep_27_days_between() -> None:
    """The same day is allowed; the 28th day after is, and none between."""
    for other in ("mr", "mumps", "varicella"):
        target = "mr1" if other != "mr" else "varicella"
        one = plan(target, LIVE_BORN, "2026-05-21", f"{other} 2026-05-20")
        assert span(one)[3] == "2026-06-17"
    for on, why in (("2026-05-20", 1), ("2026-06-16", "live"), ("2026-06-17", 1)):
        one = plan("mr1", LIVE_BORN, "2026-07-01", "varicella 2026-05-20", f"mr {on}")
        assert numbers(one) == [why]


def test_vaccines_that_are_not_live_or_are_drunk_keep_no_distance() -> None:
    one = plan("mr1", LIVE_BORN, "2026-05-21", "pcv 2026-05-20", "je 2026-05-20")
    assert span(one)[3] == "2026-05-14"
    assert span(plan("bcg", BORN, "2026-07-16", "rota1 2026-07-15"))[3] == BORN


BORN = "2026-05-15"


def test_a_live_vaccine_too_near_may_leave_no_day_in_the_period() -> None:
    one = plan("mr1", LIVE_BORN, "2027-05-01", "varicella 2027-04-20")
    assert one.status is Status.CLOSED


def test_somebody_of_eighteen_has_nothing_ahead() -> None:
    born, birthday = "2008-07-15", "2026-07-15"
    for today in ("2026-07-14", birthday):
        assert {each.status for each in every(born, today).values()} == {Status.CLOSED}


def test_voluntary_and_former_vaccines_stand_beside_the_rules() -> None:
    given = doses("mumps 2027-06-01", "influenza 2027-11-01", "rsv 2026-08-01", "mr 2027-06-01")
    beside = engine.beside(given, day("2027-12-01"))
    assert [each.vaccine for each in beside] == ["mumps", "influenza", "rsv"]


def test_every_vaccine_of_a_rule_can_be_written_down() -> None:
    for edition in editions.EDITIONS:
        for target in edition.targets:
            assert target.products | target.older <= set(BY_CODE)
            for course in target.courses:
                assert course.products <= target.products
    assert len(BY_CODE) == len(VACCINES)
    assert OF_CVX["216"] == "pcv"
    assert {OF_CVX[each.cvx] for each in VACCINES if each.cvx} == set(BY_CODE) - {"another"}


def test_a_rule_of_tomorrow_changes_only_what_comes_then() -> None:
    """An edition with a longer interval: doses of before keep their number."""

    def edition(name: str, begins: date, gap: int) -> Edition:
        step = Step(Months(0), Months(24))
        steps = (step, step._replace(gap=Gap(days=gap)))
        bcg = frozenset({"bcg"})
        return Edition(name, begins, "", (Target("x", bcg, (Course(bcg, steps),)),))

    both = (edition("a", date(2020, 1, 1), 9), edition("b", date(2026, 6, 1), 99))
    who = Person(day("2026-01-01"), "male")
    (before,) = plans(who, doses("bcg 2026-05-01"), day("2026-05-02"), both)
    assert (span(before)[3], before.changes_on) == ("2026-05-11", date(2026, 6, 1))
    (done,) = plans(who, doses("bcg 2026-05-01", "bcg 2026-05-11"), day("2026-06-02"), both)
    assert done.status is Status.DONE
    (after,) = plans(who, doses("bcg 2026-05-01"), day("2026-06-02"), both)
    assert (span(after)[3], after.changes_on) == ("2026-08-09", None)
