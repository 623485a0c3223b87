"""A 個人番号 is recognised wherever people type one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.card import CardScheme, issue
from api.identity.my_number import contains_my_number, is_my_number


def test_the_known_example_passes() -> None:
    assert is_my_number("123456789018")
    assert is_my_number("１２３４－５６７８－９０１８")


@given(st.text("0123456789", min_size=11, max_size=11))
def test_one_check_digit_in_ten_fits(payload: str) -> None:
    assert sum(is_my_number(f"{payload}{last}") for last in range(10)) == 1


def test_remainders_of_nought_and_one_give_a_check_digit_of_nought() -> None:
    assert is_my_number("000000000000")  # remainder 0
    assert is_my_number("000000000060")  # 6 * 2 = 12, remainder 1


@pytest.mark.parametrize("text", ["12345678901", "1234567890180", "12345678901a", "", "٣" * 12])
def test_other_lengths_and_letters_are_none(text: str) -> None:
    assert not is_my_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "私の番号は123456789018です",
        "番号：１２３４ ５６７８ ９０１８。",
        "1234ー5678ー9018",
        "電話 096-000-0000、番号 1234-5678-9018",
        "第1 123456789018",
        "12345 6789018",
        "2026 1234 5678 90180 123456789018",
    ],
)
def test_a_number_inside_a_letter_is_found(text: str) -> None:
    assert contains_my_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "電話は 090-1234-5678 です",
        "123456789012",
        "1234 と 5678 と 9018",
        "11234567890187",
        "1234 5678 9018 3456",
        "3456 1234 5678 9018",
    ],
)
def test_phone_numbers_cards_and_loose_digits_are_left_alone(text: str) -> None:
    assert not contains_my_number(text)


@given(st.text("0123456789", min_size=14, max_size=14))
def test_no_card_number_is_ever_questioned(payload: str) -> None:
    card = issue(payload, CardScheme.MOD97)
    assert not contains_my_number(f"カード {card.grouped} です")
    assert not contains_my_number(card.digits)
