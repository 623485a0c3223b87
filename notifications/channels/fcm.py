"""Phones, through Firebase Cloud Messaging (and APNs behind it)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import firebase_admin
import google.auth.exceptions
import requests
from firebase_admin import credentials, exceptions, messaging
from requests.adapters import HTTPAdapter

from api.core import clock
from notifications.channels import KEPT_SECONDS, Address, Limits, Message
from notifications.rules import Fate, Outcome, retry_after


class Fcm:
    def __init__(self, account: Path, limits: Limits, url: str | None = None) -> None:
        self.at_once = limits.at_once
        self._seconds = limits.seconds
        self._threads = ThreadPoolExecutor(limits.at_once, "fcm")
        self._app = firebase_admin.initialize_app(
            credentials.Certificate(str(account)),
            {"httpTimeout": limits.seconds},
            name=f"notices-{id(self)}",
        )
        # The library has no setting for either: where it sends, and that it tries again by itself,
        # for as long as the service asks. Ours is the queue that waits.
        self._service = messaging._MessagingService(self._app)
        if url is not None:
            self._service._fcm_url = url.format(self._app.project_id)
        for prefix in list(self._service._client.session.adapters):
            self._service._client.session.mount(
                prefix, HTTPAdapter(pool_maxsize=limits.at_once, max_retries=0)
            )

    async def send(self, message: Message, to: Address) -> Outcome:
        sending = asyncio.get_running_loop().run_in_executor(
            self._threads, self._send, message, to["to"]
        )
        try:
            async with asyncio.timeout(self._seconds * 2):
                return await sending
        except TimeoutError:
            return Outcome(Fate.LATER, "timeout")

    def _send(self, message: Message, token: str) -> Outcome:
        try:
            self._service.send(_phrased(message, token))
        except messaging.UnregisteredError:
            return Outcome(Fate.GONE, "unregistered 404")
        except messaging.SenderIdMismatchError:
            return Outcome(Fate.GONE, "mismatch 403")
        except exceptions.FirebaseError as error:
            return _outcome(error.http_response, error.cause)
        except google.auth.exceptions.RefreshError as error:
            return _of_refresh(error)
        except google.auth.exceptions.TransportError:
            return Outcome(Fate.LATER, "unreachable")
        except ValueError:  # what no service would take, such as a token of blanks
            return Outcome(Fate.REFUSED, "unsendable")
        return Outcome(Fate.SENT)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        firebase_admin.delete_app(self._app)


def _phrased(message: Message, token: str) -> Any:
    return messaging.Message(
        token=token,
        notification=messaging.Notification(title=message.title, body=message.body),
        data={"url": message.url, "tag": message.key},
        android=messaging.AndroidConfig(
            collapse_key=message.key,
            priority="high" if message.is_urgent else "normal",
            ttl=KEPT_SECONDS,
            notification=messaging.AndroidNotification(tag=message.key),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-collapse-id": message.key,
                "apns-priority": "10" if message.is_urgent else "5",
            }
        ),
    )


def _outcome(answer: Any, cause: object) -> Outcome:
    """By the status, whatever class the library made of it."""
    if answer is None:
        is_slow = isinstance(cause, requests.exceptions.Timeout)
        return Outcome(Fate.LATER, "timeout" if is_slow else "unreachable")
    status = answer.status_code
    match status:
        case 400 | 404 | 413:
            return Outcome(Fate.REFUSED, f"refused {status}")
        case 401 | 403:
            return Outcome(Fate.FAULT, f"unauthorized {status}")
        case _:
            after = retry_after(answer.headers.get("retry-after"), clock.now())
            return Outcome(Fate.LATER, f"unavailable {status}", after)


def _of_refresh(error: google.auth.exceptions.RefreshError) -> Outcome:
    """Google does not believe the service account, or cannot say for now."""
    if getattr(error, "retryable", False):
        return Outcome(Fate.LATER, "unreachable")
    return Outcome(Fate.FAULT, "credentials")
