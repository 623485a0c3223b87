"""What lies in quarantine keeps what its sender's request asked beside the body."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0041_sendings_whole"

SQL = r"""
-- Which record was meant, and on what condition: delivered later it must do what was asked. NULL
-- for what came before this column.
ALTER TABLE quarantine ADD COLUMN asked jsonb;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "sendings whole", SQL)
