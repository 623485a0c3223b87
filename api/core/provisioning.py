"""Roles, database and migrations: what the administrator's connection does before we serve."""

import contextlib
import io
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from api.core.crypto import TENANT, KeyRing, fresh_key, hmac_pads
from api.core.database import DB, Transaction
from api.core.settings import ROOT, SettingFault

VERSIONS: Final = ROOT / "migrations" / "versions"
# One lock for every deployment on the server: roles belong to the whole cluster.
MIGRATION_LOCK = 0x7473756E616775

ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tsunagu_owner') THEN
    CREATE ROLE tsunagu_owner NOLOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tsunagu_lookup') THEN
    CREATE ROLE tsunagu_lookup NOLOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tsunagu_migrator') THEN
    CREATE ROLE tsunagu_migrator LOGIN NOINHERIT NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tsunagu_app') THEN
    CREATE ROLE tsunagu_app LOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tsunagu_sealer') THEN
    CREATE ROLE tsunagu_sealer LOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tsunagu_worker') THEN
    CREATE ROLE tsunagu_worker LOGIN NOBYPASSRLS;
  END IF;
END $$;
GRANT tsunagu_lookup TO tsunagu_owner WITH INHERIT FALSE, SET TRUE;
GRANT tsunagu_owner TO tsunagu_migrator WITH INHERIT FALSE, SET TRUE;
"""

# The write-ahead log is ended and thrown away after a destruction. Whoever is no superuser may not
# grant it; the server's own checkpoints do it then, later.
TURNING = """
DO $$ BEGIN
  GRANT pg_checkpoint TO tsunagu_worker;
  GRANT EXECUTE ON FUNCTION pg_switch_wal() TO tsunagu_worker;
EXCEPTION WHEN insufficient_privilege THEN
  NULL;
END $$;
"""


def role_dsn(admin_dsn: str, role: str, password: str) -> str:
    """The same server and database, as another role."""
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{host}"))


def app_dsn(admin_dsn: str, keys: KeyRing) -> str:
    return role_dsn(admin_dsn, "tsunagu_app", keys.app_password)


def unusable(dsn: str, error: Exception) -> SettingFault:
    """One sentence about a server we cannot connect to, without what the DSN keeps secret."""
    try:
        where = urlsplit(dsn)
        place = f"at {where.hostname}:{where.port or 5432}"
    except ValueError:
        place = "of DATABASE_URL"
    reason = " ".join(str(error).split()) or "no answer"
    if isinstance(error, ValueError):
        reason = "this is no connection string of the form postgresql://user:password@host/name"
    return SettingFault(
        f"The database {place} cannot be used ({reason}); check DATABASE_URL. Nothing was changed."
    )


async def provision(admin_dsn: str, keys: KeyRing, *, kind: str | None = None) -> None:
    """Makes roles and schema ready, then runs the missing migrations; safe to run twice at once.

    `admin_dsn` names an existing database and a role that may create roles. Raises
    `SettingFault` with one sentence when the server cannot be used, or when its database was
    made for another `kind` (demo, production) than the one given.
    """
    try:
        admin = await asyncpg.connect(admin_dsn, timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise unusable(admin_dsn, error) from error
    try:
        if (version := admin.get_server_version()).major < 18:
            raise SettingFault(
                f"Tsunagu needs PostgreSQL 18 or newer, and this server is {version.major}; "
                "nothing was changed."
            )
        await admin.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        # Before anything: setting roles and keys anew would cut off whoever serves on it now.
        found = await _kind(admin)
        if kind is not None and found not in (None, kind):
            raise SettingFault(
                f"This database was made as a {found} one and cannot serve as {kind}; "
                "use another DATABASE_URL. Nothing was changed."
            )
        async with admin.transaction():
            await _roles(admin, keys)
        await _migrate(role_dsn(admin_dsn, "tsunagu_migrator", keys.migrator_password), keys)
    finally:
        await admin.close()


async def _kind(admin: asyncpg.Connection) -> str | None:
    if not await admin.fetchval("SELECT to_regclass('public.deployment') IS NOT NULL"):
        return None
    try:
        found: str | None = await admin.fetchval("SELECT kind FROM public.deployment")
    except asyncpg.InsufficientPrivilegeError:
        return None
    return found


async def _roles(admin: asyncpg.Connection, keys: KeyRing) -> None:
    await admin.execute(ROLES)
    for role, password in (
        ("tsunagu_migrator", keys.migrator_password),
        ("tsunagu_app", keys.app_password),
        ("tsunagu_sealer", keys.sealer_password),
        ("tsunagu_worker", keys.worker_password),
    ):
        statement = await admin.fetchval(
            "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, password
        )
        await admin.execute(statement)
    await admin.execute(TURNING)
    database = await admin.fetchval("SELECT quote_ident(current_database())")
    await admin.execute(
        f"GRANT CONNECT, CREATE ON DATABASE {database} TO tsunagu_owner;"
        f"GRANT CONNECT ON DATABASE {database} TO tsunagu_migrator, tsunagu_app, tsunagu_sealer,"
        " tsunagu_worker;"
        f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;"
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;"
        "GRANT USAGE, CREATE ON SCHEMA public TO tsunagu_owner WITH GRANT OPTION;"
    )


async def _migrate(migrator_dsn: str, keys: KeyRing) -> None:
    """All missing migrations and their marks in one transaction: all of them, or nothing."""
    connection = await asyncpg.connect(migrator_dsn)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE tsunagu_owner")
            if await _lacks_any(connection):
                await _run_missing(connection)
            inner, outer = hmac_pads(keys.context)
            await connection.execute("SELECT app.install_context_key($1, $2)", inner, outer)
            await connection.execute(
                "SELECT keystore.install_tenant_key($1)", fresh_key(keys.log_master, TENANT)
            )
    finally:
        await connection.close()


async def _lacks_any(connection: asyncpg.Connection) -> bool:
    """Asked by names alone, so that a start with nothing to do does not load what migrates."""
    if not await connection.fetchval("SELECT to_regclass('public.migration') IS NOT NULL"):
        return True
    rows = await connection.fetch("SELECT name FROM public.migration")
    return not {path.stem for path in VERSIONS.glob("[0-9]*.py")} <= {row["name"] for row in rows}


async def _run_missing(connection: asyncpg.Connection) -> None:
    # Imported here: it brings a code formatter along, which no server needs.
    from piccolo.apps.migrations.commands.forwards import run_forwards

    token = DB.current_transaction.set(Transaction(connection))  # type: ignore[arg-type]
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            result = await run_forwards("tsunagu")
        if not result.success:
            raise SettingFault(f"The migrations stopped: {said.getvalue()}")
    finally:
        DB.current_transaction.reset(token)


def database_dsn(admin_dsn: str, name: str) -> str:
    """The same server and role, for database `name`."""
    return urlunsplit(urlsplit(admin_dsn)._replace(path=f"/{name}"))


async def has_database(admin_dsn: str, name: str) -> bool:
    admin = await asyncpg.connect(admin_dsn)
    try:
        return bool(await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))
    finally:
        await admin.close()


async def ensure_database(admin_dsn: str, name: str) -> str:
    """The DSN of database `name` on the same server, made if it was not there."""
    admin = await asyncpg.connect(admin_dsn)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await admin.execute(f'CREATE DATABASE "{name}"')
    finally:
        await admin.close()
    return database_dsn(admin_dsn, name)


async def begin_database(admin_dsn: str, name: str) -> str:
    """The DSN of an empty database `name`; one left over from a start cut short is dropped."""
    admin = await asyncpg.connect(admin_dsn)
    try:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await admin.close()
    return await ensure_database(admin_dsn, name)


async def rename_database(admin_dsn: str, name: str, new: str) -> None:
    """Nobody may be connected to it; PostgreSQL waits five seconds for the last to leave."""
    admin = await asyncpg.connect(admin_dsn)
    try:
        await admin.execute(f'ALTER DATABASE "{name}" RENAME TO "{new}"')
    finally:
        await admin.close()
