"""What came of showing the log to its witnesses."""

import asyncpg

from api.access_log.witnessing.client import Pushed


async def witness_states(connection: asyncpg.Connection) -> dict[str, asyncpg.Record]:
    rows = await connection.fetch(
        "SELECT witness, size, cosigned_at, fault, faulty_since FROM witness_state"
    )
    return {row["witness"]: row for row in rows}


async def witnessed_sizes(connection: asyncpg.Connection) -> dict[str, int]:
    rows = await connection.fetch("SELECT witness, size FROM witness_state")
    return {row["witness"]: row["size"] for row in rows}


async def keep_pushed(connection: asyncpg.Connection, pushed: Pushed) -> None:
    witness, is_good = str(pushed.witness.key), pushed.cosignature is not None
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO witness_state AS s (witness, url, is_mirror, size, mirrored, cosigned_at,"
            "  tried_at, fault, faulty_since, evidence)"
            " VALUES ($1, $2, $3, coalesce($4::bigint, 0), coalesce($5::bigint, 0),"
            "  CASE WHEN $6::boolean THEN $7::timestamptz END, $7::timestamptz, $8::text,"
            "  CASE WHEN $8::text IS NOT NULL THEN $7::timestamptz END, $9::text)"
            " ON CONFLICT (witness) DO UPDATE SET url = excluded.url,"
            "  is_mirror = excluded.is_mirror, size = coalesce($4::bigint, s.size),"
            "  mirrored = coalesce($5::bigint, s.mirrored),"
            "  cosigned_at = coalesce(excluded.cosigned_at, s.cosigned_at),"
            "  tried_at = excluded.tried_at, fault = excluded.fault,"
            "  evidence = coalesce(excluded.evidence, s.evidence), faulty_since ="
            "  CASE WHEN excluded.fault IS NOT NULL"
            "   THEN coalesce(s.faulty_since, excluded.faulty_since) END",
            witness,
            pushed.witness.url,
            pushed.witness.is_mirror,
            pushed.size,
            pushed.mirrored,
            is_good,
            pushed.at,
            pushed.fault,
            pushed.evidence,
        )
        if is_good:
            await connection.execute(
                "INSERT INTO log_cosignature (size, witness, line)"
                " SELECT size, $2, $3 FROM log_checkpoint WHERE size = $1 ON CONFLICT DO NOTHING",
                pushed.size,
                witness,
                str(pushed.cosignature),
            )
