"""Why nothing was written."""

from collections.abc import Mapping

from api.core import i18n
from api.core.errors import Conflict, Problem
from api.phr.entries.fields import plain
from api.phr.entries.kinds import Kind
from api.phr.entries.leaps import Point
from api.phr.entries.typed import params_of


class EntryFaults(Problem):
    """`fields` says what is wrong by field, `odd` which values were not said to be right yet;
    `values` are what was typed, and `sure` says yes to what is odd in them; `beside` is what they
    are far from."""

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
        beside: Mapping[str, Point] | None = None,
    ) -> None:
        super().__init__()
        self.kind, self.beside = kind, dict(beside or {})
        self.faults, self.odd, self.sure = dict(faults), dict(odd or {}), sure
        self.values, self.place = dict(values or {}), place

    def params_of(self, field: str, locale: str) -> dict[str, str]:
        """What the messages about a field can name."""
        found = self.held_to(field)
        if field in self.beside:
            on, value = self.beside[field]
            said = f"{plain(f'{value:f}')} {found['unit']}"
            return found | {"day": i18n.day(locale, on), "value": said}
        return found

    def held_to(self, field: str) -> dict[str, str]:
        """Its bounds, unit and length."""
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
