"""What the codes of the national checkup form mean: items, answers and units.

The two tables are facts of the ministry's tables for the fourth period; each file says so. Units
are those the form writes, with the UCUM code each stands for; `""` is a unit UCUM has none for.
"""

import csv
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

ITEM_SYSTEM: Final = "1.2.392.200119.6.1005"

INSURER: Final = "1.2.392.200119.6.101"
INSTITUTION: Final = "1.2.392.200119.6.102"
SYMBOL: Final = "1.2.392.200119.6.204"
NUMBER: Final = "1.2.392.200119.6.205"
BRANCH: Final = "1.2.392.200119.6.211"


def _rows(name: str) -> Iterator[list[str]]:
    text = files(__package__).joinpath("tables", name).read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    rows = csv.reader(lines)
    next(rows)
    yield from rows


NAMES: Final = {code: name for code, name in _rows("items.csv")}
CHOICES: Final = {(oid, code): text for oid, code, text in _rows("choices.csv")}

# Case and spaces do not count: the form is written by many systems.
UNITS: Final = {
    "cm": "cm",
    "kg": "kg",
    "kg/m2": "kg/m2",
    "cm2": "cm2",
    "mmhg": "mm[Hg]",
    "mm[hg]": "mm[Hg]",
    "mg/dl": "mg/dL",
    "g/dl": "g/dL",
    "g/l": "g/L",
    "mg/l": "mg/L",
    "u/l": "U/L",
    "iu/l": "[IU]/L",
    "[iu]/l": "[IU]/L",
    "ng/ml": "ng/mL",
    "ng/dl": "ng/dL",
    "ug/ml": "ug/mL",
    "ug/dl": "ug/dL",
    "u/ml": "U/mL",
    "%": "%",
    "fl": "fL",
    "pg": "pg",
    "/ul": "/uL",
    "/mm3": "/mm3",
    "10*2/mm3": "10*2/mm3",
    "10*3/mm3": "10*3/mm3",
    "10*4/mm3": "10*4/mm3",
    "10*3/ul": "10*3/uL",
    "10*4/ul": "10*4/uL",
    "10*6/ul": "10*6/uL",
    "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/{1.73_m2}": "mL/min/{1.73_m2}",
    "ml/分/1.73m2": "mL/min/{1.73_m2}",
    "mg/g.cr": "mg/g{creat}",
    "mg/gcr": "mg/g{creat}",
    "mg/day": "mg/d",
    "mg/d": "mg/d",
    "l": "L",
    "ml": "mL",
    "db": "dB",
    "/min": "/min",
    "拍/分": "/min",
    "bpm": "/min",
    "mm": "mm",
    "h": "h",
    "時間": "h",
    "回": "{times}",
    "coi": "{c.o.i}",
    "c.o.i": "{c.o.i}",
    "1": "1",
    "": "1",
}


def unit_code(written: str) -> str | None:
    """The UCUM code of a unit as the form writes it; None for a unit that is not known."""
    return UNITS.get("".join(written.split()).lower())
