"""One event's row: each column, its body, its place, its absence."""

from api.access_log import verifier as v
from tests.access_log.tamper.attack import Attack
from tests.access_log.tamper.kinds import (
    FACILITY,
    FILE,
    FSCK,
    KEPT,
    Chapter,
    Holds,
)

EVENT = "participant_id = '{hanako}' AND pseq = {n}"


def change(column: str, value: str, where: str = EVENT) -> str:
    return f"UPDATE access_event SET {column} = {value} WHERE {where}"


def bent(column: str) -> str:
    return f"set_byte({column}, 7, get_byte({column}, 7) # 1)"


nothing = Chapter("Nothing at all")
nothing.sql("nothing", "Nothing is done: nobody cries wolf", "SELECT 1")

committed = Chapter("What the commitment holds")
committed.sql("time", "An event's time is altered", change("at", "at + interval '1 second'"), *FILE)
committed.sql("number", "An event's number is altered", change("pseq", "1000"), *FILE)
committed.sql(
    "owner",
    "An event is given to somebody else",
    "UPDATE access_event SET participant_id = '{taro}', pseq = 1000 WHERE " + EVENT,
    *FILE,
)
committed.sql(
    "inner",
    "The hash of an event's fields is altered",
    change("inner_hash", bent("inner_hash")),
    FSCK,
)
committed.sql(
    "previous", "The previous commit in a row is altered", change("prev", bent("prev")), FSCK
)
committed.sql("commit", "A commit is altered", change("commit", bent("commit")), *FILE, FACILITY)
committed.sql("event-id", "An event's id is altered", change("eid", "uuidv7()"), *FILE)
committed.sql(
    "event-name",
    "An event's name is altered: a read becomes a sign-in",
    change("event", "'identity:session:opened'"),
    *FILE,
    FACILITY,
)
committed.sql(
    "outcome",
    "A permitted access becomes a denied one",
    change("outcome", "'denied'"),
    *FILE,
)

readable = Chapter("Columns that searches go by")
readable.sql("actor-id", "Who acted is another person", change("actor_id", "uuidv7()"), FSCK)
readable.sql(
    "actor-kind",
    "Who acted is another kind of person",
    change("actor_kind", "'participant'"),
    FSCK,
    FACILITY,
)
readable.sql(
    "facility-id", "The facility is taken out", change("facility_id", "NULL"), FSCK, FACILITY
)
readable.sql(
    "purpose-of-use", "The purpose is another one", change("purpose_of_use", "'ETREAT'"), FSCK
)
readable.sql(
    "key-version",
    "A body is said to be under another key",
    change("key_version", "7"),
    *FILE,
)
readable.sql("epoch", "A sealed row's life of the database is altered", change("epoch", "7"), FSCK)

bodies = Chapter("The sealed body")
bodies.sql("body-byte", "A byte of a body is flipped", change("sealed", bent("sealed")), *FILE)
bodies.sql(
    "body-swapped",
    "Two events of one participant change bodies",
    "UPDATE access_event e SET sealed = o.sealed FROM access_event o"
    " WHERE e.participant_id = '{hanako}' AND o.participant_id = e.participant_id"
    " AND ((e.pseq, o.pseq) = ({n}, {n} + 1) OR (e.pseq, o.pseq) = ({n} + 1, {n}))",
    *FILE,
)
bodies.sql(
    "body-of-another",
    "A body is replaced by one of another participant's",
    "UPDATE access_event e SET sealed = (SELECT sealed FROM access_event"
    " WHERE participant_id = '{taro}' ORDER BY pseq DESC LIMIT 1) WHERE " + EVENT,
    *FILE,
)
bodies.sql(
    "body-emptied",
    "A body is emptied, and no certificate says so",
    change("sealed", "NULL"),
    *FILE,
)

missing = Chapter("Rows that are gone, or too many")
HEAD_BACK = (
    "UPDATE access_log_head h SET last_pseq = e.pseq, last_commit = e.commit FROM access_event e"
    " WHERE h.participant_id = '{hanako}' AND e.participant_id = h.participant_id"
    " AND e.pseq = (SELECT max(pseq) FROM access_event WHERE participant_id = '{hanako}')"
)


def remove(condition: str) -> str:
    return f"DELETE FROM access_event WHERE participant_id = '{{hanako}}' AND {condition}"


missing.sql(
    "deleted-middle",
    "An event amid the log is deleted",
    remove("pseq = {n}"),
    *FILE,
    FACILITY,
)
missing.sql("deleted-first", "The first event is deleted", remove("pseq = 1"), *FILE)
missing.sql(
    "deleted-last",
    "The newest event is deleted",
    remove("pseq = {last}"),
    *FILE,
    FACILITY,
)
missing.sql(
    "tail",
    "The newest events are deleted, and the head set back",
    remove("pseq >= {seen}") + ";" + HEAD_BACK,
    FSCK,
    KEPT,
    FACILITY,
)
missing.sql(
    "tail-unseen",
    "Events are deleted that her phone has not seen yet, and the head set back",
    remove("pseq > {seen}") + ";" + HEAD_BACK,
    FSCK,
    FACILITY,
)
missing.sql(
    "whole-log",
    "All events of a participant are deleted, and the head begins anew",
    remove("true") + ";UPDATE access_log_head SET last_pseq = 0,"
    " last_commit = decode(repeat('00', 32), 'hex') WHERE participant_id = '{hanako}'",
    FSCK,
    KEPT,
    FACILITY,
)
missing.sql(
    "head-reset",
    "The head begins anew, the events stay",
    "UPDATE access_log_head SET last_pseq = 0, last_commit = decode(repeat('00', 32), 'hex')"
    " WHERE participant_id = '{hanako}'",
    *FILE,
)
missing.sql(
    "head-commit",
    "The head's last commit is altered, so that what follows hangs on nothing",
    f"UPDATE access_log_head SET last_commit = {bent('last_commit')}"
    " WHERE participant_id = '{hanako}'",
    *FILE,
)
missing.sql(
    "swapped",
    "Two events change numbers",
    "UPDATE access_event SET pseq = 2 * {n} + 1 - pseq"
    " WHERE participant_id = '{hanako}' AND pseq IN ({n}, {n} + 1)",
    *FILE,
)
missing.sql(
    "renumbered",
    "An event is deleted and those after it move up, commits as they were",
    remove("pseq = {n}") + ";UPDATE access_event SET pseq = pseq - 1"
    " WHERE participant_id = '{hanako}' AND pseq > {n};" + HEAD_BACK,
    *FILE,
    FACILITY,
)
missing.sql(
    "copied",
    "An event stands in the log twice",
    "INSERT INTO access_event SELECT participant_id, pseq, at + interval '1 microsecond', eid,"
    " event, outcome, actor_kind, actor_id, facility_id, purpose_of_use, inner_hash, prev, commit,"
    " sealed, key_version, epoch, xid FROM access_event WHERE " + EVENT,
    *FILE,
)


@missing.add(
    "forged-row",
    "An event that never happened is put at the end, its chain and its head right",
    FACILITY,
)
async def forged_row(attack: Attack) -> None:
    """Of a read at the clinic: a copy of a real one, with a place of its own in the chain."""
    await attack.append_copy(attack.n)


@missing.add(
    "unsealed-event",
    "A read is erased within the second before it is sealed, and the head set back",
    FACILITY,
)
async def unsealed_event(attack: Attack) -> None:
    await attack.scene.read()
    await attack.unguarded(attack.filled(remove("pseq > {last}")), attack.filled(HEAD_BACK))


@missing.add(
    "kept-from-sealer",
    "A read is kept out of the tree: its transaction is said to be an old one",
    *FILE,
    FACILITY,
)
async def kept_from_sealer(attack: Attack) -> None:
    await attack.scene.read()
    await attack.unguarded(
        attack.filled(
            "UPDATE access_event SET xid = '3' WHERE pseq > {last} AND participant_id = '{hanako}'"
        )
    )


receipts = Chapter("Receipts", Holds.SERVER)


@receipts.add("receipt-kept-back", "An access is answered, and the receipt is kept back", FACILITY)
async def receipt_kept_back(attack: Attack) -> None:
    await attack.scene.read()
    attack.scene.receipts.pop()


@receipts.add(
    "receipt-unsigned", "An access is answered with a receipt that the log never signed", FACILITY
)
async def receipt_forged(attack: Attack) -> None:
    await attack.scene.read()
    receipt = v.parse_receipt(attack.scene.receipts.pop())
    attack.scene.receipts.append(str(receipt._replace(signature=bytes(64))))


@receipts.add(
    "receipt-of-another",
    "Two accesses are answered with one and the same receipt, so that one may vanish",
    FACILITY,
)
async def receipt_of_another(attack: Attack) -> None:
    await attack.scene.read()
    await attack.scene.read()
    attack.scene.receipts[-1] = attack.scene.receipts[-2]


CHAPTERS = (nothing, committed, readable, bodies, missing, receipts)
