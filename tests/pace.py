"""How long something takes, counted at the pace this machine has at that moment."""

import hashlib
import time
from collections.abc import Callable

# What `_a_known_piece` costs on the two-core machine the asked times were set on.
USUAL_SECONDS = 0.025
TRIES = 3


def quickest(
    work: Callable[[], object], enough: float, clock: Callable[[], float] = time.process_time
) -> float:
    """Seconds of the best of three tries, or of the first that took less than `enough`.

    Each is divided by how much slower than usual a known piece ran beside it: a machine with other
    work, or a slower one, says nothing about the code. A faster one is not held against it.
    """
    best = _once(work, clock)
    for _ in range(TRIES - 1):
        if best >= enough:
            best = min(best, _once(work, clock))
    return best


def slowness(clock: Callable[[], float] = time.monotonic) -> float:
    """How many times slower than usual a known piece runs just now, at least 1."""
    return max(1.0, min(_timed(_a_known_piece, clock) for _ in range(TRIES)) / USUAL_SECONDS)


def _once(work: Callable[[], object], clock: Callable[[], float]) -> float:
    before = _timed(_a_known_piece, clock)
    spent = _timed(work, clock)
    after = _timed(_a_known_piece, clock)
    return spent / max(1.0, (before + after) / 2 / USUAL_SECONDS)


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    begun = clock()
    work()
    return clock() - begun


def _a_known_piece() -> None:
    digest = b""
    for number in range(50_000):
        digest = hashlib.sha256(digest + number.to_bytes(8, "big")).digest()
