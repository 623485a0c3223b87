"""The notebook for apps: medicines, allergies, doctors, school checkups, and codes of allergens."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct, field

from api.core import clock, i18n
from api.core.actor import Actor
from api.identity.guards import API, UPLOAD, VIEW, participants_only
from api.phr.child import service as children
from api.phr.child.handing_over import also_moves
from api.phr.child.kinds import Pair
from api.phr.doors import After, Count
from api.phr.entries import service as entries
from api.phr.entries.kinds import Kind
from api.phr.entries.known import known
from api.phr.entries.paging import USUAL
from api.phr.entries.service import Entry, Page, Wish
from api.phr.notes import allergens, rules, service
from api.phr.notes.kinds import ALLERGY, CHILD_SCHOOL, DOCTOR, MEDICATION, SCHOOL
from api.phr.notes.service import Asked

also_moves((Pair(CHILD_SCHOOL, SCHOOL),))

ApiRequest = Request[Any, Any, Any]
Fields = dict[
    Annotated[str, Meta(max_length=40)],
    Annotated[str, Meta(max_length=5000)],
]


class Written(Struct, forbid_unknown_fields=True):
    """`fields` as the form has them; of a checkup `on` among them, all else is of the day it is
    written. `sure` says yes to odd values, `version` is
    the one that is changed, `key` a name of the app's own: the same again adds nothing."""

    fields: Fields = field(default_factory=dict)
    sure: Annotated[str, Meta(max_length=64)] = ""
    version: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    key: Annotated[str, Meta(max_length=100)] = ""


class NoteView(Struct):
    """`by`: self or proxy; `fields` without those that say nothing."""

    id: UUID
    version: int
    on: date
    fields: dict[str, str]
    by: str
    written_at: datetime


class MedicinesView(Struct):
    """`now`: without a last day, or one that is not over; both the newest first. Pages go through
    `now`, then `before`: ask with `after` for what `next` says, null at the end."""

    now: list[NoteView]
    before: list[NoteView]
    next: str | None


class NotesView(Struct):
    """Ask with `after` for what `next` says, null at the end."""

    entries: list[NoteView]
    next: str | None


class AllergenView(Struct):
    code: str
    system: str
    name: str
    is_food: bool


def view(entry: Entry) -> NoteView:
    values = {name: value for name, value in entry.values.items() if name not in ("on", "time")}
    return NoteView(entry.entry_id, entry.version, entry.on, values, entry.by, entry.written_at)


def _views(page: Page[Entry]) -> NotesView:
    return NotesView([view(each) for each in page.items], page.next)


class Book(Controller):
    """One kind of entries: `fields` are those of its page. 422 names what is wrong by field."""

    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My notebook"]  # noqa: RUF012
    kind: ClassVar[Kind]

    def read(self, fields: Mapping[str, str]) -> dict[str, str]:
        return rules.typed(self.kind, known(self.kind, fields), clock.today_in_japan())

    @post("", opt=API | UPLOAD, summary="Write one")
    async def write(self, actor: NamedDependency[Actor], data: JSONBody[Written]) -> NoteView:
        wish = Wish(self.kind, self.read(data.fields), sure=data.sure, key=data.key)
        return view(await entries.write(actor, wish))

    @put("/{entry_id:uuid}", opt=API | UPLOAD, summary="Change one")
    async def change(
        self, actor: NamedDependency[Actor], entry_id: FromPath[UUID], data: JSONBody[Written]
    ) -> NoteView:
        """409 where another version stands by now; nothing is changed then."""
        wish = Wish(
            self.kind,
            self.read(data.fields),
            sure=data.sure,
            entry_id=entry_id,
            version=data.version,
        )
        return view(await entries.write(actor, wish))

    @get("/{entry_id:uuid}/versions", opt=API | VIEW, summary="Every version of one")
    async def versions(
        self, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
    ) -> list[NoteView]:
        """The newest first."""
        return [view(each) for each in await entries.history(actor, [self.kind], entry_id)]

    @delete("/{entry_id:uuid}", opt=API | UPLOAD, summary="Remove one")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        entry_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good, every version. 409 where `version` is no longer the newest."""
        await service.remove(actor, self.kind, entry_id, version)


class MyMedications(Book):
    """What I take or took: medicines on prescription, over the counter, supplements."""

    path = "/me/medications"
    kind = MEDICATION

    @get("", opt=API | VIEW, summary="My medicines")
    async def listed(
        self, actor: NamedDependency[Actor], after: After = "", count: Count = USUAL
    ) -> MedicinesView:
        found = await service.medicines(actor, Asked(after, count))
        return MedicinesView(
            [view(each) for each in found.now], [view(each) for each in found.before], found.next
        )


class MyAllergies(Book):
    """What I wrote of my allergies; nobody confirmed it."""

    path = "/me/allergies"
    kind = ALLERGY

    @get("", opt=API | VIEW, summary="My allergies")
    async def listed(
        self, actor: NamedDependency[Actor], after: After = "", count: Count = USUAL
    ) -> NotesView:
        """The worst first."""
        return _views(Asked(after, count).of(await service.allergies(actor)))


class MyDoctors(Book):
    """Doctors and places I go to."""

    path = "/me/doctors"
    kind = DOCTOR

    @get("", opt=API | VIEW, summary="My doctors")
    async def listed(
        self, actor: NamedDependency[Actor], after: After = "", count: Count = USUAL
    ) -> NotesView:
        """The main one first."""
        return _views(Asked(after, count).of(await service.doctors(actor)))


class MySchoolCheckups(Book):
    """My own checkups at school."""

    path = "/me/school-checkups"
    kind = SCHOOL

    @get("", opt=API | VIEW, summary="My school checkups")
    async def listed(
        self, actor: NamedDependency[Actor], after: After = "", count: Count = USUAL
    ) -> NotesView:
        """The newest first."""
        return _views(Asked(after, count).of(await service.school(actor)))


class ChildSchoolCheckups(Book):
    """A child's checkups at school, in the book kept of them."""

    path = "/me/school-checkups/children/{child:uuid}"
    kind = CHILD_SCHOOL

    @get("", opt=API | VIEW, summary="A child's school checkups")
    async def listed(
        self,
        actor: NamedDependency[Actor],
        child: FromPath[UUID],
        after: After = "",
        count: Count = USUAL,
    ) -> NotesView:
        """The newest first. 404 where no book of the child is kept."""
        _, found = await service.school_of(actor, child)
        return _views(Asked(after, count).of(found))

    @post("", opt=API | UPLOAD, summary="Write one of a child")
    async def write(
        self, actor: NamedDependency[Actor], child: FromPath[UUID], data: JSONBody[Written]
    ) -> NoteView:
        kind = service.kind_of(await children.child(actor, child))
        wish = Wish(kind, known(kind, data.fields), str(child), data.sure, key=data.key)
        return view(await entries.write(actor, wish))

    @put("/{entry_id:uuid}", opt=API | UPLOAD, summary="Change one of a child")
    async def change(
        self,
        actor: NamedDependency[Actor],
        child: FromPath[UUID],
        entry_id: FromPath[UUID],
        data: JSONBody[Written],
    ) -> NoteView:
        """409 where another version stands by now; nothing is changed then."""
        kind, _ = await service.one_of(actor, child, entry_id)
        wish = Wish(
            kind,
            known(kind, data.fields),
            sure=data.sure,
            entry_id=entry_id,
            version=data.version,
        )
        return view(await entries.write(actor, wish))

    @get("/{entry_id:uuid}/versions", opt=API | VIEW, summary="Every version of one of a child")
    async def versions(
        self, actor: NamedDependency[Actor], child: FromPath[UUID], entry_id: FromPath[UUID]
    ) -> list[NoteView]:
        """The newest first."""
        kind, _ = await service.one_of(actor, child, entry_id)
        return [view(each) for each in await entries.history(actor, [kind], entry_id)]

    @delete("/{entry_id:uuid}", opt=API | UPLOAD, summary="Remove one of a child")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        child: FromPath[UUID],
        entry_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good, every version. 409 where `version` is no longer the newest."""
        await service.remove_of(actor, child, entry_id, version)


class Allergens(Controller):
    """Codes of J-FAGY (2025-04-01) for foods and what is neither food nor medicine."""

    path = "/me/allergens"
    opt = API | VIEW
    guards = [participants_only]  # noqa: RUF012
    tags = ["My notebook"]  # noqa: RUF012

    @get("", summary="Find an allergen")
    async def find(
        self,
        request: ApiRequest,
        q: Annotated[
            str, QueryParameter(max_length=100, description="Japanese, kana or English.")
        ] = "",
    ) -> list[AllergenView]:
        """The nearest first, thirty at most."""
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return [
            AllergenView(each.code, each.system, each.label(locale), each.is_food)
            for each in allergens.found(q)
        ]


routes = [
    MyMedications,
    MyAllergies,
    MyDoctors,
    MySchoolCheckups,
    ChildSchoolCheckups,
    Allergens,
]
