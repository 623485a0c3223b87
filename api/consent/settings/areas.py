"""Switches over many facilities at once: regions, places lived in, facility types, everyone.

They stand as in the ministry's design: region, then facility type, then the single facility or
person. While a region is on, the facility types narrow it: each is on there unless turned off.
"""

from datetime import datetime

from msgspec import structs

from api.consent.facts import TREATMENT, Lived, NetworkRules, Origin, Provision
from api.consent.settings.rows import Rules, is_over, replace, serves

EVERYONE, LIVED, REGION, TYPE, TYPE_IN_REGION, NAMED, PERSON = range(7)


def row(
    *,
    facility_type: str | None = None,
    region: str | None = None,
    lived: Lived | None = None,
    everyone: bool = False,
) -> Provision:
    return Provision(
        0,
        "permit",
        "recipient",
        facility_type=facility_type,
        region=region,
        lived=lived,
        everyone=everyone,
    )


def turn(
    rules: Rules,
    named: Provision,
    on: bool,
    network: NetworkRules,
    now: datetime,
    origin: Origin = "participant",
) -> Rules:
    """`named` is the permit of the area without its id and time."""
    key = area(named)
    owned = [rule for rule in rules if area(rule) == key and serves(rule)]
    others = tuple(rule for rule in rules if rule not in owned)
    wanted: Provision | None = None
    if on:
        wanted = next((rule for rule in owned if _lasts(rule) and rule.kind == "permit"), None)
        if wanted is not None:
            wanted = structs.replace(wanted, purposes=())
        elif not is_covered(named, others, network, now):
            wanted = structs.replace(named, set_at=now, origin=origin)
    elif is_let_in(named, others, network, now):
        # Secondary use is chosen apart from who may see for treatment.
        purposes = (TREATMENT,) if named.everyone else ()
        wanted = structs.replace(named, kind="deny", origin=origin, purposes=purposes)
        wanted = next((rule for rule in owned if _says(rule, wanted)), wanted)
    return replace(rules, lambda rule: area(rule) == key, wanted)


def choose(rules: Rules, scheme: str, network: NetworkRules, now: datetime) -> Rules:
    """Whom taking part lets in by itself; what was named one by one stays as it is."""
    everyone, home = row(everyone=True), row(lived="now")
    kept = [area(everyone)] if scheme == "all_facilities" else []
    if scheme == "home_area":
        kept.append(area(home))
    dropped = [
        rule
        for rule in rules
        if _is_area_permit(rule)
        and serves(rule)
        and area(rule) not in kept
        and (scheme == "care_team" or rank(rule) in (EVERYONE, LIVED))
    ]
    rules = replace(rules, lambda rule: rule in dropped, None)
    rules = turn(rules, everyone, scheme == "all_facilities", network, now, "scheme")
    if scheme == "home_area":
        rules = turn(rules, home, True, network, now, "scheme")
    return rules


def secondary_use(rules: Rules, purpose: str, on: bool, now: datetime) -> Rules:
    owned = [rule for rule in rules if rule.everyone and serves(rule, purpose)]
    wanted: Provision | None = None
    if on:
        wanted = structs.replace(row(everyone=True), purposes=(purpose,), set_at=now)
        wanted = next((r for r in owned if _says(r, wanted) and _lasts(r)), wanted)
    return replace(rules, lambda rule: rule.everyone, wanted, purpose)


def area(rule: Provision) -> tuple[object, ...] | None:
    """Which area the row speaks of; None for a row that is not of an area."""
    if rule.axis != "recipient" or not (
        rule.everyone or rule.facility_type or rule.region or rule.lived
    ):
        return None
    return rule.everyone, rule.facility_type, rule.region, rule.lived


def rank(rule: Provision) -> int:
    """How narrow the row's recipient is."""
    if rule.professional_id is not None:
        return PERSON
    if rule.facility_id is not None or rule.team_id is not None:
        return NAMED
    if rule.facility_type is not None:
        return TYPE if rule.region is None and rule.lived is None else TYPE_IN_REGION
    if rule.region is not None:
        return REGION
    return LIVED if rule.lived is not None else EVERYONE


def is_let_in(named: Provision, others: Rules, network: NetworkRules, now: datetime) -> bool:
    """Whether something wider may let this recipient in. Where regions lie is not asked."""
    own = rank(named)
    default = network.recipient_default
    if default == "permit" or (default == "home_area" and named.lived in (None, "now")):
        return True
    return any(
        _is_area_permit(rule)
        and serves(rule)
        and not is_over(rule, now)
        and named.facility_type in (None, rule.facility_type or named.facility_type)
        and (
            rank(rule) < own
            or (rank(rule) == own and named.region is not None and area(rule) != area(named))
        )
        for rule in others
    )


def is_covered(named: Provision, others: Rules, network: NetworkRules, now: datetime) -> bool:
    """Whether, once its deny is gone, the area is on without a row of its own."""
    areas = [r for r in others if area(r) is not None and serves(r) and not is_over(r, now)]
    default, own = network.recipient_default, rank(named)
    if own == EVERYONE:
        return default == "permit"
    if own == TYPE and any(r.kind == "permit" and rank(r) in (LIVED, REGION) for r in areas):
        return True
    if own == TYPE_IN_REGION:
        halves = (area(row(region=named.region)), area(row(facility_type=named.facility_type)))
        same = [rule for rule in areas if area(rule) in halves]
        if any(rule.kind == "deny" for rule in same):
            return False
        if any(_lasts(rule) for rule in same):
            return True
    everyone = [rule for rule in areas if rule.everyone]
    if any(rule.kind == "deny" for rule in everyone):
        return False
    at_home = default == "home_area" and (own == TYPE or named.lived == "now")
    return default == "permit" or at_home or any(_lasts(rule) for rule in everyone)


def _is_area_permit(rule: Provision) -> bool:
    return rule.kind == "permit" and area(rule) is not None


def _lasts(rule: Provision) -> bool:
    return rule.valid_from is None and rule.valid_to is None


def _says(rule: Provision, wanted: Provision) -> bool:
    """The same, whoever chose it and whenever."""
    return structs.replace(
        rule, id=0, set_at=wanted.set_at, origin=wanted.origin
    ) == structs.replace(wanted, id=0)
