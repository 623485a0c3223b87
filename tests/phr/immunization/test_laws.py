"""What must hold for whatever was given and whenever one looks."""

from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.phr.immunization.editions import EDITIONS
from api.phr.immunization.engine import Person, plans
from api.phr.immunization.plans import Dose, Plan, Status
from api.phr.immunization.schedule import LIVE_GAP, edition_on, target_in
from api.phr.immunization.vaccines import VACCINES, is_live

CODES = [each.code for each in VACCINES]
BORN = st.dates(date(1994, 1, 1), date(2026, 11, 30))
LIVED = st.integers(0, 19 * 366)
DOSES = st.lists(
    st.tuples(
        st.sampled_from(CODES),
        st.one_of(st.integers(0, 700), st.integers(0, 16 * 366)),
    ),
    max_size=9,
    unique_by=lambda each: each,
)
SEX = st.sampled_from(("female", "male"))


def _given(born: date, written: list[tuple[str, int]], today: date) -> list[Dose]:
    doses = [Dose(code, born + timedelta(days=days)) for code, days in written]
    return [each for each in doses if each.on <= today]


def _again(person: Person, doses: list[Dose], one: Plan, on: date) -> list[Plan]:
    """The same, with what was proposed given on that day by each product that may be it."""
    target = target_in(edition_on(EDITIONS, on), one.target)
    assert target is not None
    products = {each.dose.vaccine for each in one.given if each.number}
    later = on + timedelta(days=1)
    found = []
    for product in products or target.products:
        following = plans(person, [*doses, Dose(product, on)], later)
        found += [each for each in following if each.target == one.target]
    return found


@settings(max_examples=400, deadline=None)
@given(BORN, LIVED, DOSES, SEX)
def test_what_is_proposed_counts_on_its_first_day_and_on_its_last(
    born: date, lived: int, written: list[tuple[str, int]], sex: str
) -> None:
    today = born + timedelta(days=lived)
    person, doses = Person(born, sex), _given(born, written, today)
    edition = edition_on(EDITIONS, today)
    found = plans(person, doses, today)
    first_phase = next(one for one in found if one.target == "je1")
    for one in found:
        if one.next is None or one.changes_on:
            continue
        if (
            one.target == "je2"
            and first_phase.next
            and first_phase.next.latest >= one.next.earliest
        ):
            continue  # where both phases are open, what comes is of the first
        for on in (max(one.next.earliest, today), one.next.latest):
            if edition_on(EDITIONS, on) != edition or one.counted != one.next.number - 1:
                continue
            if on == today and any(each.on == today for each in doses):
                continue
            for then in _again(person, doses, one, on):
                last = max(then.given, key=lambda each: each.dose.on)
                assert last.number == one.next.number, (one, then)


@settings(max_examples=400, deadline=None)
@given(BORN, LIVED, DOSES, SEX)
# Given after the usual period and before one of her own that opens it again.
@example(date(2022, 5, 1), 1066, [("mr", 731)], "female")
@example(date(2022, 5, 1), 1080, [("mr", 1065)], "female")
def test_nothing_is_proposed_too_soon_or_past_its_last_day(
    born: date, lived: int, written: list[tuple[str, int]], sex: str
) -> None:
    today = born + timedelta(days=lived)
    doses = _given(born, written, today)
    live = [each for each in doses if is_live(each.vaccine)]
    for one in plans(Person(born, sex), doses, today):
        assert (one.next is None) == (one.status not in (Status.OPEN, Status.LATER))
        if one.next is None:
            continue
        ahead = one.next
        assert born <= ahead.earliest <= ahead.latest
        assert today <= ahead.latest
        assert (one.status is Status.OPEN) == (ahead.earliest <= today)
        assert all(each.dose.on < ahead.earliest for each in one.given)
        counted = [each.dose for each in one.given if each.number]
        target = target_in(edition_on(EDITIONS, today), one.target)
        assert target is not None
        if any(is_live(each) for each in target.products):
            for each in live:
                assert each in counted or LIVE_GAP.after(each.on) <= ahead.earliest
        if ahead.usual_from and ahead.usual_until:
            assert ahead.earliest <= ahead.usual_from <= ahead.usual_until <= ahead.latest
        assert one.of == 0 or one.of >= ahead.number


@settings(max_examples=300, deadline=None)
@given(BORN, LIVED, DOSES, SEX, st.randoms(use_true_random=False))
def test_every_dose_is_of_one_plan_or_beside_them_and_order_does_not_matter(
    born: date, lived: int, written: list[tuple[str, int]], sex: str, random: object
) -> None:
    today = born + timedelta(days=lived)
    doses = _given(born, written, today)
    person = Person(born, sex)
    found = plans(person, doses, today)
    told = [each.dose for one in found for each in one.given]
    assert len(told) == len(set(told))
    assert set(told) <= set(doses)
    by_day = sorted({each.on: each for each in doses}.values())
    assert plans(person, by_day, today) == plans(person, by_day[::-1], today)
    for one in found:
        counted = [each.number for each in one.given if each.number]
        assert counted == list(range(1, len(counted) + 1))
        assert all((each.why is None) == bool(each.number) for each in one.given)


@settings(max_examples=150, deadline=None)
@given(BORN, SEX)
def test_whoever_comes_on_each_first_day_has_everything_done(born: date, sex: str) -> None:
    """From birth to sixteen, one after another as each becomes possible."""
    person, doses = Person(born, sex), list[Dose]()
    today = born
    product = {"rota": "rota5", "hpv": "hpv9", "mr1": "mr", "mr2": "mr", "je1": "je", "je2": "je"}
    for _ in range(40):
        ahead = [one for one in plans(person, doses, today) if one.next]
        if not ahead:
            break
        first = min(ahead, key=lambda one: (one.next.earliest, one.target))  # type: ignore[union-attr]
        assert first.next is not None
        today = max(today, first.next.earliest)
        doses.append(Dose(product.get(first.target, first.target), today))
    ends = {one.target: one.status for one in plans(person, doses, today)}
    girls = Status.DONE if sex == "female" else Status.NOT_FOR
    assert ends.pop("hpv") is girls
    assert set(ends.values()) == {Status.DONE}
