"""What an insurance certificate says, typed with any keyboard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.enrolling.insurance import (
    Insurance,
    InsuranceFault,
    check_digit,
    parse_insurance,
    parse_insurer,
)

PAYLOADS = st.text("0123456789", min_size=7, max_size=7)


@pytest.mark.parametrize(
    ("typed", "insurer"),
    [
        ("33120015", "33120015"),
        ("３３１２００１５", "33120015"),
        ("33-12-001-5", "33120015"),
        ("138057", "00138057"),
    ],
    ids=["plain", "full_width", "hyphens", "six_digits"],
)
def test_an_insurer_is_read_as_people_type_it(typed: str, insurer: str):
    assert parse_insurer(typed) == insurer


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("33120016", InsuranceFault.INSURER_CHECK),
        ("3312001", InsuranceFault.INSURER_LENGTH),
        ("331200155", InsuranceFault.INSURER_LENGTH),
        ("", InsuranceFault.INSURER_LENGTH),
        ("abcdefgh", InsuranceFault.INSURER_LENGTH),
    ],
    ids=["check", "short", "long", "nothing", "letters"],
)
def test_what_is_no_insurer_says_why(typed: str, fault: InsuranceFault):
    assert parse_insurer(typed) is fault


@given(PAYLOADS, st.integers(0, 7), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(payload: str, at: int, by: int):
    whole = payload + check_digit(payload)
    wrong = whole[:at] + str((int(whole[at]) + by) % 10) + whole[at + 1 :]
    assert parse_insurer(whole) == whole
    assert parse_insurer(wrong) is InsuranceFault.INSURER_CHECK


def test_symbols_may_be_kana_or_characters_and_a_branch_gets_its_zero():
    read = parse_insurance("33120015", "岡・あ　１", "１２３", "1")
    assert read == Insurance("33120015", "岡・あ1", "123", "01")


def test_nothing_typed_is_no_insurance_and_half_of_it_is_a_fault():
    assert parse_insurance("", " ", "", "　") is None
    assert parse_insurance("33120015", "", "", "x") == {
        "insurance_number": InsuranceFault.NUMBER,
        "insurance_branch": InsuranceFault.BRANCH,
    }
