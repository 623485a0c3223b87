"""What leaves as FHIR: each record in the one canonical way, with who wrote it and how delicate."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from api.phr.entries.kinds import PROVENANCE

Json = dict[str, Any]

PROFILE: Final = "urn:tsunagu:own-export:1"
SOURCE: Final = "urn:tsunagu:source"
FILED: Final = "urn:tsunagu:filed-under"
OWN: Final = "urn:tsunagu:own"
# Of a Bundle that goes on in other files.
PART: Final = "urn:tsunagu:own-export:part"
BOOK: Final = "urn:tsunagu:own:book"
# What a file said of who wrote an entry, where a proxy brought it; `BROUGHT` where it said nothing.
CLAIMED: Final = "urn:tsunagu:claimed-provenance"
BROUGHT: Final = "brought"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
LEVELS: Final = ("N", "R", "V")
_HEAD: Final = b'{"entry":['

# A reference to another record of the same person: its id is a server's own.
_LOCAL: Final = re.compile(
    r"([A-Z][A-Za-z]{1,40})/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
# RFC 8785, but that a decimal keeps the digits it came with (FHIR R4 §2.24.0.1).
_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_CANONICAL: Final = msgspec.json.Encoder(order="sorted", decimal_format="number")


class Filed(NamedTuple):
    """Where a record stands: its category and title, and how delicate it is (0 to 2)."""

    category: str
    title: str
    level: int


class Source(NamedTuple):
    """Who wrote a record: a facility, by its code and name."""

    system: str
    code: str
    name: str


def decoded(body: str | bytes) -> Json:
    """Decimals keep their digits."""
    return _DECODER.decode(body)


def canonical(resource: Mapping[str, Any]) -> bytes:
    return _CANONICAL.encode(resource)


def going_out(resource: Json, source: Source | None, filed: Filed) -> Json:
    """A record as it leaves. `source` is None for what participants wrote or brought themselves:
    whoever wrote what they brought is named in it already."""
    meta = dict(resource.get("meta") or {})
    if source is not None:
        named = {
            "url": SOURCE,
            "valueReference": {
                "display": source.name,
                "identifier": {"system": source.system, "value": source.code},
            },
        }
        meta["extension"] = [*_others(meta.get("extension"), "url", SOURCE), named]
    tag = {"system": FILED, "code": filed.category, "display": filed.title}
    if not filed.title:
        del tag["display"]
    meta["tag"] = [*_others(meta.get("tag"), "system", FILED), tag]
    if filed.level > 0:
        label = {"system": CONFIDENTIALITY, "code": LEVELS[filed.level]}
        meta["security"] = [*_others(meta.get("security"), "system", CONFIDENTIALITY), label]
    return {**resource, "meta": meta}


def filed_of(resource: Json) -> Filed | None:
    """Where a record that was taken out stood; None for one that does not say."""
    meta = _object(resource.get("meta"))
    levels = [
        LEVELS.index(each["code"])
        for each in _objects(meta.get("security"))
        if each.get("system") == CONFIDENTIALITY and each.get("code") in LEVELS
    ]
    for each in _objects(meta.get("tag")):
        if each.get("system") == FILED:
            said = str(each.get("code", "")), str(each.get("display", ""))
            return Filed(*said, max(levels, default=0))
    return None


def brought_by_proxy(meta: Json) -> Json:
    """Who brought it says so; what the file says of itself is only what it claims."""
    tags = _objects(meta.get("tag"))
    said = [each for each in tags if each.get("system") == PROVENANCE]
    if said and said[0].get("code") == "proxy":
        return meta
    by = {"system": PROVENANCE, "code": "proxy"}
    claim = {"system": CLAIMED, "code": (said and said[0].get("code")) or BROUGHT}
    others = _others(tags, "system", CLAIMED)
    at = others.index(said[0]) if said else len(others)
    return {**meta, "tag": [*others[:at], by, claim, *_others(others[at:], "system", PROVENANCE)]}


def source_of(resource: Json) -> Source | None:
    """Whom a record that was taken out names as its writer."""
    for each in _objects(_object(resource.get("meta")).get("extension")):
        if each.get("url") == SOURCE:
            named = _object(each.get("valueReference"))
            identifier = _object(named.get("identifier"))
            parts = (identifier.get("system"), identifier.get("value"), named.get("display"))
            return Source(*(str(part or "") for part in parts))
    return None


def head() -> bytes:
    return _HEAD


def entry(resource: Json) -> bytes:
    named = {"fullUrl": f"urn:uuid:{resource.get('id', '')}", "resource": resource}
    return canonical(named)


def tail(timestamp: str, part: int = 0) -> bytes:
    """What follows the last entry; names in their order, as everywhere. `part`: one of several."""
    meta: Json = {"profile": [PROFILE]}
    if part:
        meta["tag"] = [{"system": PART, "code": str(part)}]
    rest = canonical(
        {
            "meta": meta,
            "resourceType": "Bundle",
            "timestamp": timestamp,
            "type": "collection",
        }
    )
    return b"]," + rest[1:]


def is_part(bundle: Mapping[str, Any]) -> bool:
    """Whether the rest stands in other files."""
    tags = _objects(_object(bundle.get("meta")).get("tag"))
    return any(each.get("system") == PART for each in tags)


class Own(NamedTuple):
    """What the identifier of somebody's own entry says: `kind:book:entry`."""

    kind: str
    book: str
    entry: str


def own_name(resource: Json) -> Own | None:
    """None for a record that is no own entry."""
    for each in _objects(resource.get("identifier")):
        if each.get("system") == OWN:
            parts = str(each.get("value", "")).split(":")
            return Own(*parts) if len(parts) == 3 else None
    return None


def normal(resource: Json, books: Mapping[str, bytes]) -> bytes:
    """What a record says, without what each server sets for itself. Two with the same normal form
    are the same record. `books` are the digests of the entries that others hang on, by their ids.
    """
    kept = {name: value for name, value in resource.items() if name != "id"}
    meta = _normal_meta(_object(resource.get("meta")))
    kept.pop("meta", None)
    return canonical((kept if not meta else {**kept, "meta": meta}) | _normal_rest(kept, books))


def digest(resource: Json, books: Mapping[str, bytes]) -> bytes:
    return sha256(normal(resource, books)).digest()


def book_ids(resources: Iterable[Json]) -> set[str]:
    """The ids of entries that others hang on."""
    names = (own_name(each) for each in resources)
    return {name.book for name in names if name is not None and name.book}


def normal_bundle(bundle: Json) -> bytes:
    """All a Bundle says, a line each, in the order of their bytes: what must be equal after a round
    trip. Settings (Consent) are left out, for they name the places of one network."""
    resources = [
        _object(each.get("resource"))
        for each in _objects(bundle.get("entry"))
        if _object(each.get("resource")).get("resourceType") != "Consent"
    ]
    wanted = book_ids(resources)
    books = {
        name.entry: digest(each, {})
        for each in resources
        if (name := own_name(each)) is not None and name.entry in wanted
    }
    return b"\n".join(sorted(normal(each, books) for each in resources))


def _normal_meta(meta: Json) -> Json:
    kept = {name: value for name, value in meta.items() if name not in _SERVERS}
    if "security" in kept:
        kept["security"] = _others(kept["security"], "system", CONFIDENTIALITY)
    if isinstance(kept.get("source"), str):
        kept["source"] = _LOCAL.sub(r"\1/*", kept["source"])
    if "tag" in kept:
        kept["tag"] = _as_claimed(kept["tag"])
    return {name: value for name, value in kept.items() if value not in ([], {})}


def _as_claimed(tags: Any) -> Any:
    """As the file said it that a proxy brought."""
    claims = [each.get("code") for each in _objects(tags) if each.get("system") == CLAIMED]
    if not claims:
        return tags
    kept = _others(tags, "system", CLAIMED)
    if claims[0] == BROUGHT:
        return _others(kept, "system", PROVENANCE)
    return [
        {**each, "code": claims[0]} if each.get("system") == PROVENANCE else each for each in kept
    ]


_SERVERS: Final = ("versionId", "lastUpdated")


def _normal_rest(resource: Json, books: Mapping[str, bytes]) -> Json:
    return {
        name: _without_ids(value, books)
        for name, value in resource.items()
        if type(value) is dict or type(value) is list
    }


def _without_ids(node: Any, books: Mapping[str, bytes]) -> Any:
    if type(node) is list:
        return [_without_ids(each, books) for each in node]
    if type(node) is not dict:
        return node
    found = {name: _without_ids(value, books) for name, value in node.items()}
    if type(found.get("reference")) is str:
        found["reference"] = _LOCAL.sub(r"\1/*", found["reference"])
    system, value = found.get("system"), found.get("value")
    if system == OWN and type(value) is str and value.count(":") == 2:
        kind, book, _ = value.split(":")
        found["value"] = f"{kind}:{_book(book, books)}:*"
    elif system == BOOK and type(value) is str:
        found["value"] = _book(value, books)
    return found


def _book(book: str, books: Mapping[str, bytes]) -> str:
    known = books.get(book)
    return known.hex() if known is not None else ("*" if book else "")


def _others(values: object, name: str, value: str) -> list[Json]:
    return [each for each in _objects(values) if each.get(name) != value]


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
