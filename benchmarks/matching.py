"""How well descriptions of people are matched, and what finding candidates costs.

Run as `make bench NAME=matching`. Weights and thresholds were chosen on the population of seed 1;
the figures are the worst of other seeds.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from api.records.matching.persons import Folded, folded, is_near
from api.records.matching.rules import decide
from benchmarks.lookups import PARTICIPANTS, lookup_ms
from benchmarks.population import Written, population
from benchmarks.server import place

SIZE: Final = 100_000
SEEDS: Final = (11, 12, 13)


class Measured(NamedTuple):
    """`precision` of what was linked, `recall` among who takes part, `doubtful` of all."""

    precision: float
    recall: float
    doubtful: float
    twins_linked: int


def main() -> None:
    runs: dict[int, Measured] = {}
    for seed in SEEDS:
        runs[seed] = measure(population(SIZE, seed))
        print(f"seed {seed:3}  {_line(runs[seed])}", file=sys.stderr, flush=True)
    bare = measure(without_insurance(population(SIZE, SEEDS[0])))
    print(f"without insurance numbers  {_line(bare)}", file=sys.stderr, flush=True)
    figures = {
        "precision": min(each.precision for each in runs.values()),
        "recall": min(each.recall for each in runs.values()),
        "doubtful": max(each.doubtful for each in runs.values()),
        "twins_linked": max(each.twins_linked for each in (*runs.values(), bare)),
        "precision_without_insurance": bare.precision,
        "recall_without_insurance": bare.recall,
        "doubtful_without_insurance": bare.doubtful,
        "compare_us": compare_us(population(2_000, SEEDS[0])),
    }
    print(f"enrolling {PARTICIPANTS} participants …", file=sys.stderr)
    with place() as where:
        figures |= asyncio.run(lookup_ms(where))
    for name, value in figures.items():
        print(f"{name:28} {value:12.5f}")
    print(json.dumps({"figures": {name: round(value, 6) for name, value in figures.items()}}))


def measure(people: list[Written]) -> Measured:
    """Every description against who takes part, through the candidates PostgreSQL would give."""
    once = cache(folded)
    registered = {
        UUID(int=at): once(each.registered) for at, each in enumerate(people) if each.registered
    }
    index = Index(registered)
    linked = right = doubtful = twins = 0
    for at, each in enumerate(people):
        sent = once(each.written)
        outcome = decide(sent, {key: registered[key] for key in index.candidates(sent)})
        if outcome.verdict == "doubtful":
            doubtful += 1
        elif outcome.verdict == "link":
            linked += 1
            is_right = outcome.ranked[0].participant_id == UUID(int=at)
            right += is_right
            twins += each.is_twin and not is_right
    return Measured(right / linked, right / len(registered), doubtful / len(people), twins)


def without_insurance(people: list[Written]) -> list[Written]:
    return [each._replace(written=replace(each.written, insured=None)) for each in people]


def compare_us(people: list[Written]) -> float:
    """µs to compare one description with one candidate."""
    sides = [(folded(each.written), {UUID(int=1): folded(each.written)}) for each in people]
    started = time.perf_counter()
    for sent, candidates in sides:
        decide(sent, candidates)
    return (time.perf_counter() - started) / len(sides) * 1e6


class Index:
    """As `records_match_candidates` looks people up."""

    def __init__(self, registered: Mapping[UUID, Folded]) -> None:
        self.by_birth: dict[object, list[UUID]] = defaultdict(list)
        self.by_name: dict[object, list[UUID]] = defaultdict(list)
        self.by_certificate: dict[object, list[UUID]] = defaultdict(list)
        self.of = registered
        for key, each in registered.items():
            self.by_birth[each.birth_on].append(key)
            self.by_name[each.name].append(key)
            self.by_name["kana", each.kana].append(key)
            if each.insured:
                self.by_certificate[_certificate(each)].append(key)

    def candidates(self, sent: Folded) -> set[UUID]:
        found = {key for key in self.by_birth[sent.birth_on] if _is_alike(sent, self.of[key])}
        for name in (sent.name, ("kana", sent.kana)):
            found |= {key for key in self.by_name.get(name, ()) if _is_near(sent, self.of[key])}
        if sent.insured:
            found |= set(self.by_certificate.get(_certificate(sent), ()))
        return found


def _certificate(person: Folded) -> object:
    insured = person.insured
    return insured and (insured.insurer, insured.symbol, insured.number)


def _is_near(one: Folded, other: Folded) -> bool:
    both = one.birth_on, other.birth_on
    return both[0] is not None and both[1] is not None and is_near(both[0], both[1])


def _is_alike(one: Folded, other: Folded) -> bool:
    pairs: Iterable[tuple[str, str]] = (
        (one.name[:1], other.name[:1]),
        (one.name[-1:], other.name[-1:]),
        (one.kana[:1], other.kana[:1]),
        (one.kana[-1:], other.kana[-1:]),
    )
    return any(mine == theirs != "" for mine, theirs in pairs)


def _line(each: Measured) -> str:
    return (
        f"precision {each.precision:.6f}  recall {each.recall:.4f}  doubtful {each.doubtful:.4f}"
        f"  twins linked {each.twins_linked}"
    )


if __name__ == "__main__":
    main()
