"""What an operator may set, read once from the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from api.core.errors import Problem

ROOT = Path(__file__).resolve().parents[2]
DEMO_ISSUER_PATH = "/demo/my-number"
DEMO_PROFILE = ROOT / "api" / "directory" / "profiles" / "kumamoto_demo.toml"


class SettingFault(Problem):
    """A setting is missing or makes no sense; the message is for the operator."""

    status = 500
    key = "error.setting"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def __str__(self) -> str:
        return self.text


class NationalLogin(msgspec.Struct, frozen=True, kw_only=True):
    """The My Number login this service trusts (OpenID Connect).

    `acr`: what a login must have reached at least, as it is asked for. `is_demo`: our own.
    """

    issuer: str
    client_id: str
    acr: str = "aal3"
    is_demo: bool = False


# Who may be asked to push to a browser: the services of those who make browsers, and nobody else.
PUSH_SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    ".notify.windows.com",
    "web.push.apple.com",
)


class Smtp(msgspec.Struct, frozen=True, kw_only=True):
    """The server that takes our mail. `tls`: `starttls`, `tls` from the first byte, or `none`."""

    host: str
    sender: str
    port: int = 587
    tls: str = "starttls"
    user: str | None = None
    password: str | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`database_url` is the administrator's; the application itself connects as its own role.
    `body_seconds`: how long what is being sent may stop coming.
    `hpki`: a folder of the certificates that professions are shown by (docs/reference).

    `android_apps`: package and SHA-256 fingerprints of its certificates; `ios_apps`: app ids with
    their team (ABCDE12345.jp.example.app). Only these apps open our links and use our passkeys.

    A way to tell people of notices is there where it is set: `fcm` (a service account's file),
    `web_push` (who answers for our pushes, as `mailto:` or `https:`), `smtp`. `push_services` are
    host names; one that begins with a dot stands for all below it. `fcm_url` is a demo's.
    """

    home: Path
    public_url: str = "http://localhost:8000"
    database_url: str | None = None
    app_database_url: str | None = None
    profile: Path = DEMO_PROFILE
    workers: int = 1
    body_seconds: int = 30
    hpki: Path | None = None
    is_demo: bool = False
    my_number: NationalLogin | None = None
    fcm: Path | None = None
    fcm_url: str | None = None
    web_push: str | None = None
    push_services: tuple[str, ...] = PUSH_SERVICES
    smtp: Smtp | None = None

    @property
    def national_login(self) -> NationalLogin | None:
        """None where My Number is not offered. A demo brings one of its own."""
        if self.my_number is None and self.is_demo:
            return NationalLogin(
                issuer=f"{self.public_url}{DEMO_ISSUER_PATH}",
                client_id="TsunaguDemo",
                is_demo=True,
            )
        return self.my_number

    android_apps: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ios_apps: tuple[str, ...] = ()

    @property
    def rp_id(self) -> str:
        """The WebAuthn relying party: the host name people see."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def port(self) -> int:
        parts = urlsplit(self.public_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def from_environment(**overrides: object) -> Settings:
    env = os.environ
    values: dict[str, object] = {
        "home": Path(env.get("TSUNAGU_HOME") or Path.cwd() / ".tsunagu").absolute(),
        "public_url": (env.get("PUBLIC_URL") or "http://localhost:8000").rstrip("/"),
        "database_url": env.get("DATABASE_URL") or None,
        "app_database_url": env.get("APP_DATABASE_URL") or None,
        "profile": Path(env.get("TSUNAGU_PROFILE") or DEMO_PROFILE),
    }
    if env.get("TSUNAGU_HPKI"):
        values["hpki"] = Path(env["TSUNAGU_HPKI"]).absolute()
    values["workers"] = _from_one_up(env, "WORKERS", "1")
    values["body_seconds"] = _from_one_up(env, "BODY_SECONDS", "30")
    values["is_demo"] = env.get("TSUNAGU_DEMO") == "1"
    values["my_number"] = _national_login(env)
    values["android_apps"] = android_apps(env.get("ANDROID_APPS") or "")
    values["ios_apps"] = ios_apps(env.get("IOS_APPS") or "")
    values["fcm"] = _service_account(env.get("FCM_CREDENTIALS") or "")
    values["web_push"] = _contact(env.get("WEB_PUSH_CONTACT") or "")
    values["push_services"] = PUSH_SERVICES + tuple((env.get("PUSH_SERVICES") or "").split())
    values["smtp"] = _smtp(env)
    if values["is_demo"]:
        values["fcm_url"] = env.get("DEMO_FCM_URL") or None
    return Settings(**(values | overrides))  # type: ignore[arg-type]


def _from_one_up(env: Mapping[str, str], name: str, usual: str) -> int:
    text = env.get(name) or usual
    if not text.isdecimal() or int(text) < 1:
        raise SettingFault(f"{name} must be a whole number from 1 up, not {text!r}.")
    return int(text)


def _national_login(env: Mapping[str, str]) -> NationalLogin | None:
    issuer, client_id = env.get("MY_NUMBER_ISSUER", ""), env.get("MY_NUMBER_CLIENT_ID", "")
    if not issuer and not client_id:
        return None
    if not issuer or not client_id:
        raise SettingFault("MY_NUMBER_ISSUER and MY_NUMBER_CLIENT_ID belong together: set both.")
    parts = urlsplit(issuer)
    is_here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if not (is_here or parts.scheme == "https") or not parts.hostname or parts.query:
        raise SettingFault("MY_NUMBER_ISSUER must be an https address without a query.")
    acr = env.get("MY_NUMBER_ACR") or "aal3"
    if not re.fullmatch(r"aal[1-3]( [a-z0-9]+)*", acr):
        raise SettingFault('MY_NUMBER_ACR must begin with aal1, aal2 or aal3, as in "aal3 crl".')
    return NationalLogin(issuer=issuer, client_id=client_id, acr=acr)


def _service_account(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).absolute()
    try:
        kind = msgspec.json.decode(path.read_bytes(), type=dict[str, Any]).get("type")
    except (OSError, msgspec.DecodeError):
        kind = None
    if kind != "service_account":
        raise SettingFault("FCM_CREDENTIALS must name the JSON file of a Google service account.")
    return path


def _contact(text: str) -> str | None:
    if text and not re.fullmatch(r"(mailto:[^@\s]+@[^@\s]+|https://\S+)", text):
        raise SettingFault(
            "WEB_PUSH_CONTACT is where push services reach you, as mailto:… or https://…"
        )
    return text or None


def _smtp(env: Mapping[str, str]) -> Smtp | None:
    """The password stands in a file of its own, so that no list of processes shows it."""
    host, sender = env.get("SMTP_HOST", ""), env.get("MAIL_FROM", "")
    if not host and not sender:
        return None
    if not host or not re.fullmatch(r"[^@\s]+@[^@\s]+", sender):
        raise SettingFault("SMTP_HOST and MAIL_FROM belong together: set both.")
    tls = env.get("SMTP_TLS") or "starttls"
    if tls not in ("starttls", "tls", "none"):
        raise SettingFault("SMTP_TLS is starttls, tls or none.")
    port = env.get("SMTP_PORT") or {"tls": "465", "starttls": "587", "none": "25"}[tls]
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingFault(f"SMTP_PORT must be a port, not {port!r}.")
    password = None
    if env.get("SMTP_PASSWORD_FILE"):
        try:
            password = Path(env["SMTP_PASSWORD_FILE"]).read_text("utf-8").strip()
        except OSError as error:
            raise SettingFault("SMTP_PASSWORD_FILE cannot be read.") from error
    if password and tls == "none":
        raise SettingFault("SMTP_TLS=none would send the password in the clear.")
    return Smtp(
        host=host,
        sender=sender,
        port=int(port),
        tls=tls,
        user=env.get("SMTP_USER") or None,
        password=password,
    )


_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){31}")
_IOS_APP = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,155}")


def android_apps(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`package=fingerprint,fingerprint` apart by blanks. Raises `SettingFault`."""
    found = []
    for each in text.split():
        package, _, prints = each.partition("=")
        fingerprints = tuple(one.upper() for one in prints.split(","))
        if not _PACKAGE.fullmatch(package) or not all(map(_FINGERPRINT.fullmatch, fingerprints)):
            raise SettingFault(
                "ANDROID_APPS is `package=fingerprint` with the SHA-256 of the app's certificate"
                f" as AA:BB:…, several apart by blanks, not {each!r}."
            )
        found.append((package, fingerprints))
    return tuple(found)


def ios_apps(text: str) -> tuple[str, ...]:
    """App ids apart by blanks. Raises `SettingFault`."""
    for each in text.split():
        if not _IOS_APP.fullmatch(each):
            raise SettingFault(f"IOS_APPS holds ids like ABCDE12345.jp.example.app, not {each!r}.")
    return tuple(text.split())
