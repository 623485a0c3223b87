"""Identifiers sort by the time they were made, also within a millisecond."""

import pytest

from api.core import ids


@pytest.mark.parametrize("nanos", [0, 999_999, 1_000_000, 1_764_518_400_000_999_999])
def test_it_is_a_uuid_of_version_7(monkeypatch: pytest.MonkeyPatch, nanos: int) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: nanos)
    made = ids.uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == nanos // 1_000_000
    assert ids.uuid7() != made


def test_what_is_made_a_microsecond_later_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(5_000_000, 7_000_000, 1_000))
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(moments))
    made = [ids.uuid7() for _ in range(2_000)]
    assert made == sorted(made)
