"""The first day and the last of what the other tables pass by: cohorts, boosters, usual periods."""

import pytest

from api.phr.due.rules import Due, of_period
from tests.phr.immunization.planned import day, numbers, plan, span, usual

BORN = "2026-05-15"


@pytest.mark.parametrize(
    ("target", "written"),
    [
        ("dpt-ipv-hib", "dpt-ipv-hib: 2026-07-15 2026-08-12 2026-09-09"),
        ("pcv", "pcv: 2026-07-15 2026-08-12 2026-09-09"),
        ("pcv", "pcv: 2026-12-15 2027-01-12"),
        ("je1", "je: 2029-06-01 2029-06-15"),
        ("hib", "hib: 2026-07-15 2026-08-12 2026-09-09"),
    ],
)
def test_the_last_of_these_is_called_a_booster_and_none_before_it(
    target: str, written: str
) -> None:
    code, _, days = written.partition(": ")
    given = [f"{code} {on}" for on in days.split()]
    for count in range(1, len(given) + 1):
        one = plan(target, BORN, given[count - 1].split()[1], *given[:count])
        assert one.next is not None
        assert one.next.is_booster is (count == len(given))


def test_no_other_dose_is_called_a_booster() -> None:
    for target, given in (
        ("hbv", "hbv 2026-07-15"),
        ("varicella", "varicella 2027-06-01"),
        ("pcv", "pcv 2027-06-01"),
        ("mr2", "mr 2027-06-01"),
        ("rota", "rota1 2026-07-15"),
    ):
        one = plan(target, BORN, given.split()[1], given)
        assert one.next is not None
        assert not one.next.is_booster


def test_the_booster_against_japanese_encephalitis_is_usual_at_four() -> None:
    """Also where the first two came long before three."""
    one = plan("je1", BORN, "2027-07-01", "je 2027-06-01", "je 2027-06-15")
    assert span(one)[3] == "2027-12-15"
    assert usual(one) == ("2030-05-14", "2031-05-14")


@pytest.mark.parametrize(
    ("born", "written", "counted"),
    [
        # 日本脳炎特例, the younger: from the day before nine to the day before thirteen.
        ("2007-04-02", "2008-04-01 2016-04-01", [1, 2]),
        ("2007-04-02", "2008-04-01 2016-03-31", [1, "too_late"]),
        ("2007-04-02", "2008-04-01 2020-04-01", [1, 2]),
        ("2007-04-02", "2008-04-01 2020-04-02", [1]),
        # The older: from then on until the day before twenty.
        ("2007-04-01", "2008-04-01 2027-03-31", [1, 2]),
        ("2007-04-01", "2008-04-01 2027-04-01", [1]),
        # Begun by 31 March 2010 six days are enough for the third, a day later they are not.
        ("2007-06-01", "2010-03-31 2017-06-01 2017-06-08", [1, 2, 3]),
        ("2007-06-01", "2010-04-01 2017-06-01 2017-06-08", [1, 2, "too_soon"]),
    ],
)
def test_who_missed_japanese_encephalitis(
    born: str, written: str, counted: list[int | str]
) -> None:
    """What comes after both is late for the second phase."""
    one = plan("je1", born, "2027-05-01", *(f"je {on}" for on in written.split()))
    assert numbers(one) == counted


def test_a_dose_on_the_first_day_of_the_second_phase_is_of_it() -> None:
    assert numbers(plan("je2", BORN, "2035-06-01", "je 2035-05-14")) == [1]
    assert numbers(plan("je2", BORN, "2035-06-01", "je 2035-05-13")) == []
    assert numbers(plan("mr2", BORN, "2032-06-01", "mr 2032-04-01")) == [1]
    assert numbers(plan("mr1", BORN, "2032-06-01", "mr 2032-03-31")) == ["too_late"]


def test_a_dose_of_another_vaccine_than_the_one_begun_has_no_number() -> None:
    given = ("rota1 2026-07-15", "rota5 2026-08-12")
    assert numbers(plan("rota", BORN, "2026-09-01", *given)) == [1, "mixed"]


@pytest.mark.parametrize(
    ("born", "written", "counted"),
    [
        # The year more is for whoever had one from 1 April 2022 to 31 March 2025.
        ("1997-04-02", "2022-04-01 2026-03-31", [1, 2]),
        ("1997-04-01", "2022-04-01 2026-03-31", ["too_late", "too_late"]),
        ("1999-06-01", "2025-03-31 2026-03-31", [1, 2]),
        ("2005-06-01", "2022-03-31 2025-06-01", [1, "too_late"]),
        ("2005-06-01", "2022-03-31 2025-03-31 2025-07-01", [1, 2, 3]),
        ("1999-06-01", "2012-06-01 2025-06-01", [1, "too_late"]),
    ],
)
def test_whoever_had_begun_to_catch_up_had_a_year_more(
    born: str, written: str, counted: list[int | str]
) -> None:
    one = plan("hpv", born, "2026-11-30", *(f"hpv4 {on}" for on in written.split()))
    assert numbers(one) == counted


@pytest.mark.parametrize(("born", "year"), [("2013-04-01", 2024), ("2013-04-02", 2025)])
def test_hpv_goes_by_the_school_years_of_1_and_2_april(born: str, year: int) -> None:
    """小6 to 高1; 中1 is usual."""
    one = plan("hpv", born, "2024-04-01")
    assert span(one)[3:] == (f"{year}-04-01", f"{year + 5}-03-31")
    assert usual(one) == (f"{year + 1}-04-01", f"{year + 2}-03-31")


def test_of_several_live_vaccines_the_latest_counts() -> None:
    born, others = "2025-05-15", ("varicella 2026-05-20", "mumps 2026-06-10")
    assert span(plan("mr1", born, "2026-06-11", *others))[3] == "2026-07-08"
    assert numbers(plan("mr1", born, "2026-08-01", *others, "mr 2026-07-07")) == ["live"]
    assert numbers(plan("mr1", born, "2026-08-01", *others, "mr 2026-07-08")) == [1]
    # What is given after it keeps nothing from it.
    after = ("varicella 2026-07-20", "mumps 2026-06-10")
    assert numbers(plan("mr1", born, "2026-08-01", *after, "mr 2026-07-08")) == [1]


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("2026-06-30", [("2026-06-01", "opens"), ("2026-06-23", "ends")]),
        ("2026-06-09", [("2026-06-01", "opens"), ("2026-06-02", "ends")]),
        ("2026-06-08", [("2026-06-01", "opens")]),
        ("2026-06-01", [("2026-06-01", "opens")]),
    ],
)
def test_that_a_period_ends_is_told_a_week_before_unless_it_only_just_opened(
    last: str, told: list[tuple[str, str]]
) -> None:
    found = of_period(day("2026-06-01"), day(last))
    assert [(str(each.on), each.why) for each in found] == told


def test_a_period_without_an_end_is_told_as_it_opens() -> None:
    assert of_period(day("2026-06-01"), None) == [Due(day("2026-06-01"), "opens")]
