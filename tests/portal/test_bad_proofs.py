"""What came broken, too early, or from elsewhere: clear words, and never a check."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import service as access_log
from api.access_log import verifier
from api.access_log.events import EventName
from api.access_log.sealing import service as sealing
from api.access_log.sealing.sealer import LogKeys, Sealer
from api.access_log.transparency import notes
from api.core.database import unit_of_work
from tests.access_log.sealed import seal
from tests.conftest import Deployment
from tests.portal.scene import Visitor

DAY = 24 * 3600


@pytest.fixture
async def fetched(hanako: Visitor, database: Deployment, tmp_path: Path) -> Path:
    """Hanako's file, as her app has it from the server, and the log's key beside it."""
    async with unit_of_work(hanako.actor) as tx:
        for _ in range(4):
            await access_log.append(tx, EventName.DESK_CODE_MADE, detail={"level": 0})
    await seal(database)
    keep(tmp_path / "key", (await hanako.ask("/log/v1/keys")).json()["keys"][0].encode())
    return keep(tmp_path / "bundle.json", (await hanako.ask("/me/access-log/bundle")).content)


def keep(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def kept(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def key_of(path: Path) -> str:
    return kept(path.parent / "key")


def checked(path: Path, *arguments: str, now: float | None = None) -> int:
    with mock.patch.object(time, "time_ns", return_value=int((now or time.time()) * 10**9)):
        return verifier.main([str(path), *arguments])


def pieces(whole: bytes) -> Iterator[bytes]:
    """Beginnings of many lengths, the longest one byte short."""
    step = max(1, len(whole) // 60)
    yield from (whole[:end] for end in range(0, len(whole), step))
    yield whole[:-1]


async def test_the_whole_file_is_good(fetched: Path, capsys):
    assert checked(fetched, "--key", key_of(fetched)) in (0, 3)
    assert "FAILED" not in capsys.readouterr().out


async def test_a_file_that_was_cut_off_is_unreadable(fetched: Path, capsys):
    for piece in pieces(kept(fetched).encode()):
        keep(fetched, piece)
        assert checked(fetched, "--key", key_of(fetched)) == 2
        said = capsys.readouterr()
        assert "UNREADABLE" in said.out + said.err
        assert "VERIFIED" not in said.out + said.err


async def test_a_proof_that_was_cut_off_is_never_good(hanako: Visitor, fetched: Path, capsys):
    whole = (await hanako.ask("/me/access-log/2.tlog-proof")).content
    path = fetched.with_name("2.tlog-proof")
    keep(path, whole)
    assert checked(path, "--key", key_of(fetched)) == 0
    capsys.readouterr()
    for piece in pieces(whole):
        keep(path, piece)
        assert checked(path, "--key", key_of(fetched)) in (1, 2)
        assert "VERIFIED" not in capsys.readouterr().out


async def test_the_key_of_another_log_does_not_fit(fetched: Path, capsys):
    other = notes.vkey("localhost/another", Ed25519PrivateKey.generate())
    assert checked(fetched, "--key", str(other)) == 1
    assert "The file is of another log" in capsys.readouterr().out


async def test_a_key_nobody_vouches_for_does_not_fit(fetched: Path, capsys):
    origin = verifier.parse_vkey(key_of(fetched)).name
    other = notes.vkey(origin, Ed25519PrivateKey.generate())
    assert checked(fetched, "--key", str(other)) == 1
    said = capsys.readouterr().out
    assert "FAILED" in said
    assert "a key that nothing you trust leads to" in said


async def test_a_file_from_a_time_that_has_not_come_is_not_believed(fetched: Path, capsys):
    assert checked(fetched, "--key", key_of(fetched), now=time.time() - DAY) == 1
    assert "bears a time that has not come yet" in capsys.readouterr().out


async def test_a_checkpoint_the_log_has_not_reached_is_asked_after_in_vain(
    hanako: Visitor, fetched: Path, tmp_path: Path, capsys
):
    """Somebody's phone remembers more than there is: the log has been rolled back."""
    memory = tmp_path / "memory"
    assert checked(fetched, "--key", key_of(fetched), "--remember", str(memory)) in (0, 3)
    capsys.readouterr()
    seen = verifier.read_remembered(kept(memory))
    size = seen.checkpoint.size + 1000
    text = verifier.checkpoint_text(seen.checkpoint.origin, size, bytes(32))
    later = seen._replace(
        note=seen.note._replace(text=text), checkpoint=verifier.parse_checkpoint(text)
    )
    keep(memory, str(later).encode())
    answer = await hanako.ask(f"/me/access-log/bundle?since={size}")
    assert answer.status_code == 200
    assert answer.json()["consistency"] is None
    keep(fetched, answer.content)
    assert checked(fetched, "--remember", str(memory)) == 1
    assert "The log is shorter than it was" in capsys.readouterr().out
    assert kept(memory) == str(later)  # what failed is not remembered


@pytest.mark.parametrize(
    "query",
    ["since=-1", "since=x", "since=1.5", f"since={2**64}", "from=-1", "from=%00",
     f"from={10**40}", "since=١"],
)  # fmt: skip
async def test_a_size_or_number_that_is_none_is_refused(hanako: Visitor, fetched: Path, query: str):
    answer = await hanako.ask(f"/me/access-log/bundle?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"].startswith("urn:tsunagu:problem:")


async def test_what_is_left_out_is_missed_by_whoever_has_not_seen_it(
    hanako: Visitor, fetched: Path, database: Deployment, capsys
):
    connection = await sealing.connect(database.app_dsn, database.keys)
    keys = LogKeys(database.keys.log, database.keys.log_blind, database.keys.log_master)
    sealer = Sealer(connection, keys, database.settings.home, timedelta(0))
    for _ in range(2):  # a head map, and its entry
        await sealer.round()
    await connection.close()
    answer = await hanako.ask("/me/access-log/bundle?from=2")
    assert answer.json()["from"]["number"] == 2
    keep(fetched, answer.content)
    assert checked(fetched, "--key", key_of(fetched)) == 1
    assert "Event 1 is not there" in capsys.readouterr().out


async def test_the_file_of_somebody_else_says_whose_it_is(
    hanako: Visitor, yumi: Visitor, fetched: Path, capsys
):
    keep(fetched, (await yumi.ask("/me/access-log/bundle")).content)
    checked(fetched, "--key", key_of(fetched))
    said = capsys.readouterr().out
    assert f"Participant  {yumi.actor.participant_id}" in said
    assert str(hanako.actor.participant_id) not in said


async def test_an_event_of_somebody_else_makes_the_file_fail(
    hanako: Visitor, yumi: Visitor, fetched: Path, database: Deployment, capsys
):
    async with unit_of_work(yumi.actor) as tx:
        for _ in range(4):
            await access_log.append(tx, EventName.DESK_CODE_MADE, detail={"level": 0})
    await seal(database)
    own = msgspec.json.decode((await hanako.ask("/me/access-log/bundle")).content)
    other = msgspec.json.decode((await yumi.ask("/me/access-log/bundle")).content)
    foreign = next(each for each in other["events"] if each["number"] == 2)
    own["events"] = [foreign if each["number"] == 2 else each for each in own["events"]]
    keep(fetched, msgspec.json.encode(own))
    assert checked(fetched, "--key", key_of(fetched)) == 1
    assert "Event 2 is not what was committed to" in capsys.readouterr().out
    for claimed in (own, other):
        claimed["participant"] = str(hanako.actor.participant_id)
        keep(fetched, msgspec.json.encode(claimed))
        assert checked(fetched, "--key", key_of(fetched)) == 1


async def test_only_a_participant_has_a_log_to_prove(
    hanako: Visitor, sato: Visitor, ueda: Visitor, auditor: Visitor, fetched: Path
):
    for visitor in (sato, ueda, auditor):
        for path in ("/me/access-log/bundle", "/me/access-log/2.tlog-proof"):
            assert (await visitor.ask(path)).status_code in (403, 404)
    for token in ("", "nobody"):
        answer = await hanako.browser.get(
            "/me/access-log/bundle", headers={"authorization": f"Bearer {token}", "cookie": ""}
        )
        assert answer.status_code == 401
