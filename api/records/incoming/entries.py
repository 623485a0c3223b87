"""The entries of a Bundle, each planned as a record or carried inside those that refer to it."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

import msgspec

from api.records.incoming.conditions import check_request, conditions_of
from api.records.incoming.content import content
from api.records.incoming.judging import entries_of, index_of, is_context, judge, strangers
from api.records.incoming.planned import Kind, Plan, PlannedItem
from api.records.incoming.rewriting import canonical, with_references
from api.records.mapping import (
    Classified,
    SubjectRef,
    classify,
    composition_of,
    own_marks,
    patient_entry,
)
from api.records.parse import MAX_BYTES, Fault, Json, as_object, as_objects, as_text, encode, walk

WRITING: Final = frozenset({"transaction", "batch"})
_OF_THE_DOCUMENT: Final = frozenset({"Composition", "Patient", "Bundle"})


class Entries:
    """The entries of a transaction, batch or collection while they are being planned."""

    def __init__(self, kind: Kind, bundle: Json) -> None:
        self.kind = kind
        self.bundle = bundle
        self.index = index_of(bundle)
        self.positions = {
            id(entry.get("resource")): position for position, entry in enumerate(entries_of(bundle))
        }
        self.stable = {name: as_text(each.get("resourceType")) for name, each in self.index.items()}
        self.nameless: dict[str, list[str]] = {}
        self.has_context = any(map(is_context, self.index.values()))
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
        for position, entry in enumerate(entries_of(self.bundle)):
            resource = as_object(entry.get("resource"))
            name = as_text(resource.get("resourceType"))
            if name in _OF_THE_DOCUMENT or is_context(resource):
                continue
            subject = judge(resource, f"Bundle.entry[{position}].resource", self.index.get)
            if isinstance(subject, list):
                continue
            item = self._item(position, entry, canonical(resource), subject)
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
        faults = list(check_request(entry, resource, path)) if self.kind in WRITING else []
        if is_context(resource):
            self.faults += faults
            return
        subject = judge(resource, f"{path}.resource", self.index.get)
        if isinstance(subject, list) or faults:
            self.faults += faults + (subject if isinstance(subject, list) else [])
            return
        item = self._item(position, entry, canonical(resource), subject)
        request = as_object(entry.get("request"))
        conditions = conditions_of(request)
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
                if target is None or reference in renamed or not is_context(target):
                    continue
                inner_id = f"folded-{len(renamed) + 1}"
                renamed[reference] = f"#{inner_id}"
                self.folded.add(self.positions[id(target)])
                self.carried += len(encode(target).encode())
                if self.carried > MAX_BYTES:
                    return resource
                contained.append({**canonical(target), "id": inner_id})
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
            if is_context(resource) and position not in self.folded:
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
            self.faults += strangers(self.bundle, patient_entry(entry), self.index)
