"""What an operator may set, read once from the environment."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from api.core.errors import Problem

ROOT = Path(__file__).resolve().parents[2]
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


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`database_url` is the administrator's; the application itself connects as its own role.

    `android_apps`: package and SHA-256 fingerprints of its certificates; `ios_apps`: app ids with
    their team (ABCDE12345.jp.example.app). Only these apps open our links and use our passkeys.
    """

    home: Path
    public_url: str = "http://localhost:8000"
    database_url: str | None = None
    app_database_url: str | None = None
    profile: Path = DEMO_PROFILE
    workers: int = 1
    is_demo: bool = False
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
    workers = env.get("WORKERS") or "1"
    if not workers.isdigit() or int(workers) < 1:
        raise SettingFault(f"WORKERS must be a whole number from 1 up, not {workers!r}.")
    values["workers"] = int(workers)
    values["is_demo"] = env.get("TSUNAGU_DEMO") == "1"
    values["android_apps"] = android_apps(env.get("ANDROID_APPS") or "")
    values["ios_apps"] = ios_apps(env.get("IOS_APPS") or "")
    return Settings(**(values | overrides))  # type: ignore[arg-type]


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
