"""Why a child's book was not begun or handed over."""

from api.core.errors import Conflict, Problem, TooManyAttempts


class OwnBookExists(Conflict):
    """There is one book of oneself."""

    key = "error.child.own_book_exists"


class CodeRefused(Problem):
    """Wrong, used, called off or expired: all alike."""

    status = 422
    key = "error.child.code"


class CodeThrottled(TooManyAttempts):
    key = "error.child.code_throttled"


class OtherBirthDay(Conflict):
    """The book is of somebody born on another day than the account's participant."""

    key = "error.child.other_birth_day"
