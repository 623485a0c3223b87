"""Refusals about settings and participation."""

from api.core.errors import Conflict, Problem, TooManyAttempts


class SettingsChangedMeanwhile(Conflict):
    """The form was made from an older version; the newer one stands, nothing was lost."""

    key = "error.consent.changed_meanwhile"


class UnknownChoice(Problem):
    """A facility, profession or category this network does not have."""

    status = 422
    key = "error.consent.unknown_choice"


class DeskCodeRefused(Problem):
    """Wrong, used, expired and shut-out codes answer alike."""

    status = 422
    key = "error.asking.desk_code"


class DeskCodeThrottled(TooManyAttempts):
    key = "error.asking.desk_code_throttled"


class AskingThrottled(TooManyAttempts):
    key = "error.asking.throttled"


class EndOutOfReach(Problem):
    """An end that is past, or more than a year away."""

    status = 422
    key = "error.asking.until"


class CannotApprove(Conflict):
    """The settings would still shut out who asked: an exclusion, or somebody who has left."""

    key = "error.asking.cannot_approve"


class CannotPassOn(Problem):
    """Which of the bounds stands against it is never said."""

    status = 422
    key = "error.asking.cannot_pass_on"
