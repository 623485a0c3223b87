"""Operator's logs: one JSON line per request or fault, never a word about a person.

Invariant: a line holds the route's template, never the path, query, body, headers or an
exception's message; any of them may name a person.
"""

import sys
import traceback
from typing import Any

import structlog


def configure() -> None:
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


log: Any = structlog.get_logger()


def frames(error: BaseException) -> list[str]:
    """Where an error came from, as file:line in function; its message stays out."""
    chain = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in chain[-12:]]
