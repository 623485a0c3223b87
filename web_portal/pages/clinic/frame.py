"""What every page about one participant has: who, why I may see this, and allergies on top."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

from litestar.params import QueryParameter
from litestar.response import Response

from api.consent.settings.telling import label
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.records import parse
from api.records.finding import Person
from api.records.parse import Json
from api.records.provenance import by_of, is_of_somebody_else, title_of
from api.records.viewing import plain
from api.records.viewing import service as viewing
from api.records.viewing.service import Look, Part, Seen, Wanted
from web_portal.page import PortalRequest, preferences, render, say

Names = Mapping[UUID, FacilityLine]
Text = Annotated[str, QueryParameter(max_length=100)]
Months = Annotated[str, QueryParameter(pattern=r"^(3|12|36|all)?$")]
Page = Annotated[int, QueryParameter(name="page", ge=1, le=100_000)]

# What can kill at once stands on every page, whatever else it is about.
ALLERGIES: Final = Wanted(categories=("contraindication", "allergy"), count=50)
TABS: Final = ("overview", "medication", "labs", "vitals", "documents", "timeline")
PERIODS: Final = ("3", "12", "36", "all")


def path_of(participant_id: UUID, tab: str = "overview") -> str:
    """The address of a participant's page; `tab` as in the menu."""
    own = f"/clinic/participants/{participant_id}"
    return own if tab == "overview" else f"{own}/{tab}"


async def opened(
    request: PortalRequest, actor: Actor, participant_id: UUID, *wanted: Wanted
) -> tuple[Look, Names] | None:
    """The look, its first part the allergies, and the names of whoever wrote what may be seen."""
    seen = await viewing.look(actor, participant_id, ALLERGIES, *wanted)
    if seen is None:
        return None
    own = {actor.facility_id} if actor.facility_id else set()
    return seen, await directory.named(actor, {each.facility_id for each in seen.kinds} | own)


async def shown(
    request: PortalRequest,
    actor: Actor,
    tab: str,
    seen: Look,
    names: Names,
    *,
    path: str = "",
    **context: object,
) -> Response[bytes]:
    """`clinic/<tab>.html`, with the frame around it."""
    locale = preferences(request).locale
    person = seen.person
    facility = names[actor.facility_id].label(locale) if actor.facility_id else ""
    read = [
        (each, plain.allergy_of(body_of(each), each.category)) for each in seen.parts[0].records
    ]
    allergies = [
        line(request, each, names) | _allergy(allergy)
        for each, allergy in sorted(read, key=lambda one: not one[1].comes_first)
    ]
    return await render(
        request,
        f"clinic/{tab}.html",
        actor,
        status=200,
        flash=None,
        path=path or path_of(person.participant_id, tab),
        tab=tab,
        tabs=TABS,
        own=path_of(person.participant_id),
        participant_id=person.participant_id,
        subject=subject(request, person),
        why=say(request, f"clinic.why.{why(seen.why)}", facility=facility),
        purpose=say(request, f"purpose.{actor.purpose_of_use or 'TREAT'}"),
        allergies=allergies,
        looked_on=clock.day_in_japan(seen.looked_at) if seen.looked_at else None,
        **context,
    )


async def refused(
    request: PortalRequest, actor: Actor, card: str = "", *, by_insurance: bool = False
) -> Response[bytes]:
    """The same page for nobody, and for somebody of whom nothing may be seen."""
    own = await directory.named(actor, [actor.facility_id] if actor.facility_id else [])
    locale = preferences(request).locale
    return await render(
        request,
        "clinic/refused.html",
        actor,
        status=404,
        path="/clinic",
        card=card,
        by_insurance=by_insurance,
        facility=next((each.label(locale) for each in own.values()), ""),
    )


def why(rule: str) -> str:
    """The deciding rule as the professional is told it: never more than lets them in."""
    by_itself = ("own_record", "granted.person", "granted.facility", "granted.team")
    agreed = ("granted.desk_code", "granted.delegation", "granted.request")
    if rule in by_itself or rule in agreed:
        return rule.removeprefix("granted.")
    if rule.startswith("shared."):
        return "shared"
    return "terms" if rule in ("granted.network_default", "granted.home_area") else "area"


def subject(request: PortalRequest, person: Person) -> dict[str, object]:
    """None where the settings do not show basic information."""
    return {
        "name": person.name,
        "kana": person.name_kana,
        "birth_on": person.birth_on,
        "age": _age(person.birth_on) if person.birth_on else None,
        "sex": say(request, f"sex.{person.sex}") if person.sex else None,
    }


def line(request: PortalRequest, seen: Seen, names: Names) -> dict[str, object]:
    """One record in a list; without a title of its own it goes by its kind."""
    locale = preferences(request).locale
    kind = label(directory.profile(), "category", seen.category, locale)
    body = body_of(seen)
    title = title_of(seen.facility_id, body, seen.title)
    state = plain.state_of(body)
    return {
        "id": seen.record_id,
        "at": seen.at or seen.on,
        "on": seen.on,
        "title": title or kind,
        "kind": kind,
        "category": seen.category,
        "gist": plain.gist_of(body, title),
        "state": say(request, f"clinic.state.{state}") if state else "",
        "facility": said_by(request, seen.facility_id, body, names),
        "by": by_of(seen.facility_id, body),
        "is_of_child": is_of_somebody_else(body),
        "is_new": seen.is_new,
        "marks": [i18n.text(locale, f"mark.{mark}") for mark in seen.marks],
    }


def said_by(request: PortalRequest, facility_id: UUID, body: Json, names: Names) -> str:
    """The facility; of the participant's own records, who wrote them down."""
    by = by_of(facility_id, body)
    return (
        say(request, f"clinic.by.{by}")
        if by
        else names[facility_id].label(preferences(request).locale)
    )


def lines(request: PortalRequest, part: Part, names: Names) -> list[dict[str, object]]:
    return [line(request, each, names) for each in part.records]


def body_of(seen: Seen) -> Json:
    """{} where the body was not asked for."""
    if not seen.body:
        return {}
    return parse.decode(seen.body.encode(), max_bytes=len(seen.body) * 4)


def since(months: str) -> date | None:
    """The first day of a period that ends today; None for everything."""
    if months == "all":
        return None
    return clock.today_in_japan() - timedelta(days=31 * int(months))


def periods(request: PortalRequest) -> list[tuple[str, str]]:
    """Each choice with its words."""
    return [(each, say(request, f"clinic.period.{each}")) for each in PERIODS]


def _allergy(read: plain.Allergy) -> dict[str, object]:
    return {
        "is_contraindication": read.is_contraindication,
        "is_severe": read.is_severe,
        "reactions": list(read.reactions),
    }


def _age(birth_on: date) -> int:
    today = clock.today_in_japan()
    return today.year - birth_on.year - ((today.month, today.day) < (birth_on.month, birth_on.day))


def size_said(size: int) -> str:
    """Rounded, from B to GB."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size} {unit}"
        size = round(size / 1000)
    return f"{size} GB"
