"""A card number is checked digit by digit and never shows itself."""

import copy
import json
import logging
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.card import (
    CARD_DIGITS,
    CardFault,
    CardNumber,
    CardScheme,
    check_digits,
    has_valid_check,
    issue,
)

STRONG = [CardScheme.VERHOEFF, CardScheme.DAMM, CardScheme.MOD97]
CHECKED = [*STRONG, CardScheme.LUHN]
HANAKO = issue("43010000000012", CardScheme.MOD97)


@st.composite
def cards(draw: st.DrawFn, schemes: list[CardScheme]) -> tuple[CardScheme, str]:
    scheme = draw(st.sampled_from(schemes))
    size = CARD_DIGITS - scheme.check_length
    payload = draw(st.text("0123456789", min_size=size, max_size=size))
    return scheme, issue(payload, scheme).digits


@pytest.mark.parametrize(
    ("scheme", "payload", "check"),
    [
        (CardScheme.LUHN, "7992739871", "3"),
        (CardScheme.LUHN, "401288888888188", "1"),
        (CardScheme.VERHOEFF, "236", "3"),
        (CardScheme.VERHOEFF, "12345", "1"),
        (CardScheme.VERHOEFF, "75872", "2"),
        (CardScheme.DAMM, "572", "4"),
        (CardScheme.MOD97, "794", "44"),
        (CardScheme.NONE, "1234567890123456", ""),
    ],
)
def test_published_numbers_get_their_published_check(
    scheme: CardScheme, payload: str, check: str
) -> None:
    assert check_digits(payload, scheme) == check
    assert has_valid_check(payload + check, scheme)


@given(cards(CHECKED), st.integers(0, CARD_DIGITS - 1), st.integers(1, 9))
def test_every_single_wrong_digit_is_caught(
    card: tuple[CardScheme, str], place: int, shift: int
) -> None:
    scheme, digits = card
    wrong = str((int(digits[place]) + shift) % 10)
    typed = digits[:place] + wrong + digits[place + 1 :]
    assert CardNumber.parse(typed, scheme) is CardFault.CHECK_DIGITS


@given(cards(STRONG), st.integers(0, CARD_DIGITS - 2))
def test_every_swap_of_neighbours_is_caught(card: tuple[CardScheme, str], place: int) -> None:
    scheme, digits = card
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped == digits:
        assert isinstance(CardNumber.parse(swapped, scheme), CardNumber)
    else:
        assert CardNumber.parse(swapped, scheme) is CardFault.CHECK_DIGITS


@given(cards([CardScheme.MOD97]), st.integers(0, CARD_DIGITS - 3), st.integers(1, 9))
def test_mod97_also_catches_a_swap_over_one_and_a_wrong_twin(
    card: tuple[CardScheme, str], place: int, shift: int
) -> None:
    scheme, digits = card
    a, b, c = digits[place : place + 3]
    if a != c:
        assert not has_valid_check(digits[:place] + c + b + a + digits[place + 3 :], scheme)
    if a == b:
        twin = str((int(a) + shift) % 10) * 2
        assert not has_valid_check(digits[:place] + twin + digits[place + 2 :], scheme)


@pytest.mark.parametrize(
    "typed",
    [
        "{0}{1}{2}{3}",
        "{0} {1} {2} {3}",
        " {0}-{1}-{2}-{3}\n",
        "{0}ー{1}―{2}−{3}",
        "{0}ｰ{1}–{2}\u2011{3}",
        "{0}\u3000{1}\u200b{2}\u00a0{3}",
        "{0}.{1}・{2}．{3}",
    ],
)
@pytest.mark.parametrize("full_width", [False, True])
def test_taro_may_type_his_card_as_he_likes(typed: str, full_width: bool) -> None:
    text = typed.format(*HANAKO.grouped.split())
    if full_width:
        text = text.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    assert CardNumber.parse(text, CardScheme.MOD97) == HANAKO


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", CardFault.NOT_16_DIGITS),
        ("4301", CardFault.NOT_16_DIGITS),
        ("٤" * 16, CardFault.NOT_16_DIGITS),
        ("430100000000001O", CardFault.NOT_16_DIGITS),
        ("1234-5678-9018", CardFault.MY_NUMBER),
        ("１２３４　５６７８　９０１８", CardFault.MY_NUMBER),
        ("123456789012", CardFault.NOT_16_DIGITS),
    ],
)
@pytest.mark.parametrize("scheme", list(CardScheme))
def test_what_is_no_card_is_refused_by_its_own_name(
    typed: str, fault: CardFault, scheme: CardScheme
) -> None:
    assert CardNumber.parse(typed, scheme) is fault


def test_the_card_is_shown_in_fours_or_masked() -> None:
    assert HANAKO.grouped.split() == [HANAKO.digits[at : at + 4] for at in (0, 4, 8, 12)]
    assert HANAKO.masked == f"•••• •••• •••• {HANAKO.digits[-4:]}"


def test_a_card_number_never_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("t").info("card %s %r %s", HANAKO, HANAKO, {"card": [HANAKO]})
    told = caplog.text + f"{HANAKO} {HANAKO!r}" + json.dumps({"card": HANAKO}, default=repr)
    assert HANAKO.digits[-4:] not in told
    for encode in (msgspec.json.encode, json.dumps, pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            encode(HANAKO)  # type: ignore[operator]


def test_a_card_number_cannot_change_or_be_made_of_anything_else() -> None:
    with pytest.raises(AttributeError):
        HANAKO._text = "0" * 16
    with pytest.raises(ValueError, match="16 digits") as refusal:
        CardNumber("123456789018")
    assert "123456789018" not in str(refusal.value)
    with pytest.raises(ValueError, match="14 payload digits"):
        issue("1", CardScheme.MOD97)
    same = CardNumber.parse(HANAKO.grouped, CardScheme.MOD97)
    assert {HANAKO: 1}[same] == 1  # type: ignore[index]
    assert HANAKO.digits != HANAKO
