"""`make run` on a bare machine: it starts, takes in files, stops whole, and survives its murder."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from api import demo as demo_network
from api.core.crypto import KeyRing
from api.core.embedded import EmbeddedPostgres
from tests.cli.console import Running, environment, running, tsunagu
from tests.pace import slowness
from tests.records.checkup_files import Examined, checkup
from tests.serving import free_port

GREETED = "Ctrl-C で終わります"
HANAKO = "1000000000000150"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("demo") / "home"
    yield environment(home, free_port())
    EmbeddedPostgres(home).stop()


def _postmaster(env: dict[str, str]) -> psutil.Process | None:
    path = Path(env["TSUNAGU_HOME"], "postgres", "data", "postmaster.pid")
    try:
        return psutil.Process(int(path.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None


def _assert_gone(family: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(family, timeout=60)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []


def _start(env: dict[str, str], said: Path) -> Running:
    started = Running("demo", env, said)
    started.wait_until_ready()
    started.wait_for(GREETED)
    return started


def test_a_start_cut_short_says_nothing_and_leaves_nothing_running(
    env: dict[str, str], tmp_path: Path
):
    started = Running("demo", env, tmp_path / "said")
    started.wait_for("preparing the demo data")
    family = started.family()
    assert started.press_ctrl_c() == 130
    assert "Traceback" not in started.said
    _assert_gone(family)
    assert _postmaster(env) is None


def test_a_start_killed_halfway_is_begun_anew(env: dict[str, str], tmp_path: Path):
    started = Running("demo", env, tmp_path / "said")
    started.wait_for("preparing the demo data")
    started.kill_everything()
    with running("demo", env, tmp_path / "again") as again:
        again.wait_for(GREETED)
        assert "preparing the demo data" in again.said


def test_it_greets_takes_in_files_and_stops_whole(env: dict[str, str], tmp_path: Path):
    with running("demo", env, tmp_path / "said") as demo:
        demo.wait_for(GREETED)
        # Only who serves greets; the links work, and the console stays readable.
        assert demo.status("/health/ready") == 200
        links = re.findall(r"http://localhost:\d+(/demo/sign-in/\S+)", demo.said)
        assert len(links) == 10
        assert all(demo.status(link) == 200 for link in links)
        assert '"event"' not in demo.said
        assert '"event"' in Path(env["TSUNAGU_HOME"], "server.log").read_text()
        # A second shell need not be told the port.
        elsewhere = {name: value for name, value in env.items() if name != "PUBLIC_URL"}
        assert tsunagu("demo-token", env=elsewhere).stdout.count(".") == 2

        files = tmp_path / "files"
        files.mkdir()
        (files / "broken.json").write_text('{"resourceType": "Bundle"')
        done = tsunagu("ingest", "fhir", str(files), env=env)
        assert done.returncode == 0, done.stderr
        assert "broken.json" in done.stdout
        assert "broken.json" not in done.stderr
        born, _ = demo_network._BIRTHS["hanako"]
        hers = Examined("ヤマモト　ハナコ", born, number="550001")
        (files / "checkup.xml").write_bytes(checkup(hers))
        done = tsunagu("ingest", "checkup", str(files), "--subject", f"550001={HANAKO}", env=env)
        assert done.returncode == 0, done.stderr
        assert re.search(r"(stored|保存) +checkup\.xml", done.stdout), done.stdout
        assert re.search(r"(set aside|保留) +broken\.json", done.stdout), done.stdout
        refused = tsunagu("ingest", "fhir", str(files), "--facility", "4399999999", env=env)
        assert refused.returncode == 2
        assert "no facility with the code 4399999999" in refused.stderr
        # The other process has gone and left the database to us.
        assert demo.status("/health/ready") == 200
        # Hanako's phone, browser and mailbox were told that she has a mailbox now.
        came = Path(env["TSUNAGU_HOME"], "demo_outbox")
        deadline = time.monotonic() + 60
        while len(list(came.glob("*.notice"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.2)
        ways = {json.loads(each.read_bytes())["way"] for each in came.glob("*.notice")}
        assert ways == {"phone", "browser", "mail"}
        assert demo.status("/demo/outbox") == 200

        family = demo.family()
        assert demo.press_ctrl_c() == 0
        assert "Traceback" not in demo.said
        assert "Fatal Python error" not in demo.said
    _assert_gone(family)
    assert _postmaster(env) is None


def test_a_second_start_takes_less_than_three_seconds(env: dict[str, str], tmp_path: Path):
    seconds = []
    while not seconds or (min(seconds) >= 3 and len(seconds) < 3):  # other work only slows it
        pace = slowness()
        begun = time.monotonic()
        with running("demo", env, tmp_path / f"said{len(seconds)}") as demo:
            demo.wait_until_ready()
            seconds.append((time.monotonic() - begun) / max(pace, slowness()))
    assert min(seconds) < 3


def test_after_everything_was_killed_it_just_starts(env: dict[str, str], tmp_path: Path):
    first = _start(env, tmp_path / "first")
    first.kill_everything()
    with running("demo", env, tmp_path / "second") as second:
        second.wait_for(GREETED)
        assert "preparing" not in second.said


def test_a_worker_does_not_outlive_its_parent(env: dict[str, str], tmp_path: Path):
    first = _start(env, tmp_path / "first")
    postmaster = _postmaster(env)
    assert postmaster is not None
    own = [first.process.pid, postmaster.pid, *(p.pid for p in postmaster.children())]
    workers = [each for each in first.family() if each.pid not in own]
    assert workers
    first.process.kill()
    first.process.wait()
    _assert_gone(workers)
    with running("demo", env, tmp_path / "second") as second:
        second.wait_for(GREETED)


def test_two_at_once_are_one_too_many(env: dict[str, str], tmp_path: Path):
    with running("demo", env, tmp_path / "said") as demo:
        demo.wait_for(GREETED)
        second = tsunagu("demo", env=env)
        assert second.returncode == 2
        assert "is in use by another program" in second.stderr
        assert demo.status("/health/ready") == 200


def test_the_demo_runs_on_another_server_and_comes_back(env: dict[str, str], tmp_path: Path):
    elsewhere = EmbeddedPostgres(tmp_path / "elsewhere")
    try:
        other = env | {"DATABASE_URL": elsewhere.start()}
        for said in ("first", "second"):
            with running("demo", other, tmp_path / said) as demo:
                demo.wait_for(GREETED)
                assert _postmaster(env) is None
                assert ("preparing" in demo.said) == (said == "first")
                token = tsunagu("demo-token", env=other)
                assert token.returncode == 0, token.stderr
    finally:
        elsewhere.stop()
    with running("demo", env, tmp_path / "back") as demo:
        demo.wait_for(GREETED)
        assert "preparing" not in demo.said
        assert tsunagu("demo-token", env=env).returncode == 0


def test_a_closed_terminal_stops_it_too(env: dict[str, str], tmp_path: Path):
    import os
    import signal

    demo = _start(env, tmp_path / "said")
    family = demo.family()
    os.killpg(demo.process.pid, signal.SIGHUP)
    demo.process.wait(timeout=60)
    _assert_gone(family)
    assert _postmaster(env) is None


def test_keys_are_nobody_elses(env: dict[str, str]):
    keys = KeyRing(Path(env["TSUNAGU_HOME"], "keys")).folder
    assert keys.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys.iterdir())
    assert Path(env["TSUNAGU_HOME"], "server.log").stat().st_mode & 0o077 == 0
