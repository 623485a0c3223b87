"""What sets two versions of the settings apart, for tests to say."""

from msgspec import Struct, structs

from api.consent.facts import Directive, Provision

Rows = tuple[Provision, ...]


class Difference(Struct, frozen=True):
    """`changed`: settings beside the rows that differ, by the names they have in a directive."""

    added: Rows
    removed: Rows
    changed: tuple[str, ...] = ()


def difference(old: Directive, new: Directive) -> Difference:
    """Rows by what they say, not by their ids."""
    before = {structs.replace(rule, id=0) for rule in old.provisions}
    after = {structs.replace(rule, id=0) for rule in new.provisions}
    beside = ("teams", "marks", "incoming_level", "asks_first_since", "refused_sources")
    return Difference(
        added=tuple(r for r in new.provisions if structs.replace(r, id=0) not in before),
        removed=tuple(r for r in old.provisions if structs.replace(r, id=0) not in after),
        changed=tuple(name for name in beside if getattr(old, name) != getattr(new, name)),
    )
