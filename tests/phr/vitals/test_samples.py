"""The conflict rule, case by case, and as a law: in whatever order edits come, the last stands."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from api.phr.vitals.samples import Held, Sample, Sent, Verdict, judge, read_sample

AT = datetime(2026, 5, 1, 7, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)


def sample(systolic: str = "132", edited_at: datetime = AT) -> Sample:
    values = {"on": "2026-05-01", "systolic": systolic}
    return Sample("k1", "blood-pressure", values, edited_at, "HEM-7600")


def held(systolic: str | None = "132", edited_at: datetime = AT) -> Held:
    values = None if systolic is None else {"on": "2026-05-01", "systolic": systolic}
    return Held(UUID(int=1), 1, values, edited_at)


@pytest.mark.parametrize(
    ("sent", "stands", "verdict"),
    [
        (sample(), None, Verdict("created")),
        (sample(), held(), Verdict("unchanged")),
        (sample(edited_at=LATER), held(), Verdict("unchanged")),
        (sample("140", LATER), held(), Verdict("changed")),
        (sample("140"), held(), Verdict("conflict", "vitals.sample.later_kept")),
        (sample("140"), held(edited_at=LATER), Verdict("conflict", "vitals.sample.later_kept")),
        (sample("140", LATER), held(None), Verdict("refused", "vitals.sample.removed")),
        (sample(), held(None), Verdict("refused", "vitals.sample.removed")),
    ],
)
def test_the_later_edit_stands_and_what_was_removed_stays_so(
    sent: Sample, stands: Held | None, verdict: Verdict
) -> None:
    assert judge(sent, stands) == verdict


def test_in_whatever_order_edits_arrive_the_last_one_stands() -> None:
    edits = [sample(str(130 + each), AT + timedelta(minutes=each)) for each in range(4)]
    for order in permutations(edits):
        stands: Held | None = None
        for each in (*order, *order):
            if judge(each, stands).outcome in ("created", "changed"):
                stands = Held(UUID(int=1), 1, each.values, each.edited_at)
        assert stands is not None
        assert stands.values["systolic"] == "133"


NOW = datetime(2026, 5, 1, 0, 0, tzinfo=UTC)  # 9:00 in Japan
SENT = Sent(
    "k1",
    "blood-pressure",
    "2026-05-01T07:05:59+09:00",
    "",
    {"systolic": "132", "diastolic": "84"},
    "",
)


def test_a_sample_is_of_japans_day_and_minute() -> None:
    read = read_sample(SENT._replace(measured_at="2026-04-30T15:05:59Z"), NOW)
    assert isinstance(read, Sample)
    assert read.values == {
        "on": "2026-05-01",
        "time": "00:05",
        "systolic": "132",
        "diastolic": "84",
    }
    assert read.edited_at == datetime(2026, 4, 30, 15, 5, 59, tzinfo=UTC)
    steps = Sent("k2", "steps", "2026-05-01T07:00:00+09:00", "", {"steps": "8214"}, "")
    read = read_sample(steps, NOW)
    assert isinstance(read, Sample)
    assert read.values == {"on": "2026-05-01", "steps": "8214"}


def test_a_clock_ahead_settles_nothing_for_good() -> None:
    read = read_sample(SENT._replace(edited_at="2036-05-01T07:05:00+09:00"), NOW)
    assert isinstance(read, Sample)
    assert read.edited_at == NOW


def test_an_odd_value_of_a_device_is_taken() -> None:
    read = read_sample(SENT._replace(values={"systolic": "230", "diastolic": "110"}), NOW)
    assert isinstance(read, Sample)


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"kind": "mood"}, "vitals.sample.kind", "kind"),
        ({"measured_at": "2026-05-01T07:05:00"}, "vitals.sample.time", "measured_at"),
        ({"measured_at": "yesterday"}, "vitals.sample.time", "measured_at"),
        ({"measured_at": "0001-01-01T00:00:00Z"}, "vitals.sample.time", "measured_at"),
        ({"edited_at": "2026-05-01"}, "vitals.sample.time", "edited_at"),
        ({"measured_at": "2026-05-01T09:00:01+09:00"}, "vitals.sample.future", "measured_at"),
        ({"values": {"systolic": "132", "mood": "1"}}, "vitals.sample.field", "mood"),
        ({"device": "1234 5678 9018"}, "error.entry.my_number", "device"),
        ({"values": {"systolic": "132"}}, "error.own.required", "diastolic"),
        ({"values": {"systolic": "1320", "diastolic": "84"}}, "error.own.bounds", "systolic"),
        ({"values": {"systolic": "84", "diastolic": "132"}}, "error.entry.pressure", "systolic"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_reason(
    change: dict[str, object], reason: str, field: str
) -> None:
    assert read_sample(SENT._replace(**change), NOW) == Verdict("refused", reason, field)
