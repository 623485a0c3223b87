"""Why nothing was taken out, or cannot be fetched any more."""

from api.core.errors import Conflict, Problem, TooManyAttempts


class OneAtATime(Conflict):
    key = "error.taking_out.running"


class EnoughToday(TooManyAttempts):
    key = "error.taking_out.enough"


class NotReady(Conflict):
    """It is still being made."""

    key = "error.taking_out.not_ready"


class OverAlready(Problem):
    """Called off, seven days old, or it could not be made."""

    status = 410
    key = "error.taking_out.over"
