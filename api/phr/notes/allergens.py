"""Allergens by code, found by Japanese words, kana or English: the J-FAGY table.

J-FAGY codes of foods and of what is neither food nor medicine, edition of 2025-04-01, CC0 1.0, of
the J-FAGY working group; medicines have codes of their own there and are written in words here.
"""

import csv
from collections.abc import Iterator
from importlib.resources import files
from typing import Final, NamedTuple

from api.identity.enrolling.names import folded_name

EDITION: Final = "2025-04-01"
MOST_FOUND: Final = 30
_SYSTEM: Final = "http://jpfhir.jp/fhir/core/CodeSystem/JP_Jfagy"
_FOOD: Final = "J9F"
# What people call some of them, where the table has another word. Ours, not of the table.
_ALSO_CALLED: Final = {
    "たまご": "J9FB13110000",
    "卵": "J9FB13110000",
    "玉子": "J9FB13110000",
    "ミルク": "J9FB12110011",
    "ピーナッツ": "J9FA21180000",
    "ピーナツ": "J9FA21180000",
    "海老": "J9FC15110000",
    "蟹": "J9FC15120000",
    "蕎麦": "J9FA19140000",
    "林檎": "J9FA32120000",
    "胡麻": "J9FA32340000",
    "苺": "J9FA31110000",
    "鮭": "J9FC11240000",
    "犬": "J9NJ12110000",
    "猫": "J9NJ12150000",
}


class Allergen(NamedTuple):
    """`is_main`: the edition marks it as a main term."""

    code: str
    ja: str
    kana: str
    en: str
    is_main: bool

    @property
    def is_food(self) -> bool:
        return self.code.startswith(_FOOD) or self.code == "00F"

    @property
    def system(self) -> str:
        kind = "FoodAllergen" if self.is_food else "NonFoodNonMedicationAllergen"
        return f"{_SYSTEM}{kind}_CS"

    def label(self, locale: str) -> str:
        return self.ja if locale == "ja" else self.en


def found(words: str, most: int = MOST_FOUND) -> list[Allergen]:
    """What these words may mean, the nearest first: the whole term, its beginning, a part of it;
    of each the main terms before the others. Nothing for no words."""
    asked = folded_name(words)
    if not asked:
        return []
    near = [
        (_distance(asked, folded, OF_CODE[code]), place, OF_CODE[code])
        for place, (code, folded) in enumerate(_FOLDED.items())
        if any(asked in each for each in folded)
    ]
    said = _CALLED.get(asked)
    rest = [each for _, _, each in sorted(near) if each.code != said]
    return ([OF_CODE[said], *rest] if said else rest)[:most]


def _distance(asked: str, folded: tuple[str, ...], allergen: Allergen) -> tuple[int, bool]:
    if asked in folded:
        how_near = 0
    elif any(each.startswith(asked) for each in folded):
        how_near = 1
    else:
        how_near = 2
    return how_near, not allergen.is_main


def _rows() -> Iterator[Allergen]:
    text = files(__package__).joinpath("tables", "jfagy.csv").read_text("utf-8")
    rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    next(rows)
    for code, ja, kana, en, main in rows:
        yield Allergen(code, ja, kana, en, main == "1")


OF_CODE: Final = {each.code: each for each in _rows()}
_FOLDED: Final = {
    each.code: (folded_name(each.ja), folded_name(each.kana), folded_name(each.en))
    for each in OF_CODE.values()
}
_CALLED: Final = {folded_name(word): code for word, code in _ALSO_CALLED.items()}
