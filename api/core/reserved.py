"""Whether the running task serves a door that is kept free for emergencies (`api.admission`)."""

from contextvars import ContextVar

is_reserved: ContextVar[bool] = ContextVar("is_reserved", default=False)
