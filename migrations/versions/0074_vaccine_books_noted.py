"""Vaccine books of one's own that were kept before older people's vaccines were told of."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0074_vaccine_books_noted"

SQL = r"""
GRANT INSERT (participant_id, kind, book, due_on, why) ON own_due TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Who has written a dose of their own, and of whom no day is noted, gets one that no rules gave and
-- that never comes: the service's round finds it, and works out theirs in its place.
INSERT INTO own_due (participant_id, kind, book, due_on, why)
SELECT DISTINCT r.participant_id, 'immunization', '', DATE '3000-01-01', 'opens'
FROM record r
WHERE r.is_current AND r.identifier_system = 'urn:tsunagu:own'
  AND split_part(r.identifier_value, ':', 1) = 'own-vaccination'
  AND NOT EXISTS (SELECT FROM own_due d WHERE d.participant_id = r.participant_id
    AND d.kind = 'immunization' AND d.book = '')
ON CONFLICT DO NOTHING;
SET LOCAL ROLE tsunagu_owner;
REVOKE INSERT ON own_due FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "vaccine books noted", SQL)
