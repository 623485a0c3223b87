"""Whom a change of settings shut out, of those it names."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from api.consent.decide import Policy
from api.consent.facts import TREATMENT, Directive, Request, Requester


def named(*directives: Directive) -> tuple[set[UUID], set[UUID]]:
    """Facilities and professionals that hold or lost anything by name, care teams included."""
    facilities: set[UUID] = set()
    professionals: set[UUID] = set()
    for directive in directives:
        for rule in directive.provisions:
            if rule.axis == "filter":
                continue
            if rule.facility_id is not None:
                facilities.add(rule.facility_id)
            if rule.professional_id is not None:
                professionals.add(rule.professional_id)
        for team in directive.teams:
            professionals.update(team.professional_ids)
    return facilities, professionals


def shut_out(
    before: Policy, after: Policy, requesters: Iterable[Requester], now: datetime
) -> list[Requester]:
    """Those who were let in for treatment and are no longer. What merely ran out shut nobody out:
    both are asked at the same moment."""
    return [
        who
        for who in requesters
        if _is_let_in(before, who, now) and not _is_let_in(after, who, now)
    ]


def _is_let_in(policy: Policy, who: Requester, now: datetime) -> bool:
    return policy.scope(Request(who, TREATMENT, now)).outcome == "permit"
