"""The activation code survives handwriting, full-width keyboards and the logs."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.enrolling.activation_code import (
    CODE_BITS,
    ActivationCode,
    ActivationCodeFault,
    new_activation_code,
    normalise_activation_code,
)

CODE = ActivationCode("A0B1C2D3E4")


def test_the_first_and_last_codes_use_all_fifty_bits() -> None:
    assert new_activation_code(bytes(7)).text == "0000000000"
    assert new_activation_code(b"\xff" * 7).text == "ZZZZZZZZZZ"
    assert new_activation_code((1 << 6).to_bytes(7)).text == "0000000001"
    assert len({new_activation_code((1 << bit).to_bytes(7)) for bit in range(6, 56)}) == CODE_BITS


@pytest.mark.parametrize("size", [0, 6, 8])
def test_too_few_or_too_many_random_bytes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="7 random bytes"):
        new_activation_code(bytes(size))


@given(st.binary(min_size=7, max_size=7))
def test_what_is_printed_is_what_can_be_typed(random_bytes: bytes) -> None:
    code = new_activation_code(random_bytes)
    assert normalise_activation_code(code.printed) == code
    assert normalise_activation_code(code.text.lower()) == code
    assert len(code.printed) == 11
    assert code.printed[5] == "-"


@pytest.mark.parametrize(
    "typed",
    ["A0B1C-2D3E4", "aobic 2d3e4", "aOblc2d3e4", "Ａ０Ｂ１Ｃー２Ｄ３Ｅ４", " a0b1c－2d3e4\u3000"],
)
def test_taro_may_confuse_o_and_nought_and_l_and_one(typed: str) -> None:
    assert normalise_activation_code(typed) == CODE


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", ActivationCodeFault.LENGTH),
        ("A0B1C2D3E", ActivationCodeFault.LENGTH),
        ("A0B1C2D3E44", ActivationCodeFault.LENGTH),
        ("A0B1C2D3EU", ActivationCodeFault.CHARACTERS),
        ("あ0B1C2D3E4", ActivationCodeFault.CHARACTERS),
        ("A0B1C2D3E!", ActivationCodeFault.CHARACTERS),
    ],
)
def test_what_is_no_code_is_refused_by_its_own_name(typed: str, fault: ActivationCodeFault) -> None:
    assert normalise_activation_code(typed) is fault


def test_a_code_never_shows_itself() -> None:
    assert "A0B1C" not in f"{CODE} {CODE!r} {[CODE]}"
    with pytest.raises(TypeError):
        msgspec.json.encode(CODE)
    with pytest.raises(ValueError, match="10 Crockford") as refusal:
        ActivationCode("a0b1c2d3e4")
    assert "a0b1c2d3e4" not in str(refusal.value)
