"""A checkup as somebody types it in from its paper: one entry with the items as its parts."""

from decimal import Decimal, InvalidOperation
from typing import Final

from api.fhir import codes
from api.phr.checkup.items import ITEMS, Answered, Item, Measured
from api.phr.checkup.rules import bmi_of
from api.phr.entries.fields import OURS, Choice, Coded, Field, Number, Values, Words
from api.phr.entries.kinds import Checked, Kind

# Of the readings a place settles on only files speak; on paper they are the first or the second.
NOT_TYPED: Final = frozenset({"systolic_other", "diastolic_other"})
PROGRAMS: Final = ("specific", "work", "full", "elderly", "other")
_PROGRAM_SAID: Final = {
    "specific": "特定健診",
    "work": "会社などの健康診断",
    "full": "人間ドック",
    "elderly": "後期高齢者健診",
    "other": "そのほかの健診",
}
# As far as a BMI may lie from its height and weight: both are rounded, and clothes are taken off.
BMI_APART: Final = Decimal("0.5")


def _field(item: Item) -> Field:
    code = Coded(codes.JLAC10, item.code, item.display)
    if isinstance(item, Answered):
        options = tuple(Coded(item.system, each, text) for each, text in item.answers)
        return Choice(name=item.name, code=code, options=options)
    return Number(
        name=item.name,
        code=code,
        unit=item.unit,
        ucum=item.ucum,
        bounds=item.bounds,
        usual=item.usual,
        decimals=_decimals(item),
    )


def _decimals(item: Measured) -> int:
    """One more than is usual: some laboratories write it."""
    return max(item.decimals, 1)


def check(values: Values) -> Checked:
    faults: dict[str, str] = {}
    odd: dict[str, str] = {}
    for turn in ("1", "2"):
        upper, lower = (_number(values, f"{side}_{turn}") for side in ("systolic", "diastolic"))
        if upper is not None and lower is not None and upper <= lower:
            faults[f"systolic_{turn}"] = "error.entry.pressure"
    numbers = {
        name: number
        for name in ("height", "weight")
        if (number := _number(values, name)) is not None
    }
    written, worked_out = _number(values, "bmi"), bmi_of(numbers)
    if written is not None and worked_out is not None and abs(written - worked_out) > BMI_APART:
        odd["bmi"] = "my_checkups.odd_bmi"
    if not faults and not any(values.get(item.name) for item in ITEMS):
        faults["height"] = "error.own.empty"
    return Checked(faults, odd)


def _number(values: Values, name: str) -> Decimal | None:
    try:
        return Decimal(values.get(name, ""))
    except InvalidOperation:
        return None


CHECKUP: Final = Kind(
    name="checkup",
    category="checkup",
    code=Coded(OURS, "checkup", "健診の結果"),
    title="健診の結果（ご自分で記入）",
    fields=(
        Words(name="place", code=Coded(OURS, "checkup-place", "受けたところ"), longest=100),
        Choice(
            name="program",
            code=Coded(OURS, "checkup-program", "健診の種類"),
            options=tuple(Coded(OURS, each, _PROGRAM_SAID[each]) for each in PROGRAMS),
        ),
        *(_field(item) for item in ITEMS if item.name not in NOT_TYPED),
    ),
    check=check,
)
KINDS: Final = (CHECKUP,)
