"""Which column of a file means what, by its heading in Japanese or English."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from api.phr.vitals.table import Row

# What a column can mean: the day (with or without the time), the time alone, or a field.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "on": (
        *("日付", "測定日", "年月日", "測定年月日", "日時", "測定日時", "計測日", "計測日時"),
        *("記録日", "記録日時", "月日", "date", "day", "datetime", "date time", "timestamp"),
        *("measured at", "measured on", "measurement date", "date/time", "date and time"),
    ),
    "time": ("時刻", "時間", "測定時刻", "測定時間", "計測時刻", "time", "measurement time"),
    "systolic": (
        *("最高血圧", "最高血圧値", "収縮期血圧", "収縮期", "上の血圧", "血圧上", "血圧(上)", "上"),
        *("最大血圧", "最高", "systolic", "systolic blood pressure", "systolic bp", "sys", "sbp"),
    ),
    "diastolic": (
        *("最低血圧", "最低血圧値", "拡張期血圧", "拡張期", "下の血圧", "血圧下", "血圧(下)", "下"),
        *("最小血圧", "最低", "diastolic", "diastolic blood pressure", "diastolic bp", "dia"),
        "dbp",
    ),
    "pulse": (
        *("脈拍", "脈拍数", "脈", "心拍", "心拍数", "pulse", "pulse rate", "heart rate", "hr"),
    ),
    "weight": ("体重", "weight", "body weight"),
    "temperature": ("体温", "temperature", "body temperature", "temp"),
    "oxygen": (
        *("酸素飽和度", "血中酸素", "血中酸素飽和度", "血中酸素濃度", "spo2", "oxygen"),
        *("oxygen saturation", "blood oxygen"),
    ),
    "glucose": ("血糖", "血糖値", "随時血糖", "随時血糖値", "glucose", "blood glucose"),
    "fasting": (
        *("空腹時血糖", "空腹時血糖値", "食前血糖", "食前血糖値", "fasting glucose"),
        "fasting blood glucose",
    ),
    "after_meal": (
        *("食後血糖", "食後血糖値", "glucose after meal", "after meal glucose"),
        "postprandial glucose",
    ),
    "hba1c": ("hba1c", "hba1c(ngsp)", "ヘモグロビンa1c", "a1c"),
    "steps": ("歩数", "step", "steps", "step count"),
}
UNITS: Final[dict[str, tuple[str, ...]]] = {
    "on": (),
    "time": (),
    **dict.fromkeys(("systolic", "diastolic"), ("mmhg", "mm[hg]")),
    "pulse": ("bpm", "回/分", "拍/分", "/分", "/min"),
    "weight": ("kg", "キロ"),
    "temperature": ("℃", "°c", "c", "度"),
    "oxygen": ("%",),
    **dict.fromkeys(("glucose", "fasting", "after_meal"), ("mg/dl",)),
    "hba1c": ("%", "ngsp", "ngsp,%"),
    "steps": ("歩", "steps"),
}
_FIELDS: Final = frozenset(NAMES) - {"on", "time"}
_OF_NAME: Final = {name: meaning for meaning, names in NAMES.items() for name in names}
_WITH_UNIT: Final = re.compile(r"(.+?)\s*[(\[［]\s*([^()]+?)\s*[)\]］]")
# Apps write lines about themselves above the headings.
_SEARCHED: Final = 10


class Column(NamedTuple):
    """`meaning` is "" where `why` says why it is left out: unknown, unit, twice."""

    heading: str
    meaning: str
    why: str = ""


class Headings(NamedTuple):
    """The columns in the file's order, and the place of their row among the rows."""

    columns: tuple[Column, ...]
    place: int


def headings_of(rows: Sequence[Row]) -> Headings | None:
    """The first row that names a day and something measured; None where there is none."""
    for place, row in enumerate(rows[:_SEARCHED]):
        columns = _columns(row.cells)
        meant = {each.meaning for each in columns}
        if "on" in meant and meant & _FIELDS:
            return Headings(columns, place)
    return None


def _columns(cells: Sequence[str]) -> tuple[Column, ...]:
    found: list[Column] = []
    seen: set[str] = set()
    for cell in cells:
        column = _column(cell)
        if column.meaning and column.meaning in seen:
            column = Column(cell, "", "twice")
        seen.add(column.meaning)
        found.append(column)
    return tuple(found)


def _column(heading: str) -> Column:
    name = _folded(heading)
    if name in _OF_NAME:
        return Column(heading, _OF_NAME[name])
    parted = _WITH_UNIT.fullmatch(name)
    meaning = _OF_NAME.get(parted[1].strip(), "") if parted else ""
    if not meaning or parted is None:
        return Column(heading, "", "unknown")
    if parted[2].replace(" ", "") not in UNITS[meaning]:
        return Column(heading, "", "unit")
    return Column(heading, meaning)


def _folded(heading: str) -> str:
    written = unicodedata.normalize("NFKC", heading).casefold()
    # NFKC has made ° and C of the sign ℃.
    return " ".join(written.replace("_", " ").split())
