"""Refusals of the support centre's doors."""

from api.core.errors import Problem


class NoTelephoneNumber(Problem):
    """What was typed is no Japanese telephone number of 10 or 11 digits; it was not kept."""

    status = 422
    key = "error.support.telephone"


class FilterFaults(Problem):
    """`fields` maps what the log cannot be narrowed by to the key of what is wrong with it."""

    status = 422
    key = "error.log.filter"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self.fields = fields
