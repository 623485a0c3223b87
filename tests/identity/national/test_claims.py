"""The four items in every form an issuer is known or allowed to send them."""

from datetime import date
from typing import Any

import pytest

from api.identity.national.claims import (
    FourItems,
    ItemFault,
    address_of,
    birth_of,
    four_items,
    name_of,
    sex_of,
)

TODAY = date(2026, 11, 29)
HANAKO = {"name": "山本 花子", "birthdate": "1940-04-09", "gender": "female", "address": "熊本県"}


@pytest.mark.parametrize(
    ("claim", "born"),
    [
        ("1940-04-09", date(1940, 4, 9)),
        ("19400409", date(1940, 4, 9)),
        ("1940/04/09", date(1940, 4, 9)),
        ("１９４００４０９", date(1940, 4, 9)),
        (19400409, date(1940, 4, 9)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-11-29", TODAY),
        ("2026-11-30", None),
        ("2023-02-29", None),
        ("1872-12-31", None),
        ("0000-04-09", None),
        ("1940", None),
        ("1940-0409", None),
        ("昭和15年4月9日", None),
        ("1940-04-09T00:00:00Z", None),
        ("", None),
        (None, None),
        (True, None),
        (["1940-04-09"], None),
    ],
)
def test_a_birth_date_is_read(claim: Any, born: date | None):
    assert birth_of(claim, TODAY) == born


@pytest.mark.parametrize(
    ("claim", "sex"),
    [
        ("1", "male"),
        ("2", "female"),
        (1, "male"),
        (2, "female"),
        ("１", "male"),
        ("male", "male"),
        ("Female", "female"),
        ("男", "male"),
        ("女性", "female"),
        ("9", "other"),
        ("other", "other"),
        ("0", "unknown"),
        ("3", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (True, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_sex_is_read_and_a_strange_one_refuses_nobody(claim: Any, sex: str):
    assert sex_of(claim) == sex


@pytest.mark.parametrize(
    ("claim", "address"),
    [
        ("熊本県　益城町", "熊本県 益城町"),
        ({"formatted": "熊本県益城町"}, "熊本県益城町"),
        (
            {"region": "熊本県", "locality": "益城町", "street_address": "つなぐ1"},
            "熊本県益城町つなぐ1",
        ),
        ({"formatted": "", "region": "熊本県"}, "熊本県"),
        ({"formatted": 7}, ""),
        ({}, ""),
        (None, ""),
        (["熊本県"], ""),
        ("あ" * 600, "あ" * 500),
    ],
)
def test_an_address_is_read_as_text_or_in_parts(claim: Any, address: str):
    assert address_of(claim) == address


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("山本　花子", "山本 花子"),
        ("  山本  花子 ", "山本 花子"),
        ("か\u3099くと", "がくと"),
        ("髙橋 𠮷男", "髙橋 𠮷男"),
        ("", None),
        ("　", None),
        ("山\u0000本", None),
        ("あ" * 201, None),
        (None, None),
        (7, None),
        ({"formatted": "山本"}, None),
    ],
)
def test_a_name_keeps_the_characters_of_the_register(claim: Any, name: str | None):
    assert name_of(claim) == name


def test_hanakos_items():
    assert four_items(HANAKO, TODAY) == FourItems(
        name="山本 花子", birth_on=date(1940, 4, 9), sex="female", address="熊本県"
    )


@pytest.mark.parametrize(
    ("missing", "fault"), [("name", ItemFault.NAME), ("birthdate", ItemFault.BIRTH_DATE)]
)
def test_nobody_is_known_without_name_and_birth_date(missing: str, fault: ItemFault):
    assert four_items({**HANAKO, missing: None}, TODAY) is fault


def test_somebody_is_known_without_address_and_sex():
    items = four_items({"name": "山本 花子", "birthdate": "19400409"}, TODAY)
    assert isinstance(items, FourItems)
    assert (items.sex, items.address) == ("unknown", "")
