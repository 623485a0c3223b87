"""What an app sends by a name its kind does not have is refused: else it would be lost unseen."""

from collections.abc import Iterable

from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import Values
from api.phr.entries.kinds import WHEN, Kind


def known(kind: Kind, fields: Values, also: Iterable[str] = ()) -> Values:
    """The same fields. Raises `EntryFaults` with each name the kind does not have."""
    names = {*WHEN, *also, *(each.name for each in kind.fields)}
    strange = {name: "error.own.no_field" for name in fields if name not in names}
    if strange:
        raise EntryFaults(strange, values=dict(fields), kind=kind)
    return fields
