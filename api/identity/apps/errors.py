"""Refusals of apps: what is shown to the person, and what goes back to the app."""

from api.core.errors import Problem


class UnknownApp(Problem):
    """Not registered, ended, or an address that is not the app's: nobody is sent anywhere."""

    key = "error.app.unknown"


class AskRefused(Problem):
    """RFC 6749 §4.1.2.1: goes back to the app, at `location`."""

    key = "error.app.ask"

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


class ScopeNeeded(Problem):
    """RFC 6750 §3.1: the token does not reach so far."""

    status = 403
    key = "error.app.scope"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"www-authenticate": 'Bearer error="insufficient_scope"'}
