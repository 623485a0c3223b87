"""What a form asks of the log is read whole, or every fault is named."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access_log.events import EventName
from api.access_log.filters import EVERYTHING, Kind, Wanted, events_of, kind_of, matches
from api.access_log.service import LogRow
from api.support.errors import FilterFaults
from api.support.reading.asked import Asked, wanted, words

NONE: frozenset[str] = frozenset()
CLINIC = UUID("0190a8c0-0000-7000-8000-000000000001")


@pytest.mark.parametrize("event", EventName)
def test_every_event_is_of_a_kind_people_can_look_for(event: EventName) -> None:
    assert event in events_of([kind_of(event)])


def test_the_kinds_together_are_the_whole_log() -> None:
    assert sorted(events_of(Kind)) == sorted(EventName)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (EventName.RECORD_READ, Kind.READS),
        (EventName.PARTICIPANT_SOUGHT, Kind.READS),
        (EventName.RECORD_STORED, Kind.RECEIVED),
        (EventName.DISCLOSURE_CHANGED, Kind.SETTINGS),
        (EventName.ENROLLED, Kind.SETTINGS),
        (EventName.SIGNED_IN, Kind.SIGN_INS),
        (EventName.SUPPORT_CASE_OPENED, Kind.SUPPORT),
    ],
)
def test_an_event_is_found_where_people_look(event: EventName, kind: Kind) -> None:
    assert kind_of(event) is kind


def test_nothing_asked_narrows_nothing() -> None:
    assert wanted(Asked(), NONE) == EVERYTHING
    assert words(Asked()).is_empty
    assert Asked(emergency="no", denied="").chosen == {}


def test_both_days_count_in_as_a_calendar_in_japan_has_them() -> None:
    found = wanted(Asked(since="2026-05-03", until="2026-05-03"), NONE)
    assert found.since == datetime(2026, 5, 2, 15, tzinfo=UTC)
    assert found.until == datetime(2026, 5, 3, 15, tzinfo=UTC)


def test_what_is_chosen_together_narrows_together() -> None:
    asked = Asked(
        kind="reads", facility=str(CLINIC), purpose="TREAT", emergency="true", denied="yes"
    )
    found = wanted(asked, NONE, upto=7)
    assert (found.kind, found.facility_id, found.purpose_of_use) == (Kind.READS, CLINIC, "TREAT")
    assert (found.emergency_only, found.denied_only, found.upto) == (True, True, 7)
    assert found.asks_what
    assert not wanted(Asked(since="2026-05-03"), NONE, upto=7).asks_what


@pytest.mark.parametrize(
    ("asked", "field", "fault"),
    [
        (Asked(kind="planet"), "kind", "kind"),
        (Asked(facility="1"), "facility", "facility"),
        (Asked(professional="x"), "professional", "professional"),
        (Asked(purpose="FUN"), "purpose", "purpose"),
        (Asked(emergency="maybe"), "emergency", "yes_or_no"),
        (Asked(denied="2"), "denied", "yes_or_no"),
        (Asked(since="2026-02-30"), "since", "day"),
        (Asked(until="0001-01-01"), "until", "day"),
        (Asked(until="tomorrow"), "until", "day"),
        (Asked(since="2026-05-04", until="2026-05-03"), "until", "until_before_since"),
    ],
)
def test_what_is_no_choice_is_named_with_its_fault(asked: Asked, field: str, fault: str) -> None:
    with pytest.raises(FilterFaults) as raised:
        wanted(asked, NONE)
    assert raised.value.fields == {field: f"error.log.filter.{fault}"}


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(FilterFaults) as raised:
        wanted(Asked(kind="?", since="?", denied="?"), NONE)
    assert raised.value.fields.keys() == {"kind", "since", "denied"}


def test_a_purpose_of_the_network_s_own_is_one() -> None:
    assert wanted(Asked(purpose="PUBHLTH"), frozenset({"PUBHLTH"})).purpose_of_use == "PUBHLTH"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused_never_a_fault(a: str, b: str, c: str) -> None:
    asked = Asked(kind=a, facility=b, professional=c, since=a, until=b, purpose=c, denied=a)
    try:
        wanted(asked, NONE)
    except FilterFaults as faults:
        assert faults.fields  # noqa: PT017


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("さとう", "サトウ 内科"),
        ("佐藤健一", "佐藤 健一さん"),
        ("佐藤　健一", "佐藤健一"),
        ("ＡＯＢＡ", "Aoba Pharmacy"),
        ("薬 あおば", "あおば薬局が処方を見ました"),
        ("ﾔｯｷｮｸ", "ヤッキョク"),
    ],
)
def test_width_case_kana_and_spaces_do_not_matter(typed: str, text: str) -> None:
    assert words(Asked(q=typed)).are_in("", text)


def test_all_words_must_be_there_and_who_is_looked_for_in_names_alone() -> None:
    assert not words(Asked(q="薬 病院")).are_in("", "あおば薬局")
    assert words(Asked(who="医師")).are_in("佐藤 健一 医師", "…")
    assert not words(Asked(who="医師")).are_in("伊藤 美咲 薬剤師", "医師が見ました")


@given(st.text(max_size=60))
def test_a_text_holds_itself_however_it_is_typed(text: str) -> None:
    assert words(Asked(q=text)).are_in("", text)


ROWS = st.builds(
    LogRow,
    number=st.integers(1, 9),
    eid=st.just(CLINIC),
    at=st.integers(0, 9).map(lambda days: datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days)),
    event=st.sampled_from(list(EventName)).map(str),
    outcome=st.sampled_from(["permitted", "denied"]),
    actor_kind=st.sampled_from(["participant", "professional", "support", "operator"]),
    actor_id=st.sampled_from([None, CLINIC]),
    facility_id=st.sampled_from([None, CLINIC]),
    purpose_of_use=st.sampled_from([None, "TREAT", "ETREAT", "BTG"]),
    detail=st.just({}),
)


@given(ROWS)
def test_a_row_matches_nothing_asked_and_its_own_kind(row: LogRow) -> None:
    assert matches(row, EVERYTHING)
    assert matches(row, Wanted(kind=kind_of(EventName(row.event))))
    assert matches(row, Wanted(upto=row.number, since=row.at))
    assert not matches(row, Wanted(until=row.at))


@given(ROWS, st.sampled_from(Kind), st.booleans(), st.booleans())
def test_to_narrow_by_more_finds_less(row: LogRow, kind: Kind, denied: bool, urgent: bool) -> None:
    narrow = Wanted(kind=kind, facility_id=CLINIC, denied_only=denied, emergency_only=urgent)
    if matches(row, narrow):
        assert matches(row, Wanted(kind=kind))
        assert matches(row, Wanted(facility_id=CLINIC))
        assert row.outcome == "denied" or not denied
