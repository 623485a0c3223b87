"""The conflict rule, case by case, and as a law: in whatever order edits come, the last stands."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from api.phr.vitals.samples import Held, Sample, Verdict, judge

AT = datetime(2026, 5, 1, 7, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)


def sample(systolic: str = "132", edited_at: datetime = AT, kind: str = "blood-pressure") -> Sample:
    return Sample("k1", kind, {"on": "2026-05-01", "systolic": systolic}, edited_at, "HEM-7600")


def held(
    systolic: str | None = "132", edited_at: datetime = AT, kind: str = "blood-pressure"
) -> Held:
    values = None if systolic is None else {"on": "2026-05-01", "systolic": systolic}
    return Held(UUID(int=1), kind, 1, values, edited_at)


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
        (sample(kind="pulse"), held(), Verdict("refused", "vitals.sample.other_kind")),
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
                stands = Held(UUID(int=1), each.kind, 1, each.values, each.edited_at)
        assert stands is not None
        assert stands.values["systolic"] == "133"
