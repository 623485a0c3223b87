"""Appending, sealing, publishing, crashing and restoring in every order; a phone looks on."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.access_log.sealing import last_checkpoint, queries, restoring, stored
from api.access_log.sealing.halting import Reason
from api.access_log.sealing.sealer import Sealer
from api.access_log.verifier import Checkpoint, is_consistent, parse_checkpoint, parse_note
from api.core.crypto import KeyRing
from tests.access_log.conftest import build_house, pull_down
from tests.access_log.house import LogHouse, root_of
from tests.access_log.test_restoring import copied

PEOPLE = 3
EXAMPLES = int(os.environ.get("LOG_MACHINE_EXAMPLES") or 0)  # of a soak, other ones every time
STEPS = 16


class Log(RuleBasedStateMachine):
    """The model: what was committed, and every checkpoint that was ever published."""

    keys: KeyRing
    server_dsn: str

    @initialize()
    def build(self) -> None:
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="tsunagu-machine-")
        self.house: LogHouse = self.run(
            build_house(self.keys, self.server_dsn, Path(self.folder.name))
        )
        self.people: list[UUID] = [self.run(self.house.participant()) for _ in range(PEOPLE)]
        self.committed: set[bytes] = set()
        self.open: tuple[asyncpg.Connection, list[bytes], UUID] | None = None
        self.published: list[Checkpoint] = []
        self.sealer: Sealer = self.run(self.house.sealer(share=True))
        self.backup: tuple[str, set[bytes]] | None = None

    def run(self, deed: Awaitable[Any]) -> Any:
        async def done() -> Any:
            return await deed

        return self.loop.run(done())

    @rule(who=st.integers(0, PEOPLE - 1), count=st.integers(1, 40))
    def append(self, who: int, count: int) -> None:
        if self.open is not None and self.open[2] == self.people[who]:
            return  # its head is locked
        self.committed |= set(self.run(self.house.append(self.people[who], count)))

    @precondition(lambda self: self.open is None)
    @rule(who=st.integers(0, PEOPLE - 1), count=st.integers(1, 3))
    def begin_slowly(self, who: int, count: int) -> None:
        connection = self.run(asyncpg.connect(self.house.admin_dsn))
        self.run(connection.execute("BEGIN"))
        commits = self.run(self.house.append(self.people[who], count, connection))
        self.open = (connection, commits, self.people[who])

    @precondition(lambda self: self.open is not None)
    @rule(is_kept=st.booleans())
    def end_at_last(self, is_kept: bool) -> None:
        assert self.open is not None
        connection, commits, _ = self.open
        self.run(connection.execute("COMMIT" if is_kept else "ROLLBACK"))
        self.run(connection.close())
        self.committed |= set(commits) if is_kept else set()
        self.open = None

    @rule()
    def seal(self) -> None:
        self.run(self.sealer.round())

    @rule(where=st.sampled_from(["before the root", "after the root", "after the disk"]))
    def crash(self, where: str) -> None:
        """The sealer dies in the midst of a round, and another one follows."""
        place, name = {
            "before the root": (queries, "add_root"),
            "after the root": (last_checkpoint, "write"),
            "after the disk": (queries, "add_checkpoint"),
        }[where]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place, name, _dies)
            with suppress(OSError):
                self.run(self.sealer.round())
        self.sealer = self.run(self.house.sealer(share=True))

    @rule()
    def publish(self) -> None:
        """A phone that has seen every checkpoint verifies that each only adds to the last."""
        newest = self.run(self.house.checkpoint())
        if newest is None:
            return
        if self.published:
            old = self.published[-1]
            assert newest.size >= old.size
            proof = self.run(stored.consistency(self.house.admin, old.size, newest.size))
            assert is_consistent(old.size, old.root, newest.size, newest.root, proof)
        self.published.append(newest)

    @precondition(lambda self: self.open is None)
    @rule()
    def back_up(self) -> None:
        self.backup = (self.run(copied(self.house)), set(self.committed))
        self.sealer = self.run(self.house.sealer(share=True))

    @precondition(lambda self: self.backup is not None and self.open is None)
    @rule()
    def restore(self) -> None:
        """What was signed since cannot be signed again; where nothing was, all goes on."""
        assert self.backup is not None
        name, committed = self.backup
        before = self.house.name
        kept = last_checkpoint.read(self.house.home)
        signed = parse_checkpoint(parse_note(kept).text).size if kept else 0
        self.run(self.house.enter(name))
        here = self.run(self.house.checkpoint())
        is_behind = signed > len(self.run(self.house.entries()))
        self.run(self.house.append(self.people[0]))
        self.run(self.run(self.house.sealer(share=True)).round())
        if is_behind:
            assert self.run(self.house.halted()) == Reason.ROLLED_BACK
            assert self.run(self.house.checkpoint()) == here
            self.run(self.house.enter(before))  # the old one is found again
        else:
            self.committed = committed | self.run(self.house.commits())
        self.backup = None
        self.run(self.house.leave())
        self.run(self._check_restored())
        self.run(self.house.enter(self.house.name))
        self.sealer = self.run(self.house.sealer(share=True))

    async def _check_restored(self) -> None:
        connection = await self.house.connect()
        done = await restoring.check(connection, self.house.log_keys, self.house.home, None)
        assert done.report.findings == []
        connection.terminate()

    @invariant()
    def every_checkpoint_is_the_root_of_its_entries(self) -> None:
        if not hasattr(self, "house"):
            return
        newest = self.run(self.house.checkpoint())
        if newest is not None:
            sealed = self.run(self.house.entries())
            assert newest.root == root_of(sealed[: newest.size])
        assert self.run(self.house.halted()) is None

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        try:
            if self.open is not None:
                self.end_at_last(is_kept=True)
            self.run(self.sealer.round())
            self.run(self.house.assert_whole())
            assert self.run(self.house.commits()) == self.committed
            self.publish()
        finally:
            self.run(pull_down(self.house, self.server_dsn))
            self.loop.close()
            self.folder.cleanup()


def _dies(*_: object) -> None:
    raise OSError("killed")


def test_whatever_happens_in_whatever_order(log_template: KeyRing, server_dsn: str) -> None:
    Log.keys, Log.server_dsn = log_template, server_dsn
    run_state_machine_as_test(
        Log,
        settings=hypothesis.settings(
            max_examples=EXAMPLES or 4,
            derandomize=not EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=(hypothesis.Phase.generate,),  # shrinking real work would take hours
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
