"""Whatever is done to the log, exactly those notice who are said to."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.access_log.tamper import page
from tests.access_log.tamper.kinds import By, Kind
from tests.access_log.tamper.table import KINDS
from tests.cli.console import ROOT

Noticed = dict[str, dict[str, str]]


class Line(msgspec.Struct):
    kind: str
    seen: dict[str, str]


@pytest.fixture(scope="module")
def noticed(request: pytest.FixtureRequest, home: Path, server_dsn: str) -> Noticed:
    """In a process of its own: it opens one database after the other where the tests have one."""
    chosen = {
        item.callspec.params["kind"].id
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    }
    ids = [] if chosen == set(KINDS) else sorted(chosen)
    done = subprocess.run(
        [sys.executable, "-m", "tests.access_log.tamper", "--json", *ids],
        env=os.environ | {"TAMPER_SERVER": server_dsn, "TAMPER_ROLES": str(home / "keys")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-8000:]
    lines = [msgspec.json.decode(line, type=Line) for line in done.stdout.splitlines()]
    return {line.kind: line.seen for line in lines}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_tampering_is_noticed_by_whom_the_table_names(noticed: Noticed, kind: Kind):
    assert set(noticed[kind.id]) == {by.value for by in kind.by}, noticed[kind.id]


def test_a_receipt_whose_event_is_gone_alarms_the_auditor(noticed: Noticed):
    """The leaf alone is no answer."""
    for name in ("deleted-middle", "tail-unseen", "unsealed-event"):
        if name in noticed:
            assert "unknown" in noticed[name]["facility"]


def test_no_tampering_goes_unnoticed():
    assert [kind.id for kind in KINDS.values() if not kind.by] == ["nothing"]
    assert len(KINDS) > 30


def test_everybody_in_the_table_notices_something():
    assert {by for kind in KINDS.values() for by in kind.by} == set(By)


def test_the_published_table_is_this_one():
    assert page.PLACE.read_text(encoding="utf-8") == page.page(), (
        "python -m tests.access_log.tamper --write"
    )
