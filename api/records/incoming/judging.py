"""What is wrong with one resource, or with several that must be about one person."""

from collections.abc import Iterator, Mapping
from typing import Final

from api.records.mapping import Resolve, SubjectRef, find_subject, patient_entry
from api.records.parse import Fault, Json, as_object, as_text, check, walk
from api.records.shapes import SHAPES, SUPPORTING

# Types that may stand in a Bundle without a subject, as context of the other entries.
_CONTEXT: Final = SUPPORTING | {"Encounter", "Specimen"}


def judge(resource: Json, path: str, resolve: Resolve) -> SubjectRef | list[Fault]:
    faults = check(resource, path)
    faults += nested_bundles(resource, path)
    if as_text(resource.get("resourceType")) not in SHAPES:
        return faults
    subject = find_subject(resource, path, resolve)
    if isinstance(subject, Fault):
        return [*faults, subject]
    return faults or subject


def nested_bundles(resource: Json, path: str) -> Iterator[Fault]:
    parts = walk(resource)
    next(parts)
    if any(part.get("resourceType") == "Bundle" for part in parts):
        yield Fault("nested_bundle", path)


def strangers(bundle: Json, subject: SubjectRef, index: Mapping[str, Json]) -> Iterator[Fault]:
    """Find entries about someone else: a document and a collection speak of one person."""
    known = set(subject.names())
    for position, entry in enumerate(entries_of(bundle)):
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


def entries_of(bundle: Json) -> list[Json]:
    """Every entry at its own place; what is no object stands as {}."""
    entries = bundle.get("entry")
    return [as_object(entry) for entry in entries] if isinstance(entries, list) else []


def index_of(bundle: Json) -> dict[str, Json]:
    index: dict[str, Json] = {}
    for entry in entries_of(bundle):
        resource = as_object(entry.get("resource"))
        if entry.get("fullUrl"):
            index.setdefault(as_text(entry["fullUrl"]), resource)
        if resource.get("id"):
            relative = f"{as_text(resource.get('resourceType'))}/{as_text(resource['id'])}"
            index.setdefault(relative, resource)
    return index


def is_context(resource: Json) -> bool:
    name = as_text(resource.get("resourceType"))
    return name in SUPPORTING or (name in _CONTEXT and not resource.get("subject"))
