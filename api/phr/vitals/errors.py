"""Why nothing was kept."""

from api.core.errors import Problem
from api.phr.entries.errors import EntryFaults
from api.phr.entries.typed import params_of
from api.phr.vitals.kinds import KINDS


class VitalsFaults(EntryFaults):
    """Of a form with fields of several kinds; each field is of one name."""

    def held_to(self, field: str) -> dict[str, str]:
        found = (params_of(kind, field) for kind in KINDS)
        return next((each for each in found if each), {})


class TableRefused(Problem):
    """`reason` as `table.NoTable` has it."""

    status = 422

    def __init__(self, reason: str, **params: str) -> None:
        super().__init__(**params)
        self.reason = reason
        self.key = f"error.vitals.table.{reason}"
