"""Bundles going out: search results spliced from stored text, and transaction answers."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec


class Written(msgspec.Struct, frozen=True):
    """What became of one entry of a transaction or batch."""

    status: str
    location: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    outcome: dict[str, Any] | None = None


def entry_text(
    base_url: str,
    resource_type: str,
    resource_id: str,
    resource: str,
    *,
    mode: Literal["match", "include"] = "match",
) -> str:
    """Wrap stored resource text as one search entry.

    `resource` is trusted to be JSON: it was made by `records.parse.encode` when it was stored.
    """
    full_url = _json(f"{base_url}/{resource_type}/{resource_id}")
    return f'{{"fullUrl":{full_url},"resource":{resource},"search":{{"mode":"{mode}"}}}}'


def searchset_bytes(
    base_url: str,
    self_link: str,
    entries: Sequence[str] | bytes,
    total: int | None,
    next_link: str | None = None,
    *,
    kind: Literal["searchset", "history"] = "searchset",
) -> bytes:
    """Build a searchset around entries that are already JSON, without reading them again.

    `entries` are texts as `entry_text` makes them, or the bytes of them joined by commas; links
    are relative to `base_url`. Without entries there is no `entry` key (an empty array is not
    FHIR).
    """
    links = [{"relation": "self", "url": _joined(base_url, self_link)}]
    if next_link is not None:
        links.append({"relation": "next", "url": _joined(base_url, next_link)})
    head: dict[str, Any] = {"resourceType": "Bundle", "type": kind, "link": links}
    if total is not None:
        head["total"] = total
    joined = entries if isinstance(entries, bytes) else ",".join(entries).encode()
    body = msgspec.json.encode(head)
    return b'%b,"entry":[%b]}' % (body[:-1], joined) if joined else body


def _joined(base_url: str, link: str) -> str:
    """A link that is only a query, or nothing, is of the base itself."""
    return f"{base_url}/{link}" if link and not link.startswith("?") else base_url + link


def written_bundle(
    kind: Literal["transaction", "batch"], written: Iterable[Written]
) -> dict[str, Any]:
    """Build the answer to a transaction or batch, one entry for each entry asked, in order."""
    entries = [{"response": _response(each)} for each in written]
    wire: dict[str, Any] = {"resourceType": "Bundle", "type": f"{kind}-response"}
    if entries:
        wire["entry"] = entries
    return wire


def _response(written: Written) -> dict[str, Any]:
    named = {
        "status": written.status,
        "location": written.location,
        "etag": written.etag,
        "lastModified": written.last_modified,
        "outcome": written.outcome,
    }
    return {name: value for name, value in named.items() if value is not None}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
