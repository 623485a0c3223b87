"""Refusals about how notices are told."""

from api.core.errors import Conflict, Problem


class EmergenciesAreTold(Conflict):
    """Of an emergency somebody always hears by one way at least."""

    key = "error.notices.emergency"


class NotForAProxy(Problem):
    """What tells of a proxy's own acts is for the principal alone to choose."""

    status = 403
    key = "error.notices.own"


class NoSuchHours(Problem):
    """Quiet hours that begin when they end."""

    status = 422
    key = "error.notices.hours"


class NoSuchLanguage(Problem):
    """Neither Japanese nor English nor what the devices speak."""

    status = 422
    key = "error.bad_request"
