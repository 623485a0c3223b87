"""What a sender asks before anything is written, in a request or in a Bundle's entry."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from api.fhir.codes import canonical_system
from api.records.mapping import Identifier, identifiers_of
from api.records.parse import Fault, Json, as_object, as_text

_IFS: Final = frozenset({"ifMatch", "ifModifiedSince", "ifNoneExist", "ifNoneMatch"})
_VERSION: Final = re.compile(r'W/"([1-9][0-9]{0,8})"')


class Conditions(msgspec.Struct, frozen=True):
    """What a sender asks before anything is written.

    `match` names the record meant, by one of its identifiers; with `if_none` one that is there
    already is left as it is. `version` is the one the sender knows it by.
    """

    match: Identifier | None = None
    if_none: bool = False
    version: int | None = None


UNCONDITIONAL: Final = Conditions()


def check_request(entry: Json, resource: Json, path: str) -> Iterator[Fault]:
    request = as_object(entry.get("request"))
    name, own_id = as_text(resource.get("resourceType")), as_text(resource.get("id"))
    method, url = as_text(request.get("method")), as_text(request.get("url"))
    may = {"POST": "ifNoneExist", "PUT": "ifMatch"}.get(method)
    asked = sorted(element for element in request if element.startswith("if"))
    conditions = conditions_of(request)
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
        yield from check_match(resource, conditions, f"{path}.resource")


def conditions_of(request: Json) -> Conditions:
    """What a Bundle's entry asks; `check_request` says of what cannot be understood."""
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


def check_match(resource: Json, conditions: Conditions, path: str) -> Iterator[Fault]:
    """What is asked for by an identifier must have it, or it would not be found again."""
    if conditions.match is not None and conditions.match not in identifiers_of(resource):
        yield Fault("identifier_differs", f"{path}.identifier")
