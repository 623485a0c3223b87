"""Why a file was not taken, in words one can do something with. Nothing of it was kept."""

from api.core.errors import Conflict, Problem
from api.records.parse import Fault


class FileRefused(Problem):
    """`fault` says why."""

    status = 422

    def __init__(self, fault: Fault) -> None:
        super().__init__(**fault.params)
        self.key = fault.key
        self.fault = fault


class NotWaiting(Conflict):
    """It was stored already, called off, or lay for an hour."""

    key = "error.bringing_in.not_waiting"
