"""The console command `tsunagu`: one subcommand per thing an operator does."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from api.core.settings import SettingFault, Settings, from_environment

FAULT = 2


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tsunagu", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="start everything with the demo network (make run)")
    commands.add_parser("serve", help="serve; needs DATABASE_URL or APP_DATABASE_URL")
    commands.add_parser("migrate", help="make roles and tables ready; needs DATABASE_URL")
    token = commands.add_parser("demo-token", help="an access token of a demo clinic's system")
    token.add_argument("--as", dest="person", default="sato", choices=("sato", "ito", "mori"))
    token.add_argument("--scope", default="system/*.read system/*.write")
    folder = commands.add_parser("ingest", help="take in a folder of files")
    folder.add_argument("form", choices=("fhir",))
    folder.add_argument("directory", type=Path)
    folder.add_argument("--facility", help="10-digit code of the facility they come from")
    folder.add_argument(
        "--subject",
        action="append",
        default=[],
        metavar="REFERENCE=CARD",
        help="whose card a reference or an identifier in the files stands for",
    )
    options = parser.parse_args(arguments)
    try:
        settings = from_environment()
        return {
            "demo": _demo,
            "serve": _serve,
            "migrate": _migrate,
            "demo-token": _demo_token,
            "ingest": _ingest,
        }[options.command](settings, options)
    except SettingFault as fault:
        print(fault, file=sys.stderr)
        return FAULT


def _demo(settings: Settings, _: argparse.Namespace) -> int:
    _check_port(settings.port)
    with _Database(settings) as admin_dsn:
        from api.core.crypto import KeyRing
        from api.core.provisioning import app_dsn

        keys = KeyRing(settings.home / "keys")
        dsn = app_dsn(admin_dsn, keys)
        greeting = asyncio.run(_prepare_demo(settings, keys, admin_dsn, dsn))
        os.environ |= {"APP_DATABASE_URL": dsn, "TSUNAGU_DEMO": "1"}
        threading.Thread(target=_greet, args=(settings, greeting), daemon=True).start()
        _run_server(settings)
    return 0


async def _prepare_demo(settings: Settings, keys: Any, admin_dsn: str, dsn: str) -> str:
    from api import demo
    from api.core import runtime
    from api.core.database import close_database, open_database
    from api.core.provisioning import provision
    from api.directory import service as directory
    from api.identity import service as identity

    await provision(admin_dsn, keys)
    runtime.start(settings, keys)
    await open_database(dsn, keys, connections=4)
    try:
        await directory.adopt_profile(settings.profile)
        await identity.declare_deployment(is_demo=True)
        if not await demo.is_seeded():
            print("つなぐ: デモのデータを準備しています / preparing the demo data …", flush=True)
            await demo.seed(settings.home)
        return await demo.greeting(settings)
    finally:
        await close_database()


def _greet(settings: Settings, greeting: str) -> None:
    """Says where to go once someone answers there."""
    for _ in range(600):
        try:
            with urlopen(f"http://localhost:{settings.port}/health/ready", timeout=2):
                print(greeting, flush=True)
                return
        except (URLError, OSError):
            time.sleep(0.05)


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    if settings.database_url is None and settings.app_database_url is None:
        raise SettingFault("Set DATABASE_URL or APP_DATABASE_URL, or start with `make run`.")
    _check_port(settings.port)
    _run_server(settings)
    return 0


def _run_server(settings: Settings) -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    Server(
        "api.app:app_from_environment",
        factory=True,
        address=os.environ.get("TSUNAGU_LISTEN", "127.0.0.1"),
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        log_level="warning",  # type: ignore[arg-type]
        websockets=False,
    ).serve()


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing
    from api.core.provisioning import provision

    with _Database(settings) as admin_dsn:
        asyncio.run(provision(admin_dsn, KeyRing(settings.home / "keys")))
    print("The database is up to date.")
    return 0


def _demo_token(settings: Settings, options: argparse.Namespace) -> int:
    from api import demo

    print(demo.fetch_token(settings, options.person, options.scope))
    return 0


def _ingest(settings: Settings, options: argparse.Namespace) -> int:
    raise SettingFault("not wired yet")


class _Database:
    """The administrator's connection string: the server of DATABASE_URL, or our own one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own: Any = None

    def __enter__(self) -> str:
        if self._settings.database_url is not None:
            return self._settings.database_url
        from api.core.embedded import EmbeddedPostgres, EmbeddedPostgresError
        from api.core.provisioning import ensure_database

        self._own = EmbeddedPostgres(self._settings.home)
        try:
            admin = self._own.start()
        except EmbeddedPostgresError as error:
            raise SettingFault(str(error)) from error
        return asyncio.run(ensure_database(admin, "tsunagu"))

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._own.stop()


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingFault(
                f"Port {port} is in use by another program; stop that one, or choose another "
                f"with PUBLIC_URL=http://localhost:{port + 1}."
            ) from error


if __name__ == "__main__":
    sys.exit(main())
