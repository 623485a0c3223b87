"""Why records were shown or not, by whom and from which versions: as the log keeps it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended
from api.consent.decide import Scope
from api.consent.explain import sentence
from api.consent.facts import Basis
from api.consent.replay import Versions
from api.consent.wording import spoken
from api.core import i18n
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.directory import service as directory
from api.records.mapping import CATEGORIES_OF_TYPE

NO_TEAMS: Mapping[str, str] = {}


def basis_for(scope: Scope, types: tuple[str, ...]) -> Basis:
    """The answer for the kinds of record asked for: granted if any of their categories is, else
    shared if anything is."""
    asked = [category for name in types for category in CATEGORIES_OF_TYPE.get(name, ())]
    if not asked or any(category in scope.categories for category in asked):
        return scope.basis
    if scope.share is not None:
        return msgspec.structs.replace(scope.basis, step="shared", recipient=scope.share)
    return scope.of(asked[0]).basis


def event_detail(
    actor: Actor,
    standing: directory.Standing,
    basis: Basis,
    types: tuple[str, ...],
    versions: Versions,
    teams: Mapping[str, str] = NO_TEAMS,
) -> dict[str, Any]:
    """The event as the participant will read it; resources are added where they are read."""
    who = {
        "name": standing.professional_name or actor.name,
        "profession": standing.profession or actor.profession,
        "facility": {"ja": standing.facility_name, "en": standing.facility_name_en},
        "client": actor.client_id,
    }
    reason = reason_of(actor, standing, basis, teams)
    return {"actor": who, "asked": types, **reason, "versions": versions}


def own_reason(actor: Actor, standing: directory.Standing, basis: Basis) -> dict[str, Any]:
    return reason_of(actor, standing, msgspec.structs.replace(basis, step="own_record"))


def reason_of(
    actor: Actor,
    standing: directory.Standing,
    basis: Basis,
    teams: Mapping[str, str] = NO_TEAMS,
) -> dict[str, Any]:
    said = sentence(basis)
    facility = {"ja": standing.facility_name, "en": standing.facility_name_en}
    text = {
        locale: spoken(
            said,
            locale,
            directory.profile(),
            {
                **teams,
                str(actor.facility_id): facility[locale],
                str(actor.professional_id): standing.professional_name or "",
            },
        )
        for locale in i18n.LOCALES
    }
    return {"basis": basis, "text": text}


async def log_nobody(actor: Actor, event: EventName) -> Appended:
    async with unit_of_work(actor) as tx:
        return await access_log.append_system(
            tx, event, outcome="denied", detail={"name": actor.name}
        )
