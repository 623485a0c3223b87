"""A witness's door, from outside: bounded in time and size, and with one kind of failure."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import httpx

from api.access_log.transparency.entries import WIDTH
from api.access_log.witnessing.listed import Witness
from api.access_log.witnessing.rules import MOST_ENTRIES

PATIENCE: Final = 20.0
"""Seconds for one answer, whatever happens on the way."""
MOST_BYTES: Final = (1 << 16) + WIDTH * MOST_ENTRIES
TIMEOUT: Final = httpx.Timeout(10, connect=5)

Params = Mapping[str, str | int]


class Fault(StrEnum):
    """Why a push came to nothing; the auditor reads it."""

    NO_CHECKPOINT = "no_checkpoint"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    NOT_UNDERSTOOD = "not_understood"
    FORGED = "forged"
    CLOCK_AHEAD = "clock_ahead"
    LOG_UNKNOWN = "log_unknown"
    KEY_UNKNOWN = "key_unknown"
    NO_MIRROR = "no_mirror"
    ENTRIES_REFUSED = "entries_refused"
    REFUSED = "refused"
    SHORTER = "shorter_than_witnessed"
    FORKED = "forked"


class WitnessFault(Exception):
    def __init__(
        self, fault: Fault, *, size: int | None = None, evidence: str | None = None
    ) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.size = size
        self.evidence = evidence


def opened() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)


class Door:
    """One witness's HTTP side. Raises `WitnessFault` instead of whatever may go wrong there."""

    def __init__(self, http: httpx.AsyncClient, witness: Witness) -> None:
        self._http = http
        self.witness = witness

    async def get(self, path: str, params: Params | None = None) -> tuple[int, str, bytes]:
        return await self._ask("GET", path, params)

    async def post(
        self, path: str, content: bytes, params: Params | None = None
    ) -> tuple[int, str, bytes]:
        return await self._ask("POST", path, params, content)

    async def _ask(
        self,
        method: str,
        path: str,
        params: Params | None,
        content: bytes | None = None,
    ) -> tuple[int, str, bytes]:
        url = f"{self.witness.url}/{path}"
        plain = {"accept-encoding": "identity"}  # so that the limit is one of what is unpacked, too
        try:
            async with (
                asyncio.timeout(PATIENCE),
                self._http.stream(
                    method, url, params=params, content=content, headers=plain
                ) as answer,
            ):
                body = bytearray()
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise WitnessFault(Fault.NOT_UNDERSTOOD)
                return answer.status_code, answer.headers.get("content-type", ""), bytes(body)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise WitnessFault(Fault.TOO_SLOW) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WitnessFault(Fault.UNREACHABLE) from error
