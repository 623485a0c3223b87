"""Why a file of measurements was not taken."""

from api.core.errors import Problem


class TableRefused(Problem):
    """`reason` as `table.NoTable` has it."""

    status = 422

    def __init__(self, reason: str, **params: int) -> None:
        super().__init__(**params)
        self.reason = reason
        self.key = f"error.vitals.table.{reason}"
