"""What this process was started with; set once by the wiring, read by services."""

from typing import NamedTuple

from api.core.crypto import KeyRing
from api.core.settings import Settings


class Runtime(NamedTuple):
    settings: Settings
    keys: KeyRing


_current: Runtime | None = None


def start(settings: Settings, keys: KeyRing) -> None:
    global _current
    _current = Runtime(settings, keys)


def settings() -> Settings:
    return _running().settings


def keys() -> KeyRing:
    return _running().keys


def fhir_base() -> str:
    """The address FHIR is served under, without a slash at its end."""
    return f"{settings().public_url}/fhir/R4"


def _running() -> Runtime:
    if _current is None:
        raise RuntimeError("nothing was started: call api.core.runtime.start first")
    return _current
