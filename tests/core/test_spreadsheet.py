"""A table is opened by a spreadsheet, and never run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core.spreadsheet import harmless


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+81",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u3000＝1",
        "|calc",
        "%1",
    ],
)
def test_what_would_begin_a_formula_begins_with_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "佐藤 健一", "2026-05-03 14:05:00", "57", "「処方」3件", "a=b"]
)
def test_plain_words_and_numbers_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


@given(st.text())
def test_no_cell_begins_a_formula(cell: str) -> None:
    assert harmless(cell).lstrip(" 　")[:1] not in tuple("=+-@＝＋－＠\t\r\n|%")
    assert harmless(cell).removeprefix("'") == cell.removeprefix("'")
