"""Why an account is not closed, or a certificate not given."""

from api.core.errors import Conflict, Problem


class ClosingAlready(Conflict):
    """It was asked for before, and goes on."""

    key = "error.closing.already"


class NotClosing(Conflict):
    """There is nothing to call off."""

    key = "error.closing.not_closing"


class InPersonOnly(Conflict):
    """Nobody closes an account on the telephone."""

    key = "error.closing.in_person_only"


class MetByOne(Conflict):
    """A closing begun at the counter has two officers behind it, who each met the participant."""

    key = "error.closing.met_by_one"


class UnknownClaim(Problem):
    """No certificate has this code, or it is no code at all: which, is not said."""

    status = 422
    key = "error.closing.unknown_claim"
