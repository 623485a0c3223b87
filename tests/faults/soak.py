"""Kills the application and its database hundreds of times under load, and counts what was lost.

`make soak`, or `make soak ROUNDS=20`. Every 20 rounds all is held against all: each answered read
has its row, its receipt is good and its commit is in the tree; each chain is without gap; each root
that was ever signed or shown is that of the naive tree; no size was signed twice; fsck finds
nothing. It stops at the first fault.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.conftest import House, standing
from tests.faults.killing import killed
from tests.faults.load import load_of
from tests.faults.whole import check_all, check_tree

SEED = 20261122
TOGETHER = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="tsunagu-soak-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL's own user passes through
        with standing(Path(folder)) as house:
            figures = asyncio.run(_soak(house, rounds))
    print(json.dumps({"figures": figures}))
    return 0


async def _soak(house: House, rounds: int) -> dict[str, int]:
    load = await load_of(house)
    began, entries = time.monotonic(), 0
    for first in range(0, rounds, TOGETHER):
        several = range(first, min(first + TOGETHER, rounds))
        await killed(house, load, several, SEED + first)
        entries = await check_tree(house, load)
        await check_all(house)
        print(
            f"{several.stop} rounds: {len(load.answered)} reads answered, none lost;"
            f" {entries} entries, {len(load.checkpoints)} checkpoints seen",
            flush=True,
        )
    return {
        "rounds": rounds,
        "answered": len(load.answered),
        "answered_and_lost": 0,  # or it would have stopped
        "cut_off": load.lost + load.statuses[503],
        "entries": entries,
        "checkpoints_seen": len(load.checkpoints),
        "seconds": round(time.monotonic() - began),
    }


if __name__ == "__main__":
    sys.exit(main())
