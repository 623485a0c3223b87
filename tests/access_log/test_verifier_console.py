"""What a journalist reads who runs the one file, and an operator who runs the command."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api import cli
from api.access_log import verifier as v
from tests.access_log.synthetic import HANAKO, HOUR, TARO, WITNESSES, Log


@pytest.fixture
def log() -> Log:
    log = Log()
    for _ in range(3):
        log.append(HANAKO)
    log.append(TARO)
    log.seal()
    log.count()
    return log


@pytest.fixture
def bundle(log: Log, tmp_path: Path) -> Path:
    return written(tmp_path / "bundle.json", log.bundle(witnesses=WITNESSES))


def written(path: Path, bundle) -> Path:
    path.write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")
    return path


def test_the_file_works_alone(bundle: Path, log: Log, tmp_path: Path):
    alone = Path(shutil.copy(v.__file__, tmp_path / "verifier.py"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-X", "utf8", alone, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("bundle.json", "--key", str(log.vkeys[0]), "--witness", str(WITNESSES[0].vkey))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "VERIFIED: nothing is missing, nothing was altered.\n"
        "\n"
        "Log          log.example.jp/synthetic, 6 entries\n"
        f"Participant  {HANAKO}\n"
        "Events       1 to 3\n"
        "Counted      exactly 3 on 2025-05-03 00:00:05 UTC\n"
        "Witnesses    witness.example.org/one at 2025-05-03 00:00:05 UTC\n"
    )
    assert run("nowhere.json").returncode == 2
    assert "verifier.py" in run("--help").stdout


def test_the_file_needs_one_library():
    tree = ast.parse(Path(v.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {
        name.partition(".")[0]
        for node in imports
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else named(node))
    }
    assert modules - sys.stdlib_module_names == {"cryptography"}


def named(node: ast.Import) -> list[str]:
    return [each.name for each in node.names]


@pytest.mark.parametrize("is_command", [True, False])
def test_both_ways_to_start_it_answer_alike(bundle: Path, capsys, is_command: bool):
    start = (
        (lambda *each: cli.main(["verify", *each])) if is_command else lambda *each: v.main([*each])
    )
    assert start(str(bundle)) == 0
    assert capsys.readouterr().out.startswith("VERIFIED, if the key is the log's:")


def test_the_command_needs_no_settings(bundle: Path, monkeypatch, capsys):
    monkeypatch.setenv("PUBLIC_URL", "nonsense")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere")
    assert cli.main(["verify", str(bundle)]) == 0
    assert "VERIFIED" in capsys.readouterr().out


def test_a_key_on_trust_is_said_and_shown(bundle: Path, log: Log, capsys):
    assert v.main([str(bundle)]) == 0
    said = capsys.readouterr().out
    assert said.endswith(f"with --key: {log.vkeys[0]}\n")
    assert "on trust" in said
    assert v.main([str(bundle), "--key", str(log.vkeys[0])]) == 0
    assert "on trust" not in capsys.readouterr().out


def test_no_name_is_printed_and_nothing_to_steer_a_terminal(log: Log, tmp_path: Path, capsys):
    bent = log.bundle() | {"origin": "\x1b[2J\x9bm"}
    assert v.main([str(written(tmp_path / "bent.json", bent))]) == 1
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert "佐藤" not in said


def test_the_exit_code_tells_what_was_found(log: Log, tmp_path: Path, capsys):
    fine = written(tmp_path / "fine.json", log.bundle())
    bent = log.bundle()
    bent["events"][1]["at"] += 1
    altered = written(tmp_path / "altered.json", bent)
    cut = tmp_path / "cut.json"
    cut.write_text(fine.read_text()[:500])
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe")
    alone = Log()
    alone.append(HANAKO)
    alone.seal()
    young = written(tmp_path / "young.json", alone.bundle())
    proof = tmp_path / "2.tlog-proof"
    proof.write_text(log.proof(log.events[HANAKO][1]))
    key = ["--key", str(log.vkeys[0])]
    for arguments, code, word in [
        ([fine], 0, "VERIFIED"),
        ([altered], 1, "Event 2 is not what was committed to."),
        ([cut], 2, "UNREADABLE"),
        ([binary], 2, "UNREADABLE"),
        ([tmp_path / "none.json"], 2, "UNREADABLE"),
        ([tmp_path], 2, "UNREADABLE"),
        ([fine, "--key", "nonsense"], 2, "UNREADABLE"),
        ([fine, "--witness", str(log.vkeys[0])], 2, "UNREADABLE"),
        ([fine, "--remember", altered], 2, "UNREADABLE"),
        ([young], 3, "PENDING"),
        ([proof, *key], 0, "VERIFIED: this event is in the log."),
        ([proof], 1, "--key"),
    ]:
        assert v.main(list(map(str, arguments))) == code, arguments
        said = capsys.readouterr()
        assert word in said.out + said.err
        assert "Traceback" not in said.out + said.err


def test_what_was_seen_is_remembered_until_it_no_longer_holds(log: Log, tmp_path: Path, capsys):
    memory = tmp_path / "memory.json"
    remember = ["--remember", str(memory)]
    first = written(tmp_path / "first.json", log.bundle())
    assert v.main([str(first), *remember]) == 0
    kept = memory.read_text()
    since = log.size
    log.append(HANAKO)
    log.seal()
    log.count()

    unlinked = written(tmp_path / "unlinked.json", log.bundle())
    assert v.main([str(unlinked), *remember]) == 1
    assert f"?since={since}" in capsys.readouterr().out
    assert memory.read_text() == kept

    later = written(tmp_path / "later.json", log.bundle(since=since))
    assert v.main([str(later), *remember]) == 0
    assert "on trust" not in capsys.readouterr().out
    assert memory.read_text() != kept
    assert v.main([str(first), *remember]) == 1
    assert "shorter than it was" in capsys.readouterr().out

    other = Log(now=log.now - HOUR)
    other.append(HANAKO)
    other.seal()
    other.count()
    other.pad(log.size - other.size)
    rewritten = written(tmp_path / "rewritten.json", other.bundle())
    assert v.main([str(rewritten), *remember]) == 1
    assert "has been rewritten" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.new"))
