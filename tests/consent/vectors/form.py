"""How a published vector is written and read: facts in, decision out."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from api.consent.decide import decide
from api.consent.facts import (
    Directive,
    NetworkRules,
    Participation,
    RecordFacts,
    Request,
    Ruling,
)

FOLDER = Path(__file__).parents[3] / "docs" / "reference" / "decision-vectors"


class Case(Struct, frozen=True):
    """What is given; `network` is a key of the file's `networks`."""

    name: str
    network: str
    participation: Participation
    directive: Directive
    request: Request
    record: RecordFacts


class AxisRuling(Struct, frozen=True, omit_defaults=True):
    """`provision`: the id of the row that decided, none where no row did."""

    outcome: str
    by: str
    provision: int | None = None


class Expected(Struct, frozen=True):
    """`recipient` and `filter`: how that axis was decided, null where it was not asked."""

    outcome: str
    step: str
    recipient: AxisRuling | None
    level: int
    filter: AxisRuling | None


class Vector(Struct, frozen=True):
    given: Case
    decision: Expected


class VectorFile(Struct, frozen=True):
    title: str
    about: str
    names: dict[str, str]
    networks: dict[str, NetworkRules]
    vectors: list[Vector]


def decided(case: Case, networks: dict[str, NetworkRules]) -> Expected:
    basis = (
        answer := decide(
            networks[case.network], case.participation, case.directive, case.request, case.record
        )
    ).basis
    return Expected(
        answer.outcome, basis.step, _axis(basis.recipient), basis.level, _axis(basis.filter)
    )


def _axis(ruling: Ruling | None) -> AxisRuling | None:
    if ruling is None:
        return None
    return AxisRuling(ruling.outcome, ruling.by, ruling.provision and ruling.provision.id)


def published(
    title: str,
    about: str,
    cases: Iterable[Case],
    names: dict[str, str],
    networks: dict[str, NetworkRules],
) -> VectorFile:
    vectors = [Vector(each, decided(each, networks)) for each in cases]
    return VectorFile(title, about, names, networks, vectors)


def written(file: VectorFile) -> bytes:
    """Stable bytes: sets in order, one vector to a line."""
    plain: dict[str, Any] = msgspec.to_builtins(file, order="sorted")
    vectors = plain.pop("vectors")
    for vector in vectors:
        # It says what comes in, and decides nothing of who sees what.
        del vector["given"]["directive"]["refused_sources"]
    for network in plain["networks"].values():
        network["purposes"].sort()
        for allowed in network["matrix"].values():
            allowed.sort()
    head = msgspec.json.format(msgspec.json.encode(plain), indent=1).rstrip(b"}\n")
    lines = b",\n  ".join(msgspec.json.encode(each) for each in vectors)
    return head + b',\n "vectors": [\n  ' + lines + b"\n ]\n}\n"


def read(path: Path) -> VectorFile:
    return msgspec.json.decode(path.read_bytes(), type=VectorFile)
