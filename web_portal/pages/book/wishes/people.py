"""Whom to call when somebody cannot speak: the list, one by one, and its order."""

from typing import Annotated, Final, Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct
from msgspec.structs import replace

from api.core.actor import Actor
from api.core.errors import NotFound, Problem
from api.phr.directives import people, service
from api.phr.directives.errors import TooManyPeople
from api.phr.directives.people import Person
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from web_portal.page import PortalRequest, render, say
from web_portal.pages.book import frame
from web_portal.pages.book.wishes.pages import HERE, WRITE, back

PEOPLE: Final = f"{HERE}/people"
ONE: Final = f"{PEOPLE}/{{place:int}}"

_Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Typed(Struct):
    """`version` of the list that was shown."""

    name: str = ""
    relation: str = ""
    telephone: str = ""
    version: _Number = 0

    @property
    def person(self) -> Person:
        return Person(
            *(" ".join(each.split()) for each in (self.name, self.relation, self.telephone))
        )


class Moved(Struct):
    way: Literal["up", "down"] = "up"
    version: _Number = 0


class Shown(Struct):
    version: _Number = 0


@get(f"{PEOPLE}/new", **WRITE)
async def new(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    _, version = await _listed(actor)
    return await _form(request, actor, Typed(version=version))


@post(f"{PEOPLE}/new", status_code=200, **WRITE)
async def add(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Typed]
) -> Response[bytes]:
    return await _keep(request, actor, data, None)


@get(ONE, **WRITE)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], place: FromPath[int]
) -> Response[bytes]:
    person, version = await _person(actor, place)
    return await _form(request, actor, Typed(*person, version), place)


@post(ONE, status_code=200, **WRITE)
async def correct(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    place: FromPath[int],
    data: URLEncodedBody[Typed],
) -> Response[bytes]:
    await _shown(actor, place, data.version)
    return await _keep(request, actor, data, place)


@post(f"{ONE}/move", **WRITE)
async def move(
    actor: NamedDependency[Actor], place: FromPath[int], data: URLEncodedBody[Moved]
) -> Response[bytes]:
    """409 where the list was changed meanwhile: whoever stands there now may be somebody else."""
    listed = await _shown(actor, place, data.version)
    await service.call(actor, people.moved(listed, place - 1, data.way), data.version)
    return Redirect(f"{HERE}?done=called#people", status_code=303)


@get(f"{ONE}/remove", **WRITE)
async def ask(
    request: PortalRequest, actor: NamedDependency[Actor], place: FromPath[int]
) -> Response[bytes]:
    person, version = await _person(actor, place)
    return await render(
        request,
        "book/wishes/person_remove.html",
        actor,
        person=person,
        version=version,
        action=f"{PEOPLE}/{place}/remove",
        back=back(request),
    )


@post(f"{ONE}/remove", **WRITE)
async def remove(
    actor: NamedDependency[Actor], place: FromPath[int], data: URLEncodedBody[Shown]
) -> Response[bytes]:
    listed = await _shown(actor, place, data.version)
    await service.call(actor, people.without(listed, place - 1), data.version)
    return Redirect(f"{HERE}?done=removed", status_code=303)


async def _listed(actor: Actor) -> tuple[tuple[Person, ...], int]:
    found = await service.called(actor)
    return (people.people_of(found.values), found.version) if found else ((), 0)


async def _person(actor: Actor, place: int) -> tuple[Person, int]:
    """Places are counted from 1 in addresses, as on the page."""
    listed, version = await _listed(actor)
    if not 1 <= place <= len(listed):
        raise NotFound
    return listed[place - 1], version


async def _shown(actor: Actor, place: int, version: int) -> tuple[Person, ...]:
    """The list that was shown, where somebody stands at this place in it or stands there now."""
    listed = await service.called_in(actor, version)
    if not 1 <= place <= len(listed):
        await _person(actor, place)
    return listed


async def _keep(
    request: PortalRequest, actor: Actor, data: Typed, place: int | None
) -> Response[bytes]:
    faults = people.faults_of(data.person)
    if faults:
        return await _form(request, actor, data, place, faults=faults)
    listed = await service.called_in(actor, data.version)
    wanted = people.put(listed, None if place is None else place - 1, data.person)
    at = len(wanted) if place is None else place
    try:
        await service.call(actor, wanted, data.version)
    except EntryFaults as wrong:
        faults = {
            name.partition("_")[2]: key
            for name, key in wrong.faults.items()
            if name.startswith(f"p{at}_")
        }
        values = {part: wrong.values.get(f"p{at}_{part}", "") for part in people.PARTS}
        held = Typed(**values, version=data.version)
        return await _form(request, actor, held, place, faults=faults)
    except EntryChanged as refusal:
        listed, by_now = await _listed(actor)
        held = replace(data, version=by_now)
        stands = None if place is None or place > len(listed) else listed[place - 1]
        return await _form(request, actor, held, place, refusal=refusal, stands=stands)
    except (TooManyPeople, NotTakingPart) as refusal:
        return await _form(request, actor, data, place, refusal=refusal)
    return Redirect(f"{HERE}?done=called#people", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    data: Typed,
    place: int | None = None,
    *,
    faults: dict[str, str] | None = None,
    refusal: Problem | None = None,
    stands: Person | None = None,
) -> Response[bytes]:
    status = 422 if faults else refusal.status if refusal else 200
    return await render(
        request,
        "book/wishes/person.html",
        actor,
        status=status,
        path=HERE,
        is_new=place is None,
        action=f"{PEOPLE}/{frame.place_of(None) if place is None else place}",
        back=back(request),
        values={part: getattr(data, part) for part in people.PARTS},
        version=data.version,
        errors={
            name: say(
                request,
                "own.error.of",
                name=say(request, f"wish.person.{name}"),
                text=_why(request, key),
            )
            for name, key in (faults or {}).items()
        },
        error=frame.why(request, refusal) if refusal else "",
        now=[
            (say(request, f"wish.person.{part}"), said)
            for part in people.PARTS
            if (said := getattr(stands, part, ""))
        ],
    )


def _why(request: PortalRequest, key: str) -> str:
    if key == "error.own.too_long":
        return say(request, "error.own.too_long", longest=100)
    return say(request, key)


routes: list[ControllerRouterHandler] = [new, add, one, correct, move, ask, remove]
