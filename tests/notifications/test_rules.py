"""What follows from how a sending ended: without a database or a socket."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core import i18n
from notifications import rules
from notifications.kinds import KIND_OF, Kind, kind_of
from notifications.rules import Fate, Outcome, Pace

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
HANAKO, PHONE, TABLET = UUID(int=1), UUID(int=2), UUID(int=3)
PACE = Pace()
SENT, GONE = Outcome(Fate.SENT), Outcome(Fate.GONE, "unregistered 404")
LATER, REFUSED = Outcome(Fate.LATER, "unavailable 503"), Outcome(Fate.REFUSED, "refused 400")
FAULT = Outcome(Fate.FAULT, "credentials")


@pytest.mark.parametrize(
    ("outcomes", "attempts", "was_reached", "state", "reason"),
    [
        ([(PHONE, SENT)], 1, False, "sent", None),
        ([(PHONE, SENT), (TABLET, GONE)], 1, False, "sent", None),
        ([(PHONE, GONE)], 1, False, "parked", "unregistered 404"),
        ([(PHONE, REFUSED)], 1, False, "parked", "refused 400"),
        ([(PHONE, LATER)], 1, False, "waiting", "unavailable 503"),
        ([(PHONE, LATER)], PACE.attempts, False, "parked", "unavailable 503"),
        ([(PHONE, LATER)], PACE.attempts, True, "sent", None),
        ([(PHONE, SENT), (TABLET, LATER)], 1, False, "waiting", "unavailable 503"),
        ([(PHONE, FAULT)], 99, False, "waiting", "credentials"),
        ([], 1, False, "no_address", "no_address"),
        ([], 1, True, "sent", None),
    ],
)
def test_what_follows(outcomes, attempts: int, was_reached: bool, state: str, reason: str | None):
    end = rules.after(outcomes, attempts, PACE, was_reached=was_reached)
    assert (end.state, end.reason) == (state, reason)
    assert (end.wait is not None) == (state == "waiting")


ENDS = st.builds(
    Outcome,
    st.sampled_from(list(Fate)),
    st.just("reason"),
    st.none() | st.floats(0, 10**6, allow_nan=False),
)


@given(st.lists(ENDS, max_size=5), st.integers(1, 20), st.booleans())
def test_nothing_waits_for_ever_and_nothing_told_is_called_untold(ends, attempts, was_reached):
    outcomes = [(UUID(int=n + 10), end) for n, end in enumerate(ends)]
    end = rules.after(outcomes, attempts, PACE, was_reached=was_reached)
    fates = {each.fate for each in ends}
    if end.state == "waiting":
        assert end.is_fault or attempts < PACE.attempts
        assert 0 < (end.wait or 0) <= rules.LONGEST_RETRY_AFTER
    if end.state in ("parked", "no_address"):
        assert not was_reached
        assert Fate.SENT not in fates
    assert set(end.reached) == {a for a, o in outcomes if o.fate is Fate.SENT}
    assert set(end.gone) == {a for a, o in outcomes if o.fate is Fate.GONE}


def test_each_wait_is_longer_than_the_one_before_up_to_six_hours():
    waits = [PACE.back_off(attempt) for attempt in range(1, 9)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (10, 6 * 3600)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("Sat, 21 Nov 2026 03:01:00 GMT", 60.0),
        ("Sat, 21 Nov 2026 02:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        (None, None),
        ("", None),
    ],
)
def test_how_long_a_service_wants_us_to_wait(header: str | None, seconds: float | None):
    assert rules.retry_after(header, NOW) == seconds


def test_every_event_that_is_told_has_a_kind_and_every_kind_its_words():
    texts = Path(i18n.__file__).parents[2] / "web_portal" / "locales" / "ja" / "LC_MESSAGES"
    keys = " ".join(path.read_text() for path in texts.glob("*.po"))
    told = {
        line.split('"')[1].removeprefix("notice.").removesuffix(".title")
        for line in keys.splitlines()
        if line.startswith('msgid "notice.') and '.title"' in line and ".outside." not in line
    }
    assert told - set(KIND_OF) == {"quiet_emergency"}  # in the place of another, in safe mode
    for kind in Kind:
        for locale in ("ja", "en"):
            assert i18n.text(locale, f"notice.outside.{kind}.title")
            assert i18n.text(locale, f"notice.outside.{kind}.body")
    assert kind_of("something_new") is Kind.SECURITY
