"""In whose name a storage comes in, and what one transaction of it holds and leaves behind."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from api.core.actor import Actor
from api.directory.service import FacilityLine
from api.records.ssmix2.accounting import Outcome
from api.records.ssmix2.lying import Lying
from api.records.ssmix2.queries import FileRow
from api.records.ssmix2.reading import Read, Unreadable


class Sending(NamedTuple):
    """In whose name and from where. `system` is that of the facility's patient numbers;
    `looked_into` counts by reason what a run put aside and an officer is told of at its end."""

    actor: Actor
    facility: FacilityLine
    system: str
    root: Path
    only_linked: bool
    looked_into: Counter[str]


class Judged(NamedTuple):
    """A version and what was read of it."""

    lying: Lying
    read: Read | Unreadable


class Settled:
    """What a transaction leaves behind, besides records. `case_reason`: why what waits for its
    person is looked into; `looked_into` counts what else is, by reason."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.files: list[FileRow] = []
        self.aside: list[tuple[UUID, str, str, str, bytes]] = []
        self.case_reason = ""
        self.looked_into: Counter[str] = Counter()
