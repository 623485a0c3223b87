"""Refusals around proxies; absent and forbidden answer alike."""

from collections.abc import Mapping

from api.core.errors import Conflict, Forbidden, NotFound, Problem


class ProxyFaults(Problem):
    """`fields` maps each refused field to its message key; what was typed is not kept."""

    status = 422
    key = "error.proxy.fields"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__()
        self.fields = fields


class UnknownProxy(NotFound):
    """Nobody's, somebody else's, over, or not for this."""

    key = "error.proxy.unknown"


class NotThisStepNow(Conflict):
    """It moved on meanwhile."""

    key = "error.proxy.not_now"


class TooManyAsked(Problem):
    status = 429
    key = "error.proxy.too_many"


class BarredToProxies(Forbidden):
    """Said to who acts for somebody and may otherwise do things of this kind."""

    key = "error.proxy.barred"


class NotInSafeMode(Forbidden):
    """Done at the counter alone while somebody is in safe mode."""

    key = "error.proxy.safe_mode"


class NoFileInSafeMode(Forbidden):
    """A file that names cannot be taken out of does not leave while somebody is in safe mode."""

    key = "error.proxy.safe_file"


class OwnWorkplace(Forbidden):
    """Who works at a facility does not open it for others."""

    key = "error.proxy.own_workplace"
