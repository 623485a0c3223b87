"""The `Prefer` header (RFC 7240): what a client wishes, and a server may do."""

from collections.abc import Iterable
from urllib.request import parse_http_list


def preferences(headers: Iterable[str]) -> dict[str, str]:
    """By name in lower case; of one that is said twice the first holds (§2). What follows a
    semicolon is left out: none of ours has parameters."""
    found: dict[str, str] = {}
    for header in headers:
        for each in parse_http_list(header):
            name, _, value = each.partition(";")[0].partition("=")
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found
