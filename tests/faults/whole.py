"""After whatever happened: nothing that was answered is missing, and nothing was signed twice."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from api.access_log.transparency import entries, notes, tree
from api.access_log.transparency.entries import EntryType
from api.access_log.verifier import (
    ZEROS,
    Checkpoint,
    Vkey,
    commit_hash,
    is_signed,
    parse_checkpoint,
    parse_note,
    parse_receipt,
)
from api.core.crypto import KeyRing
from tests.access_log.witness.logs import naive_root
from tests.cli.console import tsunagu
from tests.faults.conftest import House
from tests.faults.load import Load

READ: Final = "records:record:read"
_IS_SEALED: Final = (
    "SELECT NOT EXISTS (SELECT FROM access_event e WHERE NOT EXISTS"
    r" (SELECT FROM log_entry l WHERE l.entry = '\x0101'::bytea || e.commit))"
    " AND (SELECT max(size) FROM log_checkpoint) = (SELECT max(idx) + 1 FROM log_entry)"
)


async def check_rows(house: House, load: Load) -> None:
    """Each answer has its row; the numbers have no gap, each commit names the one before."""
    admin = await house.admin()
    try:
        heads = await admin.fetch(
            "SELECT participant_id, last_pseq, last_commit, owes FROM access_log_head"
        )
        rows = await admin.fetch(
            "SELECT participant_id, pseq, at, event, inner_hash, prev, commit FROM access_event"
            " ORDER BY participant_id, pseq"
        )
    finally:
        await admin.close()
    logged = {(row["participant_id"], row["commit"]): row for row in rows}
    assert len(logged) == len(rows)
    commits = {parse_receipt(each.receipt).commit for each in load.answered}
    assert len(commits) == len(load.answered), "two answers share an event"
    for each in load.answered:
        row = logged.get((each.participant_id, parse_receipt(each.receipt).commit))
        assert row is not None, "an answered read is not in the log"
        assert row["event"] == READ
    chains: defaultdict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        chains[row["participant_id"]].append(row)
    for head in heads:
        last = check_chain(head["participant_id"], chains[head["participant_id"]])
        assert (head["last_pseq"], head["last_commit"]) == last
        assert head["owes"] == []


def check_chain(participant: UUID, rows: Sequence[asyncpg.Record]) -> tuple[int, bytes]:
    number, previous = 0, ZEROS
    for row in rows:
        number += 1
        assert (row["pseq"], row["prev"]) == (number, previous), "the numbers have a gap"
        at = int(row["at"].timestamp()) * 1_000_000 + row["at"].microsecond
        previous = commit_hash(row["inner_hash"], participant.bytes, number, previous, at)
        assert row["commit"] == previous
    return number, previous


async def check_tree(house: House, load: Load) -> int:
    """All that is committed is in the tree, every root was made of it, and a size was signed once.

    Answers how many entries there are.
    """
    sealed, commits, stored, key = await _sealed(house)
    assert len(set(sealed)) == len(sealed)
    events = {each[2:] for each in sealed if each[1] == EntryType.PARTICIPANT_EVENT}
    assert events == commits
    for each in load.answered:
        receipt = parse_receipt(each.receipt)
        assert receipt.is_signed(key)
        assert receipt.commit in events
    source = tree.over(entries.leaves(b"".join(sealed)))
    signed = {_checkpoint(text, key) for text in {*stored, *load.checkpoints}}
    assert len({each.size for each in signed}) == len(signed), "a size was signed twice"
    for each in signed:
        assert each.root == tree.root(source, each.size)
    newest = max(signed, key=lambda each: each.size)
    assert (newest.size, newest.root) == (len(sealed), naive_root(sealed))
    return len(sealed)


async def check_all(house: House) -> None:
    """As its operator would."""
    looked = await asyncio.to_thread(tsunagu, "log", "fsck", env=house.env)
    assert looked.returncode == 0, looked.stdout + looked.stderr


async def _sealed(house: House) -> tuple[list[bytes], set[bytes], list[str], Vkey]:
    """Once everything has been sealed: entries, commits, checkpoints, and the log's key."""
    admin = await house.admin()
    deadline = time.monotonic() + 120
    try:
        while not await admin.fetchval(_IS_SEALED):
            assert await admin.fetchval("SELECT halted_reason FROM log_state") is None
            assert time.monotonic() < deadline, "events do not come into the tree"
            await asyncio.sleep(0.1)
        origin = await admin.fetchval("SELECT origin FROM log_state")
        rows = await admin.fetch("SELECT entry FROM log_entry ORDER BY idx")
        commits = await admin.fetch("SELECT commit FROM access_event")
        notes_ = await admin.fetch("SELECT note FROM log_checkpoint")
    finally:
        await admin.close()
    return (
        [row["entry"] for row in rows],
        {row["commit"] for row in commits},
        [row["note"] for row in notes_],
        notes.vkey(origin, KeyRing(house.home / "keys").log.current().private),
    )


def _checkpoint(text: str, key: Vkey) -> Checkpoint:
    note = parse_note(text)
    assert is_signed(note, key)
    return parse_checkpoint(note.text)
