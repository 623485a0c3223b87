"""Refusals of where somebody wants to be told."""

from api.core.errors import Problem, TooManyAttempts


class WayNotOffered(Problem):
    """This network does not send notices that way."""

    status = 409
    key = "error.notices.not_offered"


class NoSuchAddress(Problem):
    status = 422
    key = "error.notices.address"


class CodeRefused(Problem):
    """Wrong, used, over or never asked for: which of them is not said."""

    status = 422
    key = "error.notices.code"


class TooManyCodes(TooManyAttempts):
    key = "error.notices.codes"
