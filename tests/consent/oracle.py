"""The order of evaluation written a second time, slowly and plainly, to hold the core against."""

from api.consent.facts import (
    Directive,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
    Team,
)


def oracle(
    network: NetworkRules,
    participation: Participation,
    directive: Directive,
    request: Request,
    record: RecordFacts,
) -> tuple[str, str]:
    """(outcome, step)"""
    who = request.requester
    if not who.facility_is_active:
        return "deny", "facility_standing"
    if who.kind == "professional" and who.professional_id is None:
        return "deny", "professional"
    if who.professional_id and not (who.professional_is_active and who.is_trained):
        return "deny", "professional"
    if who.profession not in network.professions:
        return "deny", "profession_unknown"
    if request.purpose_of_use not in network.purposes:
        return "deny", "purpose"
    if participation.state != "participating":
        return "deny", "participation"
    rules = [rule for rule in directive.provisions if _applies(rule, request)]
    for rule in rules:
        if rule.kind == "exclusion" and (
            (rule.professional_id and rule.professional_id == who.professional_id)
            or (rule.facility_id and rule.facility_id == who.facility_id)
        ):
            return "deny", "excluded"
    if record.source_facility_id == who.facility_id:
        return "permit", "own_record"
    if record.sensitivity == 2:
        return "deny", "secret"
    if request.purpose_of_use in ("ETREAT", "BTG"):
        return "deny", "emergency_closed"
    is_let_in, level = _recipient(network, rules, directive.teams, request)
    if not is_let_in:
        return "deny", "recipient"
    if not _is_shown(network, rules, request, record):
        return "deny", "filter"
    if record.sensitivity > level:
        return "deny", "sensitivity"
    day = record.recorded_on if record.effective_on is None else record.effective_on
    if participation.data_from is not None and day < participation.data_from:
        return "deny", "data_from"
    return "permit", "granted"


def _applies(rule: Provision, request: Request) -> bool:
    starts = rule.valid_from is None or rule.valid_from <= request.now
    lasts = rule.valid_to is None or request.now < rule.valid_to
    if rule.kind == "permit":
        serves = request.purpose_of_use in (rule.purposes or ("TREAT",))
    else:
        serves = not rule.purposes or request.purpose_of_use in rule.purposes
    return starts and lasts and serves


def _tier(rule: Provision, teams: tuple[Team, ...], request: Request) -> int | None:
    who = request.requester
    if rule.professional_id:
        return 1 if rule.professional_id == who.professional_id else None
    if rule.facility_id:
        return 2 if rule.facility_id == who.facility_id else None
    if rule.team_id:
        members = {team.id: team.professional_ids for team in teams}
        return 2 if who.professional_id in members.get(rule.team_id, ()) else None
    if rule.facility_type and rule.facility_type != who.facility_type:
        return None
    if rule.region and rule.region not in who.regions:
        return None
    return 3 if rule.facility_type and rule.region else 4


def _recipient(
    network: NetworkRules, rules: list[Provision], teams: tuple[Team, ...], request: Request
) -> tuple[bool, int]:
    tiers: dict[int, list[Provision]] = {1: [], 2: [], 3: [], 4: []}
    for rule in rules:
        if rule.axis == "recipient" and rule.kind != "exclusion":
            tier = _tier(rule, teams, request)
            if tier is not None:
                tiers[tier].append(rule)
    denying = min((t for t in tiers if any(r.kind == "deny" for r in tiers[t])), default=9)
    matching = min((t for t in tiers if tiers[t]), default=9)
    levels = [r.level for t in (1, 2) if t < denying for r in tiers[t]]
    if matching == 9:
        is_default = network.recipient_default == "permit" and request.purpose_of_use == "TREAT"
        return is_default, 0
    return matching < denying, max(levels, default=0)


def _is_shown(
    network: NetworkRules, rules: list[Provision], request: Request, record: RecordFacts
) -> bool:
    profession = request.requester.profession or ""
    facts = {
        "profession": profession,
        "category": record.category,
        "source_facility_id": record.source_facility_id,
    }
    permits, denies = [], []
    for rule in rules:
        named = {name for name in facts if getattr(rule, name) is not None}
        if rule.axis == "filter" and all(getattr(rule, name) == facts[name] for name in named):
            (permits if rule.kind == "permit" else denies).append(named)
    if record.category not in network.categories:
        return False
    if any(not any(deny < permit for permit in permits) for deny in denies):
        return False
    is_lifted = any({"profession", "category"} <= permit for permit in permits)
    return is_lifted or record.category in network.matrix[profession]
