"""What of somebody's records stays closed when they are found to be one person with another."""

from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from api.consent.facts import Directive, Participation, Provision


class Closed(NamedTuple):
    """These records, or all of them, come in as secret: nobody but their writers reads them. What a
    document among them holds comes in so too.
    """

    record_ids: frozenset[UUID]
    everything: bool


def closed_on_arrival(
    mine: tuple[Participation, Directive], theirs: tuple[Participation, Directive]
) -> Closed:
    """The stricter of both: a yes opens nothing that the other settings had shut in words.

    What the others merely never permitted is opened by the settings that go on, whose holder was
    asked. Single hidden or marked records stay closed one by one; any other refusal closes all.
    """
    (my_part, my_settings), (their_part, their_settings) = mine, theirs
    chosen = _one_by_one(my_settings) | _one_by_one(their_settings)
    shut = {_essence(row) for row in their_settings.provisions if _shuts(row)}
    is_shut = bool(shut - {_essence(row) for row in my_settings.provisions if _shuts(row)})
    is_later = their_part.data_from is not None and (
        my_part.data_from is None or my_part.data_from < their_part.data_from
    )
    asks = their_settings.asks_first_since
    is_asking = asks is not None and (
        my_settings.asks_first_since is None or asks < my_settings.asks_first_since
    )
    is_out = their_part.state in ("refused", "withdrawn", "lapsed")
    return Closed(frozenset(chosen), is_shut or is_later or is_asking or is_out)


def refused_besides(mine: Directive, theirs: Directive) -> list[UUID]:
    """Facilities that only the other takes no records from: what either refuses is refused."""
    return sorted(set(theirs.refused_sources) - set(mine.refused_sources))


def _one_by_one(settings: Directive) -> set[UUID]:
    """Single records hidden or marked; a document of who remains may hold what comes in."""
    hidden = {each for row in settings.provisions if row.kind == "deny" for each in row.record_ids}
    return hidden | {each.record_id for each in settings.marks if each.level}


def _shuts(row: Provision) -> bool:
    return row.kind in ("deny", "exclusion") and not row.record_ids


def _essence(row: Provision) -> Provision:
    """What a row does, whenever and however it came to be."""
    return replace(row, id=0, set_at=None, origin="participant", delegated_by=None)
