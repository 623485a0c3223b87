"""What changed from one version of somebody's wishes to the next."""

from collections.abc import Sequence
from typing import NamedTuple

from api.phr.entries.fields import Values


class Change(NamedTuple):
    """`before` and `after` as typed, "" where nothing was said."""

    name: str
    before: str
    after: str


def changes(before: Values, after: Values, names: Sequence[str]) -> list[Change]:
    """In the order of `names`; what stayed is left out."""
    pairs = ((name, before.get(name, ""), after.get(name, "")) for name in names)
    return [Change(name, old, new) for name, old, new in pairs if old != new]
