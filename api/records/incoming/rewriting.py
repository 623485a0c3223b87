"""A resource as we keep it: known code systems by their URL, references by their new names."""

from collections.abc import Mapping
from typing import Any

from api.fhir.codes import canonical_system
from api.records.parse import BRANCHES, Json, as_object, walk


def with_references(resource: Json, references: Mapping[str, str]) -> Json:
    """Give a copy with every literal reference named in `references` replaced."""
    return as_object(_replaced(resource, references))


def canonical(resource: Json) -> Json:
    """Name code systems by their URL where the sender used the OID: URLs are what we emit.

    The resource itself where nothing in it needs another name.
    """
    systems = (part.get("system") for part in walk(resource))
    if all(not isinstance(each, str) or canonical_system(each) == each for each in systems):
        return resource
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
