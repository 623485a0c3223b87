"""Witnesses as real processes on the loopback: killed, raced, lied to."""

import json
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log.verifier import (
    COSIGNATURE,
    cosigned_at,
    is_consistent,
    parse_checkpoint,
    parse_note,
    parse_vkey,
)
from api.access_log.witnessing import client, process
from api.access_log.witnessing.client import push_all
from api.access_log.witnessing.door import Fault
from api.core.settings import SettingFault
from tests.access_log.witness.logs import Log, asking, handing, naive_root
from tests.access_log.witness.running import Running, tsunagu_witness
from tests.serving import free_port

NAMES = ("network", "killed", "raced", "recovered", "lied", "pushed")
LOGS = {name: Log(f"log.example.jp/{name}", size=40) for name in NAMES}


@pytest.fixture(scope="module")
def witnesses(tmp_path_factory):
    """Two, each with a store of its own."""
    folder = tmp_path_factory.mktemp("witnesses")
    both = [Running(folder / name, list(LOGS.values())) for name in ("first", "second")]
    yield [each.ready() for each in both]
    assert [each.stop() for each in both] == [130, 130]


def test_it_cosigns_what_follows_and_refuses_all_else_in_plain_words(witnesses):
    log, (witness, _) = LOGS["network"], witnesses
    answer = witness.push(asking(0, [], log.signed(30)))
    assert answer.status_code == 200
    note = parse_note(str(log.signed(30)) + answer.text)
    assert abs(cosigned_at(note, witness.vkey) - time.time()) < 60
    fork = log.forked(at=20, size=40)
    bent = [bytes([each[0] ^ 1]) + each[1:] for each in log.proof(30)]
    stranger = Ed25519PrivateKey.generate()
    tries = {
        "fork": (asking(30, fork.proof(30), fork.signed()), 422),
        "fork of one size": (asking(30, [], fork.signed(30)), 409),
        "rollback": (asking(25, [], log.signed(25)), 409),
        "rollback said openly": (asking(30, [], log.signed(25)), 400),
        "replay": (asking(0, [], log.signed(30)), 409),
        "bent proof": (asking(30, bent, log.signed()), 422),
        "wrong key": (asking(30, log.proof(30), log.signed(key=stranger)), 403),
        "unknown log": (asking(0, [], Log("log.example.jp/unknown").signed()), 404),
        "truncated": (asking(30, log.proof(30), log.signed())[:-30], 400),
        "empty": (b"", 400),
    }
    for what, (body, status) in tries.items():
        answer = witness.push(body)
        assert answer.status_code == status, what
        assert "—" not in answer.text, what
        assert answer.text.endswith("\n"), what
        kind = "text/x.tlog.size" if status == 409 else "text/plain; charset=utf-8"
        assert answer.headers["content-type"] == kind, what
    assert witness.push(tries["replay"][0]).text == "30\n"
    assert witness.state(log)["size"] == 30
    assert witness.push(asking(30, log.proof(30), log.signed())).status_code == 200


def test_too_large_a_body_is_cut_off(witnesses):
    witness = witnesses[0]
    assert witness.push(bytes(1 << 20)).status_code == 413
    chunks = (bytes(1000) for _ in range(1000))
    assert witness.push(chunks).status_code == 413
    place = {"origin": "log.example.jp/network", "from": 0}
    answer = witness.http.post(f"{witness.url}/add-entries", params=place, content=bytes(1 << 22))
    assert (answer.status_code, answer.text) == (413, "Too large.\n")
    for query in (
        "origin=a",
        "origin=a&from=-1&count=1",
        "from=0&count=1",
        f"origin=a&from={1 << 64}",
    ):
        assert witness.http.get(f"{witness.url}/entries?{query}").status_code == 400
    assert witness.http.get(f"{witness.url}/elsewhere").status_code == 404


def test_a_connection_that_breaks_off_changes_nothing(witnesses):
    log, (witness, _) = LOGS["network"], witnesses
    before = witness.state(log)
    log.grow(5)
    body = asking(log.size - 5, log.proof(log.size - 5), log.signed())
    head = f"POST /witness/v1/add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
    for end in (0, 10, len(body) - 1):
        with socket.create_connection(("127.0.0.1", witness.port)) as connection:
            connection.sendall(f"{head}\r\n\r\n".encode() + body[:end])
    time.sleep(0.2)
    assert witness.state(log) == before
    assert witness.push(body).status_code == 200


def test_a_witness_killed_in_the_midst_of_pushes_forgets_nothing(witnesses):
    log, (first, second) = LOGS["killed"], witnesses
    confirmed = {first: 0, second: 0}
    is_over = threading.Event()

    def pushing(witness):
        while not is_over.is_set():
            old = confirmed[witness]
            new = old + 1
            try:
                answer = witness.push(asking(old, log.proof(old, new), log.signed(new)))
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == 409:  # it had kept what it could not answer any more
                assert int(answer.text) == old + 1
            else:
                assert answer.status_code == 200, answer.text
            confirmed[witness] = old + 1

    log.grow(20_000)
    log.signed = memoized(log.signed)
    log.proof = memoized(log.proof)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(pushing, each) for each in (first, second)]
        for _ in range(2):
            time.sleep(random.uniform(0.3, 0.6))
            first.kill()
            at_death, others = confirmed[first], confirmed[second]
            goes_on(running, lambda others=others: confirmed[second] > others)
            first.start().ready()
            assert first.state(log)["size"] >= at_death
        goes_on(running, lambda: min(confirmed.values()) > 2)
        is_over.set()
        for each in running:
            each.result()
    for witness in (first, second):
        assert witness.state(log)["size"] == confirmed[witness] > 2
        note = parse_note(witness.state(log)["checkpoint"])
        assert note.text == log.signed(confirmed[witness]).text
        assert cosigned_at(note, witness.vkey) is not None


def goes_on(running, until):
    """Waits, as long as those who push go on."""
    while not until():
        assert not any(each.done() for each in running)
        time.sleep(0.01)


def memoized(function):
    known = {}

    def answering(*arguments):
        if arguments not in known:
            known[arguments] = function(*arguments)
        return known[arguments]

    return answering


def test_two_processes_on_one_store_cosign_one_history(witnesses):
    """Two histories of one key are pushed to both at once; which wins does not matter."""
    log, (_, witness) = LOGS["raced"], witnesses
    log.grow(60)
    beside = Running(witness.store, list(LOGS.values())).ready()
    fork = log.forked(at=20, size=100)
    cosigned = []

    def pushing(to, history):
        old = 0
        for new in range(1, 101, 3):
            answer = to.push(asking(old, history.proof(old, new), history.signed(new)))
            if answer.status_code == 200:
                cosigned.append((new, naive_root(history.held[:new])))
            if answer.status_code in (200, 409):
                old = new if answer.status_code == 200 else int(answer.text)

    try:
        with ThreadPoolExecutor(4) as pool:
            for to, history in ((witness, log), (beside, fork), (witness, fork), (beside, log)):
                pool.submit(pushing, to, history)
        assert beside.vkey == witness.vkey
        assert beside.state(log) == witness.state(log)
    finally:
        beside.stop()
    assert len(cosigned) > 20
    heads = {size: root for size, root in cosigned}
    assert len(set(cosigned)) == len(heads)
    assert any(
        all(root == naive_root(history.held[:size]) for size, root in heads.items())
        for history in (log, fork)
    )


async def test_a_mirror_brings_back_every_entry_after_a_restore(witnesses):
    """The log comes back from a backup with 40 of its 90 entries."""
    log, (witness, _) = LOGS["recovered"], witnesses
    whole = Log(log.origin, log.key)
    whole.held = list(log.held)
    whole.grow(50)
    (pushed,) = await push_all(whole, [witness.listed])
    assert (pushed.size, pushed.mirrored, pushed.fault) == (90, 90, None)
    witness.kill()
    witness.start().ready()
    (alarm,) = await push_all(log, [witness.listed], {witness.vkey: 40})
    assert (alarm.fault, alarm.size, alarm.must_halt) == (Fault.SHORTER, 90, True)
    note = await client.seen(witness.listed, log.origin, [log.vkey])
    _, size, root = parse_checkpoint(note.text)
    parts = [each async for each in client.recovered(witness.listed, log.origin, 40, size)]
    raw = b"".join(parts)
    log.held += [raw[start : start + 34] for start in range(0, len(raw), 34)]
    assert log.held == whole.held
    assert naive_root(log.held) == root
    (again,) = await push_all(log.grow(3), [witness.listed])
    assert (again.size, again.mirrored, again.fault) == (93, 93, None)


async def test_a_dead_witness_costs_the_others_nothing(witnesses):
    log = LOGS["pushed"]
    gone = witnesses[0].listed._replace(url=f"http://127.0.0.1:{free_port()}/witness/v1")
    results = await push_all(log, [gone, witnesses[1].listed])
    assert [each.fault for each in results] == [Fault.UNREACHABLE, None]
    assert results[1].mirrored == log.size


def test_wrong_entries_are_refused_and_nothing_of_them_is_kept(witnesses):
    log, (witness, _) = LOGS["lied"], witnesses
    witness.push(asking(0, [], log.signed()))
    fork = log.forked(at=10, size=40)

    def hand(proof, raw):
        place = {"origin": log.origin, "from": 0}
        answer = witness.http.post(
            f"{witness.url}/add-entries", params=place, content=handing(proof, raw)
        )
        return answer.status_code

    assert hand([], fork.raw(0)) == 422
    assert hand(fork.proof(20), fork.raw(0, 20)) == 422
    assert hand(log.proof(20), log.raw(0, 20)[:-1]) == 400
    assert witness.state(log)["mirrored"] == 0
    assert hand(log.proof(20), log.raw(0, 20)) == 200
    assert witness.state(log)["mirrored"] == 20


def test_what_it_knows_is_there_for_everybody(witnesses):
    log, (witness, _) = LOGS["lied"], witnesses
    seen = witness.state(log)
    note = parse_note(seen["checkpoint"])
    assert parse_checkpoint(note.text)[1:] == (40, naive_root(log.held))
    assert seen["size"] == 40
    assert is_consistent(40, naive_root(log.held), 40, parse_checkpoint(note.text).root, [])
    assert json.loads(witness.http.get(f"{witness.url}/state").text)["witness"] == str(witness.vkey)


def test_the_command_makes_a_key_once_and_refuses_a_damaged_store(tmp_path, witnesses):
    store, key = tmp_path / "w", str(LOGS["network"].vkey)
    first = tsunagu_witness("key", "--store", store, "--name", "witness.example.jp/1")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"{process.vkey(store, None)}\n"
    assert parse_vkey(first.stdout.strip(), COSIGNATURE).name == "witness.example.jp/1"
    (store / "logs" / ("0" * 64 + ".note")).write_text("something else")
    ended = tsunagu_witness("serve", "--store", store, "--log", key)
    assert ended.returncode == 2
    assert "is damaged" in ended.stderr
    assert "Never put an older copy" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_else_it_cannot_start_on_is_said_in_one_sentence(tmp_path, witnesses):
    key, taken = str(LOGS["network"].vkey), f"127.0.0.1:{witnesses[0].port}"
    for keys, place, says in (
        ([str(witnesses[0].vkey)], taken, "a log's verifier key"),
        ([key], "somewhere", "HOST:PORT"),
        ([key], "127.0.0.1:65536", "HOST:PORT"),
        ([key], taken, "cannot be listened on"),
    ):
        with pytest.raises(SettingFault, match=says):
            process.serve(tmp_path / "w", keys, place)
