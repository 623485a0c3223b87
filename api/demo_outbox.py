"""The demo's other end of every notice: a phone, a browser and a mailbox that exist nowhere else.

Pushes and mails go over real sockets, as they would; what arrives is shown on a page of the demo.
"""

import base64
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Final

import http_ece
import msgspec
from aiosmtpd.controller import Controller as SmtpController
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec.structs import replace

from api.core import runtime
from api.core.actor import Actor
from api.core.clock import datetime_of
from api.core.errors import NotFound
from api.core.settings import Settings, Smtp
from api.identity.guards import API, PORTAL, anyone
from notifications.choices import service as preferences
from notifications.reaching import coding
from notifications.reaching import service as addresses
from web_portal.page import PortalRequest, render

PAGE: Final = "/demo/outbox"
PHONE: Final = "demo-phone-of-hanako"
MAILBOX: Final = "hanako@demo.example"
SHOWN: Final = 50
DemoRequest = Request[Any, Any, Any]


class Arrived(msgspec.Struct, frozen=True):
    """`way`: phone, browser or mail."""

    way: str
    to: str
    title: str
    body: str
    at: float


def arranged(settings: Settings) -> Settings:
    """With every way to tell people, all of which end here."""
    _folder(settings.home).mkdir(mode=0o700, parents=True, exist_ok=True)
    return replace(
        settings,
        fcm=_account(settings),
        fcm_url=f"{settings.public_url}{PAGE}/fcm",
        web_push="mailto:demo@demo.example",
        push_services=(f"{settings.rp_id}:{settings.port}",),
        smtp=Smtp(host="127.0.0.1", port=_free_port(), sender="tsunagu@demo.example", tls="none"),
    )


def environment(settings: Settings) -> dict[str, str]:
    """The same, for the processes that serve and that work."""
    smtp = settings.smtp
    if smtp is None:
        raise LookupError("arranged settings only")
    return {
        "FCM_CREDENTIALS": str(settings.fcm),
        "DEMO_FCM_URL": str(settings.fcm_url),
        "WEB_PUSH_CONTACT": str(settings.web_push),
        "PUSH_SERVICES": " ".join(settings.push_services),
        "SMTP_HOST": smtp.host,
        "SMTP_PORT": str(smtp.port),
        "SMTP_TLS": smtp.tls,
        "MAIL_FROM": smtp.sender,
    }


async def subscribe(hanako: Actor) -> None:
    """Her phone, browser and mailbox of the demo, ringing at whatever hour somebody tries it; what
    stands already stays."""
    settings = runtime.settings()
    _, public, auth = _browser(settings.home)
    await addresses.add_phone(hanako, PHONE, "android chrome", "ja")
    endpoint = f"{settings.public_url}{PAGE}/push"
    await addresses.add_browser(hanako, endpoint, public, auth, "windows chrome", "ja")
    if (await addresses.mine(hanako)).mailbox.address is None:
        await preferences.change(hanako, preferences.Wish(is_quiet=False))
        await addresses.want_mail(hanako, MAILBOX, "ja")
        await addresses.confirm_mail(hanako, await coding.code_of_mine(hanako))


@contextmanager
def mailbox(settings: Settings) -> Iterator[None]:
    """Takes every mail, in a thread of its own."""
    if settings.smtp is None:
        raise LookupError("arranged settings only")
    server = SmtpController(
        _Mailbox(settings.home), hostname=settings.smtp.host, port=settings.smtp.port
    )
    server.start()
    try:
        yield
    finally:
        server.stop()


class _Mailbox:
    def __init__(self, home: Path) -> None:
        self._home = home

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        mail = message_from_bytes(
            content if isinstance(content, bytes) else b"", policy=policy.default
        )
        body = mail.get_body(("plain",))
        said = body.get_content() if body is not None else ""
        for to in envelope.rcpt_tos:
            _keep(self._home, "mail", to, str(mail["Subject"]), said)
        return "250 taken"


class DemoOutbox(Controller):
    path = PAGE
    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        came = [
            {"way": each.way, "to": each.to, "title": each.title, "body": each.body,
             "at": datetime_of(int(each.at))}
            for each in arrived(runtime.settings().home)
        ]  # fmt: skip
        return await render(request, "demo_outbox.html", actor, arrived=came)

    @post("/token", status_code=200, opt=API)
    async def token(self) -> dict[str, Any]:
        """Google's part: whoever asks is believed."""
        return {"access_token": "demo", "expires_in": 3600, "token_type": "Bearer"}

    @post("/fcm", status_code=200, opt=API)
    async def fcm(self, request: DemoRequest) -> dict[str, Any]:
        try:
            message = msgspec.json.decode(await request.body())["message"]
            to, notification = str(message["token"]), message["notification"]
            title, body = str(notification["title"]), str(notification["body"])
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise NotFound from error
        if to != PHONE:
            raise NotFound
        _keep(runtime.settings().home, "phone", "Hanako", title, body)
        return {"name": "projects/demo/messages/1"}

    @post("/push", status_code=201, opt=API)
    async def push(self, request: DemoRequest) -> None:
        home = runtime.settings().home
        private, _, auth = _browser(home)
        try:
            said = http_ece.decrypt(
                await request.body(), private_key=private, auth_secret=_unpadded(auth),
                version="aes128gcm",
            )  # fmt: skip
            message = msgspec.json.decode(said, type=dict[str, str])
        except Exception as error:  # whatever is wrong with it, nobody's browser reads it
            raise NotFound from error
        _keep(home, "browser", "Hanako", message["title"], message["body"])


def arrived(home: Path) -> list[Arrived]:
    """The newest first."""
    try:
        names = sorted(os.listdir(_folder(home)), reverse=True)
    except FileNotFoundError:
        return []
    kept = [name for name in names if name.endswith(".notice")][:SHOWN]
    return [msgspec.json.decode((_folder(home) / name).read_bytes(), type=Arrived) for name in kept]


def _keep(home: Path, way: str, to: str, title: str, body: str) -> None:
    folder = _folder(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns():020}-{secrets.token_hex(4)}"
    draft = folder / f".{name}"
    draft.write_bytes(msgspec.json.encode(Arrived(way, to, title, body, time.time())))
    draft.replace(folder / f"{name}.notice")


def _folder(home: Path) -> Path:
    return home / "demo_outbox"


def _account(settings: Settings) -> Path:
    """A service account of nobody's, which our own page gives tokens to."""
    path = _folder(settings.home) / "account.json"
    try:
        account = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        pem = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        account = {
            "type": "service_account",
            "project_id": "demo",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": "notices@demo.example",
            "client_id": "1",
        }
    account["token_uri"] = f"{settings.public_url}{PAGE}/token"
    path.write_bytes(msgspec.json.encode(account))
    path.chmod(0o600)
    return path


def _browser(home: Path) -> tuple[ec.EllipticCurvePrivateKey, str, str]:
    """The demo browser's private key, its public half and its secret as a subscription has them."""
    path = _folder(home) / "browser.json"
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        kept = {"key": f"{number:x}", "auth": _padless(secrets.token_bytes(16))}
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(kept))
    private = ec.derive_private_key(int(kept["key"], 16), ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return private, _padless(public), kept["auth"]


def _padless(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


routes: list[ControllerRouterHandler] = [DemoOutbox]
