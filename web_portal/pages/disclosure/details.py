"""Finer rules: who sees what kind of record from where; and every row of the settings."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent import service as consent
from api.consent.errors import UnknownChoice
from api.consent.facts import Provision
from api.consent.settings.switches import Remove, SetCell
from api.consent.stored import Settings
from api.core import clock
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.support import own
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure.frame import saved, section, wish
from web_portal.pages.disclosure.said import day_said, end_said, rows_said

Choice = Annotated[str, Meta(max_length=60)]


class Cell(Struct):
    """`who` is empty for all, else "profession:<code>", "facility:<id>" or "person:<id>"."""

    version: Annotated[int, Meta(ge=0, le=2_000_000_000)]
    outcome: Literal["permit", "deny", ""] = ""
    who: Choice = ""
    category: Choice = ""
    source: Choice = ""

    def command(self) -> SetCell:
        kind, _, name = self.who.partition(":")
        if not self.outcome or kind not in ("", "profession", "facility", "person"):
            raise UnknownChoice
        try:
            return SetCell(
                self.outcome,
                profession=name if kind == "profession" else None,
                category=self.category or None,
                source_facility_id=UUID(self.source) if self.source else None,
                professional_id=UUID(name) if kind == "person" else None,
                facility_id=UUID(name) if kind == "facility" else None,
            )
        except ValueError as error:
            raise UnknownChoice from error


@get(
    "/disclosure/details",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def details(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    return await _page(request, actor, changed=changed)


@post(
    "/disclosure/details",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def cell(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Cell]
) -> Response[bytes]:
    errors = {}
    if not data.outcome:
        errors["outcome"] = say(request, "disclosure.cell.outcome.fault")
    if not (data.category or data.source or data.who):
        errors["who"] = say(request, "disclosure.cell.nothing.fault")
    elif not (data.category or data.source) and not data.who.startswith("profession:"):
        errors["category"] = say(request, "disclosure.cell.what.fault")
    if errors:
        return await _page(request, actor, typed=data, errors=errors)
    return await saved(request, actor, [data.command()], data.version, "/disclosure/details")


async def _page(
    request: PortalRequest,
    actor: Actor,
    *,
    changed: int | None = None,
    typed: Cell | None = None,
    errors: dict[str, str] | None = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    now = clock.now()
    rules = [
        rule for rule in state.directive.provisions if rule.valid_to is None or rule.valid_to > now
    ]
    said = await rows_said(request, actor, state, rules)
    return await section(
        request,
        actor,
        "details",
        state,
        here="/disclosure/details",
        changed=changed,
        places=[f"row-{rule.id}" for rule in rules],
        status=422 if errors else 200,
        errors=errors or {},
        rows=[_row(request, rule, text) for rule, text in said],
        values=typed or Cell(state.directive.version),
        **await _choices(request, actor, state),
    )


def _row(request: PortalRequest, rule: Provision, text: str) -> dict[str, object]:
    notes = [end_said(request, rule)]
    if rule.valid_from is not None and rule.valid_from > clock.now():
        notes.append(say(request, "disclosure.begins", day=day_said(request, rule.valid_from)))
    if rule.level:
        notes.append(say(request, "disclosure.level.restricted"))
    if rule.origin != "participant":
        notes.append(say(request, f"disclosure.origin.{rule.origin}"))
    return {
        "place": f"row-{rule.id}",
        "text": text,
        "notes": [note for note in notes if note],
        "remove": wish(Remove(rule.id)),
    }


async def _choices(
    request: PortalRequest, actor: Actor, state: Settings
) -> dict[str, list[tuple[str, str]]]:
    """Whom and what a finer rule can name: facilities and people chosen or known already."""
    locale, profile = preferences(request).locale, directory.profile()
    known = [each.facility for each in (await own.facility_choices(actor)).choices]
    persons = await directory.people(
        actor, (rule.professional_id for rule in state.directive.provisions if rule.professional_id)
    )

    def name(each: object) -> str:
        return str(getattr(each, "name").ja if locale == "ja" else getattr(each, "name").en)  # noqa: B009

    facilities = [(str(each.facility_id), each.label(locale)) for each in known]
    return {
        "professions": [(f"profession:{each.code}", name(each)) for each in profile.professions],
        "facilities": [(f"facility:{code}", label) for code, label in facilities],
        "persons": [(f"person:{i}", each.name) for i, each in persons.items()],
        "categories": [(each.code, name(each)) for each in profile.categories],
        "sources": facilities,
    }


routes: list[ControllerRouterHandler] = [details, cell]
