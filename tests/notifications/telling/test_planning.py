"""To whom, on which way and when: an emergency at once and always, nothing else by night."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.kinds import BY_EVERY_CHANNEL, KIND_OF, Kind, kind_of
from notifications.planning import (
    AT_ONCE,
    JAPAN,
    TOLD_TO_PROXIES,
    USUAL_QUIET,
    WAY_OF,
    WAYS,
    Part,
    Planned,
    Quiet,
    Recipient,
    plan,
)

TARO, YUMI = UUID(int=1), UUID(int=2)
PEOPLE = (TARO, YUMI, UUID(int=3))
EVERY = frozenset({"fcm", "web_push", "mail", "letter"})
NOON = datetime(2026, 5, 3, 12, tzinfo=JAPAN).astimezone(UTC)
NIGHT = datetime(2026, 5, 3, 23, 30, tzinfo=JAPAN).astimezone(UTC)

events = st.sampled_from(sorted(KIND_OF))
choices = st.frozensets(st.tuples(st.sampled_from(sorted(Kind)), st.sampled_from(WAYS)))
hours = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
quiets = st.none() | st.builds(Quiet, hours, hours).filter(lambda quiet: quiet.start != quiet.end)
moments = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))


@st.composite
def recipients(draw: st.DrawFn) -> list[Recipient]:
    """Tarō, and others as proxies, as nominees or as both; what each chose is theirs alone."""
    others: list[Part] = ["proxy", "nominee"]
    named: list[tuple[UUID, Part]] = [(TARO, "subject")]
    named += draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(others))))
    chosen = {
        who: Recipient(
            who,
            "subject",
            draw(st.frozensets(st.sampled_from(sorted(EVERY)))),
            off=draw(choices),
            on=draw(choices),
            quiet=draw(quiets),
        )
        for who in PEOPLE
    }
    return [chosen[who]._replace(part=part) for who, part in named]


@given(events, recipients(), moments)
def test_an_emergency_is_told_at_once_to_its_subject_by_whatever_there_is(event, people, now):
    subject = people[0]
    mine = [each for each in plan("emergency_opened", people, now) if each.recipient == TARO]
    assert all(each.not_before is None for each in mine)
    there = subject.channels & set(AT_ONCE)
    if there:
        assert {each.channel for each in mine} & there
    else:
        assert [each.channel for each in mine] == ["letter"]
        assert mine[0].has_address == ("letter" in subject.channels)


@given(events, recipients(), moments)
def test_nothing_but_an_emergency_rings_in_hours_of_quiet(event, people, now):
    quiet = {each.participant_id: each.quiet for each in people}
    for each in plan(event, people, now):
        if WAY_OF[each.channel] != "push" or kind_of(event) is Kind.EMERGENCY:
            assert each.not_before is None
            continue
        hours = quiet[each.recipient]
        rings = each.not_before or now
        assert rings >= now
        assert rings - now <= timedelta(days=1)
        assert hours is None or hours.ends_after(rings) is None


@given(events, recipients(), moments)
def test_nobody_is_told_twice_by_one_way(event, people, now):
    found = [(each.recipient, each.channel) for each in plan(event, people, now)]
    assert len(found) == len(set(found))


@given(events, recipients(), moments)
def test_nobody_is_told_who_is_not_named(event, people, now):
    named = {each.participant_id for each in people}
    assert {each.recipient for each in plan(event, people, now)} <= named


@given(events, recipients(), moments)
def test_what_was_turned_off_does_not_go_out(event, people, now):
    kind = kind_of(event)
    if kind is Kind.EMERGENCY or event in BY_EVERY_CHANNEL:
        return
    off = {each.participant_id: each.off for each in people}
    for each in plan(event, people, now):
        assert (kind, WAY_OF[each.channel]) not in off[each.recipient]


@given(events, recipients(), moments)
def test_a_letter_is_the_subjects_alone_and_only_where_nothing_else_reaches(event, people, now):
    for each in plan(event, people, now):
        if each.channel == "letter":
            assert each.recipient == TARO
            assert event in BY_EVERY_CHANNEL or not people[0].channels & set(AT_ONCE)


def one(part: Part = "subject", **more: object) -> Recipient:
    who = TARO if part == "subject" else YUMI
    return Recipient(who, part, **{"channels": EVERY} | more)  # type: ignore[arg-type]


def channels(planned: list[Planned], who: UUID = TARO) -> set[str]:
    return {each.channel for each in planned if each.recipient == who}


@pytest.mark.parametrize("event", sorted(BY_EVERY_CHANNEL))
def test_that_a_recovery_began_goes_by_every_way_whatever_was_chosen(event: str):
    off = frozenset((kind, way) for kind in Kind for way in WAYS)
    assert channels(plan(event, [one(off=off)], NOON)) == EVERY


@pytest.mark.parametrize("event", sorted(KIND_OF))
def test_yumi_hears_of_taros_as_his_proxy_but_for_keys_and_proxies(event: str):
    told = channels(plan(event, [one(), one("proxy")], NOON), YUMI)
    assert bool(told) == (kind_of(event) in TOLD_TO_PROXIES)


@pytest.mark.parametrize("event", sorted(KIND_OF))
def test_who_was_named_for_an_emergency_hears_of_its_opening_alone(event: str):
    told = channels(plan(event, [one(), one("nominee")], NOON), YUMI)
    assert bool(told) == (event == "emergency_opened")


def test_at_night_the_phone_waits_for_seven_and_the_mail_does_not():
    planned = {each.channel: each.not_before for each in plan("first_access", [one()], NIGHT)}
    morning = datetime(2026, 5, 4, 7, tzinfo=JAPAN)
    assert planned == {"fcm": morning, "web_push": morning, "mail": None}


@pytest.mark.parametrize(
    ("quiet", "at", "ends"),
    [
        (USUAL_QUIET, time(20, 59), None),
        (USUAL_QUIET, time(21), (4, time(7))),
        (USUAL_QUIET, time(0), (3, time(7))),
        (USUAL_QUIET, time(6, 59), (3, time(7))),
        (USUAL_QUIET, time(7), None),
        (Quiet(time(13), time(15)), time(14), (3, time(15))),
        (Quiet(time(13), time(15)), time(15), None),
        (Quiet(time(13), time(15)), time(12, 59), None),
    ],
)
def test_quiet_hours_end(quiet: Quiet, at: time, ends: tuple[int, time] | None):
    now = datetime.combine(datetime(2026, 5, 3, tzinfo=JAPAN).date(), at, JAPAN)
    found = quiet.ends_after(now.astimezone(UTC))
    expected = ends and datetime.combine(now.date().replace(day=ends[0]), ends[1], JAPAN)
    assert found == expected


def test_letters_go_for_what_matters_to_who_has_nothing_else():
    paper = one(channels=frozenset({"letter"}))
    assert channels(plan("passkey_added", [paper], NOON)) == {"letter"}
    assert channels(plan("digest", [paper], NOON)) == set()
    assert channels(plan("terms_accepted", [paper], NOON)) == set()
    assert channels(plan("terms_asked", [paper], NOON)) == {"letter"}
    silent = paper._replace(off=frozenset({("settings", "letter")}))
    assert channels(plan("terms_asked", [silent], NOON)) == set()
    wants = paper._replace(on=frozenset({("digest", "letter")}))
    assert channels(plan("digest", [wants], NOON)) == {"letter"}
    nothing = one(channels=frozenset())
    assert plan("passkey_added", [nothing], NOON) == [Planned(TARO, "letter", None, False)]
