"""How long there is to think, what a certificate says, and the code somebody writes down."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from api.core.canonical import canonical
from api.support.closing.rules import (
    COOLING_OFF,
    Closing,
    Destroyed,
    ErasedLog,
    Rewritten,
    certificate,
    claim_code_of,
    new_claim_code,
)

ASKED = datetime(2026, 6, 1, 3, tzinfo=UTC)
CLOSING = Closing(asked_at=ASKED, ends_at=ASKED + COOLING_OFF, erases_log=False)
REWRITTEN = Rewritten(ASKED + COOLING_OFF, is_log_turned=True)
GONE = Destroyed({"vitals": 3, "child": 1}, 6, "ab" * 32, 2, 4, 1, 0, 1)


def test_there_are_fourteen_days() -> None:
    assert timedelta(days=14) == COOLING_OFF


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (timedelta(0), 14),
        (timedelta(seconds=1), 14),
        (timedelta(days=1), 13),
        (timedelta(days=13, hours=23), 1),
        (timedelta(days=14), 0),
        (timedelta(days=20), 0),
    ],
)
def test_days_are_counted_to_the_last(after: timedelta, left: int) -> None:
    assert CLOSING.days_left(ASKED + after) == left


@pytest.mark.parametrize(
    "typed",
    [
        "0123-4567-89AB-CDEF",
        "0123456789abcdef",
        "０１２３ ４５６７ 89ab cdef",
        "OI23-4567-89AB-CDEF",
    ],
)
def test_a_code_is_read_however_it_was_written_down(typed: str) -> None:
    code = claim_code_of(typed)
    assert code is not None
    assert code.printed == "0123-4567-89AB-CDEF"


@pytest.mark.parametrize("typed", ["", "0123", "0123-4567-89AB-CDE!", "0" * 17, "あ" * 16])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert claim_code_of(typed) is None


def test_a_code_has_eighty_bits_and_never_prints_itself() -> None:
    code = new_claim_code(bytes(range(10)))
    assert len(code.text) == 16
    assert code.text not in repr(code)
    assert new_claim_code(b"\xff" * 10) != code
    with pytest.raises(ValueError, match="10 random bytes"):
        new_claim_code(b"short")


def test_a_certificate_says_what_is_gone_and_names_nobody() -> None:
    said = certificate("kumamoto", "cd" * 32, CLOSING, GONE, REWRITTEN, ASKED + COOLING_OFF)
    assert said["destroyed"] == {
        "own_records": {"child": 1, "vitals": 3},
        "own_record_versions": 6,
        "own_key": "ab" * 32,
        "ways_to_sign_in": 2,
        "sessions": 4,
        "notice_addresses": 1,
        "connected_apps": 0,
        "proxies": 1,
    }
    assert said["asked_at"] == "2026-06-01T03:00:00Z"
    assert said["made_at"] == "2026-06-15T03:00:00Z"
    assert said["log"]["erased"] is False
    assert said["backups"] == {
        "clean_from": "2026-06-15T03:00:00Z",
        "write_ahead_log_clean": True,
        "earlier_ones_end_by": "2026-07-20T03:00:00Z",
    }
    assert canonical(said) == canonical(dict(reversed(said.items())))


def test_a_certificate_says_that_the_log_was_made_unreadable() -> None:
    erased = msgspec.structs.replace(GONE, log=ErasedLog(9, "ef" * 32))
    said = certificate("kumamoto", "cd" * 32, CLOSING, erased, REWRITTEN, ASKED + COOLING_OFF)
    assert said["log"] == {"erased": True, "events": 9, "certificate": "ef" * 32}
