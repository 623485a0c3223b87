"""Keys and erasure, and a database that is an older one."""

import shutil

from tests.access_log.tamper.attack import Attack
from tests.access_log.tamper.kinds import (
    FACILITY,
    FILE,
    FSCK,
    KEPT,
    NEW,
    SEALER,
    WITNESS,
    Chapter,
    Holds,
)

ALL = "participant_id = '{hanako}'"
CERTIFICATE = (
    "INSERT INTO erasure_certificate"
    " (participant_id, at, events, last_commit, reason, value, epoch)"
    " SELECT participant_id, t.at, last_pseq, last_commit, 'retention',"
    " app.erasure_value(participant_id, last_pseq, last_commit, t.at), 1"
    " FROM access_log_head, (SELECT clock_timestamp() AS at) t WHERE " + ALL
)

erasing = Chapter("Erasure and keys")
erasing.sql(
    "certificate-alone",
    "A certificate says that a log was erased; its bodies and its key are there",
    CERTIFICATE,
    *FILE,
)
erasing.sql(
    "key-kept",
    "Bodies are emptied under a certificate, and the key is kept",
    CERTIFICATE
    + ";UPDATE access_event SET sealed = NULL WHERE "
    + ALL
    + ";UPDATE access_log_head SET key_version = key_version + 1 WHERE "
    + ALL,
    *FILE,
)
erasing.sql(
    "certificate-altered",
    "A certificate in the tree is altered to count fewer events",
    CERTIFICATE.replace("t.at, last_pseq,", "t.at, last_pseq - 2,"),
    FSCK,
    NEW,
)
erasing.sql(
    "key-destroyed",
    "A participant's key is destroyed, and no certificate says so",
    "DELETE FROM keystore.participant_key WHERE " + ALL,
    *FILE,
)
erasing.sql(
    "key-swapped",
    "A participant's key is replaced by another participant's",
    "UPDATE keystore.participant_key SET wrapped = (SELECT wrapped FROM keystore.participant_key"
    " WHERE participant_id = '{taro}' AND purpose = 'log') WHERE purpose = 'log' AND " + ALL,
    *FILE,
)

restoring = Chapter("An older state brought back")


@restoring.add(
    "database-restored",
    "Yesterday's database is restored in place of today's",
    SEALER,
    WITNESS,
    KEPT,
    FACILITY,
)
async def database_restored(attack: Attack) -> None:
    await attack.restore(attack.scene.world.yesterday)


@restoring.add(
    "machine-restored",
    "Yesterday's database is restored, and yesterday's folder with the copy of the checkpoint",
    WITNESS,
    KEPT,
    FACILITY,
    holds=Holds.KEYS,
)
async def machine_restored(attack: Attack) -> None:
    await attack.restore(attack.scene.world.yesterday)
    for name in ("log", "keys"):
        shutil.rmtree(attack.scene.home / name)
        shutil.copytree(attack.scene.world.yesterday_home / name, attack.scene.home / name)


restoring.sql(
    "other-server",
    "The database is carried to another server, where transaction ids mean something else",
    "UPDATE log_cursor SET cluster = 1",
    SEALER,
)
restoring.sql(
    "epoch-rewound",
    "The database is said to be in an earlier life, so that what is new counts as old",
    "UPDATE log_cursor SET epoch = epoch + 1",
    SEALER,
)
restoring.sql(
    "cursor-ahead",
    "The sealer is told that it has sealed what it has not",
    "UPDATE log_cursor SET seen = '1000000:1000000:'",
    SEALER,
)
restoring.sql(
    "cursor-back",
    "The sealer is told to seal again what is sealed",
    "UPDATE log_cursor SET seen = '3:3:'",
    SEALER,
)

CHAPTERS = (erasing, restoring)
