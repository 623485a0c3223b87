"""Why nothing was written on a facility's page."""

from collections.abc import Mapping

from api.core.errors import Conflict, Problem


class NotAWriter(Problem):
    status = 403
    key = "error.entry.not_a_writer"


class EntryFaults(Problem):
    """`faults` by field; `odd` values that were not said to be right yet."""

    status = 422
    key = "error.entry.faults"

    def __init__(self, faults: Mapping[str, str], odd: Mapping[str, str], sure: str) -> None:
        super().__init__()
        self.faults, self.odd, self.sure = dict(faults), dict(odd), sure


class EntryChanged(Conflict):
    """A colleague corrected or withdrew it meanwhile."""

    key = "error.entry.changed"


class NotTaken(Conflict):
    """The person takes no part: nothing is kept of them."""

    key = "error.entry.not_taken"
