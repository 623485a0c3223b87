"""A kind of every field, to try the store with."""

from api.fhir import codes
from api.phr.entries.fields import (
    OURS,
    Choice,
    Coded,
    Day,
    Flag,
    Number,
    Several,
    Words,
)
from api.phr.entries.kinds import Checked, Kind, Values


def _later_end(values: Values) -> Checked:
    if values["until"] and values["until"] < values["on"]:
        return Checked({"until": "error.own.day"}, {})
    return Checked({}, {})


SAMPLE = Kind(
    name="sample",
    category="vitals",
    code=Coded(OURS, "sample", "見本"),
    title="見本",
    fields=(
        Number(
            name="weight",
            code=Coded(codes.LOINC, "29463-7", "体重"),
            unit="kg",
            ucum="kg",
            bounds=("0.3", "400"),
            usual=("25", "150"),
        ),
        Choice(
            name="meal",
            code=Coded(OURS, "meal", "食事"),
            options=(Coded(OURS, "before", "食前"), Coded(OURS, "after", "食後")),
        ),
        Several(
            name="signs",
            code=Coded(OURS, "signs", "気になること"),
            options=(Coded(OURS, "cough", "せき"), Coded(OURS, "fever", "熱")),
        ),
        Words(name="remark", code=Coded(OURS, "remark", "メモ"), longest=40, has_lines=True),
        Day(name="until", code=Coded(OURS, "until", "まで")),
        Flag(name="first", code=Coded(OURS, "first", "はじめて")),
    ),
    has_time=True,
    check=_later_end,
)
WEIGHT = Kind(
    name="sample-weight",
    category="vitals",
    code=Coded(codes.LOINC, "29463-7", "体重"),
    title="体重",
    fields=(SAMPLE.fields[0],),
    has_time=True,
)
CHILD = Kind(
    name="sample-child",
    category="child",
    code=Coded(OURS, "child-weight", "お子さまの体重"),
    title="お子さまの体重",
    fields=(SAMPLE.fields[0],),
    is_of_somebody_else=True,
)
