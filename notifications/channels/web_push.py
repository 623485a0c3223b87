"""Browsers, through the push service of whoever makes them (RFC 8030, 8291, 8292)."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import requests
from cryptography.hazmat.primitives import serialization
from py_vapid import Vapid02
from pywebpush import WebPusher, WebPushException
from requests.adapters import HTTPAdapter

from api.core import clock
from api.core.crypto import base64url
from notifications.channels import KEPT_SECONDS, Address, Limits, Message
from notifications.rules import Fate, Outcome, retry_after

SIGNED_SECONDS: Final = 6 * 3600
# Readers of addresses differ on where a host ends, but for such a one.
_ENDPOINT: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-\[\]-~]*)?")


class WebPush:
    """`services`: the host names we push to; a subscription may name no other address."""

    def __init__(self, pem: bytes, contact: str, services: tuple[str, ...], limits: Limits) -> None:
        self.at_once = limits.at_once
        self._seconds = limits.seconds
        self._contact = contact
        self._services = services
        self._key = Vapid02.from_pem(pem)
        self._signed: dict[str, tuple[float, dict[str, str]]] = {}
        self._threads = ThreadPoolExecutor(limits.at_once, "web_push")
        self._session = requests.Session()
        self._session.max_redirects = 0
        for prefix in ("https://", "http://"):
            self._session.mount(prefix, HTTPAdapter(pool_maxsize=limits.at_once, max_retries=0))

    async def send(self, message: Message, to: Address) -> Outcome:
        if not is_push_service(to["to"], self._services):
            return Outcome(Fate.GONE, "unknown_service")
        sending = asyncio.get_running_loop().run_in_executor(self._threads, self._send, message, to)
        try:
            async with asyncio.timeout(self._seconds * 2):
                return await sending
        except TimeoutError:
            return Outcome(Fate.LATER, "timeout")

    def _send(self, message: Message, to: Address) -> Outcome:
        subscription = {
            "endpoint": to["to"],
            "keys": {"p256dh": to["p256dh"], "auth": to["auth"]},
        }
        says = {
            "title": message.title,
            "body": message.body,
            "url": message.url,
            "tag": message.key,
        }
        try:
            answer: Any = WebPusher(subscription, requests_session=self._session).send(
                msgspec.json.encode(says),
                {
                    **self._authorization(to["to"]),
                    "topic": message.key,
                    "urgency": "high" if message.is_urgent else "normal",
                },
                ttl=KEPT_SECONDS,
                timeout=self._seconds,
            )
        except requests.exceptions.Timeout:
            return Outcome(Fate.LATER, "timeout")
        except requests.exceptions.TooManyRedirects:
            return Outcome(Fate.REFUSED, "redirected")
        except requests.exceptions.RequestException:
            return Outcome(Fate.LATER, "unreachable")
        except (WebPushException, ValueError):  # keys that are none
            return Outcome(Fate.GONE, "bad_keys")
        return _outcome(answer)

    def _authorization(self, endpoint: str) -> dict[str, str]:
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        until, headers = self._signed.get(audience, (0.0, {}))
        if until < time.time():
            until = time.time() + SIGNED_SECONDS
            claims = {"aud": audience, "sub": self._contact, "exp": int(until + 3600)}
            headers = self._key.sign(claims)
            self._signed[audience] = (until, headers)
        return headers

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._session.close()


def is_push_service(endpoint: str, services: tuple[str, ...]) -> bool:
    """Whether an address is of a browser maker's service: nothing else is asked by us."""
    if not _ENDPOINT.fullmatch(endpoint):
        return False
    parts = urlsplit(endpoint)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if f"{host}:{port}" in services:  # as somebody set it, on this machine
        return parts.scheme in ("http", "https")
    named = host in services or any(each[0] == "." and host.endswith(each) for each in services)
    return parts.scheme == "https" and port in (None, 443) and named


def public_key(pem: bytes) -> str:
    """What a browser subscribes with: our key, uncompressed, base64url."""
    key = serialization.load_pem_private_key(pem, None).public_key()
    return base64url(
        key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )


def _outcome(answer: requests.Response) -> Outcome:
    status = answer.status_code
    if status < 300:
        return Outcome(Fate.SENT)
    match status:
        case 404 | 410:
            return Outcome(Fate.GONE, f"unsubscribed {status}")
        case 401 | 403:
            return Outcome(Fate.FAULT, f"unauthorized {status}")
        case 429:
            pass
        case _ if status < 500:
            return Outcome(Fate.REFUSED, f"refused {status}")
    after = retry_after(answer.headers.get("retry-after"), clock.now())
    return Outcome(Fate.LATER, f"unavailable {status}", after)
