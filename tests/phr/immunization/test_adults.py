"""What municipalities offer by age, as they print it: every age and year, and the days between."""

from datetime import date

import pytest

from api.phr.immunization import adults, long_illness
from api.phr.immunization.plans import Dose
from tests.phr.immunization.planned import day, doses

TODAY = "2026-11-30"


def said(born: str, today: str = TODAY, *written: str, sex: str = "female") -> dict[str, str]:
    found = adults.offers(day(born), sex, doses(*written), day(today))
    return {each.name: f"{each.first} {each.last or ''} {each.had_on or ''}" for each in found}


# 定期接種対象年度早見表: who was how old on 31 March 2026, born between, and the fiscal year.
ZOSTER = [
    (65, "1960-04-02", "1961-04-01", 2025),
    (66, "1959-04-02", "1960-04-01", 2029),
    (67, "1958-04-02", "1959-04-01", 2028),
    (68, "1957-04-02", "1958-04-01", 2027),
    (69, "1956-04-02", "1957-04-01", 2026),
    (70, "1955-04-02", "1956-04-01", 2025),
    (85, "1940-04-02", "1941-04-01", 2025),
    (86, "1939-04-02", "1940-04-01", 2029),
    (87, "1938-04-02", "1939-04-01", 2028),
    (88, "1937-04-02", "1938-04-01", 2027),
    (89, "1936-04-02", "1937-04-01", 2026),
    (96, "1929-04-02", "1930-04-01", 2029),
    (99, "1926-04-02", "1927-04-01", 2026),
    (100, "1925-04-02", "1926-04-01", 2025),
    (101, "1924-04-02", "1925-04-01", 2025),
    (104, "1921-04-02", "1922-04-01", 2025),
]


@pytest.mark.parametrize(("age", "first", "last", "year"), ZOSTER)
def test_shingles_is_offered_once_in_five_years(age: int, first: str, last: str, year: int) -> None:
    for born in (first, last):
        assert said(born, "2025-04-01")["zoster"] == f"{year}-04-01 {year + 1}-03-31 ", age
        assert "zoster" not in said(born, f"{year + 1}-04-01"), age


@pytest.mark.parametrize(
    ("born", "today", "period"),
    [
        # 65 in each of the five years, and in none after it that is known.
        ("1961-04-02", TODAY, "2026-04-01 2027-03-31 "),
        ("1962-04-01", TODAY, "2026-04-01 2027-03-31 "),
        ("1962-04-02", TODAY, "2027-04-01 2028-03-31 "),
        ("1965-04-01", TODAY, "2029-04-01 2030-03-31 "),
        ("1965-04-02", TODAY, None),
        # The last day, and who was 65 in fiscal year 2025 and is 70 after the five.
        ("1961-04-02", "2027-03-31", "2026-04-01 2027-03-31 "),
        ("1961-04-02", "2027-04-01", None),
        ("1960-04-02", "2026-04-01", None),
        # Before the five years there was none.
        ("1960-04-01", "2024-12-01", "2029-04-01 2030-03-31 "),
        ("1960-04-02", "2024-12-01", "2025-04-01 2026-03-31 "),
        # Whoever was 101 and more had the first year alone.
        ("1925-04-01", "2026-03-31", "2025-04-01 2026-03-31 "),
        ("1925-04-01", "2026-04-01", None),
        ("1926-04-01", "2026-04-01", None),
    ],
)
def test_the_five_years_of_shingles(born: str, today: str, period: str | None) -> None:
    assert said(born, today).get("zoster") == period


@pytest.mark.parametrize(
    ("born", "today", "period"),
    [
        ("1961-05-15", "2026-05-13", "2026-05-14 2027-05-14 "),
        ("1961-05-15", "2027-05-14", "2026-05-14 2027-05-14 "),
        ("1961-05-15", "2027-05-15", None),
        ("1960-02-29", "2025-03-01", "2025-02-28 2026-02-28 "),
        ("1961-03-01", "2026-11-30", "2026-02-28 2027-02-28 "),
        ("1961-04-01", "2027-03-31", "2026-03-31 2027-03-31 "),
        # Nothing is said before sixty.
        ("1966-12-01", "2026-11-29", None),
        ("1966-12-01", "2026-11-30", "2031-11-30 2032-11-30 "),
    ],
)
def test_pneumococcal_is_offered_in_the_year_of_65(
    born: str, today: str, period: str | None
) -> None:
    assert said(born, today).get("pneumococcal") == period


def test_influenza_and_covid_are_offered_from_65_on_year_by_year() -> None:
    for name in ("influenza", "covid"):
        assert name not in said("1966-12-02")
        assert said("1966-12-01")[name] == "2031-11-30  "
        assert said("1961-12-01")[name] == "2026-11-30  "
        assert said("1920-01-01")[name] == "1984-12-31  "
    # The dose of this fiscal year is this year's, that of the one before is not.
    had = ("influenza 2026-04-01", "covid 2026-03-31")
    found = said("1940-04-09", TODAY, *had)
    assert (found["influenza"], found["covid"]) == ("2005-04-08  2026-04-01", "2005-04-08  ")


def test_what_was_had_is_said_with_its_latest_day() -> None:
    found = said("1961-05-15", TODAY, "pneumococcal 2026-06-01", "zoster 2026-05-01",
                 "zoster 2026-08-01")  # fmt: skip
    assert found["pneumococcal"].endswith("2026-06-01")
    assert found["zoster"].endswith("2026-08-01")


@pytest.mark.parametrize(
    ("born", "sex", "today", "is_offered"),
    [
        ("1962-04-02", "male", TODAY, True),
        ("1962-04-01", "male", TODAY, False),
        ("1979-04-01", "male", "2027-03-31", True),
        ("1979-04-02", "male", TODAY, False),
        ("1979-04-01", "male", "2027-04-01", False),
        ("1970-01-01", "female", TODAY, False),
        ("1970-01-01", "unknown", TODAY, False),
    ],
)
def test_rubella_is_left_for_men_of_those_years_until_march_2027(
    born: str, sex: str, today: str, is_offered: bool
) -> None:
    found = said(born, today, sex=sex)
    assert ("rubella5" in found) is is_offered
    if is_offered:
        assert found["rubella5"] == "2025-04-01 2027-03-31 "
        assert said(born, today, "mr 2025-05-01", sex=sex)["rubella5"].endswith("2025-05-01")


def test_what_children_have_a_grown_person_had_as_their_own() -> None:
    born, pcv = date(1961, 5, 15), Dose("pcv", date(2026, 6, 1), "1")
    assert adults.of_age(pcv, born) == Dose("pneumococcal", date(2026, 6, 1), "1")
    assert adults.of_age(Dose("mr", pcv.on), born).vaccine == "mr"
    assert adults.of_age(pcv._replace(on=date(1981, 5, 14)), born).vaccine == "pcv"
    assert adults.of_age(pcv._replace(on=date(1981, 5, 15)), born).vaccine == "pneumococcal"


def test_after_a_long_illness_there_are_two_years_and_for_some_an_age() -> None:
    """15歳, 10歳, 6歳, 4歳に達するまで: the day before that birthday is the last."""
    found = long_illness.last_days(date(2024, 2, 29), date(2026, 11, 30))
    assert [(each.name, each.years, str(each.on)) for each in found] == [
        ("dpt-ipv-hib", 15, "2039-02-28"),
        ("hib", 10, "2034-02-28"),
        ("pcv", 6, "2030-02-28"),
        ("bcg", 4, "2028-02-28"),
    ]
    assert (long_illness.YEARS, long_illness.YEARS_OF_OLDER) == (2, 1)
    on_last = long_illness.last_days(date(2020, 4, 1), date(2026, 3, 31))
    assert [each.name for each in on_last] == ["dpt-ipv-hib", "hib", "pcv"]
    after = long_illness.last_days(date(2020, 4, 1), date(2026, 4, 1))
    assert [each.name for each in after] == ["dpt-ipv-hib", "hib"]
