"""Who may act for whom on a day: every step, every age, no gap and no leak."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from api.core.actor import Power
from api.directory.profile import ProxyLimits
from api.identity.enrolling.birth_date import law_age
from api.proxies import rules
from api.proxies.rules import Relation, Step

ALL = frozenset(Power)
DAY = timedelta(days=1)
TODAY = date(2026, 6, 1)
BORN = date(1941, 2, 11)
YUMI = Relation(
    proxy_id=UUID(int=1),
    kind="voluntary",
    origin="witnessed",
    state="in_force",
    powers=frozenset({Power.VIEW, Power.SETTINGS}),
    opens_on=date(2026, 5, 1),
    ends_on=date(2027, 4, 30),
)
births = st.dates(date(1990, 1, 1), date(2026, 12, 31)) | st.sampled_from(
    [date(year, 2, 29) for year in range(1992, 2025, 4)]
)
acts = st.sampled_from(
    ["asked", "granted", "confirmed", "suspended", "resumed", "narrowed", "ended"]
)


@pytest.mark.parametrize(
    ("relation", "today", "is_safe", "reason"),
    [
        (YUMI, TODAY, False, "in_force"),
        (YUMI, date(2027, 4, 30), False, "in_force"),
        (YUMI, date(2027, 5, 1), False, "expired"),
        (YUMI, date(2026, 4, 30), False, "not_begun"),
        (YUMI, TODAY, True, "safe"),
        (replace(YUMI, state="waiting"), TODAY, False, "waiting"),
        (replace(YUMI, state="suspended"), TODAY, False, "suspended"),
        (replace(YUMI, state="ended"), TODAY, False, "ended"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_yumi_acts_for_taro_only_while_it_is_in_force(relation, today, is_safe, reason):
    standing = rules.powers_now([relation], today, BORN, is_safe=is_safe)
    assert standing.reason == reason
    assert standing.powers == (YUMI.powers if reason == "in_force" else frozenset())
    assert standing.sees_restricted == (reason == "in_force")


def test_nobody_acts_without_a_relation():
    assert rules.powers_now([], TODAY, BORN, is_safe=False) == (frozenset(), "none", False)


def test_two_relations_give_what_either_gives():
    other = replace(YUMI, powers=frozenset({Power.LOG}))
    over = replace(YUMI, powers=ALL, state="ended")
    found = rules.powers_now([over, YUMI, other], TODAY, BORN, is_safe=False)
    assert found.powers == {Power.VIEW, Power.SETTINGS, Power.LOG}
    assert found.reason == "in_force"


@pytest.mark.parametrize(
    ("born", "last"),
    [
        (date(2008, 6, 15), date(2026, 6, 13)),
        (date(2008, 2, 29), date(2026, 2, 27)),
        (date(2008, 3, 1), date(2026, 2, 27)),
        (date(2007, 3, 1), date(2025, 2, 27)),
        (date(2006, 3, 1), date(2024, 2, 28)),
        (date(2008, 1, 1), date(2025, 12, 30)),
    ],
    ids=str,
)
def test_a_parents_last_day_is_the_one_before_the_law_calls_the_child_an_adult(born, last):
    assert rules.last_day_as_minor(born) == last
    parent = replace(YUMI, kind="parent", powers=ALL, opens_on=born, ends_on=date(2100, 1, 1))
    assert rules.powers_now([parent], last, born, is_safe=False).powers
    after = rules.powers_now([parent], last + DAY, born, is_safe=False)
    assert after == (frozenset(), "of_age", False)


@given(birth=births, day=st.integers(0, 365 * 20))
def test_each_day_of_growing_up_has_its_one_band(birth: date, day: int):
    today = birth + timedelta(days=day)
    parent = replace(
        YUMI,
        kind="parent",
        powers=ALL,
        opens_on=birth,
        ends_on=rules.last_day("parent", birth, birth, None),
    )
    found = rules.powers_now([parent], today, birth, is_safe=False)
    age = law_age(birth, today)
    if age < 15:
        assert (found.powers, found.sees_restricted) == (ALL, True)
    elif age < 18:
        assert (found.powers, found.sees_restricted) == (rules.IN_BETWEEN, False)
    else:
        assert found == (frozenset(), "of_age", False)


@given(birth=births, years=st.integers(0, 30))
def test_the_first_day_of_an_age_is_the_first_on_which_the_law_counts_it(birth: date, years: int):
    first = rules.first_day_aged(birth, years)
    if years:
        assert law_age(birth, first - DAY) == years - 1
    assert law_age(birth, max(first, birth)) == years


@given(birth=births, day=st.integers(0, 365 * 3 - 2), powers=st.sets(st.sampled_from(list(Power))))
def test_whoever_acts_for_somebody_from_15_to_17_sees_nothing_restricted(birth, day, powers):
    today = rules.first_day_aged(birth, 15) + timedelta(days=day)
    for kind in rules.KINDS:
        each = replace(
            YUMI,
            kind=kind,
            powers=frozenset(powers),
            opens_on=birth,
            ends_on=date(2100, 1, 1),
        )
        found = rules.powers_now([each], today, birth, is_safe=False)
        assert found.powers <= rules.IN_BETWEEN
        assert not found.sees_restricted


@given(kind=st.sampled_from(rules.KINDS), opens=st.dates(date(2024, 1, 1), date(2040, 1, 1)))
def test_every_proxy_ends_and_none_of_an_adult_after_more_than_twelve_months(kind, opens):
    last = rules.last_day(kind, opens, date(2020, 2, 29), None)
    if kind in rules.OF_MINORS:
        assert last == date(2038, 2, 27)
    else:
        assert timedelta(days=364) <= last - opens <= timedelta(days=365)
    assert rules.last_day(kind, opens, date(2020, 2, 29), opens) == min(opens, last)


@given(st.lists(acts, max_size=8), st.lists(st.sets(st.sampled_from(list(Power))), max_size=8))
def test_no_sequence_of_acts_makes_powers_grow_or_comes_back_from_the_end(chosen, sets):
    steps = [Step(act, frozenset(powers), TODAY) for act, powers in zip(chosen, sets, strict=False)]
    try:
        state, last = rules.folded(steps)
    except ValueError:
        return
    assert steps[0].act == "asked"
    assert all(last.powers <= step.powers for step in steps)
    assert (state == "ended") == (
        steps[-1].act == "ended"
        or [each.act for each in steps[-2:]] == ["asked", "suspended"]
        or (steps[-1].act == "suspended" and not {"granted", "confirmed"} & {s.act for s in steps})
    )
    assert "ended" not in {step.act for step in steps[:-1]}


def test_acts_that_do_not_follow_are_refused():
    granted = [Step("asked", ALL, TODAY), Step("granted", ALL, TODAY)]
    assert rules.folded(granted)[0] == "in_force"
    for wrong in (
        [],
        [Step("granted", ALL, TODAY)],
        [*granted, Step("granted", ALL, TODAY)],
        [*granted, Step("narrowed", ALL, TODAY + DAY)],
        [Step("asked", frozenset(), TODAY), Step("granted", ALL, TODAY)],
    ):
        with pytest.raises(ValueError, match=r"follow|grow|no step"):
            rules.folded(wrong)


ADULT, CHILD, TEEN = date(1970, 1, 1), date(2016, 1, 1), date(2010, 1, 1)


@pytest.mark.parametrize(
    ("kind", "principal", "representative", "may"),
    [
        ("voluntary", ADULT, ADULT, True),
        ("voluntary", ADULT, TEEN, False),
        ("voluntary", CHILD, ADULT, False),
        ("voluntary", TEEN, ADULT, True),
        ("parent", CHILD, ADULT, True),
        ("parent", TEEN, ADULT, True),
        ("parent", ADULT, ADULT, False),
        ("parent", CHILD, TEEN, False),
        ("adult_guardian", ADULT, ADULT, True),
        ("adult_guardian", CHILD, ADULT, False),
    ],
)
def test_adults_act_and_parents_for_minors_alone(kind, principal, representative, may):
    assert rules.may_represent(kind, principal, representative, TODAY) is may


def test_a_minor_and_their_guardian_share_no_way_to_be_reached():
    assert rules.shares_a_way({"device:a", "mail:x"}, {"mail:x"})
    assert not rules.shares_a_way({"device:a"}, {"device:b"})
    assert not rules.shares_a_way(set(), set())


@pytest.mark.parametrize(
    ("opens", "months", "last"),
    [
        (date(2026, 4, 1), 12, date(2027, 3, 31)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 30), 6, date(2028, 2, 29)),
        (date(2026, 11, 15), 2, date(2027, 1, 14)),
        (date(2026, 10, 31), 2, date(2026, 12, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_a_network_may_let_proxies_end_sooner(opens: date, months: int, last: date):
    limits = ProxyLimits(most_months=months)
    assert rules.last_day("voluntary", opens, ADULT, None, limits) == last
    assert rules.last_day("parent", opens, CHILD, None, limits) == rules.last_day_as_minor(CHILD)


def test_twelve_months_end_as_an_age_begins():
    day = date(2024, 1, 1)
    while day < date(2029, 1, 1):
        assert rules.last_day("voluntary", day, ADULT, None) == rules.first_day_aged(day, 1)
        day += timedelta(days=1)


def test_a_network_may_give_more_days_to_think_and_an_earlier_say_of_ones_own():
    limits = ProxyLimits(cooling_off_days=14, own_say_age=13)
    assert rules.opens_on("witnessed", TODAY, limits) == TODAY + timedelta(days=14)
    assert rules.opens_on("registered", TODAY, limits) == TODAY
    parent = Relation(
        proxy_id=UUID(int=7),
        kind="parent",
        origin="registered",
        state="in_force",
        powers=frozenset(Power),
        opens_on=date(2026, 1, 1),
        ends_on=date(2040, 1, 1),
    )
    born = date(2013, 5, 1)
    day = rules.first_day_aged(born, 13)
    before = rules.powers_now([parent], day - timedelta(days=1), born, is_safe=False, limits=limits)
    after = rules.powers_now([parent], day, born, is_safe=False, limits=limits)
    assert (before.powers, after.powers) == (frozenset(Power), {Power.VIEW, Power.UPLOAD})
    assert not after.sees_restricted
    assert rules.may_represent("voluntary", born, ADULT, day, limits)
    assert not rules.may_represent("voluntary", born, ADULT, day)


GROWN, LAST, FIRST = date(1980, 1, 1), date(2026, 11, 29), date(2026, 11, 30)
EIGHTEEN = date(2008, 12, 1)  # 18 as the law counts from FIRST on


@pytest.mark.parametrize(
    ("kind", "before", "since"),
    [
        ("parent", True, False),
        ("guardian_of_minor", True, False),
        ("adult_guardian", False, True),
        ("curator", False, True),
        ("assistant", False, True),
    ],
)
def test_the_day_before_the_18th_birthday_parents_step_back_and_guardians_of_adults_may_begin(
    kind, before, since
):
    assert rules.may_represent(kind, EIGHTEEN, GROWN, LAST) is before
    assert rules.may_represent(kind, EIGHTEEN, GROWN, FIRST) is since


def test_from_the_day_before_the_18th_birthday_one_acts_and_registers_like_any_adult():
    for today, is_adult in ((LAST, False), (FIRST, True)):
        assert rules.may_represent("voluntary", GROWN, EIGHTEEN, today) is is_adult
        assert rules.may_register(GROWN, EIGHTEEN, today) is is_adult
        assert rules.may_register(EIGHTEEN, GROWN, today) is is_adult
        assert rules.is_between(EIGHTEEN, today, rules.USUAL) is not is_adult
    fifteen = date(2011, 12, 1)
    assert not rules.is_between(fifteen, LAST, rules.USUAL)
    assert rules.is_between(fifteen, FIRST, rules.USUAL)
