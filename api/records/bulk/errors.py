"""Why an export was not started, or is no more."""

from api.core.errors import Forbidden, Problem, TooManyAttempts


class ExportNotAllowed(Forbidden):
    """The operator has not let this system export."""

    key = "error.bulk.not_allowed"


class ExportRunning(TooManyAttempts):
    """One at a time, and so many a day; `retry_after` is in seconds."""

    key = "error.bulk.running"


class BadExport(Problem):
    """What was asked for cannot be exported, or not in this way."""

    status = 400
    key = "error.bulk.asked"


class AsyncNeeded(Problem):
    """An export is made in the background, and who asks must say that they will come back."""

    status = 400
    key = "error.bulk.async_needed"


class ExportOutdated(Problem):
    """Somebody in it may no longer be seen as they were: of whom is not said."""

    status = 410
    key = "error.bulk.outdated"


class ExportFailed(Problem):
    """It was tried several times."""

    status = 500
    key = "error.bulk.failed"
