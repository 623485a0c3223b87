"""Reference curves: nothing leaves the frame, nothing is said by colour alone, nothing is heavy."""

import math
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web_portal.charts import (
    MARKS,
    Curves,
    Dot,
    Level,
    Line,
    Mark,
    Trend,
    curves,
    scale,
    thinning,
    trend,
    words,
)
from web_portal.charts.curves import HEIGHT, WIDTH

TICKS = [(0.0, "0"), (6.0, "6"), (12.0, "12")]
P3 = Line("3", [(0, 2.1), (6, 6.1), (12, 7.5)])
P50 = Line("50", [(0, 3.0), (6, 7.8), (12, 9.2)], is_main=True)
P97 = Line("97", [(0, 3.8), (6, 9.6), (12, 11.3)])
WEIGHT = Curves(
    "weight",
    "体重",
    "いまの体重は8.4 kgです。",
    "月齢（か月）",
    "体重（kg）",
    TICKS,
    [P3, P50, P97],
    [Mark(1, 4.2, "4.2 kg"), Mark(8, 8.4, "8.4 kg", 1)],
    [(P3, P97)],
)
anything = st.floats(allow_nan=True, allow_infinity=True)
sizes = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
points = st.lists(st.tuples(sizes, sizes), max_size=12).map(sorted)
labels = st.text(max_size=30)
lines = st.builds(Line, labels, points, st.booleans())
marks = st.builds(Mark, sizes, sizes, labels, st.integers(0, 20))
pictures = st.builds(
    Curves,
    st.just("c"),
    labels,
    labels,
    labels,
    labels,
    st.lists(st.tuples(sizes, labels), max_size=10),
    st.lists(lines, max_size=9),
    st.lists(marks, max_size=30),
    st.lists(st.tuples(lines, lines), max_size=3),
)


def tree(picture: object) -> ElementTree.Element:
    """XML knows fewer characters than HTML: those it lacks are not what is asked about here."""
    plain = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", str(picture))
    return ElementTree.fromstring(plain)


def places(picture: object) -> list[tuple[float, float]]:
    """Every absolute place that is drawn at: corners, marks, words with all of their width."""
    found: list[tuple[float, float]] = []
    for each in tree(picture).iter():
        moved = re.match(r"translate\((\S+) (\S+)\)", each.get("transform", ""))
        if moved:
            found.append((float(moved[1]), float(moved[2])))
        elif each.tag == "path":
            corners = re.findall(r"[ML](-?[\d.e+]+) (-?[\d.e+]+)", each.get("d", ""))
            found += [(float(x), float(y)) for x, y in corners]
        elif each.tag == "polyline":
            found += [
                (float(x), float(y))
                for x, y in (pair.split(",") for pair in each.get("points", "").split())
            ]
        elif each.tag == "text":
            x, y = float(each.get("x", "nan")), float(each.get("y", "nan"))
            wide = words.width(each.text or "")
            share = {"end": 1.0, "middle": 0.5}.get(each.get("text-anchor", ""), 0.0)
            found += [(x - share * wide, y), (x + (1 - share) * wide, y)]
    return found


def is_inside(picture: object, height: float = HEIGHT) -> bool:
    return all(-0.1 <= x <= WIDTH + 0.1 and 0 <= y <= height for x, y in places(picture))


@settings(max_examples=150, deadline=None)
@given(pictures)
def test_nothing_ever_leaves_the_frame(picture: Curves) -> None:
    drawn = curves(picture)
    assert is_inside(drawn)
    assert "nan" not in re.sub(r"<(title|desc|text)\b.*?</\1>", "", str(drawn), flags=re.DOTALL)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(anything, anything), max_size=8))
def test_what_is_no_number_is_not_drawn(given_points: list[tuple[float, float]]) -> None:
    held = [(x, y) for x, y in given_points if abs(x) < 1e9 and abs(y) < 1e9]
    odd = [(x, y) for x, y in given_points if not (math.isfinite(x) and math.isfinite(y))]
    ticks = [(math.nan, "?"), (0.0, "0"), (1.0, "1")]
    every = WEIGHT._replace(
        x_ticks=ticks,
        lines=[Line("p", [*held, *odd])],
        marks=[Mark(x, y, "m") for x, y in odd],
        bands=[(Line("", odd), Line("", held))],
    )
    drawn = str(curves(every))
    assert is_inside(drawn)
    assert 'class="dot"' not in drawn
    assert not re.search(r"\b(nan|inf)\b", drawn)


@given(labels, labels)
def test_words_are_words_and_never_markup(label: str, text: str) -> None:
    hostile = f'<script>{label}&"'
    picture = WEIGHT._replace(
        title=hostile, says=hostile, x_label=hostile, lines=[Line(hostile, P3.points)]
    )
    root = tree(curves(picture._replace(marks=[Mark(3, 4, hostile + text)])))
    assert {each.tag for each in root.iter()} == {"svg", "title", "desc", "path", "text"}
    assert str(curves(picture)).count("<script") == 0


def test_a_picture_has_a_name_and_a_sentence() -> None:
    root = tree(curves(WEIGHT))
    assert root.get("role") == "img"
    named = {each.get("id"): each.text for each in root if each.get("id")}
    assert named[root.get("aria-labelledby")] == "体重"
    assert named[root.get("aria-describedby")] == "いまの体重は8.4 kgです。"


def test_lines_are_named_at_their_ends_and_one_is_the_main_one() -> None:
    root = tree(curves(WEIGHT))
    said = [each.text for each in root.iter("text")]
    assert {"3", "50", "97", "体重（kg）", "月齢（か月）", "0", "6", "12"} <= set(said)
    assert [each.text for each in root.iter("text") if each.get("class") == "main"] == ["50"]
    kinds = [each.get("class") for each in root.iter("path")]
    assert kinds.count("curve curve-main") == 1
    assert kinds.count("curve") == 2
    assert kinds.count("band") == 1


def test_names_of_lines_that_end_together_do_not_lie_over_each_other() -> None:
    close = [Line(str(each), [(0, 1), (12, 10 + each / 100)]) for each in range(7)]
    root = tree(curves(WEIGHT._replace(lines=close, bands=[], marks=[])))
    names = {str(each) for each in range(7)}
    at = [
        float(each.get("y", ""))
        for each in root.iter("text")
        if each.text in names and not each.get("text-anchor")
    ]
    assert len(at) == 7
    ordered = sorted(at)
    assert all(b - a >= 14.9 for a, b in pairwise(ordered))


def test_of_too_many_names_the_main_one_stays() -> None:
    many = [Line(f"L{each}", [(0, 1), (12, each)], is_main=each == 20) for each in range(40)]
    said = {each.text for each in tree(curves(WEIGHT._replace(lines=many))).iter("text")}
    assert "L20" in said
    assert 10 <= len([each for each in said if each and each.startswith("L")]) < 40


def test_ones_own_marks_have_the_shape_of_their_source_and_the_newest_says_what_it_is() -> None:
    root = tree(curves(WEIGHT))
    shapes = [each.get("d") for each in root.iter("path") if each.get("class") == "dot"]
    assert shapes == [MARKS[0], MARKS[1]]
    assert [each.text for each in root.iter("text") if each.get("class") == "newest"] == ["8.4 kg"]


def test_a_mark_outside_what_the_picture_spans_is_left_out() -> None:
    late = WEIGHT._replace(marks=[Mark(30, 12, "12 kg"), Mark(5, 7, "7 kg")])
    drawn = str(curves(late))
    assert drawn.count('class="dot"') == 1
    assert "12 kg" not in drawn


def test_a_mark_lies_where_the_line_of_the_same_value_does() -> None:
    straight = Line("", [(0, 0), (12, 12)])
    drawn = curves(WEIGHT._replace(lines=[straight], marks=[Mark(6, 6, "6")], bands=[]))
    ((x, y),) = [
        tuple(map(float, re.findall(r"[\d.]+", each.get("transform", ""))))
        for each in tree(drawn).iter("path")
        if each.get("transform")
    ]
    (line,) = [each for each in tree(drawn).iter("path") if each.get("class") == "curve"]
    (x0, y0), (x1, y1) = [
        (float(a), float(b)) for a, b in re.findall(r"[ML]([\d.]+) ([\d.]+)", line.get("d", ""))
    ]
    assert abs(x - (x0 + x1) / 2) <= 0.1
    assert abs(y - (y0 + y1) / 2) <= 0.1


def test_a_picture_of_nothing_is_still_a_picture() -> None:
    empty = curves(WEIGHT._replace(lines=[], marks=[], bands=[], x_ticks=[]))
    assert is_inside(empty)


def rough(seed: float) -> list[tuple[float, float]]:
    return [(each / 10, 5 + seed + math.sin(each * 1.7 + seed)) for each in range(121)]


def test_five_hundred_marks_on_seven_rough_lines_stay_light() -> None:
    held = [
        Mark(each / 500 * 12, 5 + 4 * math.sin(each), f"{each} kg", each % 3) for each in range(500)
    ]
    seven = [Line(f"{each}パーセンタイル", rough(each / 2), is_main=each == 3) for each in range(7)]
    drawn = str(
        curves(
            WEIGHT._replace(
                lines=seven,
                marks=held,
                bands=[(seven[0], seven[6]), (seven[1], seven[5]), (seven[2], seven[4])],
            )
        )
    )
    assert len(drawn.encode()) <= 30_000
    assert 40 <= drawn.count('class="dot"') <= 90
    assert "499 kg" in drawn


@given(st.lists(st.tuples(sizes, sizes, st.integers(0, 2)), min_size=1, max_size=80))
def test_of_marks_that_fall_together_the_last_is_drawn(
    placed: list[tuple[float, float, int]],
) -> None:
    kept = thinning.marks(placed, 20)
    assert kept == sorted(set(kept))
    assert kept[-1] == len(placed) - 1
    assert len(kept) <= 20 or len({(x // 1e4, y // 1e4, kind) for x, y, kind in placed}) > 10


@given(points, st.integers(2, 30))
def test_a_line_with_fewer_corners_begins_and_ends_alike(
    corners: list[tuple[float, float]], most: int
) -> None:
    found = thinning.line(corners, most)
    assert len(found) <= max(most, 2)
    assert found[:1] == corners[:1]
    assert found[-1:] == corners[-1:]
    assert set(found) <= set(corners)


def test_leaving_out_corners_moves_a_smooth_line_by_nothing_one_can_see() -> None:
    smooth = [(each / 4, 100 * math.sin(each / 300)) for each in range(1000)]
    found = dict(thinning.line(smooth, 60))
    assert len(found) <= 60
    ends = sorted(found)
    for x, y in smooth:
        before = max(each for each in ends if each <= x)
        after = min(each for each in ends if each >= x)
        share = (x - before) / (after - before) if after > before else 0
        assert abs(y - (found[before] + share * (found[after] - found[before]))) < 0.5


@given(st.lists(st.floats(0, 300), max_size=12).map(sorted))
def test_names_keep_apart_and_in_their_order(wanted: list[float]) -> None:
    found = words.apart(wanted, 20, 250)
    assert len(found) == len(wanted)
    assert all(19.99 <= each <= 250.01 for each in found)
    assert all(b - a >= 14.99 for a, b in pairwise(found))


DAY = date(2026, 1, 5)
LAST = date(2026, 12, 31)


def pressures(*values: int, source: int = 0) -> list[Dot]:
    return [
        Dot(DAY + timedelta(days=each), Decimal(value), str(value), source)
        for each, value in enumerate(values)
    ]


PRESSURE = Trend(
    "bp",
    "血圧",
    "上は135です。",
    pressures(140, 138, 135),
    None,
    DAY,
    LAST,
    (Level(Decimal(135), "上の目安 135"), Level(Decimal(85), "下の目安 85")),
    pressures(90, 88, 84),
    ("上", "下"),
)


def test_upper_and_lower_blood_pressure_are_told_apart_by_name_and_by_line() -> None:
    drawn = str(trend(PRESSURE))
    assert drawn.count("<polyline") == 2
    assert drawn.count('<polyline class="broken"') == 1
    assert ">上</text>" in drawn
    assert ">下</text>" in drawn
    assert drawn.count('class="dot"') == 6


def test_thresholds_lie_across_at_their_value_and_say_what_they_are() -> None:
    drawn = str(trend(PRESSURE))
    assert drawn.count('class="level"') == 2
    assert ">上の目安 135</text>" in drawn
    room = Decimal(84) - Decimal(140 - 84) / 20
    axis = scale.axis([Decimal(140), room], 220 - 24, 14)
    assert f"{axis.at(Decimal(135)):.1f}H" in drawn


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=20),
    st.lists(st.integers(1, 400), max_size=20),
    st.lists(st.tuples(st.integers(1, 400), labels), max_size=5),
)
def test_a_trend_with_all_of_it_never_leaves_the_frame(
    upper: list[int], lower: list[int], levels: list[tuple[int, str]]
) -> None:
    picture = PRESSURE._replace(
        dots=pressures(*upper),
        second=pressures(*lower),
        levels=[Level(Decimal(value), label) for value, label in levels],
    )
    assert is_inside(trend(picture), 220)


def test_long_numbers_beside_the_axis_move_it_and_stay_whole() -> None:
    drawn = trend(PRESSURE._replace(dots=pressures(100, 101), second=[], levels=[]))
    assert ">100.5</text>" in str(drawn)
    assert is_inside(drawn, 220)


@pytest.mark.parametrize("count", [500, 2000])
def test_years_of_two_measurements_stay_light(count: int) -> None:
    upper = pressures(*(130 + each * 7 % 31 for each in range(count)))
    lower = pressures(*(80 + each * 5 % 17 for each in range(count)))
    end = DAY + timedelta(days=count)
    drawn = str(trend(PRESSURE._replace(dots=upper, second=lower, last=end)))
    assert len(drawn.encode()) <= 30_000
