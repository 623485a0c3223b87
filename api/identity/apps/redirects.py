"""Where an app may be answered: an address it registered, and no other."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

LONGEST: Final = 500
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
# RFC 8252 §7.1: a scheme of one's own is a domain name written backwards.
_OWN_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
# The whole authority: what reads the brackets alone takes a name behind them for the address in
# them, and a policy that names the host ends at a semicolon.
_AUTHORITY: Final = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_VISIBLE: Final = re.compile(r"[!-~]+")
# RFC 8252 §7.3: of a loopback address by number the port may be any.
_ANY_PORT: Final = ("127.0.0.1", "::1")


def is_fit(uri: str) -> bool:
    """To be registered: https, loopback over http, or a scheme of the app's own; no fragment."""
    if len(uri) > LONGEST or not _VISIBLE.fullmatch(uri) or "#" in uri or "\\" in uri:
        return False
    parts = _split(uri)
    if parts is None or "@" in parts.netloc:
        return False
    if parts.scheme in ("http", "https"):
        is_near = parts.scheme == "https" or parts.hostname in LOOPBACK
        return is_near and bool(_AUTHORITY.fullmatch(parts.netloc))
    return bool(_OWN_SCHEME.fullmatch(parts.scheme))


def is_registered(given: str, registered: Iterable[str]) -> bool:
    """Letter by letter, but for the port of a loopback address by number."""
    return any(given == each or _is_same_loopback(given, each) for each in registered)


def with_answer(uri: str, answer: dict[str, str]) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}"


def form_target(uri: str) -> str:
    """As a content security policy names it."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"


def _is_same_loopback(given: str, registered: str) -> bool:
    if not is_fit(given):
        return False
    one, other = urlsplit(given), urlsplit(registered)
    return (
        one.scheme == "http"
        and one.hostname in _ANY_PORT
        and one._replace(netloc="") == other._replace(netloc="")
        and one.hostname == other.hostname
    )


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts
