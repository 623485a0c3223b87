"""What municipalities offer by age, as they print it: every age and year, and the days between."""

from datetime import date, timedelta

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
        # 65 in each of the five years, and on the day after them.
        ("1961-04-02", TODAY, "2026-04-01 2027-03-31 "),
        ("1962-04-01", TODAY, "2026-04-01 2027-03-31 "),
        ("1962-04-02", TODAY, "2027-04-01 2028-03-31 "),
        ("1965-04-01", TODAY, "2029-04-01 2030-03-31 "),
        ("1965-04-02", TODAY, "2030-04-01 2031-04-01 "),
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
        # Born on 1 and 2 April: 65 on 31 March 2030 is of the five years, on 1 April is after them.
        ("1965-04-01", "2030-03-31", "2029-04-01 2030-03-31 "),
        ("1965-04-01", "2030-04-01", "2030-04-01 2031-03-31 "),
        ("1965-04-01", "2031-04-01", None),
        ("1965-04-02", "2030-03-31", "2030-04-01 2031-04-01 "),
        ("1965-04-02", "2031-04-01", "2030-04-01 2031-04-01 "),
        ("1965-04-02", "2031-04-02", None),
        # Who was of the last year and is still 65: to the day before 66; the oldest for one day.
        ("1964-09-10", "2030-04-01", "2030-04-01 2030-09-09 "),
        ("1964-04-02", "2030-04-01", "2030-04-01 2030-04-01 "),
        ("1964-04-02", "2030-04-02", None),
        ("1964-04-01", "2030-04-01", None),
        # Born on 31 March and 29 February.
        ("1966-03-31", TODAY, "2031-03-30 2032-03-30 "),
        ("1968-02-29", "2028-02-28", "2033-02-28 2034-02-28 "),
        ("1967-03-01", "2027-03-01", "2032-02-29 2033-02-28 "),
        # No multiple of five but 65.
        ("1960-04-02", "2030-04-01", None),
        ("1940-06-01", "2030-04-01", None),
        ("1930-06-01", "2030-04-01", None),
    ],
)
def test_from_april_2030_shingles_is_for_who_is_65_on_the_day(
    born: str, today: str, period: str | None
) -> None:
    assert said(born, today).get("zoster") == period
    found = {each.name: each for each in adults.offers(day(born), "female", [], day(today))}
    if period:
        assert found["zoster"].is_unsure is (period >= "2030-04-01")
    assert not any(each.is_unsure for name, each in found.items() if name != "zoster")


def lived(born: date, on: date) -> int:
    """Years reached at the end of that day, by the calendar alone: whoever is 65 tomorrow."""
    after = on + timedelta(days=1)
    return after.year - born.year - ((after.month, after.day) < (born.month, born.day))


def may(born: date, on: date) -> bool:
    """Is shingles offered on that day? Asked of the day by itself, as the orders have it."""
    if on < date(2025, 4, 1):
        return False
    year = on.year if on.month > 3 else on.year - 1
    if year > 2029:
        # Who reaches 66 in the course of this day is 65 until it is over.
        return lived(born, on) == 65 or (lived(born, on) == 66 and lived(born, on_before(on)) == 65)
    age = lived(born, date(year + 1, 3, 31))
    return age in {65, 70, 75, 80, 85, 90, 95, 100} or (year == 2025 and age >= 100)


def on_before(on: date) -> date:
    return on - timedelta(days=1)


EDGES = ((1, 1), (2, 28), (2, 29), (3, 1), (3, 30), (3, 31), (4, 1), (4, 2), (4, 3), (12, 31))


def test_every_birthday_as_a_slow_count_of_days_has_it() -> None:
    """Born 1920 to 1972 at each edge of a year; asked of each period's ends and of each month."""
    months = [date(year, month, 1) for year in range(2024, 2039) for month in range(1, 13)]
    for born in (
        date(year, month, of)
        for year in range(1920, 1973)
        for month, of in EDGES
        if (month, of) != (2, 29) or year % 4 == 0
    ):
        asked = set(months)
        for name, first, last, *_ in adults.offers(born, "female", [], date(2024, 1, 1)):
            if name == "zoster" and last:
                asked |= {on + timedelta(days=by) for on in (first, last) for by in (-1, 0, 1)}
        asked |= {date(2030, 4, 1) + timedelta(days=by) for by in (-1, 0, 1, 364, 365, 366)}
        for on in asked:
            if lived(born, on) < adults.SHOWN_FROM:
                continue
            found = {each.name: each for each in adults.offers(born, "female", [], on)}
            offer = found.get("zoster")
            is_open = offer is not None and offer.first <= on <= (offer.last or on)
            assert is_open is may(born, on), (born, on, offer)


def test_rules_that_editions_in_a_row_have_alike_are_one_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An edition that changes something else does not cut a period in two."""
    before = said("1966-06-15", "2031-06-30")["zoster"]
    later = adults.EDITIONS[-1]._replace(name="2032-04", valid_from=date(2032, 4, 1))
    monkeypatch.setattr(adults, "EDITIONS", (*adults.EDITIONS, later))
    assert said("1966-06-15", "2031-06-30")["zoster"] == before == "2031-06-14 2032-06-14 "
    assert adults.edition_on(date(2032, 4, 1)).name == "2032-04"


def test_each_day_has_its_edition() -> None:
    days = ("2020-01-01", "2026-03-31", "2026-04-01", "2030-03-31", "2030-04-01", "2050-01-01")
    assert [adults.edition_on(day(each)).name for each in days] == [
        "2025-04", "2025-04", "2026-04", "2026-04", "2030-04", "2030-04",
    ]  # fmt: skip


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
