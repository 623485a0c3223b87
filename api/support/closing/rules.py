"""Closing an account: how long there is to think, what a certificate says, and the code for it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from api.identity import spoken_code
from api.identity.typed import Hidden

# The same for every participant of every network: it is what stands between a stolen session and
# a life of records.
COOLING_OFF: Final = timedelta(days=14)
REMIND_BEFORE: Final = timedelta(days=3)
# Longest that whoever runs this keeps a copy of the key store (docs/how-to/run.md).
BACKUPS_KEPT: Final = timedelta(days=35)

CODE_LENGTH: Final = 16
CODE_BITS: Final = CODE_LENGTH * 5
CODE_RANDOM_BYTES: Final = 10
TYPE: Final = "closing-certificate+jws"

# What ends and what stays, in the order a page says it.
ENDS: Final = ("own", "files", "keys", "sessions", "addresses", "apps", "proxies", "sharing")
STAYS: Final = ("facilities", "settings", "log", "copies")


class Closing(Struct, frozen=True, kw_only=True):
    """A wish to close that was not called off."""

    asked_at: datetime
    ends_at: datetime
    erases_log: bool
    carried_out_at: datetime | None = None

    def days_left(self, now: datetime) -> int:
        """Whole days, the last one counted: 1 until it is due, then 0."""
        left = self.ends_at - now
        return max(0, -(-left // timedelta(days=1)))


class ErasedLog(Struct, frozen=True):
    """`certificate` is the value that stands in the log's tree."""

    events: int
    certificate: str


class Destroyed(Struct, frozen=True):
    """Counts of what is gone. `key` is the SHA-256 of what the destroyed key was called, empty
    where nothing was ever sealed; `keys` are ways to sign in; `log` once erased."""

    records: dict[str, int]
    versions: int
    key: str
    keys: int
    sessions: int
    addresses: int
    apps: int
    proxies: int = 0
    log: ErasedLog | None = None


class Rewritten(Struct, frozen=True):
    """The files of what was destroyed hold nothing of it since `at`; `is_log_turned`: the
    write-ahead log of before is gone too."""

    at: datetime
    is_log_turned: bool


class ClaimCode(Hidden):
    """Eighty random bits a person can write down and type; only its keyed hash is kept."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        if len(text) != CODE_LENGTH or not spoken_code.is_written_in_it(text):
            raise ValueError("a claim code has 16 Crockford base-32 characters")
        super().__init__(text)

    @property
    def text(self) -> str:
        """For the keyed hash only."""
        return self._text

    @property
    def printed(self) -> str:
        return "-".join(self._text[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def new_claim_code(random_bytes: bytes) -> ClaimCode:
    """`random_bytes`: 10 from the system's generator."""
    if len(random_bytes) != CODE_RANDOM_BYTES:
        raise ValueError(f"a claim code takes {CODE_RANDOM_BYTES} random bytes")
    return ClaimCode(spoken_code.drawn(random_bytes, CODE_BITS))


def claim_code_of(typed: str) -> ClaimCode | None:
    """None for what is no such code, however it was written."""
    found = spoken_code.read(typed)
    return ClaimCode(found) if found is not None and len(found) == CODE_LENGTH else None


_KEPT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "facilities_records": "kept by the facilities that wrote them, as the law asks of them",
        "settings_and_consent": "kept as evidence of what was allowed",
    }
)


def certificate(
    network: str,
    subject_hash: str,
    closing: Closing,
    destroyed: Destroyed,
    rewritten: Rewritten,
    made_at: datetime,
) -> dict[str, Any]:
    """What is signed. It names nobody: `subject_hash` is for who knows the id to compare. A copy
    made before `backups.clean_from` still holds what was destroyed, until it is deleted."""
    erased = destroyed.log
    log: dict[str, Any] = {"erased": False, "kept": "as long as the law asks of the network"}
    if erased is not None:
        log = {"erased": True, "events": erased.events, "certificate": erased.certificate}
    return {
        "type": "urn:tsunagu:closing-certificate:1",
        "network": network,
        "subject": subject_hash,
        "asked_at": instant(closing.asked_at),
        "carried_out_at": instant(closing.carried_out_at or made_at),
        "made_at": instant(made_at),
        "destroyed": {
            "own_records": dict(sorted(destroyed.records.items())),
            "own_record_versions": destroyed.versions,
            "own_key": destroyed.key,
            "ways_to_sign_in": destroyed.keys,
            "sessions": destroyed.sessions,
            "notice_addresses": destroyed.addresses,
            "connected_apps": destroyed.apps,
            "proxies": destroyed.proxies,
        },
        "backups": {
            "clean_from": instant(rewritten.at),
            "write_ahead_log_clean": rewritten.is_log_turned,
            "earlier_ones_end_by": instant(rewritten.at + BACKUPS_KEPT),
        },
        "kept": dict(_KEPT),
        "log": log,
    }


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
