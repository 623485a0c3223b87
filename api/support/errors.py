"""Refusals of the support centre's doors."""

from api.core.errors import Problem


class NoTelephoneNumber(Problem):
    """What was typed is no Japanese telephone number of 10 or 11 digits; it was not kept."""

    status = 422
    key = "error.support.telephone"
