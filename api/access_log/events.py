"""Every kind of event in one place, named source:subject:action."""

from enum import StrEnum


class EventName(StrEnum):
    RECORD_READ = "records:record:read"
    RECORD_STORED = "records:record:stored"
    PARTICIPANT_FOUND = "records:participant:found"
    PARTICIPANT_SOUGHT = "records:participant:sought"
    ENROLLED = "identity:participant:enrolled"
    SIGNED_IN = "identity:session:opened"
    SIGNED_OUT = "identity:session:ended"
    PARTICIPATION_CHANGED = "consent:participation:changed"
    DISCLOSURE_CHANGED = "consent:provision:changed"
    DESK_CODE_MADE = "consent:desk_code:made"
    DESK_CODE_ENDED = "consent:desk_code:ended"
    DESK_CODE_TRIED = "consent:desk_code:tried"
    ACCESS_ASKED = "consent:request:asked"
    ACCESS_REFUSED = "consent:request:refused"
    DELEGATION_TRIED = "consent:delegation:tried"
    SUPPORT_CASE_OPENED = "support:case:opened"
    SUPPORT_CASE_CLOSED = "support:case:closed"
