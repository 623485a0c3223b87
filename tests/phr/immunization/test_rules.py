"""Every rule of the routine immunisation, branch by branch, as days on a calendar."""

import pytest

from api.phr.immunization.engine import is_had
from api.phr.immunization.plans import Status
from tests.phr.immunization.planned import day, every, numbers, plan, span, usual

BORN = "2026-05-15"


@pytest.mark.parametrize(
    ("born", "rows"),
    [
        (
            BORN,
            {
                "dpt-ipv-hib": "4 2026-07-14 2033-11-14 2026-07-14 2026-12-14",
                "hbv": "3 2026-05-15 2027-05-14 2026-07-14 2027-02-14",
                "rota": "0 2026-06-26 2026-08-27 2026-07-14 2026-08-27",
                "pcv": "4 2026-07-14 2031-05-14 2026-07-14 2026-12-14",
                "bcg": "1 2026-05-15 2027-05-14 2026-10-14 2027-01-14",
                "mr1": "1 2027-05-14 2028-05-14 2027-05-14 2028-05-14",
                "mr2": "1 2032-04-01 2033-03-31 2032-04-01 2033-03-31",
                "varicella": "2 2027-05-14 2029-05-14 2027-05-14 2027-08-14",
                "je1": "3 2026-11-14 2033-11-14 2029-05-14 2030-05-14",
                "je2": "1 2035-05-14 2039-05-14 2035-05-14 2036-05-14",
                "dt": "1 2037-05-14 2039-05-14 2037-05-14 2038-05-14",
                "hpv": "2 2038-04-01 2043-03-31 2039-04-01 2040-03-31",
            },
        ),
        (
            "2024-02-29",
            {
                "dpt-ipv-hib": "4 2024-04-28 2031-08-28 2024-04-28 2024-09-28",
                "hbv": "3 2024-02-29 2025-02-28 2024-04-28 2024-11-28",
                "rota": "0 2024-04-11 2024-06-12 2024-04-28 2024-06-12",
                "pcv": "4 2024-04-28 2029-02-28 2024-04-28 2024-09-28",
                "bcg": "1 2024-02-29 2025-02-28 2024-07-28 2024-10-28",
                "mr1": "1 2025-02-28 2026-02-28 2025-02-28 2026-02-28",
                "mr2": "1 2029-04-01 2030-03-31 2029-04-01 2030-03-31",
                "varicella": "2 2025-02-28 2027-02-28 2025-02-28 2025-05-28",
                "je1": "3 2024-08-28 2031-08-28 2027-02-28 2028-02-28",
                "je2": "1 2033-02-28 2037-02-28 2033-02-28 2034-02-28",
                "dt": "1 2035-02-28 2037-02-28 2035-02-28 2036-02-28",
                "hpv": "2 2035-04-01 2040-03-31 2036-04-01 2037-03-31",
            },
        ),
        (
            "2025-04-01",
            {
                "dpt-ipv-hib": "4 2025-05-31 2032-09-30 2025-05-31 2025-10-31",
                "hbv": "3 2025-04-01 2026-03-31 2025-05-31 2025-12-31",
                "rota": "0 2025-05-13 2025-07-14 2025-05-31 2025-07-14",
                "pcv": "4 2025-05-31 2030-03-31 2025-05-31 2025-10-31",
                "bcg": "1 2025-04-01 2026-03-31 2025-08-31 2025-11-30",
                "mr1": "1 2026-03-31 2027-03-31 2026-03-31 2027-03-31",
                "mr2": "1 2030-04-01 2031-03-31 2030-04-01 2031-03-31",
                "varicella": "2 2026-03-31 2028-03-31 2026-03-31 2026-06-30",
                "je1": "3 2025-09-30 2032-09-30 2028-03-31 2029-03-31",
                "je2": "1 2034-03-31 2038-03-31 2034-03-31 2035-03-31",
                "dt": "1 2036-03-31 2038-03-31 2036-03-31 2037-03-31",
                "hpv": "2 2036-04-01 2041-03-31 2037-04-01 2038-03-31",
            },
        ),
        (
            "2025-12-31",
            {
                "dpt-ipv-hib": "4 2026-02-28 2033-06-30 2026-02-28 2026-07-30",
                "hbv": "3 2025-12-31 2026-12-30 2026-02-28 2026-09-30",
                "rota": "0 2026-02-11 2026-04-14 2026-02-28 2026-04-14",
                "pcv": "4 2026-02-28 2030-12-30 2026-02-28 2026-07-30",
                "bcg": "1 2025-12-31 2026-12-30 2026-05-30 2026-08-30",
                "mr1": "1 2026-12-30 2027-12-30 2026-12-30 2027-12-30",
                "mr2": "1 2031-04-01 2032-03-31 2031-04-01 2032-03-31",
                "varicella": "2 2026-12-30 2028-12-30 2026-12-30 2027-03-30",
                "je1": "3 2026-06-30 2033-06-30 2028-12-30 2029-12-30",
                "je2": "1 2034-12-30 2038-12-30 2034-12-30 2035-12-30",
                "dt": "1 2036-12-30 2038-12-30 2036-12-30 2037-12-30",
                "hpv": "2 2037-04-01 2042-03-31 2038-04-01 2039-03-31",
            },
        ),
    ],
)
def test_a_newborn_has_everything_ahead(born: str, rows: dict[str, str]) -> None:
    found = every(born, born)
    said = {}
    for name, one in found.items():
        _, number, of, earliest, latest = span(one)
        assert number == 1
        said[name] = " ".join([str(of), earliest, latest, *usual(one)])
    assert said == rows


def test_born_on_2_april_goes_to_school_a_year_after_1_april() -> None:
    assert span(plan("mr2", "2025-04-02", "2026-01-01"))[3:] == ("2031-04-01", "2032-03-31")
    assert span(plan("hpv", "2025-04-02", "2026-01-01"))[3:] == ("2037-04-01", "2042-03-31")


FIVE = "dpt-ipv-hib"


@pytest.mark.parametrize(
    ("written", "today", "said", "standard"),
    [
        ("2026-07-15", "2026-07-15", "later 2 4 2026-08-05 2033-11-14", "2026-08-05 2026-09-10"),
        ("2026-07-15", "2026-08-05", "open 2 4 2026-08-05 2033-11-14", "2026-08-05 2026-09-10"),
        (
            "2026-07-15 2026-08-12",
            "2026-09-01",
            "later 3 4 2026-09-02 2033-11-14",
            "2026-09-02 2026-10-08",
        ),
        (
            "2026-07-15 2026-08-12 2026-09-09",
            "2026-09-10",
            "later 4 4 2027-03-09 2033-11-14",
            "2027-03-09 2028-03-09",
        ),
        ("2026-07-15 2026-08-12 2026-09-09 2027-03-09", "2027-04-01", "done 0 4  ", " "),
        ("", "2033-11-14", "open 1 4 2026-07-14 2033-11-14", "2026-07-14 2026-12-14"),
        ("", "2033-11-15", "closed 0 0  ", " "),
    ],
)
def test_five_in_one(written: str, today: str, said: str, standard: str) -> None:
    one = plan(FIVE, BORN, today, *(f"{FIVE} {on}" for on in written.split()))
    assert " ".join(map(str, span(one))) == said
    assert " ".join(usual(one)) == standard


def test_the_third_dose_in_a_month_that_has_no_such_day_leads_to_the_first_of_the_next() -> None:
    given = [f"{FIVE} {on}" for on in ("2026-07-15", "2026-08-05", "2026-08-31")]
    assert span(plan(FIVE, BORN, "2026-09-01", *given))[3] == "2027-03-01"


def test_a_dose_too_soon_does_not_count_and_keeps_the_next_at_its_distance() -> None:
    one = plan(FIVE, BORN, "2026-08-10", f"{FIVE} 2026-07-15", f"{FIVE} 2026-08-04")
    assert numbers(one) == [1, "too_soon"]
    assert one.is_doubtful
    assert span(one) == ("later", 2, 4, "2026-08-25", "2033-11-14")


def test_a_dose_on_the_first_day_allowed_counts_and_the_day_before_does_not() -> None:
    assert numbers(plan(FIVE, BORN, "2026-08-01", f"{FIVE} 2026-07-14")) == [1]
    early = plan(FIVE, BORN, "2026-08-01", f"{FIVE} 2026-07-13")
    assert numbers(early) == ["too_young"]
    assert early.is_doubtful


def test_a_dose_on_the_last_day_counts_and_the_day_after_does_not() -> None:
    assert numbers(plan("bcg", BORN, "2027-06-01", "bcg 2027-05-14")) == [1]
    late = plan("bcg", BORN, "2027-06-01", "bcg 2027-05-15")
    assert numbers(late) == ["too_late"]
    assert late.status is Status.CLOSED
    assert not late.is_doubtful


def test_one_dose_too_many_is_shown_and_not_counted() -> None:
    assert numbers(plan("bcg", BORN, "2027-01-01", "bcg 2026-10-20", "bcg 2026-11-20")) == [
        1,
        "too_many",
    ]


def test_what_began_with_the_vaccine_of_before_goes_on_as_the_doctor_says() -> None:
    one = plan(FIVE, "2023-12-01", "2024-05-01", "dpt-ipv 2024-02-01", "dpt-ipv 2024-03-01")
    assert span(one) == ("older", 0, 0, "", "")
    assert numbers(one) == [1, 2]
    mixed = plan(FIVE, "2023-12-01", "2024-07-01", "dpt-ipv 2024-02-01", f"{FIVE} 2024-06-01")
    assert mixed.status is Status.OLDER
    # Parts of it alone: what is still missing nobody reads from these.
    for part in ("dpt", "ipv"):
        alone = plan(FIVE, "2025-12-01", "2026-05-01", f"{part} 2026-02-01")
        assert (alone.status, numbers(alone)) == (Status.OLDER, ["older"])


FOUR = ("2022-03-01", "2022-04-01", "2022-05-01", "2023-05-01")


def test_four_doses_of_the_vaccine_of_before_are_all_there_are() -> None:
    before = [f"dpt-ipv {on}" for on in FOUR]
    one = plan(FIVE, "2021-12-01", "2026-11-30", *before)
    assert (one.status, numbers(one)) == (Status.DONE, [1, 2, 3, 4])
    ended = plan(FIVE, "2021-12-01", "2026-11-30", *before[:3], f"{FIVE} 2025-08-01")
    assert (ended.status, numbers(ended)) == (Status.DONE, [1, 2, 3, 4])
    # Beside them what was given apart, as a booster before school.
    also = plan(FIVE, "2020-12-01", "2026-11-30", *before, "dpt 2026-05-01")
    assert also.status is Status.DONE
    assert numbers(also) == [1, 2, 3, 4, "older"]


def test_nobody_is_sent_to_a_doctor_for_a_period_that_is_over() -> None:
    assert plan(FIVE, "2011-12-01", "2026-11-30", "dpt 2012-04-01").status is Status.CLOSED
    measles = plan("mr1", "2005-12-01", "2026-11-30", "measles 2007-02-01")
    assert measles.status is Status.CLOSED


@pytest.mark.parametrize(
    ("written", "today", "said", "standard"),
    [
        ("2026-07-15", "2026-07-15", "later 2 3 2026-08-12 2027-05-14", "2026-08-12 2027-02-14"),
        (
            "2026-07-15 2026-08-12",
            "2026-08-12",
            "later 3 3 2026-12-02 2027-05-14",
            "2026-12-02 2027-02-14",
        ),
        # The second came late: the third is of another day, and past the 139 days at once.
        (
            "2026-07-15 2026-12-20",
            "2026-12-21",
            "open 3 3 2026-12-21 2027-05-14",
            "2026-12-21 2027-02-14",
        ),
        ("2026-07-15 2026-08-12 2026-12-02", "2027-01-01", "done 0 3  ", " "),
        # Begun so late that the third cannot come before the first birthday.
        ("2027-01-15 2027-02-12", "2027-02-13", "closed 0 0  ", " "),
        ("2027-05-01", "2027-05-02", "closed 0 0  ", " "),
        ("", "2027-05-15", "closed 0 0  ", " "),
    ],
)
def test_hepatitis_b(written: str, today: str, said: str, standard: str) -> None:
    one = plan("hbv", BORN, today, *(f"hbv {on}" for on in written.split()))
    assert " ".join(map(str, span(one))) == said
    assert " ".join(usual(one)) == standard


def test_the_third_hepatitis_b_dose_a_day_sooner_than_139_between_does_not_count() -> None:
    given = ["hbv 2026-07-15", "hbv 2026-08-12"]
    assert numbers(plan("hbv", BORN, "2027-01-01", *given, "hbv 2026-12-01")) == [1, 2, "too_soon"]
    assert numbers(plan("hbv", BORN, "2027-01-01", *given, "hbv 2026-12-02")) == [1, 2, 3]


@pytest.mark.parametrize(
    ("written", "today", "said"),
    [
        ("", "2026-08-27", "open 1 0 2026-06-26 2026-08-27"),
        ("", "2026-08-28", "closed 0 0  "),
        ("rota1 2026-07-15", "2026-07-15", "later 2 2 2026-08-12 2026-10-30"),
        ("rota1 2026-07-15", "2026-10-30", "open 2 2 2026-08-12 2026-10-30"),
        ("rota1 2026-07-15", "2026-10-31", "closed 0 0  "),
        ("rota1 2026-07-15 rota1 2026-08-12", "2026-09-01", "done 0 2  "),
        ("rota5 2026-07-15", "2026-07-15", "later 2 3 2026-08-12 2026-12-25"),
        ("rota5 2026-07-15 rota5 2026-08-12", "2026-08-12", "later 3 3 2026-09-09 2026-12-25"),
        ("rota5 2026-07-15 rota5 2026-08-12 rota5 2026-09-09", "2026-09-10", "done 0 3  "),
        ("rota5 2026-07-15 rota5 2026-08-12", "2026-12-26", "closed 0 0  "),
        # A first one past 14 weeks and 6 days is not proposed, but counts where it was given.
        ("rota1 2026-09-01", "2026-09-02", "later 2 2 2026-09-29 2026-10-30"),
        ("rota1 2026-07-15 rota5 2026-08-12", "2026-09-01", "mixed 0 0  "),
    ],
)
def test_rota(written: str, today: str, said: str) -> None:
    words = written.split()
    given = [f"{words[i]} {words[i + 1]}" for i in range(0, len(words), 2)]
    assert " ".join(map(str, span(plan("rota", BORN, today, *given)))) == said


@pytest.mark.parametrize(
    ("written", "today", "said", "standard"),
    [
        # Begun before seven months: three and a booster.
        ("2026-07-15", "2026-07-15", "later 2 4 2026-08-12 2028-05-14", "2026-08-12 2027-05-14"),
        (
            "2026-07-15 2026-08-12 2026-09-09",
            "2026-09-09",
            "later 4 4 2027-05-14 2031-05-14",
            "2027-05-14 2027-08-14",
        ),
        (
            "2026-12-14 2027-01-11 2027-04-20",
            "2027-04-20",
            "later 4 4 2027-06-20 2031-05-14",
            "2027-06-20 2027-08-14",
        ),
        # The second after twelve months: no third, the booster 60 days later.
        (
            "2026-07-15 2027-05-15",
            "2027-05-15",
            "later 3 3 2027-07-15 2031-05-14",
            "2027-07-15 2027-08-14",
        ),
        # On the day before the first birthday it still is before.
        ("2026-07-15 2027-05-14", "2027-05-14", "later 3 4 2027-06-11 2028-05-14", " "),
        # Once the second can only come after twelve months, no third is counted.
        ("2026-07-15", "2027-05-14", "open 2 4 2026-08-12 2028-05-14", "2026-08-12 2027-05-14"),
        ("2026-07-15", "2027-05-15", "open 2 3 2026-08-12 2028-05-14", "2026-08-12 2027-05-14"),
        ("2026-07-15", "2028-05-14", "open 2 3 2026-08-12 2028-05-14", "2026-08-12 2027-05-14"),
        # Past two years neither second nor third: the booster.
        ("2026-07-15", "2028-05-15", "open 2 2 2027-05-14 2031-05-14", " "),
        ("2026-07-15 2026-08-12", "2028-05-15", "open 3 3 2027-05-14 2031-05-14", " "),
        # Begun from seven months to the first birthday: two and a booster.
        ("2026-12-15", "2026-12-15", "later 2 3 2027-01-12 2028-05-14", "2027-01-12 2027-06-14"),
        ("2026-12-15 2027-01-12", "2027-01-12", "later 3 3 2027-05-14 2031-05-14", " "),
        ("2026-12-15", "2028-05-15", "open 2 2 2027-05-14 2031-05-14", " "),
        # In the second year: two, 60 days between.
        ("2027-05-15", "2027-05-15", "later 2 2 2027-07-15 2031-05-14", " "),
        ("2027-05-15 2027-07-15", "2027-08-01", "done 0 2  ", " "),
        # From two years: one.
        ("", "2028-05-15", "open 1 1 2026-07-14 2031-05-14", " "),
        ("2028-05-15", "2028-06-01", "done 0 1  ", " "),
        ("", "2031-05-15", "closed 0 0  ", " "),
    ],
)
def test_pneumococcal(written: str, today: str, said: str, standard: str) -> None:
    one = plan("pcv", BORN, today, *(f"pcv {on}" for on in written.split()))
    assert " ".join(map(str, span(one))) == said
    if standard.strip():
        assert " ".join(usual(one)) == standard


@pytest.mark.parametrize(
    ("today", "of", "until"),
    [
        ("2026-06-01", 4, "2026-12-14"),
        ("2026-12-14", 4, "2026-12-14"),
        ("2026-12-15", 3, "2027-05-14"),
        ("2027-05-15", 2, "2028-05-14"),
        ("2028-05-15", 1, "None"),
    ],
)
def test_the_number_of_pneumococcal_doses_is_by_the_age_of_the_first(
    today: str, of: int, until: str
) -> None:
    one = plan("pcv", BORN, today)
    assert (one.of, str(one.course_until)) == (of, until)


@pytest.mark.parametrize(
    ("target", "written", "today", "said"),
    [
        ("mr1", "", "2027-05-13", "later 1 1 2027-05-14 2028-05-14"),
        ("mr1", "", "2027-05-14", "open 1 1 2027-05-14 2028-05-14"),
        ("mr1", "", "2028-05-15", "closed 0 0  "),
        ("mr1", "2027-05-14", "2027-06-01", "done 0 1  "),
        ("mr2", "2027-05-14", "2027-06-01", "later 1 1 2032-04-01 2033-03-31"),
        ("mr2", "2027-05-14", "2033-03-31", "open 1 1 2032-04-01 2033-03-31"),
        ("mr2", "2027-05-14", "2033-04-01", "closed 0 0  "),
        ("mr2", "2027-05-14 2032-06-01", "2032-07-01", "done 0 1  "),
        # Without the first the second stays what it is.
        ("mr1", "2032-06-01", "2032-07-01", "closed 0 0  "),
        ("mr2", "2032-06-01", "2032-07-01", "done 0 1  "),
    ],
)
def test_measles_and_rubella(target: str, written: str, today: str, said: str) -> None:
    one = plan(target, BORN, today, *(f"mr {on}" for on in written.split()))
    assert " ".join(map(str, span(one))) == said


@pytest.mark.parametrize(
    ("target", "born", "today", "said"),
    [
        # Two years old, or in the year before school, in fiscal year 2024: until March 2027.
        ("mr1", "2022-04-02", "2026-11-30", "open 1 1 2023-04-01 2027-03-31"),
        ("mr1", "2023-04-01", "2027-03-31", "open 1 1 2024-03-31 2027-03-31"),
        ("mr1", "2022-04-02", "2024-10-01", "later 1 1 2025-04-01 2027-03-31"),
        ("mr1", "2022-04-01", "2026-11-30", "closed 0 0  "),
        ("mr1", "2023-04-02", "2026-11-30", "closed 0 0  "),
        ("mr1", "2023-04-01", "2027-04-01", "closed 0 0  "),
        ("mr2", "2018-04-02", "2026-11-30", "open 1 1 2024-04-01 2027-03-31"),
        ("mr2", "2019-04-01", "2027-03-31", "open 1 1 2024-04-01 2027-03-31"),
        ("mr2", "2018-04-01", "2026-11-30", "closed 0 0  "),
        ("mr2", "2019-04-02", "2026-11-30", "closed 0 0  "),
    ],
)
def test_who_found_no_vaccine_against_measles_has_two_years_more(
    target: str, born: str, today: str, said: str
) -> None:
    one = plan(target, born, today)
    assert " ".join(map(str, span(one))) == said
    assert one.extended_by == ("mr_short" if one.next else "")


def test_a_dose_in_those_two_years_counts() -> None:
    assert numbers(plan("mr1", "2022-06-10", "2026-01-01", "mr 2025-05-01")) == [1]
    assert numbers(plan("mr1", "2022-06-10", "2026-01-01", "mr 2024-08-01")) == ["too_late"]
    assert numbers(plan("mr2", "2018-06-10", "2026-01-01", "mr 2025-05-01")) == [1]


def test_measles_and_rubella_before_one_year_or_between_the_phases_count_for_none() -> None:
    assert numbers(plan("mr1", BORN, "2027-06-01", "mr 2027-05-13")) == ["too_young"]
    assert numbers(plan("mr1", BORN, "2030-06-01", "mr 2030-01-10")) == ["too_late"]
    assert numbers(plan("mr2", BORN, "2034-06-01", "mr 2034-01-10")) == ["too_late"]


@pytest.mark.parametrize(
    ("written", "today", "said", "standard"),
    [
        ("2027-05-20", "2027-05-20", "later 2 2 2027-08-20 2029-05-14", "2027-11-20 2028-05-20"),
        ("2027-05-20 2027-08-20", "2027-09-01", "done 0 2  ", " "),
        ("2027-11-30", "2027-12-01", "later 2 2 2028-03-01 2029-05-14", "2028-05-30 2028-11-30"),
        ("2029-03-01", "2029-03-02", "closed 0 0  ", " "),
        ("", "2029-05-14", "open 1 2 2027-05-14 2029-05-14", "2027-05-14 2027-08-14"),
        ("", "2029-05-15", "closed 0 0  ", " "),
    ],
)
def test_chickenpox(written: str, today: str, said: str, standard: str) -> None:
    one = plan("varicella", BORN, today, *(f"varicella {on}" for on in written.split()))
    assert " ".join(map(str, span(one))) == said
    assert " ".join(usual(one)) == standard


def test_a_second_chickenpox_dose_before_three_months_does_not_count() -> None:
    given = ["varicella 2027-05-20", "varicella 2027-08-19"]
    assert numbers(plan("varicella", BORN, "2027-09-01", *given)) == [1, "too_soon"]


@pytest.mark.parametrize(
    ("target", "written", "today", "said", "standard"),
    [
        (
            "je1",
            "2029-06-01",
            "2029-06-01",
            "later 2 3 2029-06-08 2033-11-14",
            "2029-06-08 2029-06-30",
        ),
        (
            "je1",
            "2029-06-01 2029-06-15",
            "2029-06-15",
            "later 3 3 2029-12-15 2033-11-14",
            "2030-06-15 2031-05-14",
        ),
        ("je1", "2029-06-01 2029-06-15 2030-06-20", "2030-07-01", "done 0 3  ", " "),
        # Late: the usual year after is past the usual age, so no usual period is named.
        (
            "je1",
            "2032-01-10 2032-01-20",
            "2032-01-20",
            "later 3 3 2032-07-20 2033-11-14",
            " ",
        ),
        ("je1", "2029-06-01 2029-06-15", "2033-11-15", "closed 0 0  ", " "),
        (
            "je2",
            "2029-06-01 2029-06-15 2030-06-20",
            "2030-07-01",
            "later 1 1 2035-05-14 2039-05-14",
            "2035-05-14 2036-05-14",
        ),
        ("je2", "2029-06-01 2029-06-15 2030-06-20 2035-06-01", "2035-06-02", "done 0 1  ", " "),
        ("je2", "", "2039-05-15", "closed 0 0  ", " "),
        # Between the phases a dose is of neither.
        ("je1", "2034-06-01", "2034-06-02", "closed 0 0  ", " "),
        (
            "je2",
            "2034-06-01",
            "2034-06-02",
            "later 1 1 2035-05-14 2039-05-14",
            "2035-05-14 2036-05-14",
        ),
    ],
)
def test_japanese_encephalitis(
    target: str, written: str, today: str, said: str, standard: str
) -> None:
    one = plan(target, BORN, today, *(f"je {on}" for on in written.split()))
    assert " ".join(map(str, span(one))) == said
    assert " ".join(usual(one)) == standard


@pytest.mark.parametrize(
    ("born", "today", "written", "first", "second"),
    [
        # Born by 1 April 2007: until twenty, the first phase first.
        (
            "2007-04-01",
            "2026-11-30",
            "",
            "open 1 3 2007-09-30 2027-03-31",
            "open 1 1 2016-03-31 2027-03-31",
        ),
        (
            "2007-04-01",
            "2026-11-30",
            "2026-11-01 2026-11-08",
            "closed 0 0  ",
            "open 1 1 2016-03-31 2027-03-31",
        ),
        (
            "2007-01-15",
            "2026-11-30",
            "2011-05-01 2011-05-15 2012-05-20 2018-06-01",
            "done 0 3  ",
            "done 0 1  ",
        ),
        # What does not count takes no place: the second within a week is none of the three.
        (
            "2007-04-01",
            "2017-01-31",
            "2016-10-01 2016-10-03 2016-10-15 2017-01-10",
            "later 3 3 2017-07-10 2027-03-31",
            "open 1 1 2016-03-31 2027-03-31",
        ),
        ("2007-04-01", "2027-04-01", "", "closed 0 0  ", "closed 0 0  "),
        ("2007-04-02", "2026-11-30", "", "closed 0 0  ", "closed 0 0  "),
        ("1995-04-01", "2015-01-10", "", "closed 0 0  ", "closed 0 0  "),
        (
            "1995-04-02",
            "2015-01-10",
            "",
            "open 1 3 1995-10-01 2015-04-01",
            "open 1 1 2004-04-01 2015-04-01",
        ),
    ],
)
def test_those_who_missed_japanese_encephalitis_have_until_twenty(
    born: str, today: str, written: str, first: str, second: str
) -> None:
    found = every(born, today, *(f"je {on}" for on in written.split()))
    assert " ".join(map(str, span(found["je1"]))) == first
    assert " ".join(map(str, span(found["je2"]))) == second


def test_who_was_younger_then_ended_the_first_phase_at_the_ages_of_the_second() -> None:
    missed = ["je 2010-03-01", "je 2018-07-01", "je 2018-07-08", "je 2019-07-20"]
    found = every("2008-06-10", "2026-11-30", *missed)
    assert (numbers(found["je1"]), numbers(found["je2"])) == ([1, 2, 3], [1])
    # Between the two ages nothing counts, and whoever was born a day later had no such measure.
    assert numbers(plan("je1", "2008-06-10", "2026-11-30", "je 2016-07-01")) == ["too_late"]
    assert numbers(plan("je1", "2009-10-01", "2026-11-30", "je 2018-11-01")) == [1]
    assert numbers(plan("je2", "2009-10-02", "2026-11-30", "je 2018-11-01")) == [1]
    assert span(plan("je1", "2008-06-10", "2016-07-01", "je 2010-03-01"))[3] == "2017-06-09"


def test_who_had_begun_before_the_pause_ended_goes_on_after_six_days() -> None:
    assert numbers(
        plan("je1", "2006-12-01", "2026-11-30", "je 2010-03-01", "je 2012-05-01", "je 2012-05-08")
    ) == [1, 2, 3]
    assert numbers(
        plan("je1", "2006-12-01", "2026-11-30", "je 2011-06-01", "je 2012-05-01", "je 2012-05-08")
    ) == [1, 2, "too_soon"]


@pytest.mark.parametrize(
    ("today", "said"),
    [
        ("2037-05-13", "later 1 1 2037-05-14 2039-05-14"),
        ("2039-05-14", "open 1 1 2037-05-14 2039-05-14"),
        ("2039-05-15", "closed 0 0  "),
    ],
)
def test_diphtheria_and_tetanus(today: str, said: str) -> None:
    assert " ".join(map(str, span(plan("dt", BORN, today)))) == said


def test_diphtheria_and_tetanus_is_one_dose() -> None:
    assert plan("dt", BORN, "2037-07-01", "dt 2037-06-01").status is Status.DONE


@pytest.mark.parametrize(
    ("target", "born", "given", "had"),
    [
        # Second MR and BCG after their period: late, and had.
        ("mr2", "1998-05-01", ["mr 1999-06-01", "mr 2022-04-01"], True),
        ("bcg", BORN, ["bcg 2027-05-15"], True),
        ("mr2", "1998-05-01", [], False),
        # One of three, and two of them late: something was missed.
        ("hbv", BORN, ["hbv 2026-07-15"], False),
        ("hbv", BORN, ["hbv 2026-07-15", "hbv 2029-08-12"], False),
    ],
)
def test_what_was_given_late_was_not_missed(
    target: str, born: str, given: list[str], had: bool
) -> None:
    one = plan(target, born, "2030-01-01", *given)
    assert one.status is Status.CLOSED
    assert is_had(one, day("2030-01-01")) is had
