"""The same rules asked of policy engines, everything preloaded: their fastest way.

Each answers one participant's rows in one call, a deny overriding; tiers, levels and the basis,
which take several calls, are left out in the engines' favour.
"""

from collections.abc import Callable

import casbin
import cedarpy
from casbin.model import Model

from api.consent.facts import Directive, NetworkRules, Provision, RecordFacts, Request

Ask = Callable[[Request, RecordFacts], bool]

CASBIN = """
[request_definition]
r = facility, person, kind, region, profession, category, source
[policy_definition]
p = facility, person, kind, region, profession, category, source, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (p.facility == "*" || p.facility == r.facility) && \
 (p.person == "*" || p.person == r.person) && \
 (p.kind == "*" || p.kind == r.kind) && (p.region == "*" || p.region == r.region) && \
 (p.profession == "*" || p.profession == r.profession) && \
 (p.category == "*" || p.category == r.category) && \
 (p.source == "*" || p.source == r.source)
"""


def by_casbin(directive: Directive, network: NetworkRules) -> Ask:
    model = Model()
    model.load_model_from_text(CASBIN)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policies(
        [
            [
                *(
                    str(value) if value is not None else "*"
                    for value in (
                        rule.facility_id,
                        rule.professional_id,
                        rule.facility_type,
                        rule.region,
                        rule.profession,
                        rule.category,
                        rule.source_facility_id,
                    )
                ),
                "allow" if rule.kind == "permit" else "deny",
            ]
            for rule in directive.provisions
        ]
    )

    def ask(request: Request, record: RecordFacts) -> bool:
        who = request.requester
        return bool(
            enforcer.enforce(
                str(who.facility_id),
                str(who.professional_id),
                who.facility_type,
                who.regions[0],
                who.profession,
                record.category,
                str(record.source_facility_id),
            )
        )

    return ask


def by_cedar(directive: Directive, network: NetworkRules) -> Ask:
    policies = cedarpy.PolicySet.from_str("\n".join(_policy(rule) for rule in directive.provisions))
    entities = cedarpy.Entities.from_json_str("[]")

    def ask(request: Request, record: RecordFacts) -> bool:
        who = request.requester
        context = {
            "facility": str(who.facility_id),
            "person": str(who.professional_id),
            "type": who.facility_type,
            "region": who.regions[0],
            "profession": who.profession,
            "category": record.category,
            "source": str(record.source_facility_id),
            "now": int(request.now.timestamp()),
        }
        found = cedarpy.is_authorized(
            {
                "principal": 'Asker::"a"',
                "action": 'Action::"read"',
                "resource": 'Record::"r"',
                "context": context,
            },
            policies,
            entities,
        )
        return found.decision is cedarpy.Decision.Allow

    return ask


def _policy(rule: Provision) -> str:
    named = {
        "facility": rule.facility_id,
        "person": rule.professional_id,
        "type": rule.facility_type,
        "region": rule.region,
        "profession": rule.profession,
        "category": rule.category,
        "source": rule.source_facility_id,
    }
    parts = [f'context.{name} == "{value}"' for name, value in named.items() if value is not None]
    if rule.valid_to is not None:
        parts.append(f"context.now < {int(rule.valid_to.timestamp())}")
    effect = "permit" if rule.kind == "permit" else "forbid"
    return f"{effect}(principal, action, resource) when {{ {' && '.join(parts) or 'true'} }};"
