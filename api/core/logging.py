"""Operator's logs: one JSON line per request or fault, never a word about a person.

Invariant: a line holds the route's template, never the path, query, body, headers or an
exception's message; any of them may name a person.
"""

import sys
import traceback
from typing import Any

import msgspec
import structlog


def configure() -> None:
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _encode(line: dict[str, Any], **_: object) -> bytes:
    return msgspec.json.encode(line)


log: Any = structlog.get_logger()


def frames(error: BaseException) -> list[str]:
    """Where an error came from, as file:line in function; its message stays out."""
    chain = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in chain[-12:]]
