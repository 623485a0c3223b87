"""Refusals: each carries its status and a message key; the border turns it into RFC 9457."""

from datetime import datetime
from typing import Any


class Problem(Exception):
    """`key` says what happened; `<key>.next`, where it exists, what is safe and what to do.

    `members` are further members of its JSON form, of types msgspec writes; `headers` go with it.
    """

    status: int = 400
    key: str = "error.bad_request"

    def __init__(self, **params: str | int | datetime) -> None:
        super().__init__(self.key)
        self.params = params
        self.members: dict[str, Any] = {}
        self.headers: dict[str, str] = {}


class NotFound(Problem):
    """Absent and forbidden answer alike."""

    status = 404
    key = "error.not_found"


class SignInNeeded(Problem):
    status = 401
    key = "error.sign_in_needed"


class Forbidden(Problem):
    status = 403
    key = "error.forbidden"


class Conflict(Problem):
    status = 409
    key = "error.conflict"


class TooSlow(Problem):
    """What was being sent stopped coming: nothing of it was kept."""

    status = 408
    key = "error.too_slow"


class TooManyAttempts(Problem):
    """`retry_after` is in seconds."""

    status = 429
    key = "error.too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__(minutes=max(1, -(-retry_after // 60)))
        self.retry_after = retry_after


class Unavailable(Problem):
    status = 503
    key = "error.unavailable"
