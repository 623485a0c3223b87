"""The sealed log; the sealer's role alone writes these, the application's role reads."""

from piccolo.columns import (
    JSONB,
    BigInt,
    Boolean,
    Bytea,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from api.core.database import DB


class LogCursor(Table, tablename="log_cursor", db=DB):
    only_one = Boolean(primary_key=True)
    epoch = Integer()
    seen = Text()
    cluster = BigInt()


class LogEntry(Table, tablename="log_entry", db=DB):
    idx = BigInt(primary_key=True)
    entry = Bytea()


class LogTile(Table, tablename="log_tile", db=DB):
    level = SmallInt(primary_key=True)
    idx = BigInt()
    hashes = Bytea()


class LogRoot(Table, tablename="log_root", db=DB):
    size = BigInt(primary_key=True)
    root = Bytea()
    at = Timestamptz()


class LogCheckpoint(Table, tablename="log_checkpoint", db=DB):
    size = BigInt(primary_key=True)
    root = Bytea()
    note = Text()
    at = Timestamptz()


class LogCosignature(Table, tablename="log_cosignature", db=DB):
    size = BigInt(primary_key=True)
    witness = Text()
    line = Text()
    at = Timestamptz()


class KeyChange(Table, tablename="key_change", db=DB):
    number = Integer(primary_key=True)
    note = Text()
    value = Bytea()
    at = Timestamptz()
    epoch = Integer()


class HeadMap(Table, tablename="head_map", db=DB):
    number = BigInt(primary_key=True)
    at = Timestamptz()
    root = Bytea()
    participants = BigInt()
    value = Bytea()
    epoch = Integer()


class HeadMapTile(Table, tablename="head_map_tile", db=DB):
    map = BigInt(primary_key=True)
    level = SmallInt()
    idx = BigInt()
    hashes = Bytea()
    numbers = Bytea()


class LogGap(Table, tablename="log_gap", db=DB):
    first = BigInt(primary_key=True)
    last = BigInt()
    at = Timestamptz()


class FsckRun(Table, tablename="fsck_run", db=DB):
    run = BigInt(primary_key=True)
    kind = Text()
    started_at = Timestamptz()
    finished_at = Timestamptz()
    size = BigInt()
    counts = JSONB()
    findings = JSONB()


class WitnessState(Table, tablename="witness_state", db=DB):
    witness = Text(primary_key=True)
    url = Text()
    is_mirror = Boolean()
    size = BigInt()
    mirrored = BigInt()
    cosigned_at = Timestamptz(null=True)
    tried_at = Timestamptz(null=True)
    fault = Text(null=True)
    faulty_since = Timestamptz(null=True)
    evidence = Text(null=True)
