"""How long something takes, counted at the pace this machine has at that moment."""

import hashlib
import math
import time
from collections.abc import Awaitable, Callable

# What `_a_known_piece` costs on the two-core machine the asked times were set on.
USUAL_SECONDS = 0.025
TRIES = 3


def quickest(work: Callable[[], object], enough: float) -> float:
    """Seconds of processor time of the best of three tries, or of the first below `enough`, each at
    the usual pace: a machine with other work, or a slower one, says nothing about the code."""
    best = math.inf
    for _ in range(TRIES):
        pace = slowness(time.process_time)
        best = min(best, _timed(work, time.process_time) / pace)
        if best < enough:
            break
    return best


async def quickest_answer(work: Callable[[], Awaitable[object]], enough: float) -> float:
    """Seconds on the clock of the best of three tries, or of the first below `enough`, at the usual
    pace: for what others do on our behalf."""
    best = math.inf
    for _ in range(TRIES):
        pace = slowness()
        begun = time.monotonic()
        await work()
        took = time.monotonic() - begun
        best = min(best, took / max(pace, slowness()))
        if best < enough:
            break
    return best


def slowness(clock: Callable[[], float] = time.monotonic) -> float:
    """How many times slower than usual a known piece runs just now; at least 1, so that a faster
    machine is not held against the code."""
    return max(1.0, min(_timed(_a_known_piece, clock) for _ in range(TRIES)) / USUAL_SECONDS)


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    begun = clock()
    work()
    return clock() - begun


def _a_known_piece() -> None:
    digest = b""
    for number in range(50_000):
        digest = hashlib.sha256(digest + number.to_bytes(8, "big")).digest()
