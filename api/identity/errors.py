"""Refusals at the doors; absent and present cards answer alike."""

from api.core.errors import Problem


class TokenRequestRefused(Problem):
    """RFC 6749 §5.2; `code` is the OAuth error code."""

    status = 400
    key = "error.oauth.refused"

    def __init__(self, code: str, description: str) -> None:
        super().__init__()
        self.code = code
        self.description = description
        self.status = 401 if code == "invalid_client" else 400


class BadAccessToken(Problem):
    status = 401
    key = "error.oauth.bad_token"
