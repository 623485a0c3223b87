"""What is written down of a birth, and of each child as it was born."""

from typing import Final

from api.phr.entries.fields import Choice, Flag, Number, Words
from api.phr.entries.kinds import Kind
from api.phr.maternal.coding import CATEGORY, COUNT, WHICH, options, ours

BIRTH: Final = Kind(
    name="birth",
    category=CATEGORY,
    code=ours("birth", "出産"),
    title="出産の記録",
    has_time=True,
    fields=(
        Choice(
            name="mode",
            code=ours("birth-mode", "出産の方法"),
            options=options(
                {
                    "vaginal": "経腟分娩",
                    "vacuum": "吸引分娩",
                    "forceps": "鉗子分娩",
                    "caesarean_planned": "予定帝王切開",
                    "caesarean_emergency": "緊急帝王切開",
                    "other": "その他",
                }
            ),
        ),
        Words(name="place", code=ours("birth-place", "出産した場所"), longest=100),
        Number(
            name="blood_loss",
            code=ours("birth-blood-loss", "出血量"),
            unit="mL",
            ucum="mL",
            bounds=("0", "20000"),
            usual=("0", "2500"),
            decimals=0,
        ),
        Choice(
            name="babies",
            code=ours("birth-babies", "生まれた子の数"),
            options=COUNT,
            is_required=True,
        ),
        Words(name="remark", code=ours("remark", "メモ"), has_lines=True),
    ),
)


def _apgar(minutes: int) -> Number:
    return Number(
        name=f"apgar_{minutes}",
        code=ours(f"newborn-apgar-{minutes}", f"アプガースコア {minutes}分"),
        unit="点",
        ucum="{score}",
        bounds=("0", "10"),
        decimals=0,
    )


def _newborn_length(
    name: str, said: str, bounds: tuple[str, str], usual: tuple[str, str]
) -> Number:
    code = ours(f"newborn-{name}", said)
    return Number(name=name, code=code, unit="cm", ucum="cm", bounds=bounds, usual=usual)


NEWBORN: Final = Kind(
    name="newborn",
    category=CATEGORY,
    code=ours("newborn", "生まれたときの子"),
    title="生まれたときの記録",
    is_of_somebody_else=True,
    fields=(
        Choice(
            name="number",
            code=ours("newborn-number", "何番目に生まれたか"),
            options=WHICH,
            is_required=True,
        ),
        Choice(
            name="sex",
            code=ours("newborn-sex", "性別"),
            options=options({"female": "女", "male": "男", "unknown": "わからない"}),
        ),
        Number(
            name="weight",
            code=ours("newborn-weight", "出生体重"),
            unit="g",
            ucum="g",
            bounds=("10", "7000"),  # one who died at 16 weeks is written too
            usual=("1500", "4500"),
            decimals=0,
        ),
        _newborn_length("length", "出生身長", ("5", "65"), ("40", "56")),
        _newborn_length("head", "出生時の頭囲", ("5", "45"), ("28", "38")),
        _newborn_length("chest", "出生時の胸囲", ("5", "45"), ("25", "38")),
        _apgar(1),
        _apgar(5),
        # Died before birth or soon after: nothing of a life ahead is offered
        Flag(name="is_parted", code=ours("newborn-parted", "亡くなった子")),
    ),
)
