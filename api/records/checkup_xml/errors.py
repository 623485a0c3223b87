"""Why a participant's own checkup file was not taken, in words they can do something with."""

from api.core.errors import Problem
from api.records.parse import Fault


class FileRefused(Problem):
    """The file is no checkup that can be read; `fault` says why. Nothing of it was kept."""

    status = 422

    def __init__(self, fault: Fault) -> None:
        super().__init__(**fault.params)
        self.key = fault.key
        self.fault = fault


class OtherPerson(Problem):
    """Name or birth date in the file are not the participant's."""

    status = 422
    key = "error.checkup.other_person"
