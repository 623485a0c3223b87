"""The notebook as it is read: in the order one looks for things in it."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.phr.child import service as children
from api.phr.child.reading import Child
from api.phr.entries import service as entries
from api.phr.entries.kinds import Kind
from api.phr.entries.paging import USUAL
from api.phr.entries.service import Entry, Page
from api.phr.notes import rules
from api.phr.notes.kinds import ALLERGY, CHILD_SCHOOL, DOCTOR, MEDICATION, SCHOOL

_SEVERITY = ("severe", "moderate", "mild", "")


class Asked(NamedTuple):
    """Which page of a list."""

    after: str = ""
    most: int = USUAL

    def of(self, found: Sequence[Entry]) -> Page[Entry]:
        return entries.cut(found, lambda each: each.entry_id, self.after, self.most)


FIRST: Final = Asked()


class Medicines(NamedTuple):
    """The newest first; `next` asks for the rest, None at the end."""

    now: list[Entry]
    before: list[Entry]
    next: str | None = None


async def medicines(actor: Actor, asked: Asked = FIRST) -> Medicines:
    """What is taken today, and then what was."""
    found, today = await entries.entries(actor, [MEDICATION]), clock.today_in_japan()
    found.sort(key=lambda each: not rules.is_taken(each.values, today))
    page = asked.of(found)
    return Medicines(
        [each for each in page.items if rules.is_taken(each.values, today)],
        [each for each in page.items if not rules.is_taken(each.values, today)],
        page.next,
    )


async def allergies(actor: Actor) -> list[Entry]:
    """The worst first."""
    found = await entries.entries(actor, [ALLERGY])
    return sorted(found, key=lambda each: _SEVERITY.index(each.values.get("severity", "")))


async def doctors(actor: Actor) -> list[Entry]:
    """The main one first."""
    found = await entries.entries(actor, [DOCTOR])
    return rules.main_first((each.values, each) for each in found)


async def school(actor: Actor) -> list[Entry]:
    """One's own; the newest first."""
    return await entries.entries(actor, [SCHOOL])


async def school_of(actor: Actor, child_id: UUID) -> tuple[Child, list[Entry]]:
    """Of the child whose book it is. Raises `NotFound` where none is kept."""
    child = await children.child(actor, child_id)
    kind = kind_of(child)
    return child, await entries.entries(actor, [kind], book=str(child_id))


async def one_of(actor: Actor, child_id: UUID, entry_id: UUID) -> tuple[Kind, Entry]:
    """Of this child's book, no other. Raises `NotFound`."""
    kind = kind_of(await children.child(actor, child_id))
    entry = await entries.one(actor, [kind], entry_id)
    if entry.book != str(child_id):
        raise NotFound
    return kind, entry


def kind_of(child: Child) -> Kind:
    """Some keep a child's book of themselves: then it is their own checkup."""
    return SCHOOL if child.is_self else CHILD_SCHOOL


async def remove(actor: Actor, kind: Kind, entry_id: UUID, version: int | None = None) -> None:
    """For good. Raises `NotFound`, also for an entry of another kind, and as `remove_in`."""
    async with entries.removing(actor, [entry_id]), unit_of_work(actor) as tx:
        await entries.one_in(tx, actor, [kind], entry_id)
        await entries.remove_in(tx, actor, [entry_id], version)


async def remove_of(
    actor: Actor, child_id: UUID, entry_id: UUID, version: int | None = None
) -> None:
    """Of this child's book, no other; raises as `remove`."""
    async with entries.removing(actor, [entry_id]):
        kind, _ = await one_of(actor, child_id, entry_id)
        await remove(actor, kind, entry_id, version)
