"""The folder of a witness: what it survives, and what it refuses to start on."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.access_log.verifier import COSIGNATURE, cosigned_at, parse_note, parse_vkey
from api.access_log.witnessing.store import Store
from api.access_log.witnessing.witness import Witness
from api.core.settings import SettingFault
from tests.access_log.witness.logs import Log, asking, handing


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def log():
    return Log("log.example.jp/network", size=50)


def witness_of(folder, log, *, is_mirror=True):
    store = Store(folder)
    store.check()
    return Witness(store, [log.vkey], is_mirror=is_mirror)


def filled(folder, log):
    """Has cosigned size 20, then 50, and keeps 30 entries."""
    witness = witness_of(folder, log)
    assert witness.add_checkpoint(asking(0, [], log.signed(20))).status == 200
    assert witness.add_checkpoint(asking(20, log.proof(20), log.signed())).status == 200
    assert witness.add_entries(log.origin, 0, handing(log.proof(30), log.raw(0, 30))).status == 200
    return witness


def only(folder, suffix):
    (found,) = (folder / "logs").glob(f"*{suffix}")
    return found


def test_a_key_is_made_once_and_keeps_its_name(folder):
    first = Store(folder, "witness.example.jp/1")
    assert parse_vkey(str(first.vkey), COSIGNATURE).name == "witness.example.jp/1"
    assert Store(folder).vkey == Store(folder, "witness.example.jp/1").vkey == first.vkey
    with pytest.raises(SettingFault, match="keeps its name"):
        Store(folder, "witness.example.jp/2")
    assert (folder / "witness.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["a b", "a+b", "\u3000"])
def test_a_name_fit_for_a_key_is_asked_for(folder, name):
    with pytest.raises(SettingFault, match="no spaces and no plus"):
        Store(folder, name)


def test_many_first_starts_at_once_make_one_key(folder):
    with ThreadPoolExecutor(8) as pool:
        keys = {str(store.vkey) for store in pool.map(lambda _: Store(folder), range(8))}
    assert len(keys) == 1


def test_what_was_cosigned_is_known_after_a_restart(folder, log):
    filled(folder, log)
    again = witness_of(folder, log)
    assert again.add_checkpoint(asking(0, [], log.signed(20))).content == b"50\n"
    assert again.add_checkpoint(asking(20, [], log.signed(20))).status == 409
    fork = log.forked(at=20, size=60)
    assert again.add_checkpoint(asking(50, fork.proof(50), fork.signed())).status == 422
    log.grow(10)
    assert again.add_checkpoint(asking(50, log.proof(50), log.signed())).status == 200
    assert again.entries(log.origin, 0, 100).content == log.raw(0, 30)


def test_the_note_kept_is_the_one_cosigned(folder, log):
    witness = filled(folder, log)
    note = parse_note(only(folder, ".note").read_text())
    assert note.text == log.signed().text
    assert cosigned_at(note, parse_vkey(witness.key().content.decode().strip(), COSIGNATURE))


def test_two_checkpoints_of_one_size_are_kept_as_proof(folder, log):
    witness = filled(folder, log)
    fork = log.forked(at=20, size=50)
    answer = witness.add_checkpoint(asking(50, [], fork.signed()))
    assert (answer.status, answer.content, answer.media_type) == (409, b"50\n", "text/x.tlog.size")
    assert parse_note(only(folder, ".fork").read_text()).text == fork.signed().text
    assert b'"fork":"log.example.jp' in witness.state().content


@pytest.mark.parametrize("suffix", [".note", ".mirrored"])
def test_no_damaged_byte_is_started_on(folder, log, suffix):
    """The log's signature apart, which the witness's own does not cover and nothing rests on."""
    filled(folder, log)
    path = only(folder, suffix)
    whole = path.read_bytes()
    signature = range(len(log.signed().text) + 1, whole.rfind(b"\n", 0, -1) + 1)
    for place in set(range(len(whole))) - set(signature if suffix == ".note" else ()):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(SettingFault, match="damaged"):
            Store(folder).check()
    for end in range(0, len(whole), 3):
        path.write_bytes(whole[:end])
        with pytest.raises(SettingFault, match="damaged"):
            Store(folder).check()
    path.write_bytes(whole)
    Store(folder).check()


def test_no_damaged_entry_is_started_on_and_it_says_what_to_do(folder, log):
    filled(folder, log)
    path = only(folder, ".entries")
    whole = path.read_bytes()
    for bent in (b"\2" + whole[1:], whole[:-1], whole[34:], whole[:-34], b""):
        path.write_bytes(bent)
        with pytest.raises(SettingFault, match=r"\.entries is damaged\. Remove this file"):
            Store(folder).check()
    path.unlink()
    only(folder, ".mirrored").unlink()
    again = witness_of(folder, log)
    assert again.add_entries(log.origin, 0, handing([], log.raw(0))).status == 200


def test_a_lost_note_or_key_or_a_swapped_file_is_not_started_on(folder, log):
    filled(folder, log)
    note = only(folder, ".note")
    hidden = note.rename(folder / "hidden")
    with pytest.raises(SettingFault, match=r"\.note is missing.*Never put an older copy"):
        Store(folder).check()
    hidden.rename(note.with_stem("0" * 64))
    with pytest.raises(SettingFault, match="the file of another log"):
        Store(folder).check()
    note.with_stem("0" * 64).rename(note)
    pem = folder / "witness.pem"
    kept = pem.read_bytes()
    pem.unlink()
    with pytest.raises(SettingFault, match=r"witness\.pem is missing, and there are checkpoints"):
        Store(folder)
    pem.write_bytes(kept[:40])
    with pytest.raises(SettingFault, match="no whole key"):
        Store(folder)


def test_what_a_crash_left_half_written_is_of_no_account(folder, log):
    filled(folder, log)
    note = only(folder, ".note")
    note.with_name(f"{note.name}.draft").write_bytes(b"half a no")
    with only(folder, ".entries").open("ab") as file:
        file.write(os.urandom(100))
    again = witness_of(folder, log)
    assert again.entries(log.origin, 0, 1000).content == log.raw(0, 30)
    assert again.add_entries(log.origin, 30, handing([], log.raw(30))).status == 200
    assert only(folder, ".entries").read_bytes() == log.raw(0)
    assert witness_of(folder, log).entries(log.origin, 25, 1000).content == log.raw(25)


@pytest.mark.parametrize("failing", ["pwrite", "fsync", "replace"])
def test_a_disk_that_fails_changes_nothing_and_gives_no_cosignature(
    folder, log, monkeypatch, failing
):
    witness = filled(folder, log)
    before = witness.state().content

    def full(*_):
        raise OSError(28, "No space left on device")

    target = "pathlib.Path.replace" if failing == "replace" else f"os.{failing}"
    log.grow(5)
    with monkeypatch.context() as patch:
        patch.setattr(target, full)
        with pytest.raises(OSError, match="No space"):
            witness.add_checkpoint(asking(50, log.proof(50), log.signed()))
        with pytest.raises(OSError, match="No space"):
            witness.add_entries(log.origin, 30, handing(log.proof(40, 50), log.raw(30, 40)))
    assert witness.state().content == before
    assert witness_of(folder, log).state().content == before


def test_a_mirror_keeps_only_what_the_log_has_signed(folder, log):
    witness = filled(folder, log)
    fork = log.forked(at=40, size=50)
    tries = {
        "of another history": (30, fork.proof(45), fork.raw(30, 45), 422),
        "with the right proof": (30, log.proof(45), fork.raw(30, 45), 422),
        "out of place": (30, log.proof(45), log.raw(29, 44), 422),
        "without a proof": (30, [], log.raw(30, 45), 422),
        "after a gap": (31, log.proof(45), log.raw(31, 45), 409),
        "kept already": (0, log.proof(30), log.raw(0, 30), 409),
        "more than were signed": (30, [], log.raw(30) + log.raw(0, 1), 400),
        "half an entry": (30, log.proof(45), log.raw(30, 45)[:-1], 400),
    }
    for what, (start, proof, raw, status) in tries.items():
        assert witness.add_entries(log.origin, start, handing(proof, raw)).status == status, what
        assert only(folder, ".entries").read_bytes() == log.raw(0, 30)
    assert witness.add_entries(log.origin, 31, b"\n" + bytes(34)).content == b"30\n"
    assert witness.add_entries("other.example", 0, b"\n" + bytes(34)).status == 404
    assert witness.entries("other.example", 0, 1).status == 404
    answer = witness.add_entries(log.origin, 30, handing([], log.raw(30)))
    assert answer.content == b"50\n"


def test_a_witness_that_is_no_mirror_takes_no_entries(folder, log):
    witness = witness_of(folder, log, is_mirror=False)
    assert witness.add_checkpoint(asking(0, [], log.signed())).status == 200
    assert witness.add_entries(log.origin, 0, handing([], log.raw(0))).status == 404


def test_two_stores_on_one_folder_go_on_where_the_other_stands(folder, log):
    """Each remembers an edge of its own; the file decides."""
    first, second = filled(folder, log), witness_of(folder, log)
    assert second.add_entries(log.origin, 30, handing(log.proof(45), log.raw(30, 45))).status == 200
    assert first.add_entries(log.origin, 30, handing(log.proof(45), log.raw(30, 45))).status == 409
    assert first.add_entries(log.origin, 45, handing([], log.raw(45))).status == 200
    assert second.entries(log.origin, 0, 50).content == log.raw(0)
