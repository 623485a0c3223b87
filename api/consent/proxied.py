"""What a proxy may not change in somebody's settings, whichever way the change comes."""

from collections.abc import Iterable
from uuid import UUID

from msgspec import structs

from api.consent.facts import Directive, Provision
from api.core.actor import Power
from api.core.database import Transaction
from api.directory import service as directory
from api.proxies import safety as proxy_safety
from api.proxies.errors import BarredToProxies


async def check_in(tx: Transaction, before: Directive, after: Directive) -> None:
    """Raises `BarredToProxies` for exclusions, and for other uses than care without the power over
    consent; `OwnWorkplace` for opening anything to where the proxy works. For whoever acts for
    themselves nothing is barred."""
    powers = tx.acting.powers
    if powers is None:
        return
    old, new = _said(before), _said(after)
    added, removed = new - old, old - new
    changed = added | removed
    if any(rule.kind == "exclusion" for rule in changed):
        raise BarredToProxies
    if Power.CONSENT not in powers and any(_is_other_use(rule) for rule in changed):
        raise BarredToProxies
    opening = {rule for rule in added if rule.kind == "permit"}
    opening |= {rule for rule in removed if rule.kind != "permit"}
    named = [rule for rule in opening if rule.facility_id or rule.professional_id or rule.team_id]
    is_wide = any(rule.axis == "recipient" for rule in opening if rule not in named)
    facilities = {rule.facility_id for rule in named if rule.facility_id}
    people = {rule.professional_id for rule in named if rule.professional_id}
    grown = {team.id for team in after.teams if team not in before.teams}
    teams = {rule.team_id for rule in named if rule.team_id} | (
        grown & {rule.team_id for rule in new if rule.kind == "permit"}
    )
    for team in after.teams:
        if team.id in teams:
            people |= set(team.professional_ids)
    facilities |= await _workplaces(tx, people)
    await proxy_safety.refuse_own_workplace_in(tx, facilities, is_everyone=is_wide)


def _said(directive: Directive) -> set[Provision]:
    """Rows without what merely numbers them."""
    return {structs.replace(rule, id=0) for rule in directive.provisions}


def _is_other_use(rule: Provision) -> bool:
    return any(purpose != "TREAT" for purpose in rule.purposes)


async def _workplaces(tx: Transaction, people: Iterable[UUID]) -> set[UUID]:
    return {each.facility_id for each in await directory.people_in(tx, sorted(people))}
