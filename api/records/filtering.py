"""A scope as the SQL filter `app.permitted_records` takes it."""

from datetime import date
from typing import NamedTuple

import msgspec

from api.consent.decide import NO_EXCEPTIONS, Scope


class Filter(NamedTuple):
    """Arguments in the filter's order; a pair of source and category is "<source>/<category>"."""

    categories: tuple[str, ...]
    source_permitted: tuple[str, ...]
    source_denied: tuple[str, ...]
    level: int
    data_from: date | None
    sees_own: bool
    exceptions: str


def filter_of(scope: Scope) -> Filter:
    is_plain = scope.exceptions == NO_EXCEPTIONS
    return Filter(
        scope.categories,
        tuple(f"{source}/{category}" for source, category in scope.source_permitted),
        tuple(f"{source}/{category}" for source, category in scope.source_denied),
        scope.level,
        scope.data_from,
        scope.own_facility,
        "" if is_plain else msgspec.json.encode(scope.exceptions).decode(),
    )
