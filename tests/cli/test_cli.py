"""What an operator reads on the console: one sentence and exit code 2 for each mistake."""

import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from api.core.provisioning import app_dsn, ensure_database, provision
from api.core.settings import DEMO_PROFILE
from tests.cli.console import ROOT, environment, running, tsunagu
from tests.conftest import Deployment
from tests.serving import free_port


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "home", free_port())


@pytest.fixture
def with_keys(tmp_path: Path, database: Deployment) -> dict[str, str]:
    """A home of its own with the keys that open the run's database server."""
    shutil.copytree(database.keys.folder, tmp_path / "home" / "keys")
    return environment(tmp_path / "home", free_port())


def refusal(env: dict[str, str], *arguments: str) -> str:
    """The one sentence a refused command says."""
    done = tsunagu(*arguments, env=env)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    return sentence


async def _database_of(deployment: Deployment, name: str, kind: str | None) -> str:
    admin_dsn = await ensure_database(deployment.admin_dsn, name)
    await provision(admin_dsn, deployment.keys)
    if kind is not None:
        connection = await asyncpg.connect(app_dsn(admin_dsn, deployment.keys))
        await connection.execute(
            "INSERT INTO deployment (kind) VALUES ($1) ON CONFLICT DO NOTHING", kind
        )
        await connection.close()
    return admin_dsn


def test_a_port_in_use_is_said_and_no_database_is_left(env: dict[str, str]):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = refusal(env | {"PUBLIC_URL": f"http://localhost:{port}"}, "demo")
    assert sentence.startswith(f"Port {port} is in use by another program")
    assert not Path(env["TSUNAGU_HOME"], "postgres").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:secret@localhost:1/tsunagu", "localhost:1 cannot be used"),
        ("postgresql://me:secret@no-such-host.invalid/tsunagu", "no-such-host.invalid:5432"),
        ("postgresql://me:secret@localhost:five/tsunagu", "no connection string"),
        ("tsunagu", "no connection string"),
        ("mysql://me:secret@localhost/tsunagu", "no connection string"),
    ],
)
@pytest.mark.parametrize("command", ["demo", "migrate", "serve"])
def test_a_database_that_cannot_be_reached(env: dict[str, str], command: str, url: str, words: str):
    sentence = refusal(env | {"DATABASE_URL": url}, command)
    assert words in sentence
    assert "check DATABASE_URL. Nothing was changed." in sentence
    assert "secret" not in sentence


def test_a_wrong_password_is_said(env: dict[str, str], database: Deployment):
    url = database.admin_dsn.replace("postgres:", "postgres:not", 1)
    if url == database.admin_dsn:
        url = database.admin_dsn.replace("://", "://nobody:wrong@", 1)
    assert "password authentication failed" in refusal(env | {"DATABASE_URL": url}, "demo")


def test_an_older_postgresql_is_refused(env: dict[str, str]):
    with _postgresql("17.5") as port:
        sentence = refusal(env | {"DATABASE_URL": f"postgresql://me@127.0.0.1:{port}/x"}, "demo")
    assert sentence == (
        "Tsunagu needs PostgreSQL 18 or newer, and this server is 17; nothing was changed."
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WORKERS", "two", "WORKERS must be a whole number"),
        ("BODY_SECONDS", "0", "BODY_SECONDS must be a whole number"),
        ("PUBLIC_URL", "http://localhost:eight", "PUBLIC_URL must be an address"),
        ("TSUNAGU_LISTEN", "192.0.2.7", "TSUNAGU_LISTEN must be an address of this machine"),
        ("TSUNAGU_HOME", "/dev/null/home", "cannot"),
    ],
)
def test_a_setting_that_makes_no_sense(env: dict[str, str], name: str, value: str, words: str):
    assert words in refusal(env | {name: value}, "demo")


async def test_a_production_database_is_no_demo(env: dict[str, str], database: Deployment):
    admin_dsn = await _database_of(database, "tsunagu_cli_production", "production")
    sentence = refusal(env | {"DATABASE_URL": admin_dsn}, "demo")
    assert "was made as a production one and cannot serve as demo" in sentence
    # Nothing was changed: whoever serves on it still gets in.
    connection = await asyncpg.connect(app_dsn(admin_dsn, database.keys))
    assert await connection.fetchval("SELECT count(*) FROM network_profile") == 0
    await connection.close()


async def test_a_service_has_no_demo_door(
    with_keys: dict[str, str], database: Deployment, tmp_path: Path
):
    admin_dsn = await _database_of(database, "tsunagu_cli_production", "production")
    env = with_keys | {"DATABASE_URL": admin_dsn}
    assert "cannot serve as demo" in refusal(env | {"TSUNAGU_DEMO": "1"}, "serve")
    with running("serve", env, tmp_path / "said") as server:
        server.wait_until_ready()
        assert server.status("/demo/sign-in/anything") == 404
        assert server.status("/demo/sign-in") == 404


async def test_a_demo_does_not_serve_as_production(with_keys: dict[str, str], database: Deployment):
    admin_dsn = await _database_of(database, "tsunagu_cli_demo", "demo")
    sentence = refusal(with_keys | {"DATABASE_URL": admin_dsn}, "serve")
    assert "was made as a demo one and cannot serve as production" in sentence


async def test_a_service_needs_its_tables_first(with_keys: dict[str, str], database: Deployment):
    admin_dsn = await ensure_database(database.admin_dsn, "tsunagu_cli_empty")
    sentence = refusal(with_keys | {"DATABASE_URL": admin_dsn}, "serve")
    assert "run `tsunagu migrate` first" in sentence


async def test_every_fault_of_a_profile_is_listed_with_its_line(
    with_keys: dict[str, str], database: Deployment, tmp_path: Path
):
    source = DEMO_PROFILE.read_text().splitlines()
    first = next(i for i, line in enumerate(source) if line.startswith("version"))
    source[first] = "version = 0"
    second = next(i for i, line in enumerate(source) if line.startswith("id ="))
    source[second] = "id = 7"
    profile = tmp_path / "profile.toml"
    profile.write_text("\n".join(source))
    admin_dsn = await _database_of(database, "tsunagu_cli_profile", None)
    for command in ("demo", "serve"):
        done = tsunagu(
            command,
            env=with_keys
            | {"DATABASE_URL": admin_dsn, "TSUNAGU_PROFILE": str(profile), "TSUNAGU_DEMO": "1"},
        )
        assert done.returncode == 2
        assert "has faults and was not loaded" in done.stderr
        for number in (first, second):
            assert f"  line {number + 1}: " in done.stderr
        assert "Traceback" not in done.stderr
    connection = await asyncpg.connect(app_dsn(admin_dsn, database.keys))
    assert await connection.fetchval("SELECT count(*) FROM network_profile") == 0
    await connection.close()


def test_ingest_says_what_is_missing(env: dict[str, str], tmp_path: Path):
    assert "There is no database in" in refusal(env, "ingest", "fhir", str(tmp_path))
    done = tsunagu("ingest", "fhir", str(tmp_path), "--subject", "Patient/1", env=env)
    assert done.returncode == 2
    assert "REFERENCE=CARD" in done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make run` reads before there is a virtual environment."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def _make(checkout: Path, **env: str) -> subprocess.CompletedProcess[str]:
    python = env.pop("PYTHON")
    return subprocess.run(
        ["make", "run", f"PYTHON={python}"],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _fake_python(folder: Path, script: str) -> str:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_an_older_python_is_refused(checkout: Path):
    old = _fake_python(checkout, '[ "$1" = --version ] && echo Python 3.9.18 && exit; exit 1')
    done = _make(checkout, PATH="/usr/bin:/bin", PYTHON=old)
    assert done.returncode == 2
    assert done.stderr.startswith("Tsunagu needs Python 3.11 or newer (found: Python 3.9.18)")
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_not_there_is_said(checkout: Path):
    done = _make(checkout, PATH="/usr/bin:/bin", PYTHON="/nowhere/python3")
    assert done.returncode == 2
    assert done.stderr.startswith("Tsunagu needs Python 3.11 or newer (found: ")


def test_a_python_without_venv_is_said(checkout: Path):
    (checkout / "without" / "ensurepip").mkdir(parents=True)
    (checkout / "without" / "ensurepip" / "__init__.py").write_text("raise ImportError")
    done = _make(
        checkout,
        PATH="/usr/bin:/bin",
        PYTHONPATH=str(checkout / "without"),
        PYTHON=sys.executable,
    )
    assert done.returncode == 2
    assert "has no venv module; on Debian or Ubuntu: apt install python3-venv." in done.stderr
    assert not (checkout / ".venv").exists()


@contextmanager
def _postgresql(version: str) -> Iterator[int]:
    """A server that lets everyone in, says its version, and knows nothing else."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", len(body) + 4) + body

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            (code,) = struct.unpack_from("!I", connection.recv(8), 4)
            if code == 80877103:  # asks for TLS
                connection.sendall(b"N")
                connection.recv(8)
            connection.recv(4096)
            connection.sendall(
                message(b"R", struct.pack("!I", 0))
                + message(b"S", b"server_version\0" + version.encode() + b"\0")
                + message(b"S", b"client_encoding\0UTF8\0")
                + message(b"K", struct.pack("!II", 1, 1))
                + message(b"Z", b"I")
            )
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
