"""The other end of every way out, on real sockets: FCM with its OAuth step, a push service that
decrypts as a browser would, a mail server. Each does what it is told to do badly.
"""

import asyncio
import base64
import json
import random
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import http_ece
import jwt
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PROJECT = "tsunagu-test"
HANG = "hang"
DROP = "drop"
CODES = {
    400: "INVALID_ARGUMENT",
    404: "UNREGISTERED",
    401: "UNAUTHENTICATED",
    403: "SENDER_ID_MISMATCH",
    429: "QUOTA_EXCEEDED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
Behaviour = int | str | tuple[int, str]  # a status, HANG, DROP, or a status and its Retry-After


class Got(NamedTuple):
    """`key`: what collapses; `body` all that was said, as the device would read it."""

    channel: str
    to: str
    key: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float


@dataclass
class Sinks:
    """`plan`: what an address does next, in turn; without, or after, it takes everything.

    `chaos`: the share of requests that fail in some way, by chance.
    """

    got: list[Got] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    plan: dict[str, deque[Behaviour]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, Behaviour] = field(default_factory=dict)
    chaos: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    token_behaviour: Behaviour | None = None
    tokens: int = 0
    http_port: int = 0
    smtp_port: int = 0
    vapid: set[str] = field(default_factory=set)
    _browsers: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = field(default_factory=dict)
    _account_key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(65537, 2048)
    )

    @property
    def url(self) -> str:
        return f"http://localhost:{self.http_port}"

    @property
    def fcm_url(self) -> str:
        return f"{self.url}/v1/projects/{{0}}/messages:send"

    @property
    def host(self) -> str:
        return f"localhost:{self.http_port}"

    def account(self, folder: Path) -> Path:
        """A service account of nobody's, whose tokens come from here."""
        path = folder / f"account-{self.http_port}.json"
        pem = self._account_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        says = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": f"notices@{PROJECT}.example",
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }
        path.write_text(json.dumps(says))
        path.chmod(0o644)
        return path

    def browser(self, name: str) -> dict[str, str]:
        """A subscription as a browser gives it: endpoint, p256dh, auth."""
        private, auth = ec.generate_private_key(ec.SECP256R1()), uuid4().bytes
        self._browsers[name] = (private, auth)
        public = private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {
            "endpoint": f"{self.url}/push/{name}",
            "p256dh": base64.urlsafe_b64encode(public).rstrip(b"=").decode(),
            "auth": base64.urlsafe_b64encode(auth).rstrip(b"=").decode(),
        }

    def of(self, to: str) -> list[Got]:
        return [each for each in self.got if each.to == to]

    def behaviour(self, to: str) -> Behaviour:
        if self.plan[to]:
            return self.plan[to].popleft()
        if to in self.always:
            return self.always[to]
        if self.chance.random() < self.chaos:
            return self.chance.choice([500, 503, (429, "1"), DROP, HANG])
        return 200

    async def answer(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes] | None:
        """None hangs up without a word."""
        if path == "/token":
            return await self._token(body)
        if path.startswith("/v1/"):
            return await self._fcm(headers, json.loads(body))
        return await self._push(path.removeprefix("/push/"), headers, body)

    async def _behave(self, to: str) -> tuple[int, dict[str, str]] | None:
        self.asked[to] += 1
        match self.behaviour(to):
            case "hang":
                await asyncio.sleep(30)
                return None
            case "drop":
                return None
            case (int(status), str(after)):
                return status, {"retry-after": after}
            case int(status):
                return status, {}
            case other:
                raise AssertionError(other)

    async def _token(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.tokens += 1
        if isinstance(self.token_behaviour, int):
            return self.token_behaviour, {}, b'{"error": "invalid_grant"}'
        assertion = parse_qs(body.decode())["assertion"][0]
        claims = jwt.decode(
            assertion, self._account_key.public_key(), algorithms=["RS256"],
            audience="https://oauth2.googleapis.com/token",
        )  # fmt: skip
        assert claims["iss"].startswith("notices@")
        return 200, {}, b'{"access_token": "good", "expires_in": 3600, "token_type": "Bearer"}'

    async def _fcm(
        self, headers: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes] | None:
        message = body["message"]
        to = message["token"]
        answer = await self._behave(to)
        if answer is None:
            return None
        status, more = answer
        if headers.get("authorization") != "Bearer good":
            status = 401
        if status != 200:
            code = CODES[status]
            says = {
                "error": {
                    "code": status,
                    "status": {404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}.get(status, code),
                    "message": f"about {to}",
                    "details": [
                        {
                            "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                            "errorCode": code,
                        }
                    ],
                }
            }
            return status, more, json.dumps(says).encode()
        key = message["android"]["collapse_key"]
        assert message["apns"]["headers"]["apns-collapse-id"] == key
        self.got.append(Got("fcm", to, key, message, headers, time.monotonic()))
        return 200, {}, json.dumps({"name": f"projects/{PROJECT}/messages/1"}).encode()

    async def _push(
        self, name: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes] | None:
        answer = await self._behave(name)
        if answer is None:
            return None
        status, more = answer
        if status != 200:
            return status, more, b""
        signed, key = (part.partition("=")[2] for part in headers["authorization"][6:].split(","))
        public = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), base64.urlsafe_b64decode(key + "==")
        )
        claims = jwt.decode(signed, public, algorithms=["ES256"], audience=self.url)
        assert claims["sub"].startswith("mailto:")
        self.vapid.add(key)
        private, auth = self._browsers[name]
        said = http_ece.decrypt(body, private_key=private, auth_secret=auth, version="aes128gcm")
        self.got.append(
            Got("web_push", name, headers["topic"], json.loads(said), headers, time.monotonic())
        )
        return 201, {}, b""

    # What aiosmtpd asks of its handler.

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        self.asked[address] += 1
        match self.behaviour(address):
            case 200:
                envelope.rcpt_tos.append(address)
                return "250 OK"
            case "hang":
                await asyncio.sleep(30)
                return "451 too late"
            case "drop":
                assert server.transport is not None
                server.transport.abort()
                return "421 gone"
            case (int(), _) | 429 | 500 | 503:
                return "451 try again later"
            case status:
                return f"{status} no {address}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        from email import message_from_bytes, policy

        mail = message_from_bytes(envelope.content or b"", policy=policy.default)
        key = mail["Message-ID"].strip("<>").partition("@")[0]
        said = {"title": mail["Subject"], "body": mail.get_content(), "from": mail["From"]}
        for address in envelope.rcpt_tos:
            self.got.append(Got("mail", address, key, said, dict(mail.items()), time.monotonic()))
        return "250 taken"


async def _serve_http(sinks: Sinks, reader: asyncio.StreamReader, writer: Any) -> None:
    with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split(" ")[1]
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            answer = await sinks.answer(path, headers, body)
            if answer is None:
                break
            status, more, content = answer
            lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}"]
            lines += ["content-type: application/json"]
            lines += [f"{name}: {value}" for name, value in more.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + content)
            await writer.drain()
    writer.close()


@contextmanager
def listening() -> Iterator[Sinks]:
    """In a thread of their own, until the block ends."""
    sinks = Sinks()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> None:
        http = await asyncio.start_server(
            lambda r, w: _serve_http(sinks, r, w), "localhost", 0, family=2
        )
        smtp = await loop.create_server(
            lambda: SMTP(sinks, loop=loop, hostname="localhost"), "localhost", 0, family=2
        )
        sinks.http_port = http.sockets[0].getsockname()[1]
        sinks.smtp_port = smtp.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield sinks
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def notice_of(key: str) -> UUID:
    """The notice a collapse key stands for."""
    return UUID(bytes=base64.urlsafe_b64decode(key + "=="))
