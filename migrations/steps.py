"""How a migration speaks SQL: several statements on the migrator's own transaction."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api.core.database import DB


def sql_migration(migration_id: str, description: str, sql: str) -> MigrationManager:
    manager = MigrationManager(
        migration_id=migration_id, app_name="tsunagu", description=description
    )

    async def run() -> None:
        transaction = DB.current_transaction.get()
        if transaction is None:
            raise RuntimeError("migrations run through `tsunagu migrate`, under its lock")
        await transaction.connection.execute(sql)

    manager.add_raw(run)
    return manager
