"""Settings changed by somebody else, or at their wish: one new version, logged, and told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from api.consent import policies, stored
from api.consent import service as consent
from api.consent.agreeing.asking import agreed, ended
from api.consent.facts import TREATMENT, Directive, Origin, Provision, Request
from api.consent.settings import checking
from api.consent.stored import Settings
from api.core import clock, i18n
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import Standing
from notifications import service as notifications

# What fills a sentence: plain, or one text for each language.
Told = Mapping[str, str | int | dict[str, str]]


async def amend_in(
    tx: Transaction,
    actor: Actor,
    now: Settings,
    following: Directive,
    origin: Origin,
    *,
    who: Mapping[str, Any],
    told: Told,
) -> Settings:
    """Stores `following` as the version after `now`, which was read under the head's lock.

    `who` did it, as in the log's `actor` (name, profession, facility by language); `told` fills
    the log's sentence and the notice. Unless the subject did it themselves they are told at once:
    `notice.settings_<origin>`, with `name`, `facility`, `version` and what `told` holds.
    """
    change = {"origin": origin}
    logged = {"actor": who, "told": told}
    state = await consent.store_in(tx, actor, following, change, logged=logged)
    if actor.participant_id is None:
        named = {"name": who.get("name") or "", "facility": who.get("facility") or ""}
        version = now.directive.version + 1
        await notifications.enqueue(tx, f"settings_{origin}", version=version, **named, **told)
    return state


def party(actor: Actor, standing: Standing) -> dict[str, Any]:
    """A professional as the log and notices name them."""
    return {
        "name": standing.professional_name or actor.name,
        "profession": standing.profession,
        "facility": {"ja": standing.facility_name, "en": standing.facility_name_en},
    }


async def end(actor: Actor, provision_id: int) -> Settings:
    """The participant ends what was agreed on, with all that was passed on from it.

    Raises `NotFound` for any other row.
    """
    async with unit_of_work(actor) as tx:
        now = await stored.locked_settings_in(tx)
        if now is None:
            raise NotFound
        row = next((r for r in agreed(now.directive) if r.id == provision_id), None)
        if row is None:
            raise NotFound
        found = await checking.known(tx, now.directive, [])
        following = ended(now.directive, provision_id, clock.now(), found.workplaces)
        told = {"whom": await whom(tx, row)}
        return await amend_in(tx, actor, now, following, "participant", who={}, told=told)


async def whom(tx: Transaction, row: Provision) -> dict[str, str]:
    """The professional or facility that a row names, in words of each language."""
    if row.professional_id is not None:
        ((_, standing),) = await directory.standings_in(tx, [], [row.professional_id])
        return _said("asking.whom.professional", standing, name=standing.professional_name or "")
    ((_, standing),) = await directory.standings_in(tx, [row.facility_id or UUID(int=0)], [])
    return _said("asking.whom.facility", standing)


def _said(key: str, standing: Standing, **params: str) -> dict[str, str]:
    names = {"ja": standing.facility_name, "en": standing.facility_name_en}
    return {each: i18n.text(each, key, facility=names[each], **params) for each in i18n.LOCALES}


def is_let_in(state: Settings, actor: Actor, standing: Standing) -> bool:
    request = Request(policies.requester(actor, standing), TREATMENT, clock.now())
    return policies.compiled(state).scope(request).outcome == "permit"


def moment(at: datetime) -> dict[str, str]:
    return {locale: i18n.moment(locale, at) for locale in i18n.LOCALES}
