"""As the package says."""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import msgspec

from api.core import embedded
from api.core.crypto import KeyRing
from tests.access_log.tamper import page
from tests.access_log.tamper.running import run
from tests.access_log.tamper.table import KINDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.access_log.tamper")
    parser.add_argument("ids", nargs="*", choices=[*KINDS, []], help="all, where none is named")
    parser.add_argument("--write", action="store_true", help="write the page anew, do nothing")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each kind")
    options = parser.parse_args()
    if options.write:
        page.PLACE.write_text(page.page(), encoding="utf-8")
        return 0
    with tempfile.TemporaryDirectory(prefix="tsunagu-tamper-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL's own user passes through
        with _server(Path(folder)) as (dsn, roles):
            return asyncio.run(_all(dsn, roles, Path(folder), options))


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[str, KeyRing]]:
    """That of TAMPER_SERVER, whose roles have the passwords in TAMPER_ROLES; or our own."""
    given = os.environ.get("TAMPER_SERVER")
    if given:
        yield given, KeyRing(Path(os.environ["TAMPER_ROLES"]))
        return
    server = embedded.EmbeddedPostgres(folder)
    try:
        with mock.patch.dict(embedded.SETTINGS, fsync="off"):
            dsn = server.start()
        yield dsn, KeyRing(folder / "keys")
    finally:
        server.stop()


async def _all(dsn: str, roles: KeyRing, folder: Path, options: argparse.Namespace) -> int:
    wrong = 0
    async for kind, seen in run(dsn, folder / "tamper", roles, options.ids):
        said = {by.value: words for by, words in seen.items()}
        if options.json:
            line = msgspec.json.encode({"kind": kind.id, "seen": said}).decode()
        else:
            is_right = seen.keys() == kind.by
            line = f"{'  ' if is_right else '!!'} {kind.id}: {said}"
            wrong += not is_right
        print(line, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
