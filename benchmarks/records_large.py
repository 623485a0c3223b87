"""What a read costs among 4,000,000 records beside what it costs among 50,000.

Run as `make bench NAME=records_large`; the filling takes some ten minutes and 10 GB of disk. Each
size has its own server and its own `hello`: a cost is how many hellos one request takes. `read` and
`search` are of as many people in both, spread over all; `anyone` reads whoever there is, so that
among 20,000 nearly everybody is read for the first time and their choices are fetched with it.
"""

import asyncio
import json
from collections.abc import Sequence

from benchmarks.network import Network
from benchmarks.records import CONNECTIONS, Rows, Way, filled, median, over, reads, rounds
from benchmarks.server import place, serving

SIZES = ((1_000, 50), (20_000, 200))
PEOPLE = 1_000


def main() -> None:
    measured = [_size(*size) for size in SIZES]
    (small, small_mb), (large, large_mb) = measured
    print(f"{'way':<10}{'conn.':>6}{'50,000':>10}{'4,000,000':>12}   hellos a request")
    for name in ("read", "search", "anyone"):
        for connections in CONNECTIONS:
            costs = [1 / over(rows, name, connections) for rows in (small, large)]
            print(f"{name:<10}{connections:>6}{costs[0]:>10.1f}{costs[1]:>12.1f}")

    def growth(name: str) -> float:
        return round(over(small, name, 16) / over(large, name, 16) - 1, 3)

    figures = {
        "growth_50k_to_4m": growth("read"),
        "search_growth_50k_to_4m": growth("search"),
        "anyone_growth_50k_to_4m": growth("anyone"),
        "read_p50_ms_50k": round(median(small["read", 1], "p50"), 2),
        "read_p50_ms_4m": round(median(large["read", 1], "p50"), 2),
        "worker_mb_50k": small_mb,
        "worker_mb_4m": large_mb,
        "failed": sum(
            load.bad for rows in (small, large) for each in rows.values() for load in each
        ),
    }
    print(json.dumps({"figures": figures}))


def _size(participants: int, records: int) -> tuple[Rows, float]:
    with place() as where:
        network = asyncio.run(filled(where, participants, records))
        with serving(where) as worker:
            ways = {
                "hello": Way(["/fhir/bench/hello"]),
                "read": Way(_spread(reads(network).paths)),
                "search": Way(_spread(_search(network).paths)),
            }
            rows, _ = rounds(where, network, ways)
            others, _ = rounds(where, network, {"anyone": reads(network)})
            return rows | others, round(worker.memory_info().rss / 1e6, 1)


def _spread(paths: Sequence[str]) -> Sequence[str]:
    return paths[:: len(paths) // PEOPLE]


def _search(network: Network) -> Way:
    """The twelve newest prescriptions of one participant, however many there are."""
    people = network.participants
    return Way([f"/fhir/R4/MedicationRequest?patient={each}&_count=12" for each in people])


if __name__ == "__main__":
    main()
