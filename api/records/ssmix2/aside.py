"""What cannot be stored, kept whole in the quarantine once, and what our books say of a file."""

from typing import Final

import msgspec

from api.core.ids import uuid7
from api.records.incoming.unkept import holds_my_number
from api.records.ssmix2.accounting import Outcome
from api.records.ssmix2.lying import Lying, printable
from api.records.ssmix2.queries import FileRow
from api.records.ssmix2.reading import Left, Unreadable
from api.records.ssmix2.sending import Judged, Settled

UNKNOWN: Final = "unknown_subject"
OTHER_BIRTH: Final = "other_birth_date"
NOT_TAKEN: Final = "not_taken"
MY_NUMBER: Final = "my_number"
# Answered anew at each run: it may have been put right elsewhere than in the file.
_WAITING: Final = frozenset({UNKNOWN, OTHER_BIRTH})
# A facility can put these right, once it is told; one case tells of all that a run finds.
_LOOKED_INTO: Final = frozenset({"unknown_type", "other_patient"})
# Kept nowhere but where it lies.
_NOT_KEPT: Final = frozenset({"unreadable", "too_large", MY_NUMBER, NOT_TAKEN})


def unless_unkept(judged: Judged) -> Judged:
    """A file that would be put aside, but holds a 個人番号, is put nowhere."""
    if not isinstance(judged.read, Unreadable) or judged.read.reason in _NOT_KEPT:
        return judged
    if not holds_my_number(judged.lying.body or b""):
        return judged
    return judged._replace(read=Unreadable(MY_NUMBER))


def put_aside(patient: str, judged: Judged, fault: Unreadable, settled: Settled) -> None:
    """Into `settled`: kept whole once, or nowhere, and what becomes of its copies."""
    lying, known = judged.lying, judged.lying.known
    relative = lying.found.relative
    copies = [Outcome(each.relative, "superseded") for each in lying.copies]
    if fault.reason in _NOT_KEPT:
        settled.outcomes += [Outcome(relative, "refused", fault.reason), *copies]
        return
    settled.outcomes += [Outcome(relative, "quarantined", fault.reason, fault.detail), *copies]
    state = "waiting" if fault.reason in _WAITING else "quarantined"
    quarantine_id = known["quarantine_id"] if known is not None else None
    is_kept = known is not None and (known["digest"], known["reason"]) == (
        lying.digest,
        fault.reason,
    )
    if quarantine_id is None or not is_kept:
        quarantine_id = uuid7()
        detail = [{"reason": fault.reason, "path": "", "params": {"detail": fault.detail}}]
        settled.aside.append(
            (
                quarantine_id,
                printable(relative),
                fault.reason,
                msgspec.json.encode(detail).decode(),
                lying.body or b"",
            )
        )
        if state == "waiting":
            settled.case_reason = settled.case_reason or fault.reason
        elif fault.reason in _LOOKED_INTO:
            settled.looked_into[fault.reason] += 1
    settled.files.append(
        file_row(patient, lying, state, Left())._replace(
            reason=fault.reason, detail=fault.detail, quarantine_id=quarantine_id
        )
    )


def file_row(patient: str, lying: Lying, state: str, left: Left) -> FileRow:
    """What our books say of a file in this state."""
    remains = msgspec.json.encode(left).decode() if left else None
    return FileRow(
        patient,
        lying.stem,
        lying.flags,
        lying.found.size,
        lying.found.modified_ns,
        lying.digest,
        state,
        remains=remains,
        quarantine_id=lying.known["quarantine_id"] if lying.known is not None else None,
    )
