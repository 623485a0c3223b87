"""Why nothing was written."""

from collections.abc import Mapping

from api.core.errors import Conflict, Problem
from api.phr.entries.kinds import Kind
from api.phr.entries.typed import params_of


class EntryFaults(Problem):
    """`fields` says what is wrong by field, `odd` which values were not said to be right yet;
    `values` are what was typed, and `sure` says yes to what is odd in them."""

    status = 422
    key = "error.entry.faults"

    def __init__(
        self,
        faults: Mapping[str, str],
        odd: Mapping[str, str] | None = None,
        sure: str = "",
        values: Mapping[str, str] | None = None,
        place: int = 0,
        kind: Kind | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.faults, self.odd, self.sure = dict(faults), dict(odd or {}), sure
        self.values, self.place = dict(values or {}), place

    def params_of(self, field: str) -> dict[str, str]:
        """What the messages about a field can name."""
        return {} if self.kind is None else params_of(self.kind, field)


class EntryChanged(Conflict):
    """It has another version by now, written on another device or by somebody acting for them."""

    key = "error.own.changed"


class UnknownPage(Problem):
    """A page nobody was led to."""

    status = 400
    key = "error.own.unknown_page"


class NotTakingPart(Problem):
    status = 409
    key = "error.own.not_taking_part"
