"""A month of the log comes to what happened in it, and to nothing else."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access_log.events import EventName
from api.access_log.service import LogRow
from api.core.settings import DEMO_PROFILE
from api.directory.profile import NetworkProfile, load_profile
from api.support.reading.digest import Digest, Month, digest
from api.support.reading.digest_said import looked_said, summary

MAY = Month(2026, 5)
CLINIC, PHARMACY = uuid4(), uuid4()
NAMES = {
    CLINIC: {"ja": "さくら内科クリニック", "en": "Sakura Clinic"},
    PHARMACY: {"ja": "あおば薬局", "en": "Aoba Pharmacy"},
}


def row(event: EventName = EventName.RECORD_READ, **given: Any) -> LogRow:
    """Dr Satō sees two prescriptions in the middle of May, unless said otherwise."""
    at, facility_id = given.pop("at", datetime(2026, 5, 15, tzinfo=UTC)), given.pop("of", CLINIC)
    drugs = [{"type": "MedicationRequest", "category": "prescription", "count": 2}]
    who = {
        "name": "佐藤 健一",
        "profession": given.pop("profession", "physician"),
        "facility": NAMES.get(facility_id, {}),
    }
    values: dict[str, Any] = {
        "number": 1,
        "eid": uuid4(),
        "at": at,
        "event": event.value,
        "outcome": "permitted",
        "actor_kind": "professional",
        "actor_id": None,
        "facility_id": facility_id,
        "purpose_of_use": "TREAT",
        "detail": {"actor": who, "resources": given.pop("resources", drugs)},
    }
    return LogRow(**values | given)


@pytest.fixture(scope="module")
def profile() -> NetworkProfile:
    return load_profile(DEMO_PROFILE.read_text("utf-8"))


def said(found: Digest, locale: str, profile: NetworkProfile) -> list[str]:
    return [s for each in found.looked for s in looked_said(each, locale, profile, {}).sentences]


def test_a_month_without_events_says_that_nobody_looked() -> None:
    found = digest([], MAY)
    assert (found.events, found.looked) == (0, ())
    assert summary(found, "ja") == ["だれも、記録を見ていません。"]
    assert summary(found, "en") == ["Nobody saw your records."]


def test_each_profession_of_each_facility_is_counted_by_itself(profile: NetworkProfile) -> None:
    lab = [{"type": "Observation", "category": "lab", "count": 3}]
    found = digest(
        [
            row(),
            row(resources=lab),
            row(profession="nurse"),
            row(of=PHARMACY, profession="pharmacist"),
        ],
        MAY,
    )
    first = found.looked[0]
    assert (first.facility_id, first.profession, first.times) == (CLINIC, "physician", 2)
    assert first.kinds == {"prescription": 2, "lab": 3}
    assert {(e.facility_id, e.profession) for e in found.looked[1:]} == {
        (CLINIC, "nurse"),
        (PHARMACY, "pharmacist"),
    }
    kinds = "「処方（医師が出した薬）」2件、「検査結果」3件"
    assert (
        said(found, "ja", profile)[0] == f"さくら内科クリニックの医師が、2回、{kinds}を見ました。"
    )
    assert (
        said(found, "en", profile)[0]
        == "Physician at Sakura Clinic saw Prescriptions (2), Laboratory results (3). Times: 2."
    )


def test_a_facility_is_new_only_where_it_had_not_seen_records_before() -> None:
    rows = [row(), row(of=PHARMACY)]
    assert {e.facility_id for e in digest(rows, MAY).looked if e.is_first} == {CLINIC, PHARMACY}
    known = digest(rows, MAY, frozenset([CLINIC]))
    assert {e.facility_id for e in known.looked if e.is_first} == {PHARMACY}
    refused = digest([row(outcome="denied")], MAY)
    assert not any(each.is_first for each in refused.looked)


def test_refusals_checks_and_emergencies_are_told_apart(profile: NetworkProfile) -> None:
    found = digest(
        [
            row(outcome="denied"),
            row(outcome="denied"),
            row(resources=[]),
            row(EventName.PARTICIPANT_FOUND),
            row(purpose_of_use="BTG"),
        ],
        MAY,
        frozenset([CLINIC]),
    )
    (clinic,) = found.looked
    counts = (clinic.times, clinic.checked, clinic.denied, clinic.emergency)
    assert counts == (1, 2, 2, 1)
    assert clinic.kinds == {"prescription": 2}
    assert found.denied == 2
    assert said(found, "ja", profile)[1:] == [
        "さくら内科クリニックの医師が、お名前や設定の確認だけを2回しました。記録は見ていません。",
        "さくら内科クリニックの医師が、2回、見ようとしましたが、お断りしました。",
        "このうち1回は、救急のときです。",
    ]


def test_what_else_happened_is_counted_by_what_it_was() -> None:
    own = {"actor_kind": "participant", "facility_id": None, "detail": {}}
    found = digest(
        [
            row(EventName.DISCLOSURE_CHANGED, **own),
            row(EventName.DISCLOSURE_CHANGED),
            row(EventName.PARTICIPATION_CHANGED, **own),
            row(EventName.SIGNED_IN, **own),
            row(EventName.SIGNED_IN, **own | {"outcome": "denied"}),
            row(EventName.RECORD_STORED, actor_kind="system"),
            row(EventName.SUPPORT_CASE_OPENED, **own),
            row(EventName.ACCESS_EVALUATED, **own),
        ],
        MAY,
    )
    assert (found.changes, found.changes_by_others, found.refused_sign_ins) == (3, 1, 1)
    assert (found.received, found.support, found.exports) == (1, 1, 0)
    assert (found.events, found.looked) == (8, ())
    assert len(summary(found, "ja")) == len(summary(found, "en")) == 6


def test_a_month_is_the_one_of_a_calendar_in_japan() -> None:
    first = datetime(2026, 4, 30, 15, tzinfo=UTC)
    last = datetime(2026, 5, 31, 14, 59, 59, tzinfo=UTC)
    outside = [datetime(2026, 4, 30, 14, 59, tzinfo=UTC), datetime(2026, 5, 31, 15, tzinfo=UTC)]
    assert digest([row(at=at) for at in (first, last, *outside)], MAY).events == 2


def test_a_facility_goes_by_the_name_it_had_last(profile: NetworkProfile) -> None:
    newer = {"ja": "新さくら内科", "en": "New Sakura"}
    renamed = row(at=datetime(2026, 5, 20, tzinfo=UTC))
    renamed.detail["actor"]["facility"] = newer
    for rows in ([row(), renamed], [renamed, row()]):
        (only,) = digest(rows, MAY).looked
        assert only.facility == newer


@pytest.mark.parametrize(
    ("month", "previous", "following"),
    [("2026-01", "2025-12", "2026-02"), ("2026-12", "2026-11", "2027-01")],
)
def test_months_follow_each_other_over_the_year(month: str, previous: str, following: str) -> None:
    read = Month.read(month)
    assert (str(read), str(read.previous), str(read.following)) == (month, previous, following)
    assert read.starts_at < read.following.starts_at


KINDS = st.lists(
    st.tuples(st.sampled_from(["prescription", "lab"]), st.integers(1, 9)), max_size=3
).map(lambda kinds: [{"type": "X", "category": c, "count": n} for c, n in kinds])
ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from(list(EventName)),
        of=st.sampled_from([CLINIC, PHARMACY, None]),
        profession=st.sampled_from(["physician", "nurse", None]),
        outcome=st.sampled_from(["permitted", "denied"]),
        actor_kind=st.sampled_from(["participant", "professional", "system", "support"]),
        purpose_of_use=st.sampled_from(["TREAT", "ETREAT", None]),
        resources=KINDS,
    ),
    max_size=20,
)


@given(ROWS, st.randoms())
def test_order_does_not_matter_and_every_event_is_in_the_sum(rows: list[LogRow], random) -> None:
    found = digest(rows, MAY)
    assert found.events == len(rows)
    looks = sum(each.times + each.checked + each.denied for each in found.looked)
    assert looks <= len(rows)
    seen = sum(
        sum(kind["count"] for kind in each.detail["resources"])
        for each in rows
        if each.event == "records:record:read"
        and each.outcome == "permitted"
        and each.actor_kind != "participant"
    )
    assert sum(sum(each.kinds.values()) for each in found.looked) == seen
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert digest(shuffled, MAY) == found


def test_a_facility_not_named_is_said_to_be_so(profile: NetworkProfile) -> None:
    nobody: UUID | None = None
    found = digest([row(of=nobody)], MAY)
    assert said(found, "ja", profile)[0].startswith("まだお名前を表示できないところの医師が")
    assert not found.looked[0].is_first


def test_what_was_erased_is_still_counted_and_its_place_goes_by_its_name_of_today(
    profile: NetworkProfile,
) -> None:
    found = digest([row(detail={}, is_erased=True)], MAY)
    (only,) = found.looked
    assert (only.times, only.checked, only.kinds) == (1, 0, {})
    (sentence, *_) = looked_said(only, "ja", profile, {CLINIC: "さくら内科"}).sentences
    assert sentence == "さくら内科の人が、1回、記録を見ました。"
