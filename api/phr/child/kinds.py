"""What is written of a child: in the book of whoever keeps it, and in the child's own account.

Of somebody else's child everything is coded in our own system, so that nobody takes a child's
weight for the keeper's; in the child's own account a weight is a weight to every reader.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from msgspec.structs import replace

from api.fhir.codes import LOINC
from api.phr import slack
from api.phr.child import age, checkups, growth, milestones
from api.phr.entries.fields import OURS, Choice, Coded, Number, Words
from api.phr.entries.kinds import Checked, Kind, Values

CATEGORY: Final = "child"
SEX: Final = f"{OURS}:child-sex"
# Beyond these shares of the outermost lines a value is asked about once.
ODD_BELOW, ODD_ABOVE = Decimal("0.75"), Decimal("1.35")

_SEX: Final = Choice(
    name="sex",
    code=Coded(OURS, "child-sex", "性別"),
    options=(Coded(SEX, "female", "女の子"), Coded(SEX, "male", "男の子")),
    is_required=True,
)
_WEIGHT: Final = Number(
    name="weight",
    code=Coded(OURS, "child-weight", "体重"),
    unit="kg",
    ucum="kg",
    bounds=("0.2", "200"),
    decimals=3,
)
_HEIGHT: Final = Number(
    name="height",
    code=Coded(OURS, "child-height", "身長"),
    unit="cm",
    ucum="cm",
    bounds=("20", "220"),
)
_HEAD: Final = Number(
    name="head",
    code=Coded(OURS, "child-head", "頭囲"),
    unit="cm",
    ucum="cm",
    bounds=("15", "70"),
)
_CHEST: Final = Number(
    name="chest",
    code=Coded(OURS, "child-chest", "胸囲"),
    unit="cm",
    ucum="cm",
    bounds=("15", "150"),
)
_AT_BIRTH: Final = (
    Number(
        name="weeks",
        code=Coded(OURS, "child-gestation-weeks", "在胎週数"),
        unit="週",
        ucum="wk",
        bounds=("20", "45"),
        usual=("30", "42"),
        decimals=0,
    ),
    Number(
        name="days",
        code=Coded(OURS, "child-gestation-days", "在胎日数"),
        unit="日",
        ucum="d",
        bounds=("0", "6"),
        decimals=0,
    ),
    replace(_WEIGHT, bounds=("0.2", "8"), usual=("1.5", "5")),
    replace(_HEIGHT, bounds=("20", "65"), usual=("38", "57")),
    replace(_HEAD, bounds=("15", "45"), usual=("26", "40")),
    replace(_CHEST, bounds=("12", "45"), usual=("22", "40")),
)


def _at_birth(values: Values) -> Checked:
    faults = {}
    if values["days"] and not values["weeks"]:
        faults["weeks"] = "error.child.weeks"
    return Checked(faults, {})


CHILD: Final = Kind(
    name="child",
    category=CATEGORY,
    code=Coded(OURS, "child", "子の記録"),
    title="子の記録",
    fields=(
        Words(name="name", code=Coded(OURS, "child-name", "呼び名"), longest=40, is_required=True),
        _SEX,
        *_AT_BIRTH,
    ),
    check=_at_birth,
    is_of_somebody_else=True,
)
GROWTH: Final = Kind(
    name="child-growth",
    category=CATEGORY,
    code=Coded(OURS, "child-growth", "子の成長"),
    title="子の成長",
    fields=(
        _WEIGHT,
        _HEIGHT,
        _HEAD,
        _CHEST,
        Words(name="note", code=Coded(OURS, "child-note", "メモ"), has_lines=True),
    ),
    is_of_somebody_else=True,
)
_CHECKUP_NAMES: Final = {
    "m1": "1か月児健診",
    "m3": "3〜4か月児健診",
    "m6": "6〜7か月児健診",
    "m9": "9〜10か月児健診",
    "m18": "1歳6か月児健診",
    "y3": "3歳児健診",
    "y5": "5歳児健診",
}
CHECKUP: Final = Kind(
    name="child-checkup",
    category=CATEGORY,
    code=Coded(OURS, "child-checkup", "子の健診"),
    title="子の健診",
    fields=(
        Choice(
            name="which",
            code=Coded(OURS, "child-checkup-which", "健診"),
            options=tuple(
                Coded(f"{OURS}:child-checkup", name, _CHECKUP_NAMES[name])
                for name in checkups.NAMES
            ),
            is_required=True,
        ),
        Choice(
            name="result",
            code=Coded(OURS, "child-checkup-result", "言われたこと"),
            options=(
                Coded(f"{OURS}:child-checkup-result", "fine", "特に言われたことはない"),
                Coded(f"{OURS}:child-checkup-result", "watch", "様子を見る"),
                Coded(f"{OURS}:child-checkup-result", "see", "くわしくみてもらう"),
            ),
        ),
        Words(name="place", code=Coded(OURS, "child-checkup-place", "場所"), longest=100),
        Words(name="note", code=Coded(OURS, "child-note", "メモ"), has_lines=True),
    ),
    is_of_somebody_else=True,
)
_MILESTONE_NAMES: Final = {
    "head": "首のすわり",
    "roll": "ねがえり",
    "sit": "ひとりすわり",
    "crawl": "はいはい",
    "stand": "つかまり立ち",
    "walk": "ひとり歩き",
}
MILESTONE: Final = Kind(
    name="child-milestone",
    category=CATEGORY,
    code=Coded(OURS, "child-milestone", "子のできるようになったこと"),
    title="子のできるようになったこと",
    fields=(
        Choice(
            name="which",
            code=Coded(OURS, "child-milestone-which", "できるようになったこと"),
            options=tuple(
                Coded(f"{OURS}:child-milestone", name, _MILESTONE_NAMES[name])
                for name in milestones.NAMES
            ),
            is_required=True,
        ),
        Words(name="note", code=Coded(OURS, "child-note", "メモ"), has_lines=True),
    ),
    is_of_somebody_else=True,
)

_LOINC: Final = {
    "weight": Coded(LOINC, "29463-7", "体重"),
    "height": Coded(LOINC, "8302-2", "身長"),
    "head": Coded(LOINC, "9843-4", "頭囲"),
}


def _as_ones_own(kind: Kind) -> Kind:
    """The same of the participant themselves; a name they have already."""
    fields = tuple(
        replace(each, code=_LOINC[each.name]) if each.name in _LOINC else each
        for each in kind.fields
        if each.name != "name"
    )
    return replace(kind, name=f"own-{kind.name}", fields=fields, is_of_somebody_else=False)


class Pair(NamedTuple):
    """One kind twice: in the book of who keeps it, and in the child's own account."""

    of_child: Kind
    own: Kind


BOOK: Final = Pair(CHILD, _as_ones_own(CHILD))
GROWN: Final = Pair(GROWTH, _as_ones_own(GROWTH))
CHECKED: Final = Pair(CHECKUP, _as_ones_own(CHECKUP))
REACHED: Final = Pair(MILESTONE, _as_ones_own(MILESTONE))
PAIRS: Final[Mapping[str, Pair]] = {
    "growth": GROWN,
    "checkup": CHECKED,
    "milestone": REACHED,
}
KINDS: Final = tuple(kind for pair in (BOOK, *PAIRS.values()) for kind in pair)


def at_birth(pair: Pair, *, is_self: bool) -> Kind:
    return pair.own if is_self else pair.of_child


def grown_on(
    kind: Kind,
    sex: growth.Sex,
    birth_on: date,
    gestation: age.Gestation | None,
    on: date,
    at_birth: Mapping[str, str] = {},
) -> Kind:
    """The kind of a measurement on a day: what is far from every child of that age, or from what
    this one was, is asked about once. Nothing is of before birth."""
    since = age.corrected_on(birth_on, gestation, on) or birth_on
    fields = tuple(
        _with_usual(each, growth.line(measure, sex, Decimal((on - since).days)))
        if isinstance(each, Number) and (measure := _measure(each.name)) is not None
        else each
        for each in kind.fields
    )
    leaps = slack.child(birth_on, at_birth)
    return replace(kind, fields=fields, earliest=birth_on, leaps=leaps)


def _measure(name: str) -> growth.Measure | None:
    return next((each for each in growth.MEASURES if each == name), None)


def _with_usual(field: Number, line: tuple[Decimal, ...] | None) -> Number:
    if line is None:
        return field
    low, high = (f"{each:.1f}" for each in (line[0] * ODD_BELOW, line[-1] * ODD_ABOVE))
    return replace(field, usual=(low, high))
