"""Pushing: to honest witnesses, and to such as are gone, slow, mistaken or lying."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log.transparency import notes
from api.access_log.verifier import COSIGNATURE, cosigned_at, parse_note
from api.access_log.witnessing import client, door
from api.access_log.witnessing.app import create_app
from api.access_log.witnessing.client import Pushed, push_all
from api.access_log.witnessing.door import Fault, WitnessFault
from api.access_log.witnessing.listed import Witness, read_witnesses
from api.access_log.witnessing.store import Store
from api.access_log.witnessing.witness import Witness as Deeds
from api.core import clock
from api.core.settings import SettingFault
from tests.access_log.witness.logs import Log, asking

KEY = Ed25519PrivateKey.generate()
LIAR = Witness(notes.vkey("liar.example", KEY, COSIGNATURE), "http://liar.example/w")


@pytest.fixture
def log():
    return Log("log.example.jp/network", size=50)


class Net:
    """Hosts by name; whoever is not there is unreachable."""

    def __init__(self, tmp_path):
        self._folder = tmp_path
        self.hosts = {}
        self.requests = []

    def witness(self, log, name="honest.example", *, is_mirror=False, keeps_entries=True):
        store = Store(self._folder / name, name)
        deeds = Deeds(store, [log.vkey], is_mirror=is_mirror and keeps_entries)
        self.hosts[name] = httpx.ASGITransport(create_app(deeds))
        return Witness(store.vkey, f"http://{name}/witness/v1", is_mirror)

    def liar(self, status=200, body=b"", kind="text/plain", state=None):
        def answer(request):
            if request.url.path.endswith("/state"):
                return streamed(200, state) if state else streamed(404, b"")
            text = body(request) if callable(body) else body
            return streamed(status, text, kind)

        self.hosts["liar.example"] = httpx.MockTransport(answer)
        return LIAR

    async def handle_async_request(self, request):
        self.requests.append(request.url.path)
        host = self.hosts.get(request.url.host)
        if host is None:
            raise httpx.ConnectError("nobody there")
        return await host.handle_async_request(request)


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, net):
        self.handle_async_request = net.handle_async_request


@pytest.fixture
def net(tmp_path, monkeypatch):
    net = Net(tmp_path)
    monkeypatch.setattr(
        client, "opened", lambda: httpx.AsyncClient(transport=_Transport(net), timeout=door.TIMEOUT)
    )
    return net


def streamed(status, content, kind="application/json"):
    async def parts():
        yield content

    return httpx.Response(status, content=parts(), headers={"content-type": kind})


async def pushed(log, witness, known=0) -> Pushed:
    (result,) = await push_all(log, [witness], {witness.key: known})
    return result


def cosigned(log, seconds=None, key=KEY, name="liar.example"):
    seconds = int(clock.now().timestamp()) if seconds is None else seconds
    return str(notes.cosignature_line(log.signed().text, name, key, seconds)).encode()


async def test_a_witness_is_told_and_its_cosignature_comes_back_checked(net, log):
    witness = net.witness(log)
    first = await pushed(log, witness)
    assert (first.size, first.fault, first.is_alarm) == (50, None, False)
    note = log.signed()
    whole = note._replace(lines=(*note.lines, first.cosignature))
    assert cosigned_at(parse_note(str(whole)), witness.key) is not None
    log.grow(7)
    assert (await pushed(log, witness, 50)).size == 57
    assert len(net.requests) == 2
    log.grow(7)
    assert (await pushed(log, witness, 11)).size == 64  # a forgotten size is learnt
    assert len(net.requests) == 4
    assert (await pushed(log, witness, 10_000)).fault is None  # a wrong one too


async def test_a_mirror_gets_the_entries_it_lacks_and_gives_them_back(net, log, monkeypatch):
    monkeypatch.setattr(client, "MOST_ENTRIES", 7)
    witness = net.witness(log, is_mirror=True)
    assert (await pushed(log, witness)).mirrored == 50
    log.grow(10)
    assert (await pushed(log, witness, 50)).mirrored == 60
    parts = [part async for part in client.recovered(witness, log.origin, 3, 60)]
    assert b"".join(parts) == log.raw(3)
    assert len(parts) == 9
    seen = await client.seen(witness, log.origin, [log.vkey])
    assert seen.text == log.signed().text
    with pytest.raises(WitnessFault):
        [part async for part in client.recovered(witness, log.origin, 60, 61)]
    assert await client.seen(witness, "other.example", [log.vkey]) is None


async def test_altered_entries_reach_no_mirror(net, log):
    witness = net.witness(log, is_mirror=True)
    await pushed(log, witness)
    altered = log.forked(at=55, size=55)
    log.grow(10)
    altered.grow(5)

    class Altered(Log):
        """Signs one tree, and hands out another's entries."""

        async def entries(self, start, end):
            return altered.raw(start, end)

    altered_log = Altered(log.origin, log.key)
    altered_log.held = log.held
    result = await pushed(altered_log, witness, 50)
    assert (result.size, result.mirrored, result.fault) == (60, None, Fault.ENTRIES_REFUSED)
    assert not result.must_halt
    assert result.cosignature


async def test_a_witness_that_keeps_no_entries_is_no_mirror(net, log):
    witness = net.witness(log, is_mirror=True, keeps_entries=False)
    result = await pushed(log, witness)
    assert (result.size, result.fault) == (50, Fault.NO_MIRROR)
    assert result.cosignature


async def test_one_that_is_gone_and_one_that_never_answers_delay_nobody(net, log, monkeypatch):
    monkeypatch.setattr(door, "PATIENCE", 2)

    class Never(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            await asyncio.Event().wait()

    honest = net.witness(log)
    net.hosts["slow.example"] = Never()
    slow = Witness(LIAR.key, "http://slow.example/w")
    gone = Witness(LIAR.key._replace(name="gone.example"), "http://gone.example/w")
    results = await push_all(log, [gone, slow, honest])
    assert [each.fault for each in results] == [Fault.UNREACHABLE, Fault.TOO_SLOW, None]
    assert [each.witness for each in results] == [gone, slow, honest]


async def test_a_log_shorter_than_witnessed_is_an_alarm_with_the_evidence(net, log):
    witness = net.witness(log)
    whole = log.forked(at=50, size=60)
    assert (await pushed(whole, witness)).size == 60
    result = await pushed(log, witness, 50)
    assert (result.fault, result.size) == (Fault.SHORTER, 60)
    assert result.is_alarm
    assert result.must_halt
    assert parse_note(result.evidence).text == whole.signed().text


async def test_a_log_that_grew_meanwhile_is_no_alarm(net, log):
    """Another worker has pushed more than we knew when we began."""
    witness = net.witness(log)

    class Growing(Log):
        async def consistency_proof(self, old_size, size):
            if self.size == 50:
                self.grow(10)
                assert (await pushed(log, witness)).size == 60
            return self.proof(old_size, size)

    growing = Growing(log.origin, log.key)
    log.held = growing.held = log.held
    result = await pushed(growing, witness)
    assert (result.fault, result.size) == (None, 60)


@pytest.mark.parametrize("size", [50, 60])
async def test_another_history_is_an_alarm_with_the_evidence(net, log, size):
    witness = net.witness(log)
    assert (await pushed(log, witness)).size == 50
    fork = log.forked(at=20, size=size)
    result = await pushed(fork, witness, 50)
    assert (result.fault, result.must_halt) == (Fault.FORKED, True)
    assert parse_note(result.evidence).text == log.signed().text


@pytest.mark.parametrize(
    ("status", "body", "kind", "fault", "halts"),
    [
        (200, b"", "text/plain", Fault.NOT_UNDERSTOOD, False),
        (200, b"\xff", "text/plain", Fault.NOT_UNDERSTOOD, False),
        (200, b"<html>", "text/html", Fault.NOT_UNDERSTOOD, False),
        (403, b"", "text/plain", Fault.KEY_UNKNOWN, False),
        (404, b"", "text/plain", Fault.LOG_UNKNOWN, False),
        (400, b"", "text/plain", Fault.REFUSED, False),
        (500, b"", "text/plain", Fault.REFUSED, False),
        (302, b"", "text/plain", Fault.REFUSED, False),
        (409, b"50\n", "text/plain", Fault.NOT_UNDERSTOOD, False),
        (409, b"50", "text/x.tlog.size", Fault.NOT_UNDERSTOOD, False),
        (409, b"-1\n", "text/x.tlog.size", Fault.NOT_UNDERSTOOD, False),
        (409, b"\xff\n", "text/x.tlog.size", Fault.NOT_UNDERSTOOD, False),
        (409, b"0\n", "text/x.tlog.size", Fault.REFUSED, False),
        (409, b"40\n", "text/x.tlog.size", Fault.REFUSED, False),
        (409, b"51\n", "text/x.tlog.size", Fault.SHORTER, True),
        (422, b"", "text/plain", Fault.FORKED, False),
    ],
)
async def test_every_wrong_answer_has_its_name(net, log, status, body, kind, fault, halts):
    """A fork without evidence alarms and does not halt: whoever is in between may have made it."""
    result = await pushed(log, net.liar(status, body, kind))
    assert (result.fault, result.must_halt, result.cosignature) == (fault, halts, None)
    assert result.evidence is None


async def test_only_the_configured_key_s_cosignature_of_this_checkpoint_counts(net, log):
    other = Ed25519PrivateKey.generate()
    assert (await pushed(log, net.liar(body=cosigned(log)))).fault is None
    assert (await pushed(log, net.liar(body=cosigned(log, key=other)))).fault is Fault.FORGED
    assert (await pushed(log, net.liar(body=cosigned(log, name="x")))).fault is Fault.FORGED
    fork = log.forked(at=20, size=50)
    assert (await pushed(log, net.liar(body=cosigned(fork)))).fault is Fault.FORGED
    both = cosigned(log, key=other) + cosigned(log)
    taken = await pushed(log, net.liar(body=both))
    assert taken.fault is None
    assert str(taken.cosignature).encode() == cosigned(log, taken_at(taken))


def taken_at(result):
    return int.from_bytes(result.cosignature.signature[:8])


async def test_a_cosignature_from_the_future_is_not_taken(net, log):
    soon = int((clock.now() + timedelta(minutes=4)).timestamp())
    late = int((clock.now() + timedelta(minutes=6)).timestamp())
    assert (await pushed(log, net.liar(body=cosigned(log, soon)))).fault is None
    assert (await pushed(log, net.liar(body=cosigned(log, late)))).fault is Fault.CLOCK_AHEAD


async def test_an_endless_answer_ends(net, log):
    def endless(_):
        async def parts():
            while True:
                yield bytes(100_000)

        return httpx.Response(200, content=parts())

    net.hosts["liar.example"] = httpx.MockTransport(endless)
    assert (await pushed(log, LIAR)).fault is Fault.NOT_UNDERSTOOD


@pytest.mark.parametrize("kind", ["not json", "a stranger's checkpoint", "not its cosignature"])
async def test_no_evidence_is_made_up(net, log, kind):
    """Only what we signed ourselves proves anything against us."""
    bigger = log.forked(at=50, size=60)
    signer = Ed25519PrivateKey.generate() if kind == "a stranger's checkpoint" else log.key
    note = bigger.signed(key=signer)
    cosigner = Ed25519PrivateKey.generate() if kind == "not its cosignature" else KEY
    line = notes.cosignature_line(note.text, "liar.example", cosigner, 1)
    whole = str(note._replace(lines=(*note.lines, line)))
    seen = {"origin": log.origin, "size": 60, "root": "", "cosigned_at": 1, "mirrored": 0}
    logs = [seen | {"checkpoint": whole, "fork": None}]
    state = json.dumps({"witness": "", "logs": logs}).encode()
    if kind == "not json":
        state = b"<html>"
    result = await pushed(log, net.liar(409, b"60\n", "text/x.tlog.size", state))
    assert (result.fault, result.evidence) == (Fault.SHORTER, None)


async def test_before_the_first_checkpoint_there_is_nothing_to_push(net):
    empty = Log("log.example.jp/empty")
    empty.held = []
    assert (await pushed(empty, LIAR)).fault is Fault.NO_CHECKPOINT
    assert await push_all(empty, []) == []


def test_the_list_of_witnesses_is_read_line_by_line(tmp_path):
    path = tmp_path / "witnesses"
    assert read_witnesses(path) == ()
    second = notes.vkey("b.example", KEY, COSIGNATURE)
    path.write_text(
        f"# ours\n\n{LIAR.key} https://a.example/witness/v1/\n  {second}  http://b:81/w  mirror\n"
    )
    assert read_witnesses(path) == (
        Witness(LIAR.key, "https://a.example/witness/v1"),
        Witness(second, "http://b:81/w", is_mirror=True),
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (str(LIAR.key), "was expected"),
        (f"{LIAR.key} https://a.example/w mirrors", "was expected"),
        (f"{LIAR.key} https://a.example/w mirror more", "was expected"),
        (f"{LIAR.key} a.example/w", "an address such as"),
        (f"{LIAR.key} ftp://a.example/w", "an address such as"),
        (f"{LIAR.key} https:///w", "an address such as"),
        (f"{LIAR.key} https://a.example/w?x=1", "an address such as"),
        (f"{notes.vkey('a', KEY)} https://a.example/w", "type 4"),
        (f"{str(LIAR.key)[:-4]}AAA= https://a.example/w", "key"),
        ("gibberish https://a.example/w", "expected"),
        (f"{LIAR.key} https://b.example/w\n{LIAR.key} https://b.example/w", "stands above"),
    ],
    ids=range(1, 12),  # the key is another in each process
)
def test_a_bad_line_is_named_by_its_number(tmp_path, line, says):
    path = tmp_path / "witnesses"
    path.write_text(f"# first\n{line}\n")
    number = 2 + line.count("\n")
    with pytest.raises(SettingFault, match=f"witnesses, line {number}: .*{says}"):
        read_witnesses(path)


async def test_what_is_sent_is_what_c2sp_says(net, log):
    bodies = []
    answer = cosigned(log)

    def keep(request):
        bodies.append(request.content)
        return answer

    await pushed(log, net.liar(body=keep), 13)
    assert bodies == [asking(13, log.proof(13), log.signed())]
    assert net.requests == ["/w/add-checkpoint"]
