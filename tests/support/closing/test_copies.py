"""Copies made after an account was closed: dumps, and the very files on the disk."""

from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from api.core import clock
from api.phr.directives import service as directives
from api.phr.entries import service as entries
from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import Choice, Day, Field, File, Flag, Number, Several, Words
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Wish
from api.records.bringing_in import service as bringing_in
from api.records.bringing_in.entry_kinds import KINDS
from api.records.taking_out import files as own_files
from api.records.taking_out.rules import Job
from api.support.closing import carrying_out, rewriting, service
from api.support.closing.errors import UnknownClaim
from tests.conftest import Deployment
from tests.portal.scene import Visitor
from tests.records.taking_out import taking
from tests.support.closing import copies
from tests.support.closing.rounds import carried_out

CANARY = "かなりや鳥のひみつ"
REACHED = "canary-bird-7731@example.jp"
NEEDLES = [spelt for each in (CANARY, REACHED) for spelt in copies.spellings(each)]


def typed(field: Field) -> str:
    if field.name == "allergen":
        return ""  # a code, or else its name in her words
    if field.name.endswith("telephone"):
        return "096-123-4567"
    if isinstance(field, Words):
        return CANARY[: field.longest]
    if isinstance(field, Number):
        low, high = (float(each) for each in field.usual or field.bounds)
        return f"{(low + high) / 2:.{field.decimals}f}"
    if isinstance(field, Choice):
        return field.options[0].code
    if isinstance(field, Several):
        return field.options[0].code
    if isinstance(field, Day):
        return clock.today_in_japan().isoformat()
    assert isinstance(field, Flag | File)
    return "yes" if isinstance(field, Flag) else ""


async def wrote(who: Visitor, kind: Kind) -> None:
    """A word of hers wherever the kind takes one."""
    fields = {"on": clock.today_in_japan().isoformat(), "time": "00:00" if kind.has_time else ""}
    fields |= {each.name: typed(each) for each in kind.fields}
    for _ in range(3):
        try:
            await entries.write(who.actor, Wish(kind, fields, is_sure=True))
        except EntryFaults as error:
            fields |= dict.fromkeys(error.faults, "")
        else:
            return
    raise AssertionError(f"{kind.name}: {fields}")


async def wrote_everything(who: Visitor, admin: asyncpg.Connection) -> Job:
    """In every book, in the rows around them, and in files that lie on the disk."""
    for kind in KINDS.values():
        if not any(isinstance(each, File) for each in kind.fields):
            await wrote(who, kind)
    await taking.wrote_own(who.actor, CANARY)
    await add_document(who)
    job = await taking.made(who.actor, "fhir", "csv", "pdf")
    body = await taking.content(who.actor, job, "fhir")
    assert CANARY.encode() in body
    assert (await bringing_in.look(who.actor, body)).counts.held
    her, account = who.actor.participant_id, who.actor.account_id
    await admin.execute("DELETE FROM registration WHERE participant_id = $1", her)
    await admin.execute(
        "INSERT INTO registration (participant_id, address, email, family_doctor)"
        " VALUES ($1, $2, $3, $2)", her, CANARY, REACHED,
    )  # fmt: skip
    await admin.execute(
        "INSERT INTO mail_address (participant_id, address, confirmed_at, locale)"
        " VALUES ($1, $2, now(), 'ja')", her, REACHED,
    )  # fmt: skip
    await admin.execute(
        "INSERT INTO push_token (participant_id, account_id, token, device, locale)"
        " VALUES ($1, $2, $4, $3, 'ja')", her, account, CANARY, REACHED,
    )  # fmt: skip
    await admin.execute(
        "INSERT INTO national_identity (account_id, iss, sub) VALUES ($1, 'https://id', $2)",
        account, REACHED,
    )  # fmt: skip
    await admin.execute(
        "INSERT INTO emergency_card (participant_id, content, made_at)"
        " VALUES ($1, jsonb_build_object('allergies', $2::text)::text, now())", her, CANARY,
    )  # fmt: skip
    return job


async def add_document(who: Visitor) -> None:
    body = b"%PDF-1.4\n" + CANARY.encode() * 400 + b"\n%%EOF\n"
    await directives.add_document(who.actor, CANARY, "2026-01-02", body)


async def keys_of(who: Visitor, admin: asyncpg.Connection) -> list[bytes]:
    """What opens hers, given the master key."""
    rows = await admin.fetch(
        "SELECT wrapped FROM keystore.participant_key WHERE participant_id = $1 AND purpose = 'phr'"
        " UNION ALL SELECT file_key FROM own_export WHERE participant_id = $1 AND file_key IS NOT"
        " NULL UNION ALL SELECT file_key FROM own_import WHERE participant_id = $1 AND file_key"
        " IS NOT NULL",
        who.actor.participant_id,
    )
    return [row[0] for row in rows]


async def test_no_copy_made_afterwards_holds_a_word_of_hers_or_a_key(
    hanako: Visitor, admin: asyncpg.Connection, days_pass: Any, database: Deployment, tmp_path: Path
) -> None:
    job = await wrote_everything(hanako, admin)
    keys = await keys_of(hanako, admin)
    assert len(keys) == 3
    needles = [*NEEDLES, *keys, *(each.hex().encode() for each in keys)]
    # What the planner keeps of each column is of her too.
    await admin.execute("ANALYZE")
    before = b"".join((await copies.files(admin)).values())
    assert copies.found_in(before, keys) == keys, "searched as whoever steals a disk would"
    assert copies.found_in(before, NEEDLES)

    begun = await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)
    await carried_out(hanako.actor.participant_id)
    for name, copy in (await copies.dumps(database.admin_dsn, tmp_path)).items():
        assert copies.found_in(copy, needles) == [], name
    for name, copy in (await copies.files(admin)).items():
        assert copies.found_in(copy, needles) == [], name
    assert not own_files.folder_of(job.export_id).exists()
    said = msgspec.json.decode(service.payload(await service.certificate(begun.code.printed)))
    assert said["backups"]["write_ahead_log_clean"] is True


async def test_a_dump_holds_nothing_she_wrote_in_words_even_before(
    hanako: Visitor, admin: asyncpg.Connection, database: Deployment, tmp_path: Path
) -> None:
    for kind in KINDS.values():
        if not any(isinstance(each, File) for each in kind.fields):
            await wrote(hanako, kind)
    await add_document(hanako)
    for name, copy in (await copies.dumps(database.admin_dsn, tmp_path)).items():
        assert copies.found_in(copy, copies.spellings(CANARY)) == [], name


async def test_the_key_of_an_erased_log_is_gone_from_the_files_too(
    hanako: Visitor, admin: asyncpg.Connection, days_pass: Any
) -> None:
    await service.begin(hanako.actor, erases_log=True)
    key = await admin.fetchval(
        "SELECT wrapped FROM keystore.participant_key k"
        " WHERE purpose = 'log' AND participant_id = $1",
        hanako.actor.participant_id,
    )
    await days_pass(hanako, 14)
    await carried_out(hanako.actor.participant_id)
    for name, copy in (await copies.files(admin)).items():
        assert key not in copy, name


async def test_while_a_copy_of_before_is_being_made_there_is_no_certificate(
    hanako: Visitor,
    admin: asyncpg.Connection,
    days_pass: Any,
    database: Deployment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a transaction of before may still ask for comes along when the files are written."""
    await taking.wrote_own(hanako.actor, CANARY)
    (key,) = await keys_of(hanako, admin)
    begun = await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)
    monkeypatch.setattr(rewriting, "PAUSE_SECONDS", 0)
    copying = await asyncpg.connect(database.admin_dsn)
    try:
        async with copying.transaction(isolation="repeatable_read"):
            await copying.fetchval("SELECT count(*) FROM log_root")
            assert await carrying_out.go_round() == 0
            with pytest.raises(UnknownClaim):
                await service.certificate(begun.code.printed)
            assert (await hanako.ask("/me/records")).status_code == 401
    finally:
        await copying.close()
    await carried_out(hanako.actor.participant_id)
    assert await service.certificate(begun.code.printed)
    for name, copy in (await copies.files(admin)).items():
        assert key not in copy, name


async def test_a_table_in_use_delays_the_certificate_and_nothing_else(
    hanako: Visitor, admin: asyncpg.Connection, days_pass: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = await service.begin(hanako.actor, erases_log=True)
    await days_pass(hanako, 14)
    async with admin.transaction():
        await admin.execute("LOCK TABLE mail_address IN ACCESS SHARE MODE")
        monkeypatch.setattr(rewriting, "LOCK_MS", "50")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await carrying_out.go_round()
        with pytest.raises(UnknownClaim):
            await service.certificate(begun.code.printed)
    monkeypatch.undo()
    await carried_out(hanako.actor.participant_id)
    log = msgspec.json.decode(service.payload(await service.certificate(begun.code.printed)))["log"]
    assert log["erased"] is True, "made unreadable once, and remembered"
    assert log["events"] > 0


async def test_where_the_administrator_may_not_grant_it_the_certificate_says_so(
    hanako: Visitor, admin: asyncpg.Connection, days_pass: Any
) -> None:
    await admin.execute("REVOKE EXECUTE ON FUNCTION pg_switch_wal() FROM tsunagu_worker")
    try:
        begun = await service.begin(hanako.actor, erases_log=False)
        await days_pass(hanako, 14)
        await carried_out(hanako.actor.participant_id)
    finally:
        await admin.execute("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO tsunagu_worker")
    said = msgspec.json.decode(service.payload(await service.certificate(begun.code.printed)))
    assert said["backups"]["write_ahead_log_clean"] is False
