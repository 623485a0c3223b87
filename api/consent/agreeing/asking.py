"""Access agreed on: rows that others brought into a directive, and what may be passed on."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import structs

from api.consent.decide import Scope
from api.consent.facts import TREATMENT, Directive, NetworkRules, Origin, Provision, Request, Team
from api.consent.settings import grants

Whom = Literal["professional", "facility"]

DESK_CODE_DIGITS: Final = 8
DESK_CODE_LIVES: Final = timedelta(minutes=30)
DESK_CODE_OPENS: Final = timedelta(hours=24)
REQUEST_WAITS: Final = timedelta(days=30)
LONGEST_GRANT: Final = timedelta(days=366)
LONGEST_DELEGATION: Final = timedelta(days=30)
LONGEST_NOTE: Final = 200
REASONS: Final = ("first_visit", "treatment", "medication", "home_care", "referral", "other")

_FOREVER: Final = datetime.max.replace(tzinfo=UTC)

# What somebody else brought in, and the participant sees and ends on one page.
AGREED: Final[frozenset[Origin]] = frozenset({"desk_code", "delegation", "request"})


def opened(
    directive: Directive, row: Provision, network: NetworkRules, *, lifts_denies: bool
) -> Directive:
    """The rows with this permit among them, in place of an earlier one of its kind and recipient.

    With `lifts_denies` a deny for the same recipient waits until the permit has ended; for other
    purposes than treatment it stands throughout. Exclusions stay as they are.
    Raises ValueError for a permit without an end.
    """
    if row.valid_to is None:
        raise ValueError("what others bring in has an end")
    following = structs.replace(row, id=0)
    rows = directive.provisions
    for rule in directive.provisions:
        if _is_replaced(rule, following):
            rows = grants.without(rows, rule.id)
    if lifts_denies:
        rows = tuple(kept for rule in rows for kept in _lifted(rule, following, network))
    return _with(directive, [*rows, following])


def ended(
    directive: Directive, provision_id: int, now: datetime, workplaces: Mapping[UUID, UUID]
) -> Directive:
    """Without this row and what was passed on by those it let in; a deny it held off is back.

    Only rows of `AGREED` end here; any other id changes nothing. `workplaces` as for `apply`.
    """
    if all(rule.id != provision_id for rule in agreed(directive)):
        return directive
    rows = grants.without(directive.provisions, provision_id)
    following = structs.replace(directive, provisions=rows)
    left = grants.without_orphans(directive, following, now, workplaces)
    return structs.replace(following, provisions=left)


def agreed(directive: Directive, now: datetime | None = None) -> tuple[Provision, ...]:
    """Permits others brought in; with `now` only those in force."""
    return tuple(
        rule
        for rule in directive.provisions
        if rule.origin in AGREED
        and rule.kind == "permit"
        and rule.axis == "recipient"
        and (now is None or rule.applies(TREATMENT, now))
    )


def own_grant(directive: Directive, request: Request, level: int) -> Provision | None:
    """The permit of the requester's own that reaches this level and lasts longest, if any.

    Their own are those for the person, their facility or a care team of theirs; what was passed
    on to them is not theirs to pass on.
    """
    who = request.requester
    teams = _teams_of(directive.teams, who.professional_id)
    own = [
        rule
        for rule in directive.provisions
        if rule.kind == "permit"
        and rule.axis == "recipient"
        and rule.origin != "delegation"
        and rule.level >= level
        and (
            (rule.professional_id is not None and rule.professional_id == who.professional_id)
            or (rule.facility_id is not None and rule.facility_id == who.facility_id)
            or rule.team_id in teams
        )
        and rule.applies(request.purpose_of_use, request.now)
    ]
    return max(own, key=lambda rule: rule.valid_to or _FOREVER, default=None)


def delegation_ends(grant: Provision, now: datetime, wanted: timedelta) -> datetime:
    """After `wanted`, at most 30 days, and never after the grant it comes from."""
    latest = now + min(wanted, LONGEST_DELEGATION)
    return latest if grant.valid_to is None else min(latest, grant.valid_to)


def is_within(inner: Scope, outer: Scope) -> bool:
    """Whether whoever has `inner` sees nothing that `outer` hides, shares apart."""
    sources = {source for source, _ in (*inner.source_permitted, *outer.source_denied)}
    pairs = {(source, category) for source in sources for category in inner.categories}
    pairs |= set(inner.source_permitted)
    return (
        inner.level <= outer.level
        and set(inner.categories) <= set(outer.categories)
        and all(_sees(outer, *pair) for pair in pairs if _sees(inner, *pair))
        and set(outer.exceptions.hidden) <= set(inner.exceptions.hidden)
        and set(outer.exceptions.hidden_periods) <= set(inner.exceptions.hidden_periods)
    )


def _sees(scope: Scope, source: UUID, category: str) -> bool:
    pair = (source, category)
    if pair in scope.source_permitted:
        return True
    return category in scope.categories and pair not in scope.source_denied


def _teams_of(teams: tuple[Team, ...], professional_id: UUID | None) -> frozenset[UUID]:
    return frozenset(team.id for team in teams if professional_id in team.professional_ids)


def _recipient(rule: Provision) -> tuple[UUID | None, UUID | None]:
    return rule.professional_id, rule.facility_id


def _is_replaced(rule: Provision, row: Provision) -> bool:
    return (
        rule.kind == "permit"
        and rule.axis == "recipient"
        and rule.origin == row.origin
        and rule.delegated_by == row.delegated_by
        and _recipient(rule) == _recipient(row)
    )


def _lifted(rule: Provision, row: Provision, network: NetworkRules) -> tuple[Provision, ...]:
    """The deny as it stands beside the permit: for treatment only once the permit has ended."""
    until = row.valid_to or _FOREVER
    if (
        rule.kind != "deny"
        or rule.axis != "recipient"
        or _recipient(rule) != _recipient(row)
        or (rule.purposes and TREATMENT not in rule.purposes)
        or (rule.valid_from is not None and rule.valid_from >= until)
    ):
        return (rule,)
    kept: list[Provision] = []
    if rule.valid_to is None or rule.valid_to > until:
        kept.append(structs.replace(rule, valid_from=until))
    others = tuple(sorted(set(rule.purposes or network.purposes) - {TREATMENT}))
    if others:
        until = min(rule.valid_to or _FOREVER, until)
        kept.append(structs.replace(rule, id=0, purposes=others, valid_to=until))
    return tuple(kept)


def _with(directive: Directive, rows: list[Provision]) -> Directive:
    """Rows that stood keep their ids, new ones (id 0) get the next free."""
    free = max((rule.id for rule in directive.provisions), default=0)
    numbered: list[Provision] = []
    for rule in rows:
        if rule.id == 0:
            free += 1
            numbered.append(structs.replace(rule, id=free))
        else:
            numbered.append(rule)
    return structs.replace(directive, provisions=tuple(numbered))
