"""The operator takes in a storage at the console: stopped anywhere, watched, and reported on."""

import asyncio
import csv
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import demo
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.records.incoming import service as ingest
from tests.cli.console import COMMAND, ROOT, environment, tsunagu
from tests.conftest import Deployment
from tests.records import stored
from tests.records.conftest import Person, clinic, facility_id, hanako  # noqa: F401 - fixtures
from tests.records.ssmix2 import writing
from tests.records.ssmix2.writing import Wanted
from tests.serving import free_port

PER_NUMBER = 12
HOW = ("--facility", demo.CLINIC)


@pytest.fixture
def env(database: Deployment, people: dict[str, demo.Cast]) -> dict[str, str]:
    home = database.settings.home
    return environment(home, free_port(), APP_DATABASE_URL=database.app_dsn, LANG="en_US.UTF-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir()
    return folder


async def operator() -> Actor:
    return Actor(kind=ActorKind.OPERATOR, facility_id=await facility_id(demo.CLINIC))


async def many(root: Path, person: Person, numbers: int) -> int:
    """A storage in which Hanako has several numbers: each is a transaction or more."""
    acting = await operator()
    for n in range(numbers):
        number = f"{person.number}K{n:03}"
        await ingest.link_local_id(acting, person.id, number)
        for order in range(PER_NUMBER):
            writing.put(root, number, Wanted("OML-11", order=f"{order:015}"))
    return numbers * PER_NUMBER


def started(*arguments: str, env: dict[str, str], said: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "ingest", "ssmix2", *arguments],
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=said.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def on_terminal(
    *arguments: str, env: dict[str, str], terminal: int
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "ingest", "ssmix2", *arguments],
        env=env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=False,
        timeout=90,
    )


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for each in running:
        if each.poll() is None:
            each.kill()
            each.wait()


async def known(person: Person) -> int:
    async with unit_of_work(await operator()) as tx:
        return int(
            await tx.fetchval(
                "SELECT count(*) FROM ssmix2_file WHERE starts_with(patient, $1)", person.number
            )
        )


async def wait_for(person: Person, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while await known(person) < count:
        assert process.poll() is None
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_killed_in_the_middle_nothing_is_missing_and_nothing_twice(
    env: dict[str, str],
    root: Path,
    tmp_path: Path,
    hanako: Person,  # noqa: F811
    processes: list[subprocess.Popen[bytes]],
):
    total = await many(root, hanako, 40)
    deaths = 0
    for part in (PER_NUMBER, 8 * PER_NUMBER):
        process = started(str(root), *HOW, env=env, said=tmp_path / "said")
        processes.append(process)
        await wait_for(hanako, part, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        deaths += await known(hanako) < total
    assert deaths
    done = tsunagu("ingest", "ssmix2", str(root), *HOW, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    rows = await stored.records(hanako.id)
    assert len(rows) == 2 * total
    assert {(row["version"], row["is_current"]) for row in rows} == {(1, True)}
    assert len({row["identifier_value"] for row in rows}) == 2 * total
    again = tsunagu("ingest", "ssmix2", str(root), *HOW, env=env)
    assert f"{total:,}  unchanged" in again.stdout
    assert len(await stored.records(hanako.id)) == 2 * total


async def test_while_it_watches_new_files_and_flags_come_in_until_it_is_told_to_end(
    env: dict[str, str],
    root: Path,
    tmp_path: Path,
    hanako: Person,  # noqa: F811
    processes: list[subprocess.Popen[bytes]],
):
    first = writing.put(root, hanako.number, Wanted("OMP-01"))
    said = tmp_path / "said"
    process = started(str(root), *HOW, "--watch", "--every", "0.2", env=env, said=said)
    processes.append(process)
    await wait_for(hanako, 1, process)
    writing.put(root, hanako.number, Wanted("PPR-01"))
    await wait_for(hanako, 2, process)
    writing.reflag(first, "0")
    deadline = time.monotonic() + 60
    while "deleted (flag 0)" not in said.read_text():
        assert process.poll() is None
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert "Nothing was left half done" in said.read_text()
    rows = await stored.records(hanako.id)
    assert [row["resource_type"] for row in rows if row["is_current"]] == ["Condition"]


async def test_the_report_names_every_file_and_its_sums_agree(
    env: dict[str, str],
    root: Path,
    tmp_path: Path,
    hanako: Person,  # noqa: F811
):
    writing.put_all(root, hanako.number)
    writing.put(root, hanako.number, Wanted("OMP-01", order="2", pid="999"))
    (root / "README.txt").write_text("この中のファイルについて", "utf-8")
    table, sums = tmp_path / "report.csv", tmp_path / "report.json"
    done = tsunagu("ingest", "ssmix2", str(root), *HOW, "--report", str(sums), env=env)
    assert done.returncode == 0, done.stderr
    assert "28 files" in done.stdout
    assert "The patient number in the message (PID-3) is not that of the file name" in done.stdout
    report = json.loads(sums.read_text("utf-8"))
    assert report["files"] == len(report["lines"]) == sum(report["states"].values()) == 28
    assert report["states"]["stored"] == 25
    done = tsunagu(
        "ingest", "ssmix2", str(root), *HOW, "--report", str(table), env=env | {"LANG": "ja_JP"}
    )
    assert "変更なし" in done.stdout
    assert "保留" in done.stdout
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert len(rows) == 28
    assert {row["state"] for row in rows} == {"unchanged", "quarantined", "not_a_message"}


async def test_on_a_terminal_a_bar_says_how_far_how_fast_and_how_long(
    env: dict[str, str],
    root: Path,
    hanako: Person,  # noqa: F811
):
    writing.put_all(root, hanako.number)
    master, terminal = pty.openpty()
    done = on_terminal(str(root), *HOW, env=env, terminal=terminal)
    os.close(terminal)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert done.returncode == 0
    assert "100%  26 of 26 files" in shown
    assert "/s  0:00:00 left" in shown


def test_a_wrong_wish_is_refused_before_anything_is_read(env: dict[str, str], tmp_path: Path):
    for more, words in (
        (("--report", str(tmp_path / "report.txt")), "neither a .json nor a .csv"),
        (("--report", str(tmp_path / "report.csv"), "--watch"), "leave out --watch"),
        (("--facility", "0000000000"), "no facility with the code"),
    ):
        done = tsunagu("ingest", "ssmix2", str(tmp_path), *more, env=env)
        assert done.returncode == 2
        assert words in done.stderr
    nowhere = tsunagu("ingest", "ssmix2", str(tmp_path / "nowhere"), *HOW, env=env)
    assert (nowhere.returncode, "There is no folder" in nowhere.stderr) == (2, True)
