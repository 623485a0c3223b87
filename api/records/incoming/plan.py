"""What would be stored of a body that came in, for whom, or why not."""

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

import msgspec

from api.records.incoming.conditions import UNCONDITIONAL, Conditions, check_match
from api.records.incoming.entries import WRITING, Entries
from api.records.incoming.judging import entries_of, index_of, judge, nested_bundles, strangers
from api.records.incoming.planned import Kind, Plan, PlannedItem
from api.records.incoming.rewriting import canonical
from api.records.mapping import classify, composition_of, find_subject
from api.records.parse import Fault, Json, Refused, as_object, as_text, check, check_tree
from api.records.shapes import R4_TYPES, SHAPES

_ENTRY_BY_ENTRY: Final = WRITING | {"collection"}


def plan(
    resource: Json, *, resource_id: str | None = None, conditions: Conditions = UNCONDITIONAL
) -> Plan:
    """Plan one decoded body. Never raises: what is wrong is in `faults`, with its path.

    With any fault nothing of the body may be stored, except in a batch, where the faultless
    entries stand for themselves. `resource_id` and `conditions` are those of the sender's request.
    """
    if resource.get("resourceType") != "Bundle":
        return _meant(_plan_single(resource), resource_id, conditions)
    kind = as_text(resource.get("type"))
    if kind == "document":
        return _meant(_plan_document(resource), resource_id, conditions)
    if kind in _ENTRY_BY_ENTRY:
        return Entries(cast(Kind, kind), resource).plan()
    return Plan("single", faults=(Fault("unsupported_bundle", "Bundle.type"),))


def _meant(planned: Plan, resource_id: str | None, conditions: Conditions) -> Plan:
    if not planned.items or (resource_id is None and conditions == UNCONDITIONAL):
        return planned
    first, *others = planned.items
    name = first.classified.resource_type
    faults = list(check_match(first.resource, conditions, name))
    if resource_id is not None and first.resource.get("id") != resource_id:
        faults.append(Fault("bad_request_url", f"{name}.id"))
    meant = msgspec.structs.replace(
        first,
        action="create" if conditions.if_none else "update",
        resource_id=resource_id,
        conditions=conditions,
    )
    return msgspec.structs.replace(
        planned, items=() if faults else (meant, *others), faults=tuple(faults)
    )


def plan_built(resources: Sequence[Json], subject: UUID | None) -> Plan:
    """Plan resources that were built here as one transaction; `subject` is whom all are about."""
    entries = []
    for each in resources:
        name = as_text(each.get("resourceType"))
        own = each
        if subject is not None and name in SHAPES and SHAPES[name].subject:
            own = {**each, SHAPES[name].subject: {"reference": f"Patient/{subject}"}}
        entries.append({"resource": own, "request": {"method": "POST", "url": name}})
    bundle: Json = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    try:
        check_tree(bundle)
    except Refused as refused:
        return Plan("transaction", faults=(refused.fault,))
    return plan(bundle)


def _plan_single(resource: Json) -> Plan:
    name = as_text(resource.get("resourceType"))
    subject = judge(resource, name if name in R4_TYPES else "Resource", lambda _: None)
    if isinstance(subject, list):
        return Plan("single", faults=tuple(subject))
    return Plan("single", (PlannedItem(canonical(resource), classify(resource, subject)),))


def _plan_document(bundle: Json) -> Plan:
    """Keep a document whole: it is one record of the person its Composition is about."""
    faults = check(bundle, "Bundle")
    faults += nested_bundles(bundle, "Bundle")
    composition = composition_of(bundle)
    if not composition:
        faults.append(Fault("document_without_composition", "Bundle.entry[0]"))
        return Plan("document", faults=tuple(faults))
    index = index_of(bundle)
    path = "Bundle.entry[0].resource"
    faults += check(composition, path)
    subject = find_subject(composition, path, index.get)
    if isinstance(subject, Fault):
        faults.append(subject)
    else:
        faults += strangers(bundle, subject, index)
    if faults or isinstance(subject, Fault):
        return Plan("document", faults=tuple(faults))
    whole = PlannedItem(bundle, classify(bundle, subject))
    people = tuple(
        name
        for entry in entries_of(bundle)
        if as_object(entry.get("resource")).get("resourceType") == "Patient"
        for name in _names_of(entry)
    )
    if whole.classified.status == "entered-in-error":
        return Plan("document", (whole,), people=people)
    parts = Entries("document", bundle).parts(whole.classified)
    return Plan("document", (whole, *parts), people=people)


def _names_of(entry: Json) -> tuple[str, ...]:
    own = as_text(as_object(entry.get("resource")).get("id"))
    names = (as_text(entry.get("fullUrl")), f"Patient/{own}" if own else "")
    return tuple(name for name in names if name)
