"""The web server's processes: they end with whoever started them, and what they say has a place."""

import errno
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from api.core.settings import SettingFault, Settings

READY_SECONDS = 30
QUIET = b'"level":"info"'


def address() -> str:
    return os.environ.get("TSUNAGU_LISTEN") or "127.0.0.1"


def check_port(settings: Settings) -> None:
    """Raises `SettingFault` unless the port of PUBLIC_URL is ours to take."""
    try:
        port = settings.port
    except ValueError as error:
        raise SettingFault(
            f"PUBLIC_URL must be an address such as http://localhost:8000, not "
            f"{settings.public_url!r}."
        ) from error
    taken = SettingFault(
        f"Port {port} is in use by another program; stop that one, or choose another "
        f"with PUBLIC_URL=http://localhost:{port + 1}."
    )
    if settings.rp_id == "localhost":  # a browser tries both addresses, whoever answers there
        for host in ("127.0.0.1", "::1"):
            with suppress(OSError), socket.create_connection((host, port), timeout=1):
                raise taken
    try:
        family, *_, place = socket.getaddrinfo(address(), port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except PermissionError as error:
        raise SettingFault(
            f"This user may not take port {port}; choose one above 1023 with PUBLIC_URL, or "
            "give the user the right to it."
        ) from error
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno != errno.EADDRINUSE:
            raise SettingFault(
                f"TSUNAGU_LISTEN must be an address of this machine, not {address()!r}."
            ) from error
        raise taken from error


def run(settings: Settings) -> bool:
    """Serves until SIGINT; false when the server ended by itself."""
    from granian.constants import Interfaces
    from granian.server import Server

    web = Server(
        "api.server:worker_app",
        factory=True,
        address=address(),
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        log_level="warning",  # type: ignore[arg-type]
        websockets=False,
        workers_kill_timeout=10,
    )
    # Granian would reload on it, but the terminal is gone.
    web.on_startup(
        lambda: signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGINT))
    )
    try:
        web.serve()
    except SystemExit:
        return False
    return True


def worker_app() -> Any:
    """What a worker process serves; it ends at once when its parent is no more."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent hears it and stops us
    from api.app import app_from_environment

    return app_from_environment()


@contextmanager
def child(settings: Settings, command: str) -> Iterator[None]:
    """`tsunagu <command>` beside this process, from when it serves until it ends, however."""
    lock, begun = threading.Lock(), list[subprocess.Popen[bytes]]()
    is_over = threading.Event()

    def begin() -> None:
        _wait_until_ready(settings)
        with lock:
            if not is_over.is_set():
                begun.append(
                    subprocess.Popen(  # noqa: S603 - our own interpreter and name
                        [sys.executable, "-m", "api.cli", command, "--with-parent"],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.DEVNULL,
                        start_new_session=True,  # a key pressed is ours alone: we end it
                    )
                )

    threading.Thread(target=begin, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            is_over.set()
        for process in begun:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def end_with_input() -> None:
    """Whoever started us holds the other end, and lets go of it by ending, however it ends."""

    def follow() -> None:
        while os.read(0, 1):  # not by sys.stdin, whose lock would abort the interpreter's end
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """All that is said on standard error goes to `path`; the console sees only what is wrong.

    The file of the run before is kept as `<path>.1`.
    """
    with suppress(FileNotFoundError):
        path.replace(f"{path}.1")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    reader, writer = os.pipe()
    sys.stderr.flush()
    console = os.dup(2)

    def carry() -> None:
        with os.fdopen(reader, "rb") as said, os.fdopen(descriptor, "wb", 0) as log:
            for line in said:
                log.write(line)
                if QUIET not in line:
                    os.write(console, line)

    carrier = threading.Thread(target=carry, daemon=True)
    carrier.start()
    os.dup2(writer, 2)
    os.close(writer)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(console, 2)
        carrier.join(timeout=2)
        os.close(console)


def when_ready(settings: Settings, say: str) -> None:
    """Prints `say` once the server answers that it is ready; returns at once."""
    threading.Thread(target=_watch, args=(settings, say), daemon=True).start()


def _watch(settings: Settings, say: str) -> None:
    if _wait_until_ready(settings):
        sys.stdout.write(f"{say}\n")
        sys.stdout.flush()


def _wait_until_ready(settings: Settings) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address(), address())  # noqa: S104
    while time.monotonic() < deadline:
        # http.client goes past any proxy the environment names.
        connection = HTTPConnection(host, settings.port, timeout=2)
        with suppress(OSError, HTTPException):
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return True
        connection.close()
        time.sleep(0.02)
    return False
