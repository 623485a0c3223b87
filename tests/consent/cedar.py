"""The order of evaluation asked of Cedar, axis by axis: an engine that shares no line with ours.

Every row becomes a Cedar policy; who matches, for which purpose and when is Cedar's to say, and
inside a tier or an axis its own rule holds that a forbid overrides. What Cedar has no words for
stands here and is listed in docs/reference/decision-vectors/README.md: the order of the axes and
tiers, calendar years, and that a filter's narrower permit lifts a wider deny (an `unless`).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import cedarpy

from api.consent.facts import NetworkRules, Participation, Provision
from tests.consent.vectors.form import Case

JAPAN = timezone(timedelta(hours=9))
ACTION = 'Action::"read"'


class Answer:
    """Cedar's decision on one set of policies, with the row ids it was determined by."""

    def __init__(self, case: Case, network: NetworkRules, policies: list[tuple[int, str]]) -> None:
        text = "\n".join(policy for _, policy in policies)
        found = cedarpy.is_authorized(
            {
                "principal": 'Asker::"asker"',
                "action": ACTION,
                "resource": 'Record::"record"',
                "context": _context(case, network),
            },
            text,
            _entities(case),
        )
        assert not found.diagnostics.errors, found.diagnostics.errors
        self.allows = found.decision is cedarpy.Decision.Allow
        self.rows = {
            policies[int(name.removeprefix("policy"))][0] for name in found.diagnostics.reasons
        }


def decide(case: Case, network: NetworkRules) -> tuple[str, str, set[int]]:
    """(outcome, step, the rows that determined it)"""
    law = _law(case, network)
    if law:
        return "deny", law, set()
    rules = case.directive.provisions

    def ask(policies: Iterable[tuple[int, str]]) -> Answer:
        return Answer(case, network, list(policies))

    excluded = ask(_policy(rule) for rule in rules if rule.kind == "exclusion")
    if excluded.rows:
        return "deny", "excluded", excluded.rows
    if ask([(0, _permit("resource has source && principal in resource.source"))]).allows:
        return "permit", "own_record", set()
    if ask([(0, _permit("context.sensitivity >= 2"))]).allows:
        return "deny", "secret", set()
    if ask([(0, _permit('["ETREAT", "BTG"].contains(context.purpose)'))]).allows:
        return "deny", "emergency_closed", set()
    shared = ask(_policy(rule) for rule in rules if rule.axis == "share")
    is_old = ask([(0, _permit("context.is_dated && context.cared_on < context.data_from"))]).allows
    if shared.allows:
        return ("deny", "data_from", set()) if is_old else ("permit", "shared", shared.rows)
    let_in, reaches = _recipient(case, network)
    if not let_in.allows:
        return "deny", "recipient", let_in.rows
    shown = ask(_filter(case, network))
    if not shown.allows:
        return "deny", "filter", shown.rows
    if not reaches:
        return "deny", "sensitivity", set()
    return ("deny", "data_from", set()) if is_old else ("permit", "granted", let_in.rows)


def _law(case: Case, network: NetworkRules) -> str:
    for step, condition in {
        "facility_standing": "principal.facility_is_active",
        "professional": "if principal.has_person then principal.person_is_active &&"
        " principal.is_trained else principal.is_system",
        "profession_unknown": "context.professions.contains(principal.profession)",
        "purpose": "context.purposes.contains(context.purpose)",
        "participation": "context.takes_part && context.now < context.ends_at",
    }.items():
        if not Answer(case, network, [(0, _permit(condition))]).allows:
            return step
    return ""


def _recipient(case: Case, network: NetworkRules) -> tuple[Answer, bool]:
    """The first tier that says anything, and whether a permit before any deny goes far enough."""
    tiers: list[list[Provision]] = [[], [], [], [], []]
    for rule in case.directive.provisions:
        if rule.axis == "recipient" and rule.kind != "exclusion":
            tiers[_tier(rule)].append(rule)
    reaches = Answer(case, network, [(0, _permit("context.sensitivity == 0"))]).allows
    first: Answer | None = None
    for number, tier in enumerate(tiers):
        said = Answer(case, network, [_policy(rule) for rule in tier])
        if not said.rows:
            continue
        first = first or said
        if not said.allows:
            break
        if number < 2:
            far = [_policy(rule, f"context.sensitivity <= {rule.level}") for rule in tier]
            reaches = reaches or Answer(case, network, far).allows
    if first is None:
        first = Answer(case, network, [(0, _permit(_by_default(case, network)))])
    return first, reaches


def _tier(rule: Provision) -> int:
    if rule.professional_id is not None:
        return 0
    if rule.facility_id is not None or rule.team_id is not None:
        return 1
    if rule.everyone:
        return 4
    is_area = rule.region is not None or rule.lived is not None
    return 2 if rule.facility_type is not None and is_area else 3


def _by_default(case: Case, network: NetworkRules) -> str:
    covered = _covered(case.participation.joined_at)
    opens = {"deny": "false", "permit": "true", "home_area": 'context.lived.contains("now")'}
    return f'context.purpose == "TREAT" && {covered} && {opens[network.recipient_default]}'


def _filter(case: Case, network: NetworkRules) -> list[tuple[int, str]]:
    """The matrix as a permit, rows as they are; a deny yields to the permits narrower than it."""
    rows = [rule for rule in case.directive.provisions if rule.axis == "filter"]
    permits = [rule for rule in rows if rule.kind == "permit"]
    known = "context.categories.contains(resource.category)"
    policies = [(0, _permit("context.matrix.contains(resource.category)"))]
    for rule in permits:
        if {"profession", "category"} <= _named(rule):
            policies.append(_policy(rule, known))
    for rule in rows:
        if rule.kind == "deny":
            lifts = [f"({_when(p)})" for p in permits if _named(rule) < _named(p)]
            hides = rule.record_ids or rule.data_from or rule.data_to
            unless = "" if hides or not lifts else f" unless {{ {' || '.join(lifts)} }}"
            policies.append((rule.id, f"{_policy(rule)[1][:-1]}{unless};"))
    return policies


def _named(rule: Provision) -> set[str]:
    names = ("professional_id", "facility_id", "profession", "category", "source_facility_id")
    found = {name for name in names if getattr(rule, name) is not None}
    return found | {"profession"} if rule.professional_id is not None else found


def _permit(condition: str) -> str:
    return f"permit(principal, action, resource) when {{ {condition} }};"


def _policy(rule: Provision, further: str = "true") -> tuple[int, str]:
    effect = "permit" if rule.kind == "permit" else "forbid"
    return rule.id, (
        f"{effect}(principal, action, resource) when {{ {_when(rule)} && {further} }};"
    )


def _when(rule: Provision) -> str:
    """Whom, what, when and for which purpose the row names, in Cedar's words."""
    parts = ["true"]
    for kind, value in {
        "Person": rule.professional_id,
        "Facility": rule.facility_id,
        "Team": rule.team_id,
        "Type": rule.facility_type,
        "Region": rule.region,
    }.items():
        if value is not None:
            parts.append(f'principal in {kind}::"{value}"')
    if rule.lived is not None:
        parts.append(f'context.lived.contains("{rule.lived}")')
    if rule.profession is not None:
        parts.append(f'principal.profession == "{rule.profession}"')
    if rule.category is not None:
        parts.append(f'resource.category == "{rule.category}"')
    if rule.source_facility_id is not None:
        source = f'Facility::"{rule.source_facility_id}"'
        parts.append(f"resource has source && resource.source == {source}")
    if rule.record_ids:
        ids = ", ".join(f'"{each}"' for each in rule.record_ids)
        parts.append(f"[{ids}].contains(resource.record)")
    if rule.data_from is not None:
        parts.append(f"context.cared_on >= {_day(rule.data_from)}")
    if rule.data_to is not None:
        parts.append(f"context.cared_on < {_day(rule.data_to)}")
    if rule.valid_from is not None:
        parts.append(f"context.now >= {_moment(rule.valid_from)}")
    if rule.valid_to is not None:
        parts.append(f"context.now < {_moment(rule.valid_to)}")
    purposes = rule.purposes or (("TREAT",) if rule.kind == "permit" else ())
    if purposes:
        codes = ", ".join(f'"{each}"' for each in purposes)
        parts.append(f"[{codes}].contains(context.purpose)")
    if rule.kind == "permit" and rule.axis == "recipient" and _tier(rule) >= 2:
        parts.append(_covered(rule.set_at))
    return " && ".join(parts)


def _covered(set_at: datetime | None) -> str:
    """A facility that joined after the choice is covered when its notice is over, if at all."""
    if set_at is None:
        return "true"
    return (
        f"(if principal has joined_at then principal.joined_at <= {_moment(set_at)} ||"
        " (principal.joined_at < context.asks_first_since &&"
        ' context.now.durationSince(principal.joined_at) >= duration("7d")) else true)'
    )


def _context(case: Case, network: NetworkRules) -> dict[str, object]:
    part, record = case.participation, case.record
    marks = {mark.record_id: mark.level for mark in case.directive.marks}
    never = datetime(9999, 1, 1, tzinfo=case.request.now.tzinfo)
    return {
        "now": _value(case.request.now),
        "purpose": case.request.purpose_of_use,
        "purposes": sorted(network.purposes),
        "professions": list(network.matrix),
        "categories": list(network.categories),
        "matrix": sorted(network.matrix.get(case.request.requester.profession or "", ())),
        "takes_part": part.state == "participating",
        "ends_at": _value(part.ends_at or never),
        "asks_first_since": _value(case.directive.asks_first_since or never),
        "sensitivity": marks.get(record.record_id, record.sensitivity),  # type: ignore[arg-type]
        "is_dated": part.data_from is not None,
        "data_from": _value(_midnight(part.data_from or date.min.replace(year=1970))),
        "cared_on": _value(_midnight(record.effective_on or record.recorded_on)),
        "lived": sorted(_lived(part, case)),
    }


def _lived(part: Participation, case: Case) -> set[str]:
    """Calendar years are not Cedar's: when the participant lived in the asker's regions."""
    today = case.request.now.astimezone(JAPAN).date()
    is_leap_day = (today.month, today.day) == (2, 29)
    two_years_ago = today.replace(today.year - 2, day=28 if is_leap_day else today.day)
    found: set[str] = set()
    for place in part.residences:
        if place.region not in case.request.requester.regions:
            continue
        if place.from_on is not None and place.from_on > today:
            continue
        if place.until_on is None or today < place.until_on:
            found.add("now")
        else:
            found.add("recent" if place.until_on > two_years_ago else "before")
    # Whoever came back lives here now, whatever was before.
    return {next(when for when in ("now", "recent", "before") if when in found)} if found else found


def _entities(case: Case) -> list[dict[str, object]]:
    who = case.request.requester
    parents = [_uid("Facility", who.facility_id)]
    parents += [_uid("Region", region) for region in who.regions]
    if who.facility_type is not None:
        parents.append(_uid("Type", who.facility_type))
    if who.professional_id is not None:
        parents.append(_uid("Person", who.professional_id))
        parents += [
            _uid("Team", team.id)
            for team in case.directive.teams
            if who.professional_id in team.professional_ids
        ]
    asker: dict[str, object] = {
        "facility_is_active": who.facility_is_active,
        "has_person": who.professional_id is not None,
        "is_system": who.kind == "system",
        "person_is_active": who.professional_is_active,
        "is_trained": who.is_trained,
        "profession": who.profession or "",
    }
    if who.facility_joined_at is not None:
        asker["joined_at"] = _value(who.facility_joined_at)
    record: dict[str, object] = {
        "category": case.record.category,
        "record": str(case.record.record_id),
    }
    if case.record.source_facility_id is not None:
        source = _uid("Facility", case.record.source_facility_id)
        record["source"] = {"__entity": source}
    return [
        {"uid": _uid("Asker", "asker"), "attrs": asker, "parents": parents},
        {"uid": _uid("Record", "record"), "attrs": record, "parents": []},
    ]


def _uid(kind: str, name: UUID | str) -> dict[str, str]:
    return {"type": kind, "id": str(name)}


def _value(moment: datetime) -> dict[str, object]:
    return {"__extn": {"fn": "datetime", "arg": _iso(moment)}}


def _moment(moment: datetime) -> str:
    return f'datetime("{_iso(moment)}")'


def _iso(moment: datetime) -> str:
    """Cedar counts in milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03}Z"
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(day: date) -> str:
    return _moment(_midnight(day))
