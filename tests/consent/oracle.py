"""The order of evaluation written a second time, slowly and plainly, to hold the core against."""

from datetime import date, timedelta

from api.consent.facts import (
    Directive,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
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
    if participation.ends_at is not None and participation.ends_at <= request.now:
        return "deny", "participation"
    rules = [rule for rule in directive.provisions if _applies(rule, request)]
    if any(rule.kind == "exclusion" and _names(rule, request) for rule in rules):
        return "deny", "excluded"
    if record.source_facility_id == who.facility_id:
        return "permit", "own_record"
    sensitivity = record.sensitivity
    for mark in directive.marks:
        if mark.record_id == record.record_id:
            sensitivity = mark.level
    if sensitivity == 2:
        return "deny", "secret"
    if request.purpose_of_use in ("ETREAT", "BTG"):
        return "deny", "emergency_closed"
    day = record.recorded_on if record.effective_on is None else record.effective_on
    is_too_old = participation.data_from is not None and day < participation.data_from
    for rule in rules:
        is_of_record = record.record_id in rule.record_ids or rule.category == record.category
        if rule.axis == "share" and _names(rule, request) and is_of_record:
            return ("deny", "data_from") if is_too_old else ("permit", "shared")
    is_let_in, level = _recipient(network, participation, directive, rules, request)
    if not is_let_in:
        return "deny", "recipient"
    if not _is_shown(network, rules, request, record, day):
        return "deny", "filter"
    if sensitivity > level:
        return "deny", "sensitivity"
    return ("deny", "data_from") if is_too_old else ("permit", "granted")


def _applies(rule: Provision, request: Request) -> bool:
    starts = rule.valid_from is None or rule.valid_from <= request.now
    lasts = rule.valid_to is None or request.now < rule.valid_to
    if rule.kind == "permit":
        serves = request.purpose_of_use in (rule.purposes or ("TREAT",))
    else:
        serves = not rule.purposes or request.purpose_of_use in rule.purposes
    return starts and lasts and serves


def _names(rule: Provision, request: Request) -> bool:
    who = request.requester
    if rule.professional_id:
        return rule.professional_id == who.professional_id
    return rule.facility_id == who.facility_id


def lived(participation: Participation, request: Request) -> str | None:
    """In the regions of the asking facility, by the Japanese day (nine hours ahead)."""
    moment = request.now.replace(tzinfo=None) - (request.now.utcoffset() or timedelta())
    today = (moment + timedelta(hours=9)).date()
    last_days = []
    for place in participation.residences:
        has_begun = place.from_on is None or place.from_on <= today
        if place.region in request.requester.regions and has_begun:
            last_days.append(date.max if place.until_on is None else place.until_on)
    if not last_days:
        return None
    left_on = max(last_days)
    if left_on > today:
        return "now"
    if (left_on.year + 2, left_on.month, left_on.day) > (today.year, today.month, today.day):
        return "recent"
    return "before"


def _is_covered(set_at: object, directive: Directive, request: Request) -> bool:
    joined_at = request.requester.facility_joined_at
    if joined_at is None or set_at is None or not joined_at > set_at:  # type: ignore[operator]
        return True
    if directive.asks_first_since is not None and not joined_at < directive.asks_first_since:
        return False
    return not request.now < joined_at + timedelta(days=7)


def _tier(
    rule: Provision, participation: Participation, directive: Directive, request: Request
) -> int | None:
    who = request.requester
    if rule.professional_id or rule.facility_id:
        tier = 1 if rule.professional_id else 2
        return tier if _names(rule, request) else None
    if rule.team_id:
        members = {team.id: team.professional_ids for team in directive.teams}
        return 2 if who.professional_id in members.get(rule.team_id, ()) else None
    if rule.kind == "permit" and not _is_covered(rule.set_at, directive, request):
        return None
    if rule.everyone:
        return 5
    if rule.facility_type and rule.facility_type != who.facility_type:
        return None
    if rule.region and rule.region not in who.regions:
        return None
    if rule.lived and rule.lived != lived(participation, request):
        return None
    return 3 if rule.facility_type and (rule.region or rule.lived) else 4


def _recipient(
    network: NetworkRules,
    participation: Participation,
    directive: Directive,
    rules: list[Provision],
    request: Request,
) -> tuple[bool, int]:
    tiers: dict[int, list[Provision]] = {tier: [] for tier in (1, 2, 3, 4, 5)}
    for rule in rules:
        if rule.axis == "recipient" and rule.kind != "exclusion":
            tier = _tier(rule, participation, directive, request)
            if tier is not None:
                tiers[tier].append(rule)
    denying = min((t for t in tiers if any(r.kind == "deny" for r in tiers[t])), default=9)
    matching = min((t for t in tiers if tiers[t]), default=9)
    levels = [r.level for t in (1, 2) if t < denying for r in tiers[t]]
    if matching == 9:
        is_default = network.recipient_default == "permit" or (
            network.recipient_default == "home_area" and lived(participation, request) == "now"
        )
        is_covered = _is_covered(participation.joined_at, directive, request)
        return is_default and is_covered and request.purpose_of_use == "TREAT", 0
    return matching < denying, max(levels, default=0)


def _is_shown(
    network: NetworkRules,
    rules: list[Provision],
    request: Request,
    record: RecordFacts,
    day: date,
) -> bool:
    profession = request.requester.profession or ""
    facts = {
        "professional_id": request.requester.professional_id,
        "facility_id": request.requester.facility_id,
        "profession": profession,
        "category": record.category,
        "source_facility_id": record.source_facility_id,
    }
    permits, denies = [], []
    for rule in rules:
        named = {name for name in facts if getattr(rule, name) is not None}
        if rule.axis != "filter" or any(getattr(rule, name) != facts[name] for name in named):
            continue
        if rule.record_ids or rule.data_from or rule.data_to:
            is_of_record = not rule.record_ids or record.record_id in rule.record_ids
            begins = rule.data_from is None or not day < rule.data_from
            if is_of_record and begins and (rule.data_to is None or day < rule.data_to):
                return False
            continue
        # A professional has one profession: who names the one names the other.
        named |= {"profession"} if rule.professional_id else set()
        (permits if rule.kind == "permit" else denies).append(named)
    if record.category not in network.categories:
        return False
    if any(not any(deny < permit for permit in permits) for deny in denies):
        return False
    is_lifted = any({"profession", "category"} <= permit for permit in permits)
    return is_lifted or record.category in network.matrix[profession]
