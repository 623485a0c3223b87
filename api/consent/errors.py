"""Refusals about settings and participation."""

from api.core.errors import Conflict, Problem


class SettingsChangedMeanwhile(Conflict):
    """The form was made from an older version; the newer one stands, nothing was lost."""

    key = "error.consent.changed_meanwhile"


class UnknownChoice(Problem):
    """A facility, profession or category this network does not have."""

    status = 422
    key = "error.consent.unknown_choice"
