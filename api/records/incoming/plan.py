"""What would be stored of a body that came in, for whom, or why not."""

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, Literal, cast
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from api.fhir.codes import canonical_system
from api.records.incoming.content import content
from api.records.mapping import (
    Classified,
    Identifier,
    Resolve,
    SubjectRef,
    classify,
    composition_of,
    find_subject,
    identifiers_of,
    own_marks,
    patient_entry,
)
from api.records.parse import (
    BRANCHES,
    MAX_BYTES,
    Fault,
    Json,
    Refused,
    as_object,
    as_objects,
    as_text,
    check,
    check_tree,
    encode,
    walk,
)
from api.records.shapes import R4_TYPES, SHAPES, SUPPORTING

Kind = Literal["single", "document", "collection", "transaction", "batch"]

_WRITING: Final = frozenset({"transaction", "batch"})
_ENTRY_BY_ENTRY: Final = _WRITING | {"collection"}
_OF_THE_DOCUMENT: Final = frozenset({"Composition", "Patient", "Bundle"})
_IFS: Final = frozenset({"ifMatch", "ifModifiedSince", "ifNoneExist", "ifNoneMatch"})
_VERSION: Final = re.compile(r'W/"([1-9][0-9]{0,8})"')
# Types that may stand in a Bundle without a subject, as context of the other entries.
_CONTEXT: Final = SUPPORTING | {"Encounter", "Specimen"}


class Conditions(msgspec.Struct, frozen=True):
    """What a sender asks before anything is written.

    `match` names the record meant, by one of its identifiers; with `if_none` one that is there
    already is left as it is. `version` is the one the sender knows it by.
    """

    match: Identifier | None = None
    if_none: bool = False
    version: int | None = None


UNCONDITIONAL: Final = Conditions()


class PlannedItem(msgspec.Struct, frozen=True):
    """One record to store. `position` is its place in the Bundle, None when it stands alone.

    `content_name` is what a record without a name of its own is known by. A part is what a document
    was taken apart into.
    """

    resource: Json
    classified: Classified
    position: int | None = None
    full_url: str = ""
    action: Literal["create", "update"] = "create"
    resource_id: str | None = None
    conditions: Conditions = UNCONDITIONAL
    content_name: str = ""
    is_part: bool = False

    @property
    def text(self) -> str:
        return encode(self.resource)


class Plan(msgspec.Struct, frozen=True):
    """`folded` are the entries that live on inside the records that refer to them. Of a document
    the first item is the document, the others its parts; `people` are its names for its person."""

    kind: Kind
    items: tuple[PlannedItem, ...] = ()
    faults: tuple[Fault, ...] = ()
    folded: tuple[int, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def is_all_or_nothing(self) -> bool:
        return self.kind != "batch"


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
        return _Entries(cast(Kind, kind), resource).plan()
    return Plan("single", faults=(Fault("unsupported_bundle", "Bundle.type"),))


def _meant(planned: Plan, resource_id: str | None, conditions: Conditions) -> Plan:
    if not planned.items or (resource_id is None and conditions == UNCONDITIONAL):
        return planned
    first, *others = planned.items
    name = first.classified.resource_type
    faults = list(_check_match(first.resource, conditions, name))
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


def with_references(resource: Json, references: Mapping[str, str]) -> Json:
    """Give a copy with every literal reference named in `references` replaced."""
    return as_object(_replaced(resource, references))


def _plan_single(resource: Json) -> Plan:
    name = as_text(resource.get("resourceType"))
    subject = _judge(resource, name if name in R4_TYPES else "Resource", lambda _: None)
    if isinstance(subject, list):
        return Plan("single", faults=tuple(subject))
    return Plan("single", (PlannedItem(_canonical(resource), classify(resource, subject)),))


def _judge(resource: Json, path: str, resolve: Resolve) -> SubjectRef | list[Fault]:
    faults = check(resource, path)
    faults += _nested_bundles(resource, path)
    if as_text(resource.get("resourceType")) not in SHAPES:
        return faults
    subject = find_subject(resource, path, resolve)
    if isinstance(subject, Fault):
        return [*faults, subject]
    return faults or subject


def _nested_bundles(resource: Json, path: str) -> Iterator[Fault]:
    parts = walk(resource)
    next(parts)
    if any(part.get("resourceType") == "Bundle" for part in parts):
        yield Fault("nested_bundle", path)


def _plan_document(bundle: Json) -> Plan:
    """Keep a document whole: it is one record of the person its Composition is about."""
    faults = check(bundle, "Bundle")
    faults += _nested_bundles(bundle, "Bundle")
    composition = composition_of(bundle)
    if not composition:
        faults.append(Fault("document_without_composition", "Bundle.entry[0]"))
        return Plan("document", faults=tuple(faults))
    index = _index(bundle)
    path = "Bundle.entry[0].resource"
    faults += check(composition, path)
    subject = find_subject(composition, path, index.get)
    if isinstance(subject, Fault):
        faults.append(subject)
    else:
        faults += _strangers(bundle, subject, index)
    if faults or isinstance(subject, Fault):
        return Plan("document", faults=tuple(faults))
    whole = PlannedItem(bundle, classify(bundle, subject))
    people = tuple(
        name
        for entry in _entries(bundle)
        if as_object(entry.get("resource")).get("resourceType") == "Patient"
        for name in _names_of(entry)
    )
    if whole.classified.status == "entered-in-error":
        return Plan("document", (whole,), people=people)
    parts = _Entries("document", bundle).parts(whole.classified)
    return Plan("document", (whole, *parts), people=people)


def _strangers(bundle: Json, subject: SubjectRef, index: Mapping[str, Json]) -> Iterator[Fault]:
    """Find entries about someone else: a document and a collection speak of one person."""
    known = set(subject.names())
    for position, entry in enumerate(_entries(bundle)):
        inner = as_object(entry.get("resource"))
        name = as_text(inner.get("resourceType"))
        path = f"Bundle.entry[{position}].resource"
        if name not in SHAPES:
            continue
        other = patient_entry(entry) if name == "Patient" else find_subject(inner, path, index.get)
        if isinstance(other, Fault):
            if other.reason != "no_subject":
                yield other
        elif not known.intersection(other.names()):
            yield Fault("mixed_subjects", path)


def _entries(bundle: Json) -> list[Json]:
    """Every entry at its own place; what is no object stands as {}."""
    entries = bundle.get("entry")
    return [as_object(entry) for entry in entries] if isinstance(entries, list) else []


def _index(bundle: Json) -> dict[str, Json]:
    index: dict[str, Json] = {}
    for entry in _entries(bundle):
        resource = as_object(entry.get("resource"))
        if entry.get("fullUrl"):
            index.setdefault(as_text(entry["fullUrl"]), resource)
        if resource.get("id"):
            relative = f"{as_text(resource.get('resourceType'))}/{as_text(resource['id'])}"
            index.setdefault(relative, resource)
    return index


class _Entries:
    """The entries of a transaction, batch or collection while they are being planned."""

    def __init__(self, kind: Kind, bundle: Json) -> None:
        self.kind = kind
        self.bundle = bundle
        self.index = _index(bundle)
        self.positions = {
            id(entry.get("resource")): position for position, entry in enumerate(_entries(bundle))
        }
        self.stable = {name: as_text(each.get("resourceType")) for name, each in self.index.items()}
        self.nameless: dict[str, list[str]] = {}
        self.has_context = any(map(_is_context, self.index.values()))
        self.carried = 0
        self.items: list[PlannedItem] = []
        self.faults: list[Fault] = []
        self.folded: set[int] = set()

    def plan(self) -> Plan:
        entries = self.bundle.get("entry")
        if not isinstance(entries, list) or not entries:
            return Plan(self.kind, faults=(Fault("empty_bundle", "Bundle.entry"),))
        self._check_full_urls(entries)
        for position, entry in enumerate(entries):
            self._plan_entry(position, as_object(entry))
        self._check_unfolded(entries)
        if self.carried > MAX_BYTES:
            limit = str(MAX_BYTES // (1024 * 1024))
            return Plan(self.kind, faults=(Fault("too_large", "Bundle", {"limit": limit}),))
        if self.kind == "collection":
            self._check_one_person(entries)
        return Plan(self.kind, tuple(self.items), tuple(self.faults), tuple(sorted(self.folded)))

    def parts(self, document: Classified) -> Iterator[PlannedItem]:
        """What stands on its own in a document. The rest lives on in the document alone."""
        outer = [self.bundle, composition_of(self.bundle)]
        marks = frozenset(mark for each in outer for mark in own_marks(each))
        for position, entry in enumerate(_entries(self.bundle)):
            resource = as_object(entry.get("resource"))
            name = as_text(resource.get("resourceType"))
            if name in _OF_THE_DOCUMENT or _is_context(resource):
                continue
            subject = _judge(resource, f"Bundle.entry[{position}].resource", self.index.get)
            if isinstance(subject, list):
                continue
            item = self._item(position, entry, _canonical(resource), subject)
            what = item.classified
            classified = msgspec.structs.replace(
                what,
                subject=document.subject,
                marks=what.marks | marks,
                effective_on=what.effective_on or document.effective_on,
                effective_at=what.effective_at if what.effective_on else document.effective_at,
            )
            if self.carried > MAX_BYTES:
                return
            yield msgspec.structs.replace(item, classified=classified, is_part=True)

    def _item(self, position: int, entry: Json, resource: Json, subject: SubjectRef) -> PlannedItem:
        folded = self._fold(resource)
        classified = classify(folded, subject)
        return PlannedItem(
            resource=folded,
            classified=classified,
            position=position,
            full_url=as_text(entry.get("fullUrl")),
            content_name="" if classified.identifier else self._content_name(folded),
        )

    def _content_name(self, resource: Json) -> str:
        """The same however its sender names the other entries this time; a second one alike but for
        what it refers to is another record."""
        text = content(with_references(resource, self.stable))
        name = sha256(text.encode()).hexdigest()
        alike, exact = self.nameless.setdefault(name, []), content(resource)
        if exact not in alike:
            alike.append(exact)
        turn = alike.index(exact)
        return f"{name}:{turn}" if turn else name

    def _plan_entry(self, position: int, entry: Json) -> None:
        resource = as_object(entry.get("resource"))
        path = f"Bundle.entry[{position}]"
        faults = list(_check_request(entry, resource, path)) if self.kind in _WRITING else []
        if _is_context(resource):
            self.faults += faults
            return
        subject = _judge(resource, f"{path}.resource", self.index.get)
        if isinstance(subject, list) or faults:
            self.faults += faults + (subject if isinstance(subject, list) else [])
            return
        item = self._item(position, entry, _canonical(resource), subject)
        request = as_object(entry.get("request"))
        conditions = _conditions(request)
        if request.get("method") == "PUT":
            by_id = as_text(resource.get("id")) if conditions.match is None else None
            item = msgspec.structs.replace(item, action="update", resource_id=by_id)
        self.items.append(msgspec.structs.replace(item, conditions=conditions))

    def _fold(self, resource: Json) -> Json:
        """Carry the context a record refers to inside it, as JP-CLINS does with `contained`.

        Copies count against the limit of one send: a small Bundle must not become a large store.
        """
        if self.carried > MAX_BYTES or not self.has_context:
            return resource
        contained = list(as_objects(resource.get("contained")))
        renamed: dict[str, str] = {}
        waiting = [resource]
        while waiting:
            for part in walk(waiting.pop()):
                reference = as_text(part.get("reference"))
                target = self.index.get(reference)
                if target is None or reference in renamed or not _is_context(target):
                    continue
                inner_id = f"folded-{len(renamed) + 1}"
                renamed[reference] = f"#{inner_id}"
                self.folded.add(self.positions[id(target)])
                self.carried += len(encode(target).encode())
                if self.carried > MAX_BYTES:
                    return resource
                contained.append({**_canonical(target), "id": inner_id})
                waiting.append(target)
        if not renamed:
            return resource
        return with_references({**resource, "contained": contained}, renamed)

    def _check_full_urls(self, entries: list[object]) -> None:
        seen: set[str] = set()
        for position, entry in enumerate(map(as_object, entries)):
            url = as_text(entry.get("fullUrl"))
            resource = as_object(entry.get("resource"))
            own = as_text(resource.get("id"))
            name = f"{as_text(resource.get('resourceType'))}/{own}" if own else ""
            for element, each in (("fullUrl", url), ("resource.id", name)):
                if each and each in seen:
                    path = f"Bundle.entry[{position}].{element}"
                    self.faults.append(Fault("duplicate_entry", path))
            seen |= {url, name}

    def _check_unfolded(self, entries: list[object]) -> None:
        for position, entry in enumerate(entries):
            resource = as_object(as_object(entry).get("resource"))
            if _is_context(resource) and position not in self.folded:
                name = as_text(resource.get("resourceType"))
                path = f"Bundle.entry[{position}].resource"
                self.faults.append(Fault("not_patient_data", path, {"type": name}))

    def _check_one_person(self, entries: list[object]) -> None:
        people = [
            entry
            for entry in map(as_object, entries)
            if as_object(entry.get("resource")).get("resourceType") == "Patient"
        ]
        if len(people) > 1:
            self.faults.append(Fault("mixed_subjects", "Bundle.entry"))
        for entry in people[:1]:
            self.faults += _strangers(self.bundle, patient_entry(entry), self.index)


def _is_context(resource: Json) -> bool:
    name = as_text(resource.get("resourceType"))
    return name in SUPPORTING or (name in _CONTEXT and not resource.get("subject"))


def _check_request(entry: Json, resource: Json, path: str) -> Iterator[Fault]:
    request = as_object(entry.get("request"))
    name, own_id = as_text(resource.get("resourceType")), as_text(resource.get("id"))
    method, url = as_text(request.get("method")), as_text(request.get("url"))
    may = {"POST": "ifNoneExist", "PUT": "ifMatch"}.get(method)
    asked = sorted(element for element in request if element.startswith("if"))
    conditions = _conditions(request)
    is_read = conditions.match is not None if method == "POST" else conditions.version is not None
    if may is None:
        yield Fault("unsupported_method", f"{path}.request.method")
        return
    for element in asked:
        if element != may or not is_read:
            place = f"{path}.request.{element}" if element in _IFS else f"{path}.request"
            yield Fault("conditional", place)
    is_conditional = method == "PUT" and url.startswith(f"{name}?")
    if is_conditional and conditions.match is None:
        yield Fault("conditional", f"{path}.request.url")
    if not is_conditional and url != (name if method == "POST" else f"{name}/{own_id}"):
        yield Fault("bad_request_url", f"{path}.request.url")
    else:
        yield from _check_match(resource, conditions, f"{path}.resource")


def _conditions(request: Json) -> Conditions:
    """What a Bundle's entry asks; `_check_request` says of what cannot be understood."""
    if request.get("method") == "POST":
        return condition_of(if_none_exist=as_text(request.get("ifNoneExist")) or None)
    _, _, query = as_text(request.get("url")).partition("?")
    return condition_of(query=query or None, if_match=as_text(request.get("ifMatch")) or None)


def condition_of(
    *, query: str | None = None, if_none_exist: str | None = None, if_match: str | None = None
) -> Conditions:
    """Read the conditions of a request. What is asked and cannot be understood is None in it."""
    said = if_none_exist or query
    number = _VERSION.fullmatch(if_match or "")
    return Conditions(
        match=_one_identifier(said) if said else None,
        if_none=if_none_exist is not None,
        version=int(number[1]) if number else None,
    )


def _one_identifier(query: str) -> Identifier | None:
    """`identifier=system|value` and nothing else, as a search has it."""
    try:
        asked = parse_qsl(query.removeprefix("?"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    if len(asked) != 1 or asked[0][0] != "identifier":
        return None
    system, bar, value = asked[0][1].partition("|")
    is_whole = bool(bar and system and value) and not set(value) & {"|", ",", "\0"}
    return Identifier(canonical_system(system), value) if is_whole else None


def _check_match(resource: Json, conditions: Conditions, path: str) -> Iterator[Fault]:
    """What is asked for by an identifier must have it, or it would not be found again."""
    if conditions.match is not None and conditions.match not in identifiers_of(resource):
        yield Fault("identifier_differs", f"{path}.identifier")


def _names_of(entry: Json) -> tuple[str, ...]:
    own = as_text(as_object(entry.get("resource")).get("id"))
    names = (as_text(entry.get("fullUrl")), f"Patient/{own}" if own else "")
    return tuple(name for name in names if name)


def _canonical(resource: Json) -> Json:
    """Name code systems by their URL where the sender used the OID: URLs are what we emit."""
    return as_object(_replaced(resource, {}))


def _replaced(node: Any, references: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [
            _replaced(each, references) if isinstance(each, BRANCHES) else each for each in node
        ]
    copy: Json = {
        name: _replaced(value, references) if isinstance(value, BRANCHES) else value
        for name, value in node.items()
    }
    if isinstance(copy.get("system"), str):
        copy["system"] = canonical_system(copy["system"])
    if references and isinstance(copy.get("reference"), str):
        copy["reference"] = references.get(copy["reference"], copy["reference"])
    return copy
